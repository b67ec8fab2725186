//! A customer over HTTP.

use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::Value;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::Platform;

/// How long a customer insists: services that were killed must be back by then, on a busy machine, too.
const INSIST_FOR: Duration = Duration::from_secs(120);
const BETWEEN_TRIES: Duration = Duration::from_millis(100);

/// What was answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body; null if it is not JSON.
    pub body: Value,
}

impl Answer {
    /// The header of that name, or nothing.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The id of the order in the body.
    ///
    /// # Panics
    /// If there is none.
    #[must_use]
    pub fn id(&self) -> Uuid {
        let id = self.body["id"].as_str().and_then(|id| id.parse().ok());
        id.unwrap_or_else(|| panic!("no order: {self:?}"))
    }
}

/// The services as one user sees them.
#[derive(Clone, Debug)]
pub struct Shop {
    client: Client,
    base: String,
    /// The header that says who asks.
    identity: (&'static str, String),
}

impl Shop {
    /// The shop of `platform` for `user`.
    #[must_use]
    pub fn of(platform: &Platform, user: Uuid) -> Self {
        Self {
            client: platform.client().clone(),
            base: platform.url("order"),
            identity: ("x-holdfast-user", user.to_string()),
        }
    }

    /// The shop as somebody with this token sees it, through the gateway.
    #[must_use]
    pub fn behind_gateway(platform: &Platform, token: &str) -> Self {
        Self {
            client: platform.client().clone(),
            base: platform.url("gateway"),
            identity: ("authorization", format!("Bearer {token}")),
        }
    }

    /// The same shop by another replica, or by whoever answers at `base`.
    #[must_use]
    pub fn by(&self, base: &str) -> Self {
        Self {
            base: base.to_owned(),
            ..self.clone()
        }
    }

    /// A request about anything, at `path`.
    pub fn at(&self, method: Method, path: &str) -> RequestBuilder {
        let (name, value) = &self.identity;
        self.client
            .request(method, format!("{}{path}", self.base))
            .header(*name, value)
    }

    /// A request about orders, at `path` below `/v1/orders`.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.at(method, &format!("/v1/orders{path}"))
    }

    /// The same of nobody.
    pub fn anonymous(&self, method: Method, path: &str) -> RequestBuilder {
        self.client
            .request(method, format!("{}/v1/orders{path}", self.base))
    }

    /// A request for an order.
    pub fn order(&self, key: &str, body: &Value) -> RequestBuilder {
        let request = self.request(Method::POST, "").header("Idempotency-Key", key);
        request.json(body)
    }

    /// Reads about orders.
    ///
    /// # Errors
    /// If there is no answer.
    pub async fn get(&self, path: &str) -> Result<Answer, String> {
        send(self.request(Method::GET, path)).await
    }

    /// Reads of another service.
    ///
    /// # Errors
    /// If there is no answer.
    pub async fn get_url(&self, url: &str) -> Result<Answer, String> {
        send(self.client.get(url)).await
    }

    /// Repeats a request until it is answered by a 2xx or a 4xx.
    ///
    /// # Panics
    /// If that takes too long.
    pub async fn insist(&self, request: RequestBuilder) -> Answer {
        let deadline = Instant::now() + INSIST_FOR;
        loop {
            let answered = send(request.try_clone().expect("a body that can be sent again")).await;
            match answered {
                Ok(answer) if !answer.status.is_server_error() => return answer,
                failed => assert!(Instant::now() < deadline, "after {INSIST_FOR:?}: {failed:?}"),
            }
            sleep(BETWEEN_TRIES).await;
        }
    }
}

/// Sends one request, once.
///
/// # Errors
/// If there is no answer.
pub async fn send(request: RequestBuilder) -> Result<Answer, String> {
    let response = request.send().await.map_err(|error| format!("{error:?}"))?;
    let (status, headers) = (response.status(), response.headers().clone());
    let body = response.bytes().await.map_err(|error| format!("{error:?}"))?;
    let body = serde_json::from_slice(&body).unwrap_or_default();
    Ok(Answer {
        status,
        headers,
        body,
    })
}
