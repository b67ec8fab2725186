//! Requests to the real REST API of the order service, without a socket.

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;
use uuid::Uuid;

use crate::plan::Wish;

/// Somebody who may do what operators do.
pub const STAFF: Uuid = Uuid::from_u128(0x5aff);

/// One request.
#[derive(Clone, Debug)]
pub struct Ask {
    method: Method,
    path: String,
    user: Uuid,
    idempotency_key: Option<String>,
    body: Option<Value>,
}

impl Ask {
    /// Asks for something.
    #[must_use]
    pub fn get(user: Uuid, path: String) -> Self {
        Self {
            method: Method::GET,
            path,
            user,
            idempotency_key: None,
            body: None,
        }
    }

    /// Asks that something be done.
    #[must_use]
    pub fn post(user: Uuid, path: String) -> Self {
        Self {
            method: Method::POST,
            ..Self::get(user, path)
        }
    }

    /// Orders.
    #[must_use]
    pub fn order(wish: &Wish, body: Value) -> Self {
        Self {
            idempotency_key: Some(wish.key.clone()),
            body: Some(body),
            ..Self::post(wish.user, "/v1/orders".to_owned())
        }
    }

    /// The status and the JSON that the API answers; status 0 if the request itself is none.
    pub async fn put_to(self, api: Router) -> (u16, Value) {
        let Ok(request) = self.request() else {
            return (0, Value::Null);
        };
        let Ok(response) = api.oneshot(request).await;
        let status = response.status().as_u16();
        let body = response
            .into_body()
            .collect()
            .await
            .map(|body| body.to_bytes())
            .unwrap_or_default();
        (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
    }

    fn request(self) -> Result<Request<Body>, axum::http::Error> {
        let mut request = Request::builder()
            .method(self.method)
            .uri(self.path)
            .header("content-type", "application/json")
            .header("x-holdfast-user", self.user.to_string());
        if self.user == STAFF {
            request = request.header("x-holdfast-roles", "staff");
        }
        if let Some(key) = self.idempotency_key {
            request = request.header("idempotency-key", key);
        }
        request.body(
            self.body
                .map_or_else(Body::empty, |body| Body::from(body.to_string())),
        )
    }
}

impl Wish {
    /// The body of its request.
    #[must_use]
    pub fn body(&self) -> Value {
        let line = |(sku, quantity): &(&str, u32)| json!({"sku": sku, "quantity": quantity});
        let lines: Vec<Value> = self.lines.iter().map(line).collect();
        json!({"lines": lines, "payment_token": self.token})
    }
}
