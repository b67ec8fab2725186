//! The stock as every replica sees it: a ledger in memory that follows the log.

use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, Instant};

use futures::StreamExt;
use holdfast_contracts::subjects;
use holdfast_inventory_core::Level;
use holdfast_platform::journal::{Feed, Revision, Tail};
use jiff::Timestamp;
use tokio::sync::watch;

use crate::ledger::{self, Ledger};
use crate::writer::Appended;

/// Levels, and how far they can be trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// In the order asked for; `None` if none of the SKU was ever received.
    pub levels: Vec<Option<Level>>,
    /// Since when the view may be out of date.
    pub age: Duration,
    /// Contact with the log is lost, or it cannot be read any further: the levels are the last known ones.
    pub is_stale: bool,
}

/// The ledger of one shard, following its log.
pub struct View {
    shard: u32,
    stale_after: Duration,
    seen: RwLock<Seen>,
    /// The last log message that came by the feed rather than from this process's own writer.
    followed: watch::Sender<Revision>,
    /// Whether everything in the log was seen once, and can be read.
    caught_up: watch::Sender<bool>,
}

struct Seen {
    ledger: Ledger,
    /// Decisions applied since the snapshot that this process started from.
    decisions: u64,
    /// When the view was last known to be current.
    current_at: Option<Instant>,
    /// The log holds a message that cannot be applied: nothing newer will be seen.
    is_broken: bool,
}

impl View {
    /// An empty view, which will call itself stale after so long without a sign of the log.
    #[must_use]
    pub fn new(shard: u32, stale_after: Duration) -> Self {
        let seen = RwLock::new(Seen {
            ledger: Ledger::default(),
            decisions: 0,
            current_at: None,
            is_broken: false,
        });
        let (followed, caught_up) = (watch::Sender::default(), watch::Sender::new(false));
        Self {
            shard,
            stale_after,
            seen,
            followed,
            caught_up,
        }
    }

    /// Puts a ledger in place of the present one: a head start before the log is followed. `decisions` of it are
    /// not in a snapshot yet.
    pub fn start_from(&self, ledger: Ledger, decisions: u64) {
        let mut seen = self.seen_mut();
        (seen.ledger, seen.decisions) = (ledger, decisions);
    }

    /// The levels of some SKUs; `None` until the view has caught up for the first time, or has come to a message of the
    /// log that cannot be applied.
    pub fn read<'a>(&self, skus: impl IntoIterator<Item = &'a str>) -> Option<Reading> {
        let seen = self.seen();
        let age = seen.current_at?.elapsed();
        let levels = skus.into_iter().map(|sku| seen.ledger.stock.level(sku)).collect();
        Some(Reading {
            levels,
            age,
            is_stale: seen.is_broken || age > self.stale_after,
        })
    }

    /// A copy of the ledger.
    #[must_use]
    pub fn ledger(&self) -> Ledger {
        self.seen().ledger.clone()
    }

    /// How many decisions were applied since the snapshot that this process started from.
    #[must_use]
    pub fn decisions(&self) -> u64 {
        self.seen().decisions
    }

    /// Changes when the feed brings a log message that was not in the view.
    #[must_use]
    pub fn followed(&self) -> watch::Receiver<Revision> {
        self.followed.subscribe()
    }

    /// Becomes true when everything in the log was seen once, and false for good when a message cannot be applied.
    #[must_use]
    pub fn caught_up(&self) -> watch::Receiver<bool> {
        self.caught_up.subscribe()
    }

    /// Applies what this process's own writer has appended, which saves reading it again from the feed.
    pub fn apply_own(&self, appended: &[Appended]) {
        let mut seen = self.seen_mut();
        for Appended {
            revision,
            previous,
            batch,
        } in appended
        {
            // Anything else is already here, or comes in its turn by the feed.
            if *previous == seen.ledger.log_revision {
                if let Err(error) = seen.ledger.apply_batch(*revision, batch) {
                    drop(seen);
                    tracing::error!(shard = self.shard, sequence = %revision, "{error}");
                    return self.break_off(batch.time);
                }
                seen.decisions += batch.entries.len() as u64;
                seen.current_at = Some(Instant::now());
            }
        }
    }

    /// Follows the log for as long as it can be read.
    ///
    /// # Errors
    /// [`ledger::Error`] names the log message that cannot be applied; the view stays as it was before it.
    pub async fn follow<F: Feed>(&self, feed: &F) -> Result<(), ledger::Error> {
        let subject = subjects::inventory_log(self.shard);
        let after = self.seen().ledger.log_revision;
        let mut tail = std::pin::pin!(feed.tail(&subject, after));
        while let Some(next) = tail.next().await {
            let taken = self.take(&next);
            if let (Err(_), Tail::Record(record)) = (&taken, &next) {
                self.break_off(record.time);
            }
            taken?;
        }
        Ok(())
    }

    /// The view ends before a message of this time. What is in it can be read all the same, as out of date since then.
    fn break_off(&self, since: Timestamp) {
        let mut seen = self.seen_mut();
        seen.is_broken = true;
        let age = Duration::try_from(Timestamp::now().duration_since(since)).unwrap_or_default();
        let then = Instant::now().checked_sub(age);
        seen.current_at = seen.current_at.or(then).or_else(|| Some(Instant::now()));
        drop(seen);
        self.caught_up.send_replace(false);
    }

    fn take(&self, next: &Tail) -> Result<(), ledger::Error> {
        let mut seen = self.seen_mut();
        match next {
            Tail::CaughtUp => {
                seen.current_at = Some(Instant::now());
                drop(seen);
                self.caught_up
                    .send_if_modified(|caught_up| !std::mem::replace(caught_up, true));
            }
            Tail::Record(record) if record.revision > seen.ledger.log_revision => {
                seen.decisions += seen.ledger.apply(record)? as u64;
                if seen.current_at.is_some() {
                    seen.current_at = Some(Instant::now());
                }
                drop(seen);
                self.followed.send_replace(record.revision);
            }
            Tail::Record(_) => {}
        }
        Ok(())
    }

    // A panic while the lock is held would be a fault of ours; the ledger is whole between its statements.
    fn seen(&self) -> RwLockReadGuard<'_, Seen> {
        self.seen.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn seen_mut(&self) -> RwLockWriteGuard<'_, Seen> {
        self.seen.write().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
