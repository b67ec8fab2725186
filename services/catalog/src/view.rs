//! The products in memory, fed by the bucket's changes. Reads never wait for NATS.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, PoisonError, RwLock};

use bytes::Bytes;
use futures::{StreamExt, pin_mut};
use holdfast_platform::clock::Clock;
use holdfast_platform::journal::{Feed, Record, Revision, Tail};
use jiff::Timestamp;
use serde::Serialize;

use crate::product::Product;

/// Everything in the bucket.
const FILTER: &str = "$KV.catalog.>";
const PREFIX: &str = "$KV.catalog.";

/// A product, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Its JSON.
    pub body: Bytes,
    /// Grows with every change of this product.
    pub version: u64,
}

#[derive(Serialize)]
struct Body<'a> {
    #[serde(flatten)]
    product: &'a Product,
    version: u64,
}

/// A part of the list, in the order of SKUs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The products.
    pub items: Vec<Shown>,
    /// The SKU after which the next part starts, if there is more.
    pub next: Option<String>,
    /// Grows with every change of any product.
    pub version: u64,
}

#[derive(Default)]
struct Contents {
    products: BTreeMap<String, Shown>,
    newest: Revision,
    /// When everything that was stored had been seen; none before the first time.
    contact: Option<Timestamp>,
}

/// All products. Clones share them.
#[derive(Clone, Default)]
pub struct View(Arc<RwLock<Contents>>);

impl View {
    /// One product.
    #[must_use]
    pub fn product(&self, sku: &str) -> Option<Shown> {
        self.read(|contents| contents.products.get(sku).cloned())
    }

    /// At most `limit` products after a SKU.
    #[must_use]
    pub fn page(&self, after: Option<&str>, limit: usize) -> Page {
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        self.read(|contents| {
            let mut following = contents.products.range::<str, _>((start, Bound::Unbounded));
            let part: Vec<_> = following.by_ref().take(limit).collect();
            let next = following.next().and(part.last()).map(|(sku, _)| (*sku).clone());
            let items = part.into_iter().map(|(_, shown)| shown.clone()).collect();
            Page {
                items,
                next,
                version: contents.newest.0,
            }
        })
    }

    /// When the view last was known to be complete; none if it never was.
    #[must_use]
    pub fn contact(&self) -> Option<Timestamp> {
        self.read(|contents| contents.contact)
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

    fn apply(&self, record: &Record) {
        let Some(sku) = record.subject.strip_prefix(PREFIX) else {
            return;
        };
        let shown = if record.headers.contains_key("KV-Operation") {
            None
        } else {
            match show(record) {
                Ok(shown) => Some(shown),
                Err(error) => {
                    tracing::error!(sku, sequence = record.revision.0, %error, "not a product; the last good one stays");
                    return;
                }
            }
        };
        self.write(|contents| {
            contents.newest = record.revision;
            match shown {
                Some(shown) => contents.products.insert(sku.to_owned(), shown),
                None => contents.products.remove(sku),
            };
        });
    }

    fn read<T>(&self, look: impl FnOnce(&Contents) -> T) -> T {
        look(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn write(&self, change: impl FnOnce(&mut Contents)) {
        change(&mut self.0.write().unwrap_or_else(PoisonError::into_inner));
    }
}

#[derive(Debug, thiserror::Error)]
enum ShowError {
    #[error(transparent)]
    Product(#[from] crate::product::Error),
    #[error("its SKU is not its key")]
    OtherSku,
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}

fn show(record: &Record) -> Result<Shown, ShowError> {
    let product = Product::from_value(&record.payload)?;
    if record.subject.strip_prefix(PREFIX) != Some(&product.sku) {
        return Err(ShowError::OtherSku);
    }
    let version = record.revision.0;
    let body = serde_json::to_vec(&Body {
        product: &product,
        version,
    })?;
    Ok(Shown {
        body: body.into(),
        version,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::product::Money;
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
        let tea = view.product("tea").unwrap();
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
        assert_eq!(followed(&journal).await.product("tea"), None);
    }

    #[tokio::test]
    async fn a_value_that_is_no_product_leaves_the_last_good_one() {
        let other = value("cup", 9);
        for broken in [b"{".to_vec(), value("tea", -1), other] {
            let (view, _) = given(&[("tea", value("tea", 1)), ("tea", broken)]).await;
            assert_eq!(view.product("tea").map(|shown| shown.version), Some(1));
        }
    }

    #[tokio::test]
    async fn the_list_is_in_the_order_of_skus_and_has_parts() {
        let (view, _) = given(&[("c", value("c", 1)), ("a", value("a", 1)), ("b", value("b", 1))]).await;
        let first = view.page(None, 2);
        assert_eq!(
            (first.items.len(), first.next.as_deref(), first.version),
            (2, Some("b"), 3)
        );
        let rest = view.page(Some("b"), 2);
        assert_eq!((rest.items.len(), rest.next), (1, None));
        assert_eq!(view.page(Some("c"), 2).items, []);
    }
}
