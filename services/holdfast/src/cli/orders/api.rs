//! The order service, as operators reach it: through the gateway where there is one.

use std::time::Duration;

use clap::Args;
use holdfast_platform::http;
use jiff::Timestamp;
use reqwest::{Method, RequestBuilder};
use serde_json::Value;

use crate::cli::Error;
use crate::cli::connect::Platform;
use crate::issuer::Identity;
use crate::local::{STAFF, Service};

/// Longer than the gateway's patience with the order service.
const ANSWER_WITHIN: Duration = Duration::from_secs(15);
/// How long a token for one request holds.
const A_REQUEST: Duration = Duration::from_secs(60);

#[derive(Debug, Args)]
pub(super) struct Api {
    #[command(flatten)]
    platform: Platform,
    /// The order service itself, past the gateway [default: the gateway of the platform in --home; if it has none, its
    /// order service; else http://127.0.0.1:8101].
    #[arg(long, env = "HOLDFAST_ORDER_URL", value_name = "URL")]
    orders_url: Option<String>,
    /// Print JSON.
    #[arg(long)]
    pub(super) json: bool,
}

/// An answer of the order service.
pub(super) enum Answer {
    Yes(Value),
    /// A problem that concerns the request.
    No(Value),
}

impl Api {
    pub(super) fn request(&self, method: Method, who: Identity, path: &str) -> Result<RequestBuilder, Error> {
        let url = format!("{}/v1/orders{path}", self.base_url());
        let client = http::client(ANSWER_WITHIN, None).map_err(|error| self.failed(&error))?;
        let request = client.request(method, url);
        if self.gateway().is_some() {
            let token = self.platform.issuer()?.token(who, Timestamp::now(), A_REQUEST)?;
            return Ok(request.bearer_auth(token.text));
        }
        let request = request.header("x-holdfast-user", who.user.to_string());
        Ok(match who.is_staff {
            true => request.header("x-holdfast-roles", "staff"),
            false => request,
        })
    }

    pub(super) fn as_staff(&self, method: Method, path: &str) -> Result<RequestBuilder, Error> {
        let who = Identity {
            user: STAFF,
            is_staff: true,
        };
        self.request(method, who, path)
    }

    fn base_url(&self) -> String {
        let straight = || {
            self.platform
                .service_url(Service::Order, self.orders_url.as_deref())
        };
        self.gateway().unwrap_or_else(straight)
    }

    fn gateway(&self) -> Option<String> {
        match self.orders_url {
            Some(_) => None,
            None => self.platform.gateway_url(),
        }
    }

    pub(super) async fn send(&self, request: RequestBuilder) -> Result<Answer, Error> {
        let answer = request.send().await.map_err(|error| self.failed(&error))?;
        let status = answer.status();
        let body = answer.bytes().await.map_err(|error| self.failed(&error))?;
        let value = serde_json::from_slice(&body).unwrap_or(Value::Null);
        match status {
            status if status.is_success() => Ok(Answer::Yes(value)),
            status if status.is_client_error() => Ok(Answer::No(value)),
            status => Err(Error::Http {
                url: self.base_url(),
                detail: format!("{status} {value}"),
            }),
        }
    }

    fn failed(&self, error: &reqwest::Error) -> Error {
        Error::Http {
            url: self.base_url(),
            detail: error.to_string(),
        }
    }
}
