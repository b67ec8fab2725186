//! The stream `ORDERS`: commits without fork or gap, each possible after the one before.

use holdfast_contracts::subjects;
use holdfast_order::codec::{self, Commit};
use holdfast_order_core::{Event, Order, Phase, State, evolve};
use holdfast_platform::journal::Record;
use uuid::Uuid;

use super::trail::{Break, Progress, Trail};
use super::{Auditor, Invariant, stock};

const STREAM: &str = subjects::ORDERS;

impl Auditor {
    /// The next message of `ORDERS`.
    pub fn order(&mut self, record: &Record) {
        let sequence = record.revision.0;
        if sequence != self.orders_read + 1 {
            let detail = format!("messages are missing after {}", self.orders_read);
            self.report(Invariant::I4, None, STREAM, &[sequence], detail);
        }
        self.orders_read = sequence;
        self.orders_until = self.orders_until.max(record.time);
        self.totals.order_commits += 1;
        let Some((user_id, order_id)) = subjects::parse_order(&record.subject) else {
            let detail = format!("{} is not the subject of an order", record.subject);
            return self.report(Invariant::Log, None, STREAM, &[sequence], detail);
        };
        let mut trail = self.trails.remove(&order_id).unwrap_or_default();
        if !matches!(trail.progress, Progress::Broken(_))
            && let Err(detail) = self.follow(&mut trail, order_id, record)
        {
            self.report(
                Invariant::Log,
                Some(order_id),
                STREAM,
                &[trail.sequence, sequence],
                detail.clone(),
            );
            trail.progress = Progress::Broken(Box::new(Break {
                sequence,
                since: record.time,
                fault: detail,
            }));
        }
        trail.sequence = sequence;
        trail.user_id = user_id;
        self.trails.insert(order_id, trail);
    }

    fn follow(&mut self, trail: &mut Trail, order_id: Uuid, record: &Record) -> Result<(), String> {
        let commit = codec::decode_events(&record.payload).map_err(|error| error.to_string())?;
        if subjects::order(commit.user.0, commit.order.0) != record.subject || commit.order.0 != order_id {
            return Err(format!(
                "the commit is about order {} of {}",
                commit.order, commit.user
            ));
        }
        if commit.first_version != trail.version + 1 {
            let next = trail.version + 1;
            return Err(format!(
                "version {} where {next} was expected: a fork or a gap",
                commit.first_version
            ));
        }
        let order = fold(trail, &commit)?;
        trail.version = order.version;
        trail.total = order.total.amount;
        if trail.currency.is_none() {
            trail.currency = Some(self.stock.shared(&order.total.currency));
        }
        self.check_held(trail, &order, record.revision.0, order_id);
        if commit.events.contains(&Event::OrderCompleted) {
            self.stock.count_sale(&order.lines, record.revision.0);
        }
        trail.progress = match order.phase {
            Phase::Completed => Progress::Completed,
            Phase::Cancelled { reason } => Progress::Cancelled { reason },
            _ => Progress::Open(order),
        };
        Ok(())
    }

    /// What is held is what was ordered.
    fn check_held(&mut self, trail: &Trail, order: &Order, sequence: u64, order_id: Uuid) {
        let ordered = order
            .lines
            .iter()
            .map(|line| (line.sku.as_str(), line.quantity.get()));
        let differs = |held| held != stock::fingerprint(ordered.clone());
        if trail.version == 1 && trail.held.is_some_and(differs) {
            let detail = "what was reserved is not what was ordered".to_owned();
            self.report(Invariant::I1, Some(order_id), STREAM, &[sequence], detail);
        }
    }
}

fn fold(trail: &mut Trail, commit: &Commit) -> Result<Box<Order>, String> {
    let mut state = trail.order().map_or(State::Initial, State::Created);
    for event in &commit.events {
        state = evolve(state, event, commit.time).map_err(|error| error.to_string())?;
    }
    match state {
        State::Initial => Err("a commit without events".to_owned()),
        State::Created(order) if order.phase.is_transient() => {
            Err(format!("the commit ends halfway, in {:?}", order.phase))
        }
        State::Created(order) => Ok(order),
    }
}
