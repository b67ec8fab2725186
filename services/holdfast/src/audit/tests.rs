//! Each invariant has a history in which its violation is planted, and is caught.

use std::sync::Arc;
use std::time::Duration;

use holdfast_contracts::{encode, money, payment::v1 as payment, subjects};
use holdfast_inventory::codec::{Batch, Cause, Entry, encode_batch};
use holdfast_inventory_core::{Decision, Line as StockLine, Receipt};
use holdfast_order::codec::{self, Commit};
use holdfast_order_core::{
    CancelReason, Event, Line, Money, OrderId, PaymentFailureReason, Quantity, SagaStep, Sku, UserId,
};
use holdfast_platform::journal::{Record, Revision};
use jiff::Timestamp;
use payment::payment_event::Event as PaymentEvent;
use uuid::Uuid;

use super::*;

const USER: Uuid = Uuid::from_u128(1);
const ORDER: Uuid = Uuid::from_u128(2);
const TOTAL: i64 = 500;

/// All logs, as they will be fed.
#[derive(Default)]
struct History {
    stock: Vec<Record>,
    orders: Vec<Record>,
    payments: Vec<Record>,
    /// None: the provider is not asked.
    charges: Option<Vec<ProviderCharge>>,
    /// Of the newest event of each order.
    version: u64,
    payment_version: u64,
}

fn at(second: usize) -> Timestamp {
    Timestamp::from_second(i64::try_from(second).unwrap()).unwrap()
}

fn record(log: &mut Vec<Record>, subject: String, payload: Vec<u8>) {
    let position = log.len() + 1;
    log.push(Record {
        subject,
        revision: Revision(position as u64),
        time: at(position),
        headers: Default::default(),
        payload: payload.into(),
    });
}

fn eur(amount: i64) -> Money {
    Money {
        amount,
        currency: "EUR".to_owned(),
    }
}

fn created() -> Event {
    let line = Line {
        sku: Sku::parse("A").unwrap(),
        quantity: Quantity::new(2).unwrap(),
        unit_price: eur(250),
    };
    Event::OrderCreated {
        lines: Arc::from([line]),
        total: eur(TOTAL),
        payment_token: "tok_ok".to_owned(),
        limited_stock: false,
        fingerprint: "f".to_owned(),
    }
}

fn pending() -> Event {
    Event::PaymentPending {
        attempt: 1,
        deadline_passed: false,
    }
}

fn succeeded() -> Event {
    Event::PaymentSucceeded {
        charge_id: "ch".to_owned(),
        amount: eur(TOTAL),
    }
}

fn failed() -> Event {
    Event::PaymentFailed {
        reason: PaymentFailureReason::Declined,
        detail: String::new(),
    }
}

fn stock_lines(quantity: u32) -> Vec<StockLine> {
    vec![StockLine {
        sku: "A".to_owned(),
        quantity,
    }]
}

fn reserved(quantity: u32) -> Decision {
    Decision::Reserved {
        order_id: ORDER,
        lines: stock_lines(quantity),
    }
}

fn charged(amount: i64) -> PaymentEvent {
    PaymentEvent::ChargeSucceeded(payment::ChargeSucceeded {
        charge_id: "ch".to_owned(),
        amount: Some(wire(amount)),
        provider: "sandbox".to_owned(),
        stray: false,
    })
}

fn refunded(amount: i64) -> PaymentEvent {
    PaymentEvent::ChargeRefunded(payment::ChargeRefunded {
        charge_id: "ch".to_owned(),
        refund_id: "re".to_owned(),
        amount: Some(wire(amount)),
    })
}

fn wire(amount: i64) -> money::v1::Money {
    money::v1::Money {
        amount,
        currency: "EUR".to_owned(),
    }
}

impl History {
    /// Ten pieces are in stock.
    fn begin() -> Self {
        let mut history = Self::default();
        let line = stock_lines(10).remove(0);
        history.batch(
            0,
            vec![(
                0,
                Decision::Received(Receipt {
                    receipt_id: "r".to_owned(),
                    line,
                }),
            )],
        );
        history
    }

    fn commit(&mut self, events: Vec<Event>) -> &mut Self {
        let first_version = self.version + 1;
        self.version += events.len() as u64;
        self.commit_at(first_version, events)
    }

    fn commit_at(&mut self, first_version: u64, events: Vec<Event>) -> &mut Self {
        let time = at(self.orders.len() + 1);
        let (order, user) = (OrderId(ORDER), UserId(USER));
        let commit = Commit {
            order,
            user,
            time,
            first_version,
            events,
            effects: Vec::new(),
        };
        record(
            &mut self.orders,
            subjects::order(USER, ORDER),
            codec::encode(&commit).unwrap(),
        );
        self
    }

    fn batch(&mut self, orders_sequence: u64, decisions: Vec<(u64, Decision)>) -> &mut Self {
        let entries = decisions.into_iter().map(|(order_sequence, decision)| {
            let cause = (order_sequence > 0).then_some(Cause {
                user_id: USER,
                order_sequence,
            });
            Entry { cause, decision }
        });
        let batch = Batch {
            time: at(1),
            orders_sequence,
            entries: entries.collect(),
        };
        record(
            &mut self.stock,
            subjects::inventory_log(0),
            encode_batch(&batch).unwrap(),
        );
        self
    }

    fn payment(&mut self, event: PaymentEvent) -> &mut Self {
        self.payment_version += 1;
        let event = payment::PaymentEvent {
            version: self.payment_version,
            event: Some(event),
        };
        let commit = payment::PaymentCommit {
            events: vec![event],
            ..payment::PaymentCommit::default()
        };
        record(
            &mut self.payments,
            subjects::payment(ORDER),
            encode(&commit).unwrap(),
        );
        self
    }

    fn provider(&mut self, captured: i64, refunded: i64) -> &mut Self {
        self.charges.get_or_insert_default().push(ProviderCharge {
            order_id: Some(ORDER.to_string()),
            idempotency_key: ORDER.to_string(),
            created_at: at(1),
            captured,
            refunded,
        });
        self
    }

    fn reserved_and_charging(&mut self) -> &mut Self {
        self.commit(vec![created()])
            .commit(vec![Event::InventoryReserved, pending()])
            .batch(1, vec![(1, reserved(2))])
    }

    fn completed(&mut self) -> &mut Self {
        self.reserved_and_charging()
            .payment(charged(TOTAL))
            .commit(vec![succeeded(), Event::OrderCompleted])
            .batch(3, vec![(3, Decision::Committed { order_id: ORDER })])
    }

    fn declined(&mut self) -> &mut Self {
        let cancelled = Event::OrderCancelled {
            reason: CancelReason::PaymentDeclined,
        };
        self.reserved_and_charging()
            .commit(vec![failed()])
            .batch(3, vec![(3, Decision::Released { order_id: ORDER })])
            .commit(vec![Event::InventoryReleased, cancelled])
    }

    fn audit(&self) -> (Totals, Vec<Violation>) {
        self.audit_with_grace(Duration::ZERO)
    }

    fn audit_with_grace(&self, grace: Duration) -> (Totals, Vec<Violation>) {
        let mut auditor = Auditor::new(Rules {
            now: at(1_000),
            grace,
        });
        self.stock.iter().for_each(|record| auditor.stock(record));
        self.orders.iter().for_each(|record| auditor.order(record));
        self.payments.iter().for_each(|record| auditor.payment(record));
        if let Some(charges) = &self.charges {
            auditor.ask_provider();
            charges.iter().for_each(|charge| auditor.provider_charge(charge));
        }
        auditor.finish()
    }

    /// The one violation that there should be.
    fn caught(&self) -> Violation {
        let (_, mut found) = self.audit();
        assert_eq!(found.len(), 1, "{found:#?}");
        found.remove(0)
    }

    fn caught_invariants(&self) -> Vec<Invariant> {
        self.audit()
            .1
            .iter()
            .map(|violation| violation.invariant)
            .collect()
    }
}

#[test]
fn a_completed_and_a_declined_order_are_clean() {
    let (totals, found) = History::begin().completed().provider(TOTAL, 0).audit();
    assert_eq!(found, []);
    assert_eq!((totals.orders, totals.completed, totals.order_commits), (1, 1, 3));
    let (totals, found) = History::begin().declined().audit();
    assert_eq!(found, []);
    assert_eq!((totals.cancelled, totals.payment_commits), (1, 0));
}

#[test]
fn given_a_completed_order_a_provider_with_an_empty_list_is_caught() {
    let mut history = History::begin();
    history.completed().charges = Some(Vec::new());
    let violation = history.caught();
    assert_eq!(
        (violation.invariant, violation.stream),
        (Invariant::I2, "provider")
    );
}

#[test]
fn snapshots_are_passed_over_and_a_missing_batch_is_caught() {
    let mut history = History::begin();
    record(
        &mut history.stock,
        subjects::inventory_snapshot(0),
        b"{}".to_vec(),
    );
    history.completed();
    assert_eq!(history.audit().1, []);
    history.stock.remove(1);
    assert_eq!(history.caught().invariant, Invariant::I4);
}

#[test]
fn a_late_charge_that_is_refunded_is_clean() {
    let mut history = History::begin();
    history
        .declined()
        .payment(charged(TOTAL))
        .commit(vec![succeeded()]);
    history.payment(refunded(TOTAL));
    history.commit(vec![Event::PaymentRefunded {
        refund_id: "re".to_owned(),
        amount: eur(TOTAL),
    }]);
    assert_eq!(history.audit().1, []);
}

#[test]
fn i1_catches_more_reserved_than_received() {
    let mut history = History::begin();
    history
        .commit(vec![created()])
        .commit(vec![Event::InventoryReserved, pending()]);
    history.batch(1, vec![(1, reserved(11))]);
    let (_, found) = history.audit_with_grace(Duration::MAX);
    assert!(
        found
            .iter()
            .any(|v| v.invariant == Invariant::I1 && v.sequences == [2]),
        "{found:#?}"
    );
}

#[test]
fn i1_catches_a_reservation_of_something_else_than_was_ordered() {
    let mut history = History::begin();
    history.commit(vec![created()]).batch(1, vec![(1, reserved(3))]);
    let (_, found) = history.audit_with_grace(Duration::MAX);
    assert!(
        found.iter().any(|v| v.detail.contains("not what was ordered")),
        "{found:#?}"
    );
}

#[test]
fn i1_catches_a_completed_order_whose_stock_was_given_back() {
    let mut history = History::begin();
    history
        .reserved_and_charging()
        .payment(charged(TOTAL))
        .commit(vec![succeeded(), Event::OrderCompleted]);
    history.batch(3, vec![(3, Decision::Released { order_id: ORDER })]);
    let invariants = history.caught_invariants();
    // The order and the level of the SKU both show it.
    assert_eq!(invariants, [Invariant::I1, Invariant::I1]);
}

#[test]
fn i1_catches_stock_that_is_held_for_a_cancelled_order() {
    let mut history = History::begin();
    history.declined();
    history.stock.pop();
    history.batch(4, vec![]);
    assert_eq!(history.caught().invariant, Invariant::I1);
}

#[test]
fn a_command_that_the_stock_has_not_reached_is_under_way() {
    let mut history = History::begin();
    history.completed();
    history.stock.pop();
    assert_eq!(history.audit().1, []);
}

#[test]
fn i1_catches_stock_that_was_given_back_twice() {
    let mut history = History::begin();
    history
        .declined()
        .batch(4, vec![(4, Decision::Released { order_id: ORDER })]);
    let violation = history.caught();
    assert_eq!(
        (violation.invariant, violation.sequences),
        (Invariant::I1, vec![3, 4])
    );
}

#[test]
fn i2_catches_a_completed_order_that_was_not_charged() {
    let mut history = History::begin();
    history.completed();
    history.payments.clear();
    assert_eq!(history.caught().invariant, Invariant::I2);
}

#[test]
fn i2_catches_a_second_charge() {
    let mut history = History::begin();
    history.completed().payment(charged(TOTAL));
    let violation = history.caught();
    assert_eq!(
        (violation.invariant, violation.sequences),
        (Invariant::I2, vec![1, 2])
    );
}

#[test]
fn i2_catches_money_that_a_cancelled_order_keeps_but_not_before_its_grace_is_over() {
    let mut history = History::begin();
    history.declined().payment(charged(TOTAL));
    assert_eq!(history.caught().invariant, Invariant::I2);
    assert_eq!(history.audit_with_grace(Duration::MAX).1, []);
}

#[test]
fn i2_catches_a_provider_that_holds_what_no_record_tells_of() {
    let mut history = History::begin();
    history.declined().provider(TOTAL, 0);
    let violation = history.caught();
    assert_eq!(
        (violation.invariant, violation.stream),
        (Invariant::I2, "provider")
    );
}

#[test]
fn i2_catches_two_captures_at_the_provider_even_if_one_was_refunded() {
    let mut history = History::begin();
    history.completed().provider(TOTAL, 0).provider(TOTAL, TOTAL);
    assert_eq!(history.caught().detail, "2 charges were captured");
}

#[test]
fn i3_catches_an_order_that_does_not_end_but_not_before_its_grace_is_over() {
    let mut history = History::begin();
    history.reserved_and_charging();
    let violation = history.caught();
    assert_eq!(
        (violation.invariant, violation.sequences),
        (Invariant::I3, vec![2])
    );
    let (totals, found) = history.audit_with_grace(Duration::from_secs(10_000));
    assert_eq!((totals.open, found), (1, vec![]));
}

#[test]
fn a_parked_order_has_ended_for_now() {
    let mut history = History::begin();
    history.reserved_and_charging();
    history.commit(vec![Event::PaymentPending {
        attempt: 2,
        deadline_passed: true,
    }]);
    let parked = Event::SagaParked {
        step: SagaStep::Resolve,
        detail: String::new(),
        attempts: 9,
    };
    history.commit(vec![parked]);
    let (totals, found) = history.audit();
    assert_eq!((totals.parked, found), (1, vec![]));
}

#[test]
fn i4_catches_a_message_that_is_missing_from_the_log() {
    let mut history = History::begin();
    history.completed();
    history.orders.remove(0);
    assert!(history.caught_invariants().contains(&Invariant::I4));
}

#[test]
fn i4_catches_an_accepted_order_that_is_not_there() {
    let mut auditor = Auditor::new(Rules {
        now: at(1),
        grace: Duration::ZERO,
    });
    auditor.accepted(ORDER);
    assert_eq!(
        auditor.take_found().first().map(|violation| violation.invariant),
        Some(Invariant::I4)
    );
}

#[test]
fn i4_catches_stock_and_money_of_an_order_that_is_not_there() {
    let mut history = History::begin();
    history.batch(1, vec![(1, reserved(2))]).payment(charged(TOTAL));
    let (user, other) = (UserId(USER), OrderId(Uuid::from_u128(3)));
    let events = vec![created()];
    let commit = Commit {
        order: other,
        user,
        time: at(1),
        first_version: 1,
        events,
        effects: Vec::new(),
    };
    record(
        &mut history.orders,
        subjects::order(USER, other.0),
        codec::encode(&commit).unwrap(),
    );
    let (_, found) = history.audit_with_grace(Duration::MAX);
    let invariants: Vec<_> = found.iter().map(|violation| violation.invariant).collect();
    assert_eq!(invariants, [Invariant::I4, Invariant::I4], "{found:#?}");
}

#[test]
fn a_fork_is_caught() {
    let mut history = History::begin();
    history
        .completed()
        .commit_at(2, vec![Event::InventoryReserved, pending()]);
    let violation = history.caught();
    assert_eq!(
        (violation.invariant, violation.sequences),
        (Invariant::Log, vec![3, 4])
    );
}

#[test]
fn an_event_that_cannot_follow_is_caught() {
    let mut history = History::begin();
    history.commit(vec![created()]).commit(vec![succeeded()]);
    assert_eq!(history.caught().invariant, Invariant::Log);
}

#[test]
fn a_commit_that_ends_halfway_is_caught() {
    let mut history = History::begin();
    history
        .commit(vec![created()])
        .commit(vec![Event::InventoryReserved]);
    assert!(history.caught().detail.contains("halfway"));
}

#[test]
fn an_unreadable_commit_is_told_with_its_sequence_and_stops_only_its_order() {
    let mut history = History::begin();
    record(
        &mut history.orders,
        subjects::order(USER, Uuid::from_u128(9)),
        b"{".to_vec(),
    );
    let violation = history.caught();
    assert_eq!(
        (violation.invariant, violation.sequences),
        (Invariant::Log, vec![0, 1])
    );
}

#[test]
fn a_writer_that_goes_back_is_caught() {
    let mut history = History::begin();
    history.completed().batch(2, vec![]);
    assert!(history.caught().detail.contains("two writers"));
}

#[test]
fn a_command_that_is_decided_twice_is_caught() {
    let mut history = History::begin();
    history.reserved_and_charging().batch(1, vec![(1, reserved(2))]);
    let (_, found) = history.audit_with_grace(Duration::MAX);
    assert!(
        found
            .iter()
            .any(|v| v.invariant == Invariant::Log && v.sequences == [3]),
        "{found:#?}"
    );
}
