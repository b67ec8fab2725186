//! The products in memory, fed by the bucket's changes, each ready to be sent. Reads never wait for NATS, nor for the
//! inventory.

mod item;

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Bound;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use axum::http::HeaderValue;
use bytes::Bytes;
use futures::{StreamExt, pin_mut};
use holdfast_platform::clock::Clock;
use holdfast_platform::journal::{Feed, Record, Revision, Tail};
use jiff::Timestamp;
use tokio::sync::watch;

use crate::stock::{Availability, Wanted};
use item::Item;

/// Everything in the bucket.
const FILTER: &str = "$KV.catalog.>";
/// What keys begin with as subjects; those of a mirror, too.
pub const PREFIX: &str = "$KV.catalog.";

/// A product, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Its JSON.
    pub body: Bytes,
    /// The tag of this body: version and availability.
    pub etag: HeaderValue,
    /// Grows with every change of this product.
    pub version: u64,
}

/// A part of the list, in the order of SKUs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The products.
    pub items: Vec<Shown>,
    /// The SKU after which the next part starts, if there is more.
    pub next: Option<String>,
}

impl Page {
    /// The tag of this page: the same for the same content, whichever replica shows it.
    #[must_use]
    pub fn etag(&self) -> String {
        let mut hasher = DefaultHasher::new();
        for item in &self.items {
            // No two products have a version in common.
            item.etag.as_bytes().hash(&mut hasher);
        }
        self.next.hash(&mut hasher);
        format!("\"{:016x}\"", hasher.finish())
    }
}

#[derive(Default)]
struct Contents {
    products: BTreeMap<String, Item>,
    /// When everything that was stored had been seen; none before the first time.
    contact: Option<Timestamp>,
}

#[derive(Default)]
struct Shared {
    contents: RwLock<Contents>,
    newest: watch::Sender<Revision>,
    wanted: Wanted,
}

/// All products. Clones share them.
#[derive(Clone, Default)]
pub struct View(Arc<Shared>);

impl View {
    /// One product, looked at now.
    #[must_use]
    pub fn product(&self, sku: &str, now: Timestamp) -> Option<Shown> {
        self.read(|contents| {
            let item = contents.products.get(sku)?;
            self.look_at(sku, item, now);
            Some(item.shown())
        })
    }

    /// The version and the name of a product.
    #[must_use]
    pub fn name(&self, sku: &str) -> Option<(u64, String)> {
        self.read(|contents| contents.products.get(sku).map(Item::name))
    }

    /// At most `limit` products after a SKU, looked at now.
    #[must_use]
    pub fn page(&self, after: Option<&str>, limit: usize, now: Timestamp) -> Page {
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        self.read(|contents| {
            let mut following = contents.products.range::<str, _>((start, Bound::Unbounded));
            let part: Vec<_> = following.by_ref().take(limit).collect();
            let next = following.next().and(part.last()).map(|(sku, _)| (*sku).clone());
            let shown = part.into_iter().map(|(sku, item)| {
                self.look_at(sku, item, now);
                item.shown()
            });
            Page {
                items: shown.collect(),
                next,
            }
        })
    }

    /// How many products there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.read(|contents| contents.products.len())
    }

    /// When the view last was known to be complete; none if it never was.
    #[must_use]
    pub fn contact(&self) -> Option<Timestamp> {
        self.read(|contents| contents.contact)
    }

    /// Waits until a change is in the view, but no longer than `patience`; tells whether it is.
    pub async fn reaches(&self, revision: Revision, patience: Duration) -> bool {
        let mut newest = self.0.newest.subscribe();
        let reached = newest.wait_for(|newest| *newest >= revision);
        let reached = tokio::time::timeout(patience, reached).await;
        reached.is_ok()
    }

    /// Follows the bucket until the feed ends, which a live feed does not. `complete` is called whenever the
    /// view is known to hold everything.
    pub async fn follow(&self, feed: impl Feed, clock: impl Clock, complete: impl Fn()) {
        let tail = feed.tail(FILTER, Revision::NONE);
        pin_mut!(tail);
        while let Some(next) = tail.next().await {
            match next {
                Tail::Record(record) => self.apply(&record),
                Tail::CaughtUp => {
                    self.write(|contents| contents.contact = Some(clock.now()));
                    complete();
                }
            }
        }
    }

    /// What availability is wanted of.
    #[must_use]
    pub fn wanted(&self) -> &Wanted {
        &self.0.wanted
    }

    /// Takes note of an availability.
    pub fn know(&self, sku: &str, availability: Availability, now: Timestamp) {
        self.write(|contents| {
            if let Some(item) = contents.products.get_mut(sku) {
                item.know(availability, now);
            }
        });
    }

    /// Nothing is known any more of those that were last known before `oldest`.
    pub fn doubt(&self, skus: &[String], oldest: Timestamp) {
        self.write(|contents| {
            for sku in skus {
                if let Some(item) = contents.products.get_mut(sku) {
                    item.doubt(oldest);
                }
            }
        });
    }

    /// A product as it would be shown if it were stored like this; none if it could not be.
    #[must_use]
    pub fn alone(sku: &str, value: &[u8], version: Revision) -> Option<Shown> {
        Item::of(sku, value, version).ok().map(|item| item.shown())
    }

    fn look_at(&self, sku: &str, item: &Item, now: Timestamp) {
        if item.is_to_be_asked(now) {
            self.0.wanted.add(sku);
        }
    }

    fn apply(&self, record: &Record) {
        if let Some(sku) = record.subject.strip_prefix(PREFIX) {
            match Item::of(sku, &record.payload, record.revision) {
                _ if is_deleted(record) => self.write(|contents| drop(contents.products.remove(sku))),
                Ok(item) => self.write(|contents| contents.put(sku, item)),
                Err(error) => {
                    tracing::error!(sku, sequence = record.revision.0, %error, "not a product; the last good one stays");
                }
            }
        }
        self.0.newest.send_replace(record.revision);
    }

    fn read<T>(&self, look: impl FnOnce(&Contents) -> T) -> T {
        look(&self.0.contents.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn write(&self, change: impl FnOnce(&mut Contents)) {
        change(&mut self.0.contents.write().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Contents {
    fn put(&mut self, sku: &str, item: Item) {
        match self.products.get_mut(sku) {
            Some(known) => known.become_(item),
            None => drop(self.products.insert(sku.to_owned(), item)),
        }
    }
}

/// Whether a record says that its product is gone.
#[must_use]
pub fn is_deleted(record: &Record) -> bool {
    record.headers.contains_key("KV-Operation")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::product::{Money, Product};
    use crate::stock::Status;
    use holdfast_platform::clock::ManualClock;
    use holdfast_platform::journal::memory::MemoryJournal;
    use holdfast_platform::journal::{Append, Headers, Journal};

    fn value(sku: &str, amount: i64) -> Vec<u8> {
        let product = Product {
            sku: sku.into(),
            name: sku.into(),
            description: String::new(),
            price: Money {
                amount,
                currency: "EUR".into(),
            },
            image_url: String::new(),
        };
        product.to_value().unwrap()
    }

    async fn put(journal: &MemoryJournal, key: &str, payload: Vec<u8>, headers: Headers) {
        let subject = format!("$KV.catalog.{key}");
        let last = journal.last(&subject).await.unwrap();
        let expected = last.map_or(Revision::NONE, |record| record.revision);
        let message_id = format!("{key}.{expected}");
        journal
            .append(Append {
                subject,
                expected,
                message_id,
                headers,
                payload: payload.into(),
            })
            .await
            .unwrap();
    }

    async fn given(puts: &[(&str, Vec<u8>)]) -> (View, MemoryJournal) {
        let journal = MemoryJournal::default();
        for (key, payload) in puts {
            put(&journal, key, payload.clone(), Headers::new()).await;
        }
        (followed(&journal).await, journal)
    }

    async fn followed(journal: &MemoryJournal) -> View {
        let view = View::default();
        let (done, complete) = tokio::sync::watch::channel(false);
        tokio::select! {
            () = view.follow(journal.clone(), ManualClock::default(), || { done.send_replace(true); }) => {}
            _ = async { complete.clone().wait_for(|done| *done).await.map(drop) } => {}
        }
        view
    }

    #[tokio::test]
    async fn the_newest_value_of_each_product_is_shown_with_its_version() {
        let (view, _) = given(&[
            ("tea", value("tea", 1)),
            ("cup", value("cup", 2)),
            ("tea", value("tea", 3)),
        ])
        .await;
        let tea = view.product("tea", Timestamp::UNIX_EPOCH).unwrap();
        let json: serde_json::Value = serde_json::from_slice(&tea.body).unwrap();
        assert_eq!(
            (&json["price"]["amount"], &json["version"]),
            (&3.into(), &3.into())
        );
        assert_eq!(view.contact(), Some(Timestamp::UNIX_EPOCH));
    }

    #[tokio::test]
    async fn a_deleted_product_is_gone() {
        let (_, journal) = given(&[("tea", value("tea", 1))]).await;
        let deleted = Headers::from([("KV-Operation".to_owned(), "DEL".to_owned())]);
        put(&journal, "tea", Vec::new(), deleted).await;
        assert_eq!(
            followed(&journal).await.product("tea", Timestamp::UNIX_EPOCH),
            None
        );
    }

    #[tokio::test]
    async fn a_value_that_is_no_product_leaves_the_last_good_one() {
        let other = value("cup", 9);
        for broken in [b"{".to_vec(), value("tea", -1), other] {
            let (view, _) = given(&[("tea", value("tea", 1)), ("tea", broken)]).await;
            assert_eq!(
                view.product("tea", Timestamp::UNIX_EPOCH)
                    .map(|shown| shown.version),
                Some(1)
            );
        }
    }

    #[tokio::test]
    async fn the_list_is_in_the_order_of_skus_and_has_parts() {
        let (view, _) = given(&[("c", value("c", 1)), ("a", value("a", 1)), ("b", value("b", 1))]).await;
        let first = view.page(None, 2, Timestamp::UNIX_EPOCH);
        assert_eq!((first.items.len(), first.next.as_deref()), (2, Some("b")));
        let rest = view.page(Some("b"), 2, Timestamp::UNIX_EPOCH);
        assert_eq!((rest.items.len(), rest.next), (1, None));
        assert_eq!(view.page(Some("c"), 2, Timestamp::UNIX_EPOCH).items, []);
    }

    #[tokio::test]
    async fn availability_is_shown_beside_the_product_and_stays_over_its_changes() {
        let (view, journal) = given(&[("tea", value("tea", 1))]).await;
        let now = Timestamp::UNIX_EPOCH;
        let before = view.product("tea", now).unwrap();
        let few = Availability {
            status: Status::Limited,
            quantity: Some(3),
        };
        view.know("tea", few, now);
        let after = view.product("tea", now).unwrap();
        assert_ne!(before.etag, after.etag);
        let json: serde_json::Value = serde_json::from_slice(&after.body).unwrap();
        let shown = serde_json::json!({"status": "limited", "quantity": 3});
        assert_eq!(json["availability"], shown);
        put(&journal, "tea", value("tea", 2), Headers::new()).await;
        let last = journal.last("$KV.catalog.tea").await.unwrap().unwrap();
        view.apply(&last);
        let json: serde_json::Value =
            serde_json::from_slice(&view.product("tea", now).unwrap().body).unwrap();
        assert_eq!((&json["availability"], &json["version"]), (&shown, &2.into()));
        view.doubt(&["tea".to_owned()], now);
        assert_eq!(view.product("tea", now).unwrap().version, 2);
        view.doubt(&["tea".to_owned()], now + jiff::SignedDuration::from_secs(1));
        let json: serde_json::Value =
            serde_json::from_slice(&view.product("tea", now).unwrap().body).unwrap();
        assert_eq!(json["availability"], serde_json::json!({"status": "unknown"}));
    }
}
