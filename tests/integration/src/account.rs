//! Somebody with an account, as they come in through the gateway.

use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{Answer, Platform, Shop, send};

/// An account and what its owner knows.
#[derive(Clone, Debug)]
pub struct Account {
    client: Client,
    gateway: String,
    /// Where e-mail goes.
    pub email: String,
    /// What nobody else knows.
    pub password: String,
}

/// What a login gives.
#[derive(Clone, Debug)]
pub struct Tokens {
    /// For every request.
    pub access: String,
    /// For the next tokens.
    pub refresh: String,
}

impl Tokens {
    /// The tokens of an answer.
    ///
    /// # Panics
    /// If it has none.
    #[must_use]
    pub fn of(answer: &Answer) -> Self {
        let text = |field: &str| answer.body[field].as_str().map(str::to_owned);
        match (answer.status, text("access_token"), text("refresh_token")) {
            (StatusCode::OK, Some(access), Some(refresh)) => Self { access, refresh },
            _ => panic!("no tokens: {answer:?}"),
        }
    }
}

impl Account {
    /// Registers somebody who was not there before.
    ///
    /// # Panics
    /// If the platform does not take them.
    pub async fn register(platform: &Platform) -> Self {
        let account = Self {
            client: platform.client().clone(),
            gateway: platform.url("gateway"),
            email: format!("{}@example.org", Uuid::new_v4().simple()),
            password: Uuid::new_v4().to_string(),
        };
        let body = json!({
            "email": account.email, "password": account.password, "name": "Ada Sample", "phone": "+4930123456",
        });
        let registered = account.post("/v1/users", &body).await;
        assert_eq!(registered.status, StatusCode::CREATED, "{registered:?}");
        account
    }

    /// The shop as somebody new sees it.
    ///
    /// # Panics
    /// If they are not let in.
    pub async fn new_shop(platform: &Platform) -> Shop {
        let tokens = Self::register(platform).await.log_in().await;
        Shop::behind_gateway(platform, &tokens.access)
    }

    /// Logs in.
    ///
    /// # Panics
    /// If they are not let in.
    pub async fn log_in(&self) -> Tokens {
        Tokens::of(&self.try_log_in(&self.password).await)
    }

    /// What a login with this password is answered.
    pub async fn try_log_in(&self, password: &str) -> Answer {
        let body = json!({"email": self.email, "password": password});
        self.post("/v1/sessions", &body).await
    }

    /// What a refresh token is answered.
    ///
    /// # Panics
    /// If there is no answer.
    pub async fn refresh(&self, token: &str) -> Answer {
        let form = [("grant_type", "refresh_token"), ("refresh_token", token)];
        let request = self.request(Method::POST, "/v1/oauth/token").form(&form);
        send(request).await.expect("an answer")
    }

    /// A request without a token.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.gateway))
    }

    async fn post(&self, path: &str, body: &Value) -> Answer {
        let request = self.request(Method::POST, path).json(body);
        send(request).await.expect("an answer")
    }
}
