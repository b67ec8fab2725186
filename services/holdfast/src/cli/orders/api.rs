//! The order service, as operators reach it: through the gateway where there is one.

use std::time::Duration;

use clap::Args;
use holdfast_platform::http;
use reqwest::{Method, RequestBuilder};
use serde_json::Value;
use uuid::Uuid;

use crate::cli::Error;
use crate::cli::connect::Platform;
use crate::local::{CUSTOMER, STAFF, Service};
use crate::sample::Person;

/// Longer than the gateway's patience with the order service.
const ANSWER_WITHIN: Duration = Duration::from_secs(15);

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
    pub(super) fn platform(&self) -> &Platform {
        &self.platform
    }

    /// As one of the sample people.
    pub(super) async fn of(
        &self,
        person: Person,
        method: Method,
        path: &str,
    ) -> Result<RequestBuilder, Error> {
        if let Some(gateway) = self.gateway() {
            let token = self.platform.token(person).await?;
            return Ok(self.request(method, &gateway, path)?.bearer_auth(token));
        }
        match person {
            Person::Customer => self.of_user(CUSTOMER, method, path),
            Person::Staff => {
                let request = self.of_user(STAFF, method, path)?;
                Ok(request.header("x-holdfast-roles", "staff"))
            }
        }
    }

    /// As anybody: past the gateway, which believes nobody who he is.
    pub(super) fn of_user(&self, user: Uuid, method: Method, path: &str) -> Result<RequestBuilder, Error> {
        let request = self.request(method, &self.order_service(), path)?;
        Ok(request.header("x-holdfast-user", user.to_string()))
    }

    fn request(&self, method: Method, base: &str, path: &str) -> Result<RequestBuilder, Error> {
        let client = http::client(ANSWER_WITHIN, None).map_err(|error| self.failed(&error))?;
        Ok(client.request(method, format!("{base}/v1/orders{path}")))
    }

    fn order_service(&self) -> String {
        let flag = self.orders_url.as_deref();
        self.platform.service_url(Service::Order, flag)
    }

    fn base_url(&self) -> String {
        self.gateway().unwrap_or_else(|| self.order_service())
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
