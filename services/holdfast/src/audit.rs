//! Checks the invariants of the saga over whole logs.
//!
//! Feed the logs one after the other: `INVENTORY`, `ORDERS`, `PAYMENTS`, then what the provider says. Each
//! order that has ended is remembered in about a hundred bytes; everything else is let go as it is read.
//!
//! Logs grow while they are read. Whoever feeds fixes where to stop in the order `INVENTORY`, `ORDERS`,
//! `PAYMENTS`: then every decision about stock has its order, and every paid order its payment. What is younger
//! than [`Rules::grace`] may still be under way and is not held against anybody.

mod money;
mod orders;
mod stock;
mod trail;
mod unfinished;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::time::Duration;

use holdfast_inventory::skip::Skip;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use uuid::Uuid;

pub use money::ProviderCharge;
use stock::Stock;
use trail::{Progress, Trail};
pub use unfinished::Unfinished;

/// What must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Invariant {
    /// For every SKU: available + reserved + sold = received, and what is sold is what completed orders bought.
    I1,
    /// Captured − refunded is the order's total if it completed, else nothing.
    I2,
    /// Every order ends completed, cancelled or parked.
    I3,
    /// An order that was accepted is never lost: its log is whole.
    I4,
    /// Commits follow one another without fork or gap, and each could follow on the one before.
    Log,
}

impl std::fmt::Display for Invariant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Debug::fmt(self, f)
    }
}

/// Something that must not be.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Violation {
    /// What does not hold.
    pub invariant: Invariant,
    /// Of which order.
    pub order_id: Option<Uuid>,
    /// In which stream, or `provider`.
    pub stream: &'static str,
    /// The sequences in that stream which show it.
    pub sequences: Vec<u64>,
    /// What was found.
    pub detail: String,
}

impl std::fmt::Display for Violation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.invariant, self.stream)?;
        if !self.sequences.is_empty() {
            write!(f, " {:?}", self.sequences)?;
        }
        if let Some(order) = self.order_id {
            write!(f, " order {order}")?;
        }
        write!(f, ": {}", self.detail)
    }
}

/// What is a violation and what may still be under way.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// When the audit is made.
    pub now: Timestamp,
    /// How long an order, or a refund, may take.
    pub grace: Duration,
}

/// How the orders stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// All orders.
    pub orders: u64,
    /// Sold.
    pub completed: u64,
    /// Ended without a sale.
    pub cancelled: u64,
    /// Waiting for an operator.
    pub parked: u64,
    /// Neither ended nor parked.
    pub open: u64,
    /// Messages of each log.
    pub order_commits: u64,
    /// Batches of stock decisions.
    pub stock_batches: u64,
    /// Messages of `PAYMENTS`.
    pub payment_commits: u64,
    /// Charges that the provider told of.
    pub provider_charges: u64,
}

/// An audit under way.
#[derive(Debug)]
pub struct Auditor {
    rules: Rules,
    trails: HashMap<Uuid, Trail>,
    stock: Stock,
    totals: Totals,
    /// The newest sequence read of `ORDERS` and `PAYMENTS`.
    orders_read: u64,
    payments_read: u64,
    /// When the newest order commit was stored.
    orders_until: Timestamp,
    provider_asked: bool,
    found: Vec<Violation>,
}

impl Auditor {
    /// An audit by `rules` that has read nothing yet.
    #[must_use]
    pub fn new(rules: Rules) -> Self {
        Self {
            rules,
            trails: HashMap::new(),
            stock: Stock::skipping(Skip::default()),
            totals: Totals::default(),
            orders_read: 0,
            payments_read: 0,
            orders_until: Timestamp::MIN,
            provider_asked: false,
            found: Vec::new(),
        }
    }

    /// The same, which passes over messages of the log of stock decisions as `inventory` does.
    #[must_use]
    pub fn skipping(rules: Rules, skip: Skip) -> Self {
        Self {
            stock: Stock::skipping(skip),
            ..Self::new(rules)
        }
    }

    /// What was found since the last call.
    pub fn take_found(&mut self) -> Vec<Violation> {
        std::mem::take(&mut self.found)
    }

    /// Checks that an order which somebody was told is accepted is there; call it after `ORDERS` was read.
    pub fn accepted(&mut self, order_id: Uuid) {
        if !self.trails.get(&order_id).is_some_and(Trail::exists) {
            let detail = "was accepted, and is not in the log".to_owned();
            self.report(Invariant::I4, Some(order_id), "ORDERS", &[], detail);
        }
    }

    /// Checks what can only be seen at the end.
    #[must_use]
    pub fn finish(mut self) -> (Totals, Vec<Violation>) {
        self.check_stock();
        let mut trails: Vec<_> = std::mem::take(&mut self.trails).into_iter().collect();
        trails.sort_by_key(|(_, trail)| trail.sequence);
        for (order_id, trail) in &trails {
            self.count(trail);
            self.check_end(*order_id, trail);
            self.check_reservation(*order_id, trail);
            self.check_money(*order_id, trail);
        }
        (self.totals, self.found)
    }

    fn count(&mut self, trail: &Trail) {
        let totals = &mut self.totals;
        let (orders, of_its_kind) = match &trail.progress {
            Progress::Missing | Progress::Broken(_) => return,
            Progress::Completed => (&mut totals.orders, &mut totals.completed),
            Progress::Cancelled { .. } => (&mut totals.orders, &mut totals.cancelled),
            Progress::Open(_) if trail.is_parked() => (&mut totals.orders, &mut totals.parked),
            Progress::Open(_) => (&mut totals.orders, &mut totals.open),
        };
        *orders += 1;
        *of_its_kind += 1;
    }

    /// I3.
    fn check_end(&mut self, order_id: Uuid, trail: &Trail) {
        if let Progress::Open(order) = &trail.progress
            && !trail.is_parked()
            && self.is_overdue(order.updated_at)
        {
            let detail = format!("has not ended: {:?} since {}", order.phase, order.updated_at);
            self.report(Invariant::I3, Some(order_id), "ORDERS", &[trail.sequence], detail);
        }
    }

    fn is_overdue(&self, since: Timestamp) -> bool {
        let grace = SignedDuration::try_from(self.rules.grace).unwrap_or(SignedDuration::MAX);
        self.rules.now.duration_since(since) >= grace
    }

    fn report(
        &mut self,
        invariant: Invariant,
        order_id: Option<Uuid>,
        stream: &'static str,
        sequences: &[u64],
        detail: String,
    ) {
        self.found.push(Violation {
            invariant,
            order_id,
            stream,
            sequences: sequences.to_vec(),
            detail,
        });
    }
}
