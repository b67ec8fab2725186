//! What is held against a run when it is over.

use std::collections::BTreeMap;

use holdfast_order_core::{Phase, State};
use holdfast_platform::journal::Record;
use uuid::Uuid;

use super::World;
use crate::broker::Consumer;
use crate::check::{self, Orders, Stock};
use crate::runner::Outcome;

impl World {
    pub(super) fn judge(&self, seed: u64, rested: bool) -> Outcome {
        self.look_back(Orders::replay(&self.office.orders.records()));
        let records = self.office.orders.records();
        let orders = Orders::replay(&records);
        let stock = Stock::replay(&self.warehouse.inventory.records());
        let books = self.office.bank.provider.books(self.sim.elapsed());
        let stuck = |order: &Uuid| {
            self.receipts
                .wish(*order)
                .is_some_and(|wish| wish.may_stay_parked())
        };
        let mut violations = orders.violations.clone();
        violations.extend(stock.violations.iter().cloned());
        violations.extend(stock.disagreements(&orders));
        violations.extend(check::money(&orders, &books, stuck));
        violations.extend(check::ends(&orders, stuck));
        violations.extend(self.parked_without_reason(&orders));
        violations.extend(check::payments(&self.office.bank.stream.records()));
        violations.extend(self.receipts.complaints());
        violations.extend(self.dead_letters());
        if !rested {
            let what = self.unfinished().unwrap_or_default();
            violations.push(format!(
                "not at rest ({what}) after {:?}, {} steps",
                self.sim.elapsed(),
                self.sim.steps()
            ));
        }
        Outcome {
            seed,
            violations,
            hash: self.sim.trace_hash(),
            seen: self.sights(&orders, &records),
            transcript: self.sim.transcript(),
        }
    }

    fn parked_without_reason(&self, orders: &Orders) -> Vec<String> {
        let parked = orders.states.iter().filter(|(order, state)| {
            let stuck = self
                .receipts
                .wish(**order)
                .is_some_and(|wish| wish.may_stay_parked());
            matches!(state.order().map(|order| &order.phase), Some(Phase::Parked(_))) && !stuck
        });
        parked
            .map(|(order, _)| format!("I3: {order} is parked though nothing is broken any more"))
            .collect()
    }

    fn dead_letters(&self) -> Vec<String> {
        let lanes = &self.office.lanes;
        [&lanes.payment, &lanes.inventory, &lanes.payments, &lanes.timers]
            .into_iter()
            .flat_map(Consumer::dead_letters)
            .map(|dead| {
                let (at, reason, detail) = (dead.record.revision, dead.reason, dead.detail);
                format!("{} gave up on {at}: {reason:?}: {detail}", dead.consumer)
            })
            .collect()
    }

    fn sights(&self, orders: &Orders, records: &[Record]) -> BTreeMap<&'static str, u64> {
        let mut seen = self.sim.counts();
        seen.extend([
            ("steps", self.sim.steps()),
            ("seconds", self.sim.elapsed().as_secs()),
        ]);
        seen.insert("stray charge", check::strays(&self.office.bank.stream.records()));
        for name in records.iter().flat_map(check::event_names) {
            *seen.entry(name).or_default() += 1;
        }
        for state in orders.states.values().filter_map(State::order) {
            if let Some(reason) = state.reason() {
                *seen.entry(reason.as_str()).or_default() += 1;
            }
        }
        seen
    }
}
