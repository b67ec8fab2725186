//! Orders in the journal: load one, append to one.

mod envelope;

use std::sync::Arc;

use holdfast_order_core::{OrderId, State, UserId};
use holdfast_platform::clock::{Clock, SystemClock};
use holdfast_platform::journal::{self, Journal, Record, Revision, Scan};
use holdfast_platform::telemetry::TraceContext;
use jiff::Timestamp;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use tokio::sync::Mutex;

use crate::codec::{self, Commit};
use crate::replay::{Corrupt, OrderKey, Versioned, advance, replay};

pub use envelope::COMMANDS_HEADER;

/// Why an order could not be loaded or appended to.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The journal.
    #[error(transparent)]
    Journal(#[from] journal::Error),
    /// A record of the order cannot be read.
    #[error(transparent)]
    Corrupt(#[from] Corrupt),
    /// A commit cannot be written.
    #[error(transparent)]
    Encode(#[from] codec::Error),
}

/// The orders of one journal, with a bounded cache of those last used.
pub struct Store<J> {
    journal: J,
    cache: Cache<OrderKey, Seen>,
    /// Of orders that were found by their id alone.
    owners: Cache<OrderId, UserId>,
    search: Mutex<()>,
    clock: Arc<dyn Clock>,
}

/// An order, and when it was the newest that the journal had.
#[derive(Clone)]
struct Seen {
    order: Versioned,
    at: Timestamp,
}

impl<J: Journal> Store<J> {
    /// Orders in `journal` (the stream `ORDERS`), of which at most `capacity` are kept in memory.
    pub fn new(journal: J, capacity: u64) -> Self {
        let cache = Cache::builder()
            .max_capacity(capacity)
            .eviction_policy(EvictionPolicy::lru())
            .build();
        let clock = Arc::new(SystemClock);
        Self {
            journal,
            cache,
            owners: Cache::new(capacity),
            search: Mutex::default(),
            clock,
        }
    }

    /// The same store with another clock, which tells how old a cached order is and nothing else.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// The order as this process last saw it.
    pub fn cached(&self, key: &OrderKey) -> Option<Versioned> {
        self.cache.get(key).map(|seen| seen.order)
    }

    /// The order as this process last saw it, and how many seconds ago it was the newest that the journal had.
    pub fn cached_with_age(&self, key: &OrderKey) -> Option<(Versioned, u64)> {
        let Seen { order, at } = self.cache.get(key)?;
        let age = self.clock.now().duration_since(at).as_secs();
        Some((order, u64::try_from(age).unwrap_or(0)))
    }

    /// The order, at least as new as `at_least`, which must be a record of this order; maybe not the newest.
    ///
    /// # Errors
    /// [`Error`] if the journal does not answer or a record cannot be read.
    pub async fn load(&self, key: &OrderKey, at_least: Revision) -> Result<Versioned, Error> {
        match self.cached(key) {
            Some(known) if known.revision >= at_least => Ok(known),
            _ => self.read(key, at_least).await,
        }
    }

    /// The order as it is now: asks the leader of the stream.
    ///
    /// # Errors
    /// As [`Store::load`].
    pub async fn newest(&self, key: &OrderKey) -> Result<Versioned, Error> {
        let Some(last) = self.journal.last(&key.subject()).await? else {
            return Ok(Versioned::default());
        };
        match self.cached(key) {
            Some(known) if known.revision == last.revision => {
                self.keep(key, &known);
                Ok(known)
            }
            _ => self.read(key, last.revision).await,
        }
    }

    async fn read(&self, key: &OrderKey, at_least: Revision) -> Result<Versioned, Error> {
        let records = self.records(key, at_least).await?;
        let order = replay(&records).inspect_err(|corrupt| tracing::error!("{corrupt}"))?;
        if order.revision != Revision::NONE {
            self.keep(key, &order);
        }
        Ok(order)
    }

    /// All records of the order, oldest first, at least up to `at_least`.
    ///
    /// # Errors
    /// [`journal::Error::Unavailable`] if the journal does not answer.
    pub async fn records(&self, key: &OrderKey, at_least: Revision) -> Result<Vec<Record>, journal::Error> {
        self.journal.read(&key.subject(), at_least).await
    }

    /// The newest record of the order, from the leader of the stream.
    ///
    /// # Errors
    /// [`journal::Error::Unavailable`] if the leader does not answer.
    pub async fn last(&self, key: &OrderKey) -> Result<Option<Record>, journal::Error> {
        self.journal.last(&key.subject()).await
    }

    /// Folds a record that was delivered into what is known, if it is the next one: spares the read.
    pub fn observe(&self, key: &OrderKey, record: &Record) {
        let known = self.cached(key).unwrap_or_default();
        if known.revision < record.revision
            && let Ok(order) = advance(known, record)
        {
            self.keep(key, &order);
        }
    }

    /// Appends what was decided on the order as it was at `before`, and remembers what it is now.
    ///
    /// # Errors
    /// [`journal::Error::Conflict`] if the order has moved on, anything else of [`Error`] if the outcome is not
    /// known or it cannot succeed. What was known stays known: it was true once, and nothing is appended on it
    /// that does not follow.
    pub async fn append(
        &self,
        commit: &Commit,
        before: &Versioned,
        state: State,
    ) -> Result<Versioned, Error> {
        let key = OrderKey {
            user: commit.user,
            order: commit.order,
        };
        let trace = trace(before);
        let append = envelope::append(&key, commit, before.revision, trace.as_ref())?;
        let revision = self.journal.append(append).await?;
        let order = Versioned {
            state: Arc::new(state),
            revision,
            trace,
        };
        self.keep(&key, &order);
        Ok(order)
    }

    fn keep(&self, key: &OrderKey, order: &Versioned) {
        let newer = |known: Versioned| known.revision > order.revision;
        if !self.cached(key).is_some_and(newer) {
            let (order, at) = (order.clone(), self.clock.now());
            self.cache.insert(*key, Seen { order, at });
        }
    }
}

/// The trace of what is appended: that of the request or record that led to it. What decides on many orders at once
/// belongs to no trace, so that then the order goes on in its own.
fn trace(before: &Versioned) -> Option<TraceContext> {
    match TraceContext::origin() {
        Some(_) => TraceContext::current(),
        None => before.trace.clone().or_else(TraceContext::current),
    }
}

impl<J: Scan> Store<J> {
    /// Whose order it is, if it was [found](Self::find) before.
    pub(crate) fn owner(&self, order: OrderId) -> Option<UserId> {
        self.owners.get(&order)
    }

    /// The order with this id, whoever owns it: for staff, who do not name the owner. The leader has to look through its
    /// index of subjects for it (0.2 µs for each order that there is), so this is asked once for an order, and for one
    /// order at a time.
    ///
    /// # Errors
    /// [`journal::Error::Unavailable`] if the journal does not answer.
    pub async fn find(&self, order: OrderId) -> Result<Option<OrderKey>, journal::Error> {
        let _turn = self.search.lock().await;
        if let Some(user) = self.owners.get(&order) {
            return Ok(Some(OrderKey { user, order }));
        }
        let filter = format!("orders.*.{order}");
        let found = self.journal.first_after(&filter, Revision::NONE).await?;
        let key = found.and_then(|record| OrderKey::of_subject(&record.subject));
        if let Some(OrderKey { user, order }) = key {
            self.owners.insert(order, user);
        }
        Ok(key)
    }
}
