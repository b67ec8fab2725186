//! Prices over HTTP, kept as long as the catalogue allows.

use std::time::Duration;

use futures::{StreamExt, TryStreamExt, stream};
use holdfast_order_core::{Money, Sku};
use holdfast_platform::clock::Clock;
use holdfast_platform::http::traced;
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use moka::sync::Cache;
use reqwest::Client;
use serde::Deserialize;

use super::cache_control::Lifetime;
use super::causes;
use crate::locks::Stripes;
use crate::ports::{Prices, Unanswered};

/// So many prices are kept.
const CAPACITY: u64 = 10_000;
/// So many products of one order are asked for at once.
const CONCURRENCY: usize = 8;

/// The API of the catalogue.
pub struct HttpPrices<C> {
    client: Client,
    base: String,
    deadline: Duration,
    clock: C,
    known: Cache<Sku, Known>,
    asking: Stripes,
}

#[derive(Clone)]
struct Known {
    price: Money,
    lifetime: Lifetime,
}

#[derive(Deserialize)]
struct Product {
    price: Price,
}

#[derive(Deserialize)]
struct Price {
    amount: i64,
    currency: String,
}

impl<C: Clock> HttpPrices<C> {
    /// The catalogue at `base` (no trailing slash), whose answer is awaited for `deadline`.
    #[must_use]
    pub fn new(client: Client, base: impl Into<String>, deadline: Duration, clock: C) -> Self {
        let known = Cache::new(CAPACITY);
        Self {
            client,
            base: base.into(),
            deadline,
            clock,
            known,
            asking: Stripes::default(),
        }
    }

    async fn price(&self, sku: &Sku) -> Result<Option<Money>, Unanswered> {
        if let Some(known) = self.fresh(sku) {
            return Ok(Some(known));
        }
        let _turn = self.asking.lock(sku).await;
        if let Some(known) = self.fresh(sku) {
            return Ok(Some(known));
        }
        match self.fetch(sku).await {
            Ok(price) => Ok(price),
            Err(unanswered) => self.stale(sku).map(Some).ok_or(unanswered),
        }
    }

    fn fresh(&self, sku: &Sku) -> Option<Money> {
        self.known
            .get(sku)
            .filter(|known| self.now() < known.lifetime.fresh_until)
            .map(|known| known.price)
    }

    fn stale(&self, sku: &Sku) -> Option<Money> {
        self.known
            .get(sku)
            .filter(|known| self.now() < known.lifetime.usable_until)
            .map(|known| known.price)
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    async fn fetch(&self, sku: &Sku) -> Result<Option<Money>, Unanswered> {
        match self.get(sku).await.map_err(|error| unanswered(causes(&error)))? {
            (StatusCode::OK, headers, body) => {
                let Product {
                    price: Price { amount, currency },
                } = serde_json::from_slice(&body)
                    .map_err(|error| unanswered(format!("not a product: {error}")))?;
                let price = Money { amount, currency };
                let lifetime = Lifetime::of(&headers, self.now());
                self.known.insert(
                    sku.clone(),
                    Known {
                        price: price.clone(),
                        lifetime,
                    },
                );
                Ok(Some(price))
            }
            // What no product could be called is not sold either.
            (StatusCode::NOT_FOUND | StatusCode::BAD_REQUEST, ..) => {
                self.known.invalidate(sku);
                Ok(None)
            }
            (status, ..) => Err(unanswered(status.to_string())),
        }
    }

    async fn get(&self, sku: &Sku) -> Result<(StatusCode, HeaderMap, bytes::Bytes), reqwest::Error> {
        let request = self
            .client
            .get(format!("{}/v1/products/{sku}", self.base))
            .timeout(self.deadline);
        let mut response = traced(request).send().await?;
        let headers = std::mem::take(response.headers_mut());
        Ok((response.status(), headers, response.bytes().await?))
    }
}

impl<C: Clock> Prices for HttpPrices<C> {
    async fn prices(&self, skus: &[Sku]) -> Result<Vec<Option<Money>>, Unanswered> {
        if let Some(all) = skus.iter().map(|sku| self.fresh(sku).map(Some)).collect() {
            return Ok(all);
        }
        let asked: Vec<_> = skus.iter().map(|sku| self.price(sku)).collect();
        stream::iter(asked).buffered(CONCURRENCY).try_collect().await
    }
}

fn unanswered(detail: String) -> Unanswered {
    Unanswered {
        service: "catalog",
        detail,
    }
}
