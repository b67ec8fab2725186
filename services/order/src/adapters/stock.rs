//! Availability over HTTP.

use std::time::Duration;

use holdfast_order_core::Sku;
use holdfast_platform::clock::Clock;
use holdfast_platform::http::traced;
use jiff::Timestamp;
use reqwest::Client;
use tokio::sync::Mutex;

use super::cache_control::{Lifetime, is_stale};
use super::causes;
use crate::ports::{Availability, Stock};

/// The API of the inventory.
///
/// All that is asked is whether Inventory knows its stock. It knows all of it or none, from one log: while an answer
/// about some SKUs is fresh, no other needs to be asked for.
pub struct HttpStock<C> {
    client: Client,
    base: String,
    deadline: Duration,
    clock: C,
    last: Mutex<Option<Last>>,
}

#[derive(Clone, Copy)]
struct Last {
    asked: Timestamp,
    answer: Availability,
    fresh_until: Timestamp,
}

impl<C: Clock> HttpStock<C> {
    /// The inventory at `base` (no trailing slash), whose answer is awaited for `deadline`.
    #[must_use]
    pub fn new(client: Client, base: impl Into<String>, deadline: Duration, clock: C) -> Self {
        Self {
            client,
            base: base.into(),
            deadline,
            clock,
            last: Mutex::default(),
        }
    }

    async fn ask(&self, skus: &[Sku]) -> Last {
        let asked = self.clock.now();
        let fetched = self
            .fetch(skus)
            .await
            .inspect_err(|detail| tracing::warn!("inventory: {detail}"));
        let (answer, lifetime) = fetched.unwrap_or((Availability::Stale, None));
        Last {
            asked,
            answer,
            fresh_until: lifetime.map_or(asked, |lifetime| lifetime.fresh_until),
        }
    }

    async fn fetch(&self, skus: &[Sku]) -> Result<(Availability, Option<Lifetime>), String> {
        let query: Vec<_> = skus.iter().map(|sku| ("sku", sku.as_str())).collect();
        let request = self
            .client
            .get(format!("{}/v1/stock", self.base))
            .query(&query)
            .timeout(self.deadline);
        let response = traced(request).send().await.map_err(|error| causes(&error))?;
        if !response.status().is_success() {
            return Err(response.status().to_string());
        }
        if is_stale(response.headers()) {
            return Ok((Availability::Stale, None));
        }
        let lifetime = Lifetime::of(response.headers(), self.clock.now());
        // Read to the end, so that the connection can be used again.
        response.bytes().await.map_err(|error| causes(&error))?;
        Ok((Availability::Current, Some(lifetime)))
    }
}

impl<C: Clock> Stock for HttpStock<C> {
    async fn availability(&self, skus: &[Sku]) -> Availability {
        let now = self.clock.now();
        let mut last = self.last.lock().await;
        match *last {
            // Fresh, or asked for by somebody else while we waited for our turn.
            Some(known) if now < known.fresh_until || now < known.asked => known.answer,
            _ => last.insert(self.ask(skus).await).answer,
        }
    }
}
