//! One product in memory.

use std::sync::atomic::{AtomicI64, Ordering};

use axum::http::HeaderValue;
use holdfast_platform::journal::Revision;
use jiff::Timestamp;
use serde::Serialize;

use super::Shown;
use crate::product::{self, Product};
use crate::stock::{Availability, Wanted};

const NEVER: i64 = i64::MIN;

/// A product with its availability.
pub(super) struct Item {
    shown: Shown,
    /// The name, which its picture bears.
    name: Box<str>,
    /// How much of the body is about the product itself.
    length: usize,
    availability: Availability,
    /// When the inventory told it last; none: never.
    known: Option<Timestamp>,
    /// When it was wanted last, in milliseconds since the epoch.
    wanted: AtomicI64,
}

#[derive(Serialize)]
struct Body<'a> {
    #[serde(flatten)]
    product: &'a Product,
    version: u64,
}

/// Why a record is not shown.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error(transparent)]
    Product(#[from] product::Error),
    #[error("its SKU is not its key")]
    OtherSku,
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}

impl Item {
    pub(super) fn of(sku: &str, value: &[u8], version: Revision) -> Result<Self, Error> {
        let product = Product::from_value(value)?;
        if product.sku != sku {
            return Err(Error::OtherSku);
        }
        let version = version.0;
        let mut body = serde_json::to_vec(&Body {
            product: &product,
            version,
        })?;
        // The object goes on with the availability.
        body.pop();
        let shown = Shown {
            etag: HeaderValue::from_static("\"\""),
            version,
            body: body.into(),
        };
        let mut item = Self {
            length: shown.body.len(),
            shown,
            name: product.name.into(),
            availability: Availability::default(),
            known: None,
            wanted: AtomicI64::new(NEVER),
        };
        item.finish();
        Ok(item)
    }

    pub(super) fn shown(&self) -> Shown {
        self.shown.clone()
    }

    pub(super) fn name(&self) -> (u64, String) {
        (self.shown.version, self.name.to_string())
    }

    /// Another version; what is known of its availability stays.
    pub(super) fn become_(&mut self, next: Self) {
        let Self {
            shown, name, length, ..
        } = next;
        (self.shown, self.name, self.length) = (shown, name, length);
        self.finish();
    }

    pub(super) fn know(&mut self, availability: Availability, now: Timestamp) {
        self.known = Some(now);
        self.show(availability);
    }

    pub(super) fn doubt(&mut self, oldest: Timestamp) {
        if self.known.is_none_or(|known| known < oldest) {
            self.show(Availability::default());
        }
    }

    /// Whether this reader is the one who has the availability asked for again.
    pub(super) fn is_to_be_asked(&self, now: Timestamp) -> bool {
        let last = self.wanted.load(Ordering::Relaxed);
        let wanted = Some(last)
            .filter(|last| *last != NEVER)
            .and_then(|last| Timestamp::from_millisecond(last).ok());
        Wanted::is_due(wanted, now)
            && self
                .wanted
                .compare_exchange(last, now.as_millisecond(), Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
    }

    fn show(&mut self, availability: Availability) {
        if self.availability != availability {
            self.availability = availability;
            self.finish();
        }
    }

    /// Writes body and tag anew, for the product and the availability as they are.
    fn finish(&mut self) {
        let product = self.shown.body.get(..self.length).unwrap_or_default();
        let availability = serde_json::to_vec(&self.availability).unwrap_or_default();
        self.shown.body = [product, b",\"availability\":", &availability, b"}"]
            .concat()
            .into();
        let Availability { status, quantity } = self.availability;
        let (version, quantity) = (self.shown.version, quantity.unwrap_or_default());
        let etag = format!("\"{version}-{}.{quantity}\"", status as u8);
        if let Ok(etag) = HeaderValue::try_from(etag) {
            self.shown.etag = etag;
        }
    }
}
