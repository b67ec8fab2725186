//! What must hold when a run is over, checked against the logs and the card provider's books and without asking
//! any service.

use std::collections::{BTreeMap, BTreeSet};

use holdfast_inventory::codec::decode_batch;
use holdfast_inventory_core::{Decision, Line};
use holdfast_order::codec;
use holdfast_order_core::{Phase, State, evolve};
use holdfast_payment::codec::Commit as PaymentCommit;
use holdfast_payment::state::Event as PaymentEvent;
use holdfast_platform::journal::Record;
use uuid::Uuid;

use crate::ledger::Ledger;

/// The orders as their log tells.
#[derive(Debug, Default)]
pub struct Orders {
    /// Where each stands.
    pub states: BTreeMap<Uuid, State>,
    /// What is wrong with the log.
    pub violations: Vec<String>,
}

impl Orders {
    /// Folds the log of orders.
    #[must_use]
    pub fn replay(records: &[Record]) -> Self {
        let mut orders = Self::default();
        for record in records {
            if let Err(violation) = orders.apply(record) {
                orders
                    .violations
                    .push(format!("ORDERS {}: {violation}", record.revision));
            }
        }
        orders
    }

    fn apply(&mut self, record: &Record) -> Result<(), String> {
        let commit = codec::decode(&record.payload).map_err(|error| error.to_string())?;
        let state = self.states.entry(commit.order.0).or_default();
        if commit.first_version != state.version() + 1 {
            let (order, version) = (commit.order, state.version());
            return Err(format!(
                "{order} goes from version {version} to {}",
                commit.first_version
            ));
        }
        for event in &commit.events {
            let before = std::mem::take(state);
            *state = evolve(before, event, commit.time).map_err(|error| error.to_string())?;
        }
        Ok(())
    }

    /// The orders that are parked.
    #[must_use]
    pub fn parked(&self) -> Vec<Uuid> {
        let parked = |order: &&Uuid| matches!(self.phase(**order), Some(Phase::Parked(_)));
        self.states.keys().filter(parked).copied().collect()
    }

    fn phase(&self, order: Uuid) -> Option<&Phase> {
        Some(&self.states.get(&order)?.order()?.phase)
    }
}

/// The stock as its log tells, counted by hand.
#[derive(Debug, Default)]
pub struct Stock {
    available: BTreeMap<String, i64>,
    received: BTreeMap<String, i64>,
    receipts: BTreeSet<String>,
    held: BTreeMap<Uuid, Vec<Line>>,
    sold: BTreeMap<Uuid, Vec<Line>>,
    /// What is wrong with the log.
    pub violations: Vec<String>,
}

impl Stock {
    /// Adds up the log of decisions.
    #[must_use]
    pub fn replay(records: &[Record]) -> Self {
        let mut stock = Self::default();
        let mut position = 0;
        for record in records
            .iter()
            .filter(|record| record.subject.starts_with("inventory.log."))
        {
            match decode_batch(&record.payload) {
                Ok(batch) => {
                    if batch.orders_sequence < position {
                        stock
                            .violations
                            .push(format!("INVENTORY {} goes back in ORDERS", record.revision));
                    }
                    position = batch.orders_sequence;
                    batch
                        .entries
                        .into_iter()
                        .for_each(|entry| stock.apply(entry.decision));
                }
                Err(error) => stock
                    .violations
                    .push(format!("INVENTORY {}: {error}", record.revision)),
            }
        }
        stock.check_balance();
        stock
    }

    fn apply(&mut self, decision: Decision) {
        match decision {
            Decision::Reserved { order_id, lines } => self.reserve(order_id, lines),
            Decision::NotAvailable { .. } => {}
            Decision::Released { order_id } => {
                for line in self.held.remove(&order_id).unwrap_or_default() {
                    *self.available.entry(line.sku).or_default() += i64::from(line.quantity);
                }
            }
            Decision::Committed { order_id } => match self.held.remove(&order_id) {
                Some(lines) => drop(self.sold.insert(order_id, lines)),
                None if self.sold.contains_key(&order_id) => {}
                None => self
                    .violations
                    .push(format!("{order_id} is sold without being held")),
            },
            Decision::Received(receipt) => {
                if self.receipts.insert(receipt.receipt_id) {
                    let quantity = i64::from(receipt.line.quantity);
                    *self.available.entry(receipt.line.sku.clone()).or_default() += quantity;
                    *self.received.entry(receipt.line.sku).or_default() += quantity;
                }
            }
        }
    }

    fn reserve(&mut self, order: Uuid, lines: Vec<Line>) {
        if self.sold.contains_key(&order) {
            self.violations
                .push(format!("I1: {order} reserves again after it was sold"));
        }
        if self.held.contains_key(&order) {
            return;
        }
        for line in &lines {
            let available = self.available.entry(line.sku.clone()).or_default();
            *available -= i64::from(line.quantity);
            if *available < 0 {
                self.violations
                    .push(format!("I1: {} pieces of {} are available", available, line.sku));
            }
        }
        self.held.insert(order, lines);
    }

    fn check_balance(&mut self) {
        let mut sums = self.available.clone();
        for line in self.held.values().chain(self.sold.values()).flatten() {
            *sums.entry(line.sku.clone()).or_default() += i64::from(line.quantity);
        }
        for (sku, sum) in sums {
            let received = self.received.get(&sku).copied().unwrap_or_default();
            if sum != received {
                self.violations
                    .push(format!("I1: {sku} adds up to {sum}, received {received}"));
            }
        }
    }

    /// What the stock and the orders tell differently: sold is what is completed, held is what is open.
    #[must_use]
    pub fn disagreements(&self, orders: &Orders) -> Vec<String> {
        let mut found = Vec::new();
        for (order, state) in &orders.states {
            let Some(order_state) = state.order() else {
                continue;
            };
            let (sold, held) = (self.sold.contains_key(order), self.held.contains_key(order));
            let wrong = match order_state.phase {
                Phase::Completed => !sold || held,
                Phase::Cancelled { .. } => sold || held,
                Phase::Parked(_) => sold,
                _ => false,
            };
            if wrong {
                found.push(format!(
                    "I1: {order} is {:?}, sold {sold}, held {held}",
                    order_state.phase
                ));
            }
        }
        found
    }
}

/// I2, except for open orders that are `excused`: the provider holds the total of each completed order, and nothing of any other.
#[must_use]
pub fn money(orders: &Orders, books: &Ledger, excused: impl Fn(&Uuid) -> bool) -> Vec<String> {
    let due = |order: &Uuid| match orders.states.get(order).and_then(State::order) {
        Some(state) if state.phase == Phase::Completed => state.total.amount,
        _ => 0,
    };
    let held = |order: &Uuid| books.entries().get(order).map_or(0, |entry| entry.held());
    let known: BTreeSet<&Uuid> = orders.states.keys().chain(books.entries().keys()).collect();
    let wrong = known.into_iter().filter(|order| {
        let open = !orders.phase(**order).is_some_and(Phase::is_final);
        !(open && excused(order)) && due(order) != held(order)
    });
    wrong
        .map(|order| {
            let (held, due, phase) = (held(order), due(order), orders.phase(*order));
            format!("I2: the provider holds {held} of {order}, due are {due}; the order is {phase:?}")
        })
        .collect()
}

/// I3: every order that is not `excused` has come to rest.
#[must_use]
pub fn ends(orders: &Orders, excused: impl Fn(&Uuid) -> bool) -> Vec<String> {
    let open = orders.states.iter().filter_map(|(order, state)| {
        let phase = &state.order()?.phase;
        let rests = phase.is_final() || matches!(phase, Phase::Parked(_));
        (!rests && !excused(order)).then(|| format!("I3: {order} is still {phase:?}"))
    });
    open.collect()
}

/// The versions of the payment log have no gap.
#[must_use]
pub fn payments(records: &[Record]) -> Vec<String> {
    let mut versions: BTreeMap<Uuid, u64> = BTreeMap::new();
    let mut violations = Vec::new();
    for record in records {
        match PaymentCommit::from_payload(&record.payload) {
            Ok(commit) => {
                let version = versions.entry(commit.order_id).or_default();
                if commit.first_version != *version + 1 {
                    violations.push(format!(
                        "PAYMENTS {}: gap after version {version}",
                        record.revision
                    ));
                }
                *version = commit.last_version();
            }
            Err(error) => violations.push(format!("PAYMENTS {}: {error}", record.revision)),
        }
    }
    violations
}

/// The names of the events in a record of `ORDERS`.
#[must_use]
pub fn event_names(record: &Record) -> Vec<&'static str> {
    let commit = codec::decode(&record.payload).ok();
    commit
        .into_iter()
        .flat_map(|commit| commit.events)
        .map(|event| event.name())
        .collect()
}

/// How many charges landed against a promise.
#[must_use]
pub fn strays(records: &[Record]) -> u64 {
    let commits = records
        .iter()
        .filter_map(|record| PaymentCommit::from_payload(&record.payload).ok());
    let events = commits.flat_map(|commit| commit.events);
    events
        .filter(|event| matches!(event, PaymentEvent::Stray(_)))
        .count() as u64
}
