//! Availability beside products, asked of the inventory behind the reader's back.
//!
//! A read never waits for it: it shows what was known last, and wants it asked again when that is no longer fresh.
//! So a read costs the same whether the inventory is fast, slow or away, and inventory is asked for what is looked at,
//! a hundred products at a time, not once a read.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use holdfast_platform::clock::Clock;
use holdfast_platform::nats::jittered;
use jiff::{SignedDuration, Timestamp};
use reqwest::Client;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use utoipa::ToSchema;

use crate::view::View;

/// How long an answer is fresh.
const FRESH: SignedDuration = SignedDuration::from_secs(2);
/// How long it is shown while the inventory does not answer: as long as the inventory itself permits.
const USABLE: SignedDuration = SignedDuration::from_secs(300);
/// What the inventory takes in one request.
const BATCH: usize = 100;
/// How many products may be wanted at once; more are wanted again when they are read again.
const MOST_WANTED: usize = 100_000;
/// What is wanted within this time is asked for together.
const GATHER: Duration = Duration::from_millis(20);

/// How much of a product there is, for customers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AvailabilityStatus)]
pub enum Status {
    /// Enough.
    InStock,
    /// Few.
    Limited,
    /// None.
    OutOfStock,
    /// Nobody could tell yet, or nobody ever received any.
    #[default]
    Unknown,
}

/// What is shown beside a product.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Availability {
    /// How much there is.
    pub status: Status,
    /// How many, when they are few; of many the number would change with every sale, and every cached copy with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub quantity: Option<u64>,
}

#[derive(Deserialize)]
struct Stocks {
    items: Vec<Stock>,
}

#[derive(Deserialize)]
struct Stock {
    sku: String,
    available: u64,
    status: Status,
}

impl Stock {
    fn shown(&self) -> Availability {
        Availability {
            status: self.status,
            quantity: (self.status == Status::Limited).then_some(self.available),
        }
    }
}

/// The products whose availability is to be asked for. Clones are the same.
#[derive(Clone, Default)]
pub struct Wanted(Arc<Wishes>);

#[derive(Default)]
struct Wishes {
    skus: Mutex<HashSet<String>>,
    some: Notify,
}

impl Wanted {
    /// Whether what was wanted at `last` is to be asked for again at `now`; none: it never was.
    #[must_use]
    pub fn is_due(last: Option<Timestamp>, now: Timestamp) -> bool {
        last.is_none_or(|last| now.duration_since(last) >= FRESH)
    }

    /// Adds a product.
    pub fn add(&self, sku: &str) {
        let mut skus = self.0.skus.lock().unwrap_or_else(PoisonError::into_inner);
        if skus.len() < MOST_WANTED && !skus.contains(sku) {
            skus.insert(sku.to_owned());
            self.0.some.notify_one();
        }
    }

    fn take(&self) -> Vec<String> {
        let mut skus = self.0.skus.lock().unwrap_or_else(PoisonError::into_inner);
        let taken: Vec<String> = skus.iter().take(BATCH).cloned().collect();
        for sku in &taken {
            skus.remove(sku);
        }
        taken
    }
}

/// The inventory, as it is asked.
pub struct Inventory {
    /// Answers within the client's own time-out, by the sidecar.
    pub client: Client,
    /// Without trailing slash.
    pub base: String,
}

impl Inventory {
    async fn ask(&self, skus: &[String]) -> Result<Vec<Stock>, reqwest::Error> {
        let query: Vec<_> = skus.iter().map(|sku| ("sku", sku)).collect();
        let request = self.client.get(format!("{}/v1/stock", self.base)).query(&query);
        let answer = request.send().await?.error_for_status()?;
        Ok(answer.json::<Stocks>().await?.items)
    }
}

/// Asks for what is wanted, for ever.
pub async fn join(view: View, inventory: Inventory, clock: impl Clock) {
    let mut failures = 0;
    loop {
        let skus = view.wanted().take();
        if skus.is_empty() {
            view.wanted().0.some.notified().await;
            tokio::time::sleep(GATHER).await;
            continue;
        }
        match inventory.ask(&skus).await {
            Ok(stocks) => {
                failures = 0;
                let now = clock.now();
                for stock in &stocks {
                    view.know(&stock.sku, stock.shown(), now);
                }
            }
            Err(error) => {
                if failures == 0 {
                    tracing::warn!("inventory does not answer, availability is what it was: {error}");
                }
                failures += 1;
                view.doubt(&skus, clock.now() - USABLE);
                tokio::time::sleep(jittered(Duration::from_millis(200), failures)).await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wanted_twice_is_asked_once_and_in_batches() {
        let wanted = Wanted::default();
        for number in 0..150 {
            wanted.add(&number.to_string());
            wanted.add(&number.to_string());
        }
        assert_eq!(wanted.take().len(), 100);
        assert_eq!(wanted.take().len(), 50);
        assert!(wanted.take().is_empty());
    }

    #[test]
    fn an_answer_is_asked_for_again_when_it_is_no_longer_fresh() {
        let now = Timestamp::UNIX_EPOCH;
        assert!(Wanted::is_due(None, now));
        assert!(!Wanted::is_due(Some(now), now + SignedDuration::from_secs(1)));
        assert!(Wanted::is_due(Some(now), now + FRESH));
    }

    #[test]
    fn the_number_is_told_only_of_few() {
        let stock = |status| Stock {
            sku: "a".into(),
            available: 3,
            status,
        };
        assert_eq!(stock(Status::Limited).shown().quantity, Some(3));
        assert_eq!(stock(Status::InStock).shown().quantity, None);
    }
}
