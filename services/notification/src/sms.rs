//! Short messages, by the HTTP API of a provider: Twilio's.

use std::time::Duration;

use holdfast_notification_core::Outcome;
use holdfast_platform::http::traced;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{Client, StatusCode};

use crate::args::SmsArgs;
use crate::mail::Report;

/// Hands short messages to a provider. Cheap to clone.
#[derive(Clone)]
pub struct Texter {
    client: Client,
    url: String,
    account: String,
    token: String,
    from: String,
}

impl Texter {
    /// As configured; `client` has the time-out and goes by the sidecar.
    #[must_use]
    pub fn new(client: Client, args: &SmsArgs) -> Self {
        let base = args.sms_url.trim_end_matches('/');
        Self {
            client,
            url: format!("{base}/2010-04-01/Accounts/{}/Messages.json", args.sms_account),
            account: args.sms_account.clone(),
            token: args.sms_token.clone(),
            from: args.sms_from.clone(),
        }
    }

    /// Tries once to hand a message over. Who gets the same key again sends nothing again.
    pub async fn send(&self, key: &str, to: &str, body: &str) -> Report {
        let request = self
            .client
            .post(&self.url)
            .basic_auth(&self.account, Some(&self.token));
        let request = request.header("Idempotency-Key", key);
        let request = request.form(&[("To", to), ("From", &self.from), ("Body", body)]);
        match traced(request).send().await {
            Ok(answer) => judge(answer.status(), answer.headers()),
            Err(error) if error.is_timeout() => failed("the SMS provider did not answer in time"),
            Err(_) => failed("no connection to the SMS provider, or it was lost"),
        }
    }
}

fn failed(what: &str) -> Report {
    (Outcome::Failed, what.to_owned())
}

fn judge(status: StatusCode, headers: &HeaderMap) -> Report {
    let outcome = match status {
        _ if status.is_success() => Outcome::Taken,
        StatusCode::TOO_MANY_REQUESTS => Outcome::PutOff(retry_after(headers)),
        StatusCode::REQUEST_TIMEOUT => Outcome::Failed,
        _ if status.is_client_error() => Outcome::Refused,
        _ => Outcome::Failed,
    };
    (outcome, format!("the SMS provider said {}", status.as_u16()))
}

/// In seconds; a date is not understood, and the usual pause is made.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_understood() {
        let mut headers = HeaderMap::new();
        let outcome = |status, headers: &HeaderMap| judge(StatusCode::from_u16(status).unwrap(), headers).0;
        assert_eq!(outcome(201, &headers), Outcome::Taken);
        assert_eq!(outcome(400, &headers), Outcome::Refused);
        assert_eq!(outcome(503, &headers), Outcome::Failed);
        assert_eq!(outcome(429, &headers), Outcome::PutOff(None));
        headers.insert(RETRY_AFTER, "7".parse().unwrap());
        assert_eq!(
            outcome(429, &headers),
            Outcome::PutOff(Some(Duration::from_secs(7)))
        );
    }
}
