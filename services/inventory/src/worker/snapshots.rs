//! When snapshots are taken.

use std::time::Instant;

use ::metrics::Histogram;
use holdfast_platform::journal::Journal;
use tokio::task::JoinHandle;

use crate::ledger::Ledger;
use crate::snapshot::{self, Stored};
use crate::view::View;

/// Takes a snapshot every so many decisions, one at a time, beside the work.
pub struct Snapshots<J> {
    journal: J,
    shard: u32,
    every: u64,
    /// The view's count of decisions at the last snapshot.
    covered: u64,
    running: Option<JoinHandle<()>>,
}

impl<J: Journal> Snapshots<J> {
    /// Stores the snapshots of `shard` in `journal`, one every `every` decisions.
    #[must_use]
    pub fn new(journal: J, shard: u32, every: u64) -> Self {
        Self {
            journal,
            shard,
            every,
            covered: 0,
            running: None,
        }
    }

    /// Starts a snapshot if enough was decided since the last one and none is under way.
    pub fn take_if_due(&mut self, view: &View, seconds: Histogram) {
        let is_running = self.running.as_ref().is_some_and(|task| !task.is_finished());
        let decisions = view.decisions();
        if is_running || decisions < self.covered + self.every {
            return;
        }
        self.covered = decisions;
        let (journal, shard, ledger) = (self.journal.clone(), self.shard, view.ledger());
        self.running = Some(tokio::spawn(async move {
            let started = Instant::now();
            store(&journal, shard, &ledger).await;
            seconds.record(started.elapsed().as_secs_f64());
        }));
    }

    /// Takes a last snapshot, so that the next start is short.
    pub async fn take_last(&mut self, view: &View) {
        if let Some(running) = self.running.take() {
            // A snapshot that failed was logged; one that panicked is as good as none.
            let _ = running.await;
        }
        store(&self.journal, self.shard, &view.ledger()).await;
    }
}

async fn store<J: Journal>(journal: &J, shard: u32, ledger: &Ledger) {
    let log_revision = ledger.log_revision;
    match snapshot::store(journal, shard, ledger).await {
        Ok(Stored::Parts(parts)) => tracing::info!(shard, %log_revision, parts, "snapshot"),
        Ok(Stored::NotNeeded) => tracing::debug!(shard, %log_revision, "there is a snapshot already"),
        Err(error) => tracing::warn!(shard, %log_revision, "no snapshot: {error}"),
    }
}
