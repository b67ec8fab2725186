//! How to reach somebody: asked for at `user`, by the sidecar, and kept for seconds.

use std::sync::Arc;
use std::time::Duration;

use holdfast_notification_core::Contact;
use holdfast_platform::http::traced;
use moka::sync::Cache;
use reqwest::{Client, StatusCode};
use serde::Deserialize;
use uuid::Uuid;

/// How many are kept.
const MAX_CARDS: u64 = 20_000;

/// The service `user` did not say. Retryable.
#[derive(Debug, thiserror::Error)]
#[error("contact data cannot be had: {0}")]
pub struct Unavailable(String);

/// How to reach somebody. Never shown.
#[derive(Clone, Deserialize)]
pub struct Card {
    /// Where mail goes.
    #[serde(default)]
    pub email: String,
    /// For people.
    #[serde(default)]
    pub name: String,
    /// In the form of E.164.
    #[serde(default)]
    pub phone: Option<String>,
    #[serde(default)]
    notifications: Wishes,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(default)]
struct Wishes {
    email: bool,
    sms: bool,
}

impl Default for Wishes {
    fn default() -> Self {
        Self {
            email: true,
            sms: false,
        }
    }
}

impl Card {
    /// What the core decides by.
    #[must_use]
    pub fn contact(&self) -> Contact {
        Contact {
            wants_email: self.notifications.email,
            wants_sms: self.notifications.sms,
            has_email: !self.email.is_empty(),
            has_phone: self.phone.as_ref().is_some_and(|phone| !phone.is_empty()),
        }
    }
}

/// Asks for contact data.
#[derive(Clone)]
pub struct Contacts {
    client: Client,
    url: String,
    known: Cache<Uuid, Option<Arc<Card>>>,
}

impl Contacts {
    /// Asks at `url`, and believes an answer for `age`.
    #[must_use]
    pub fn new(client: Client, url: &str, age: Duration) -> Self {
        Self {
            client,
            url: url.trim_end_matches('/').to_owned(),
            known: Cache::builder().max_capacity(MAX_CARDS).time_to_live(age).build(),
        }
    }

    /// How to reach a user; none: there is no such account (any more).
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn of(&self, user: Uuid) -> Result<Option<Arc<Card>>, Unavailable> {
        if let Some(known) = self.known.get(&user) {
            return Ok(known);
        }
        let card = self.ask(user).await?.map(Arc::new);
        self.known.insert(user, card.clone());
        Ok(card)
    }

    async fn ask(&self, user: Uuid) -> Result<Option<Card>, Unavailable> {
        let url = format!("{}/v1/contacts/{user}", self.url);
        let answer = traced(self.client.get(url))
            .send()
            .await
            .map_err(|error| unavailable(&error))?;
        match answer.status() {
            StatusCode::OK => answer.json().await.map(Some).map_err(|error| unavailable(&error)),
            StatusCode::NOT_FOUND | StatusCode::GONE => Ok(None),
            status => Err(Unavailable(status.to_string())),
        }
    }
}

/// Without the words of the error, which may quote what was read.
fn unavailable(error: &reqwest::Error) -> Unavailable {
    let what = match error {
        error if error.is_timeout() => "no answer in time",
        error if error.is_connect() => "no connection",
        error if error.is_decode() => "an answer that cannot be read",
        _ => "the request failed",
    };
    Unavailable(what.to_owned())
}
