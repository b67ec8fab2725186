//! The log of stock decisions: I1, and that reservations follow their orders.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use holdfast_contracts::subjects;
use holdfast_inventory::codec::{self, Batch, Entry};
use holdfast_inventory::skip::Skip;
use holdfast_inventory_core::{Decision, Snapshot, State, evolve};
use holdfast_order_core::Line;
use holdfast_platform::journal::{Record, subject_matches};
use uuid::Uuid;

use super::trail::{Progress, Reservation, Trail};
use super::{Auditor, Invariant};

const STREAM: &str = subjects::INVENTORY;

/// The stock as its log tells it.
#[derive(Debug, Default)]
pub(super) struct Stock {
    state: State,
    /// Up to which sequence of `ORDERS` everything is decided.
    position: u64,
    sequence: u64,
    /// Units of each SKU that completed orders bought, as far as they are decided.
    bought: HashMap<Arc<str>, u64>,
    /// Texts that many orders share.
    texts: HashSet<Arc<str>>,
    broken: bool,
    skip: Skip,
    /// Those of `skip` that were met.
    skipped: Vec<u64>,
}

impl Stock {
    pub(super) fn skipping(skip: Skip) -> Self {
        Self {
            skip,
            ..Self::default()
        }
    }

    pub(super) fn shared(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.texts.get(text) {
            return Arc::clone(known);
        }
        let shared = Arc::<str>::from(text);
        self.texts.insert(Arc::clone(&shared));
        shared
    }

    /// Notes what a completed order bought, if the stock has heard of its commit.
    pub(super) fn count_sale(&mut self, lines: &[Line], sequence: u64) {
        if sequence > self.position {
            return;
        }
        for line in lines {
            let sku = self.shared(line.sku.as_str());
            *self.bought.entry(sku).or_default() += u64::from(line.quantity.get());
        }
    }
}

/// The same for the same units of the same SKUs, in whatever order and split.
pub(super) fn fingerprint<'a>(lines: impl Iterator<Item = (&'a str, u32)>) -> u64 {
    let mut units = BTreeMap::<&str, u64>::new();
    for (sku, quantity) in lines {
        *units.entry(sku).or_default() += u64::from(quantity);
    }
    let mut hasher = DefaultHasher::new();
    units.hash(&mut hasher);
    hasher.finish()
}

impl Auditor {
    /// The next message of `INVENTORY`. Snapshots are passed over: they hold nothing that the log does not.
    pub fn stock(&mut self, record: &Record) {
        let sequence = record.revision.0;
        let before = std::mem::replace(&mut self.stock.sequence, sequence);
        if sequence != before + 1 {
            let detail = format!("messages are missing after {before}");
            self.report(Invariant::I4, None, STREAM, &[sequence], detail);
        }
        if !subject_matches("inventory.log.*", &record.subject) {
            return;
        }
        let is_skipped = self.stock.skip.contains(record.revision);
        match codec::decode_batch(&record.payload) {
            Ok(batch) => {
                self.totals.stock_batches += 1;
                self.batch(&batch, sequence);
                if is_skipped {
                    let detail = "was to be skipped, but it can be read, and so it counts".to_owned();
                    self.report(Invariant::Log, None, STREAM, &[sequence], detail);
                }
            }
            Err(_) if is_skipped => self.stock.skipped.push(sequence),
            Err(error) => {
                // Without this batch nothing can be said about the levels.
                self.stock.broken = true;
                let detail = format!("cannot be read, and so no level can be checked: {error}");
                self.report(Invariant::Log, None, STREAM, &[sequence], detail);
            }
        }
    }

    /// The messages that were skipped so far.
    #[must_use]
    pub fn skipped(&self) -> &[u64] {
        &self.stock.skipped
    }

    fn batch(&mut self, batch: &Batch, sequence: u64) {
        let position = self.stock.position;
        if batch.orders_sequence < position {
            let detail = format!("two writers: position {} after {position}", batch.orders_sequence);
            self.report(Invariant::Log, None, STREAM, &[sequence], detail);
        }
        for entry in &batch.entries {
            self.check_cause(entry, batch, sequence);
            self.apply(entry, sequence);
        }
        self.stock.position = position.max(batch.orders_sequence);
    }

    /// Each command is decided once: by the batch whose position passes it.
    fn check_cause(&mut self, entry: &Entry, batch: &Batch, sequence: u64) {
        let Some(cause) = &entry.cause else { return };
        let (from, to) = (self.stock.position, batch.orders_sequence);
        if cause.order_sequence <= from || cause.order_sequence > to {
            let order = order_of(&entry.decision);
            let detail = format!(
                "decides on commit {}, outside {from}..={to}",
                cause.order_sequence
            );
            self.report(Invariant::Log, order, STREAM, &[sequence], detail);
        }
    }

    fn apply(&mut self, entry: &Entry, sequence: u64) {
        let order = order_of(&entry.decision);
        if !self.stock.broken
            && let Err(error) = evolve(&mut self.stock.state, &entry.decision)
        {
            self.stock.broken = true;
            self.report(Invariant::I1, order, STREAM, &[sequence], error.to_string());
        }
        let Some(order_id) = order else { return };
        let trail = self.trails.entry(order_id).or_default();
        let before = (trail.reservation, trail.stock_sequence);
        trail.stock_sequence = sequence;
        if let Err(detail) = reserve(trail, &entry.decision) {
            self.report(Invariant::I1, order, STREAM, &[before.1, sequence], detail);
        }
    }

    /// I1 at the end of the log.
    pub(super) fn check_stock(&mut self) {
        if self.stock.broken {
            return;
        }
        if let Err(imbalance) = self.stock.state.check() {
            let sequence = self.stock.sequence;
            self.report(Invariant::I1, None, STREAM, &[sequence], imbalance.to_string());
        }
        let mut units = BTreeMap::<&str, (u64, u64)>::new();
        let levels = Snapshot::of(&self.stock.state).stock;
        for level in &levels {
            units.entry(&level.sku).or_default().0 = level.level.sold;
        }
        for (sku, bought) in &self.stock.bought {
            units.entry(sku).or_default().1 = *bought;
        }
        let sequence = self.stock.sequence;
        let differing = units.into_iter().filter(|(_, (sold, bought))| sold != bought);
        let details = differing.map(|(sku, (sold, bought))| {
            format!("{sold} pieces of {sku} are sold, and completed orders bought {bought}")
        });
        for detail in details.collect::<Vec<_>>() {
            self.report(Invariant::I1, None, STREAM, &[sequence], detail);
        }
    }

    /// The reservation is where the order has come to.
    pub(super) fn check_reservation(&mut self, order_id: Uuid, trail: &Trail) {
        let undecided = trail.sequence > self.stock.position;
        let reservation = trail.reservation;
        let fits = match &trail.progress {
            Progress::Broken(_) => true,
            Progress::Missing => reservation == Reservation::None,
            Progress::Completed => {
                reservation == Reservation::Sold || (undecided && reservation == Reservation::Held)
            }
            Progress::Cancelled { .. } => {
                reservation != Reservation::Sold && (undecided || reservation != Reservation::Held)
            }
            Progress::Open(_) => reservation != Reservation::Sold,
        };
        if fits {
            return;
        }
        let (invariant, detail) = match &trail.progress {
            Progress::Missing => (
                Invariant::I4,
                "stock was decided for an order that is not in the log".to_owned(),
            ),
            progress => (
                Invariant::I1,
                format!(
                    "its reservation is {reservation:?}, and the order {}",
                    told(progress)
                ),
            ),
        };
        self.report(invariant, Some(order_id), STREAM, &[trail.stock_sequence], detail);
    }
}

fn told(progress: &Progress) -> &'static str {
    match progress {
        Progress::Completed => "completed",
        Progress::Cancelled { .. } => "was cancelled",
        _ => "has not ended",
    }
}

fn order_of(decision: &Decision) -> Option<Uuid> {
    match decision {
        Decision::Reserved { order_id, .. }
        | Decision::NotAvailable { order_id, .. }
        | Decision::Released { order_id }
        | Decision::Committed { order_id } => Some(*order_id),
        Decision::Received(_) => None,
    }
}

/// Where a decision leads the reservation of one order.
fn reserve(trail: &mut Trail, decision: &Decision) -> Result<(), String> {
    let (from, to) = (
        trail.reservation,
        match decision {
            Decision::Reserved { lines, .. } => {
                trail.held = Some(fingerprint(
                    lines.iter().map(|line| (line.sku.as_str(), line.quantity)),
                ));
                Reservation::Held
            }
            Decision::NotAvailable { .. } => Reservation::Refused,
            Decision::Released { .. } => Reservation::Returned,
            Decision::Committed { .. } => Reservation::Sold,
            Decision::Received(_) => return Ok(()),
        },
    );
    trail.reservation = to;
    match (from, to) {
        (Reservation::None, Reservation::Held | Reservation::Refused)
        | (Reservation::Held, Reservation::Sold | Reservation::Returned) => Ok(()),
        _ => Err(format!("{to:?} cannot follow on {from:?}")),
    }
}
