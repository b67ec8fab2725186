//! What the service counts. Handles are looked up once.

use std::time::Duration;

use ::metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};
use holdfast_inventory_core::Decision;

use crate::receipts::Role;
use crate::writer::BatchOutcome;

/// Metrics of the worker.
pub struct WorkerMetrics {
    reserved: Counter,
    not_available: Counter,
    released: Counter,
    committed: Counter,
    received: Counter,
    repeated: Counter,
    filled: Counter,
    unreadable: Counter,
    failures: Counter,
    batch: Histogram,
    seconds: Histogram,
    pending: Gauge,
    is_writer: Gauge,
    snapshot_seconds: Histogram,
}

impl Default for WorkerMetrics {
    fn default() -> Self {
        let decisions = |kind: &'static str| counter!("holdfast_inventory_decisions_total", "kind" => kind);
        let commits = |fate: &'static str| counter!("holdfast_inventory_commits_total", "fate" => fate);
        Self {
            reserved: decisions("reserved"),
            not_available: decisions("not_available"),
            released: decisions("released"),
            committed: decisions("committed"),
            received: decisions("received"),
            repeated: commits("repeated"),
            filled: commits("filled"),
            unreadable: commits("unreadable"),
            failures: counter!("holdfast_inventory_batch_failures_total"),
            batch: histogram!("holdfast_inventory_batch_size"),
            seconds: histogram!("holdfast_inventory_batch_seconds"),
            pending: gauge!("holdfast_inventory_pending_commits"),
            is_writer: gauge!("holdfast_inventory_is_writer"),
            snapshot_seconds: histogram!("holdfast_inventory_snapshot_seconds"),
        }
    }
}

impl WorkerMetrics {
    /// A batch was decided in so much time, and so many commits wait behind it.
    pub fn decided(&self, outcome: &BatchOutcome, took: Duration, pending: Option<u64>) {
        for entry in outcome
            .appended
            .iter()
            .flat_map(|appended| &appended.batch.entries)
        {
            self.decision(&entry.decision).increment(1);
        }
        for appended in &outcome.appended {
            self.batch.record(appended.batch.entries.len() as f64);
        }
        self.seconds.record(took.as_secs_f64());
        self.repeated.increment(outcome.repeated as u64);
        self.filled.increment(outcome.filled as u64);
        self.unreadable.increment(outcome.poison.len() as u64);
        if let Some(pending) = pending {
            self.pending.set(pending as f64);
        }
    }

    fn decision(&self, decision: &Decision) -> &Counter {
        match decision {
            Decision::Reserved { .. } => &self.reserved,
            Decision::NotAvailable { .. } => &self.not_available,
            Decision::Released { .. } => &self.released,
            Decision::Committed { .. } => &self.committed,
            Decision::Received(_) => &self.received,
        }
    }

    /// A batch could not be decided and is tried again.
    pub fn failed(&self) {
        self.failures.increment(1);
    }

    /// The replica has a new role.
    pub fn role(&self, role: Role) {
        self.is_writer.set(if role == Role::Writer { 1.0 } else { 0.0 });
    }

    /// The histogram of how long snapshots take.
    pub fn snapshot_seconds(&self) -> Histogram {
        self.snapshot_seconds.clone()
    }
}
