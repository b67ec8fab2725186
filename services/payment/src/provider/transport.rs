//! What all adapters share: one HTTP exchange, and what its failure means.

use bytes::Bytes;
use holdfast_platform::http::traced;
use reqwest::{RequestBuilder, StatusCode};
use serde::de::DeserializeOwned;

use super::Error;

/// A complete answer that is the provider's word: neither a fault nor a refusal to talk to us.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    body: Bytes,
}

impl Answer {
    /// The body as JSON.
    pub(super) fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_slice(&self.body).map_err(|error| {
            Error::Unknown(format!(
                "{} with a body that cannot be read: {error}",
                self.status
            ))
        })
    }

    /// The refusal that this answer is.
    pub(super) fn refusal(&self) -> Error {
        let words: String = String::from_utf8_lossy(&self.body).chars().take(200).collect();
        Error::Refused(format!("{}: {words}", self.status))
    }
}

/// Sends a request and reads the whole answer.
pub(super) async fn exchange(request: RequestBuilder) -> Result<Answer, Error> {
    let response = traced(request).send().await.map_err(unknown)?;
    let status = response.status();
    let body = response.bytes().await.map_err(unknown)?;
    let answer = Answer { status, body };
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(answer.refusal()),
        StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT => {
            Err(Error::Unknown(status.to_string()))
        }
        _ if status.is_server_error() => Err(Error::Unknown(status.to_string())),
        _ => Ok(answer),
    }
}

fn unknown(error: reqwest::Error) -> Error {
    if error.is_timeout() {
        return Error::TimedOut;
    }
    // The URL may hold credentials, and says nothing new.
    Error::Unknown(error.without_url().to_string())
}
