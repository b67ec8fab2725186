//! Order commits that cannot be read, on their way to the dead-letter queue.
//!
//! An acknowledgement covers all deliveries before it, so while one of these is not stored, none is given. Decisions
//! go on meanwhile: what is decided once is not decided again, however often it is delivered.

use std::collections::BTreeMap;
use std::time::Duration;

use holdfast_platform::journal::{self, Record, Revision, Scan};
use holdfast_platform::lane::{Lane, Pulled, Receipt};
use holdfast_platform::nats::jittered;
use tokio::time::Instant;

use crate::codec;
use crate::writer::Poison;

/// How many commits of a predecessor are read at once.
const PAGE: usize = 500;

/// What is yet to be stored, and the acknowledgement that waits for it.
pub(super) struct Burials {
    /// Up to here a predecessor, or an earlier life, has stored them.
    settled: Revision,
    waiting: BTreeMap<Revision, Waiting>,
    held: Option<Receipt>,
    failures: usize,
    again_at: Instant,
}

struct Waiting {
    poison: Poison,
    /// How often it was delivered to us; 0 if it was found in the stream.
    attempts: u64,
}

impl Burials {
    /// Takes over from a predecessor that has decided all up to `decided`: what it may not have stored is found again.
    pub(super) async fn recover<O: Scan>(
        lane: &Lane,
        orders: &O,
        decided: Revision,
    ) -> Result<Self, journal::Error> {
        let settled = lane.settled().await?;
        let mut burials = Self {
            settled,
            waiting: BTreeMap::new(),
            held: None,
            failures: 0,
            again_at: Instant::now(),
        };
        let mut after = settled;
        while after < decided {
            let page = orders.scan("orders.>", after, Revision::NONE, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = last.revision;
            let decided = page.iter().filter(|commit| commit.revision <= decided);
            burials.add(decided.filter_map(poison));
        }
        Ok(burials)
    }

    pub(super) fn add(&mut self, poison: impl IntoIterator<Item = Poison>) {
        let settled = self.settled;
        let poison = poison
            .into_iter()
            .filter(|poison| poison.commit.revision > settled);
        self.waiting.extend(poison.map(|poison| {
            let attempts = 0;
            (poison.commit.revision, Waiting { poison, attempts })
        }));
    }

    /// Takes note of what was delivered, perhaps again.
    pub(super) fn count(&mut self, deliveries: &[Pulled]) {
        if self.waiting.is_empty() {
            return;
        }
        for Pulled { delivery, .. } in deliveries {
            if let Some(waiting) = self.waiting.get_mut(&delivery.record.revision) {
                waiting.attempts = waiting.attempts.max(delivery.attempt);
            }
        }
    }

    /// Acknowledges `newest` and all before it as soon as all that cannot be read is stored.
    pub(super) async fn settle(&mut self, lane: &Lane, newest: Option<Receipt>) {
        self.held = self
            .held
            .take()
            .into_iter()
            .chain(newest)
            .max_by_key(Receipt::sequence);
        if self.again_at <= Instant::now() {
            self.store(lane).await;
        }
        if self.waiting.is_empty()
            && let Some(newest) = self.held.take()
        {
            newest.ack().await;
        }
    }

    /// When [`Burials::settle`] has something to do again; pending while nothing waits.
    pub(super) async fn due(&self) {
        if self.waiting.is_empty() {
            std::future::pending::<()>().await;
        }
        tokio::time::sleep_until(self.again_at).await;
    }

    async fn store(&mut self, lane: &Lane) {
        while let Some(first) = self.waiting.first_entry() {
            let Waiting { poison, attempts } = first.get();
            let (letter, error) = ((&poison.commit, *attempts), &poison.error);
            if !lane.dead_letter(letter, error.reason(), &error.to_string()).await {
                self.again_at = Instant::now() + jittered(Duration::from_millis(100), self.failures);
                self.failures += 1;
                return;
            }
            first.remove();
            self.failures = 0;
        }
    }
}

fn poison(commit: &Record) -> Option<Poison> {
    let error = codec::commands(commit).err()?;
    let commit = commit.clone();
    Some(Poison { commit, error })
}
