//! The saga's table, row by row: given what happened, when a command comes, then these events and effects.

mod properties;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::*;

pub(crate) fn policy() -> Policy {
    Policy {
        payment_deadline: Duration::from_secs(60),
        charge_retry_base: Duration::from_secs(2),
        charge_retry_cap: Duration::from_secs(20),
        parked_retry_after: Duration::from_secs(900),
        charge_in_flight: Duration::from_secs(120),
    }
}

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).expect("in range")
}

pub(crate) fn eur(amount: i64) -> Money {
    Money {
        amount,
        currency: "EUR".to_owned(),
    }
}

pub(crate) fn new_order() -> NewOrder {
    let line = |sku: &str, pieces, price| Line {
        sku: Sku::parse(sku).expect("a SKU"),
        quantity: Quantity::new(pieces).expect("not zero"),
        unit_price: eur(price),
    };
    let lines: Arc<[Line]> = Arc::new([line("tea", 2, 450), line("pot", 1, 1900)]);
    let total = total(&lines).expect("one currency");
    NewOrder {
        lines,
        total,
        payment_token: "tok_ok".to_owned(),
        limited_stock: false,
        fingerprint: "f1".to_owned(),
    }
}

/// One order under test, which appends what is decided.
pub(crate) struct Given {
    pub state: State,
    pub now: i64,
    pub effects: Vec<Effect>,
}

impl Given {
    pub fn nothing() -> Self {
        Self {
            state: State::Initial,
            now: 0,
            effects: Vec::new(),
        }
    }

    pub fn an_order() -> Self {
        let mut given = Self::nothing();
        given.when(Command::Create(new_order())).expect("created");
        given
    }

    fn charging() -> Self {
        Self::an_order().after(reserved())
    }

    fn resolving() -> Self {
        let mut given = Self::charging();
        given.now = 61;
        given.after(fire(SagaStep::Charge, 1))
    }

    fn refunding() -> Self {
        Self::charging().after(cancel())
    }

    fn declined() -> Self {
        Self::charging().after(Command::RecordPayment(declined()))
    }

    fn cancelled() -> Self {
        Self::declined().after(Command::RecordRelease)
    }

    fn completed() -> Self {
        Self::charging().after(Command::RecordPayment(succeeded()))
    }

    fn after(mut self, command: Command) -> Self {
        let events = self.when(command).expect("not refused");
        assert!(!events.is_empty(), "a given that does nothing");
        self
    }

    /// Decides, and folds what was decided.
    pub fn when(&mut self, command: Command) -> Result<Vec<Event>, Refusal> {
        let events = decide(&self.state, command, at(self.now), &policy())?;
        self.effects.clear();
        for event in &events {
            self.state = evolve(self.state.clone(), event, at(self.now)).expect("possible");
            self.effects.extend(react(&self.state, event, &policy()));
        }
        Ok(events)
    }

    pub fn order(&self) -> &Order {
        self.state.order().expect("created")
    }

    fn names(&mut self, command: Command) -> (Vec<&'static str>, Vec<&'static str>) {
        let events = self.when(command).expect("not refused");
        let effects = self.effects.iter().map(Effect::name).collect();
        (events.iter().map(Event::name).collect(), effects)
    }
}

pub(crate) fn reserved() -> Command {
    Command::RecordReservation(ReservationDecision::Reserved)
}

pub(crate) fn not_available() -> Command {
    let skus = vec![Sku::parse("tea").expect("a SKU")];
    Command::RecordReservation(ReservationDecision::NotAvailable { skus })
}

pub(crate) fn succeeded() -> PaymentOutcome {
    PaymentOutcome::Succeeded {
        charge_id: "ch_1".to_owned(),
        amount: eur(2800),
    }
}

pub(crate) fn declined() -> PaymentOutcome {
    PaymentOutcome::Declined {
        code: "card_declined".to_owned(),
    }
}

pub(crate) fn refunded() -> PaymentOutcome {
    PaymentOutcome::Refunded {
        refund_id: "re_1".to_owned(),
        amount: eur(2800),
    }
}

fn cancel() -> Command {
    Command::Cancel {
        requester: Requester::Customer,
    }
}

fn resume() -> Command {
    Command::Resume {
        requester: Requester::Operator,
    }
}

fn fire(step: SagaStep, attempt: u32) -> Command {
    Command::FireTimer { step, attempt }
}

fn give_up(step: SagaStep, attempt: u32) -> Command {
    Command::GiveUp {
        step,
        attempt,
        detail: "503".to_owned(),
        attempts: 8,
    }
}

fn pay(outcome: PaymentOutcome) -> Command {
    Command::RecordPayment(outcome)
}

#[test]
fn a_new_order_reserves_stock() {
    let mut given = Given::nothing();
    assert_eq!(
        given.names(Command::Create(new_order())),
        (vec!["OrderCreated"], vec!["reserve_inventory"])
    );
    assert_eq!(given.order().total, eur(2800));
    assert_eq!(given.order().status(), Status::Created);
}

#[test]
fn the_same_request_again_is_nothing_new_and_another_one_is_refused() {
    let mut given = Given::completed();
    assert_eq!(given.when(Command::Create(new_order())), Ok(vec![]));
    let other = NewOrder {
        fingerprint: "f2".to_owned(),
        ..new_order()
    };
    assert_eq!(
        given.when(Command::Create(other)),
        Err(Refusal::CreatedDifferently)
    );
}

#[test]
fn reserved_stock_is_charged() {
    let mut given = Given::an_order();
    let (events, effects) = given.names(reserved());
    assert_eq!(events, ["InventoryReserved", "PaymentPending"]);
    assert_eq!(effects, ["charge_payment"]);
    assert_eq!(given.order().status(), Status::PaymentPending);
    assert_eq!(given.order().charging_since, Some(at(0)));
}

#[test]
fn missing_stock_ends_the_order() {
    let mut given = Given::an_order();
    let (events, effects) = given.names(not_available());
    assert_eq!(
        (events, effects.len()),
        (vec!["InventoryNotAvailable", "OrderCancelled"], 0)
    );
    assert_eq!(given.order().reason(), Some(CancelReason::OutOfStock));
}

#[test]
fn a_successful_charge_completes_the_order() {
    let mut given = Given::charging();
    let (events, effects) = given.names(pay(succeeded()));
    assert_eq!(events, ["PaymentSucceeded", "OrderCompleted"]);
    assert_eq!(effects, ["commit_inventory"]);
    assert_eq!(given.order().phase, Phase::Completed);
    assert_eq!(given.order().version, 5);
}

#[test]
fn a_declined_charge_gives_the_stock_back_and_then_ends_the_order() {
    let mut given = Given::charging();
    assert_eq!(
        given.names(pay(declined())),
        (vec!["PaymentFailed"], vec!["release_inventory"])
    );
    assert_eq!(
        given.names(Command::RecordRelease),
        (vec!["InventoryReleased", "OrderCancelled"], vec![])
    );
    assert_eq!(given.order().reason(), Some(CancelReason::PaymentDeclined));
}

#[test]
fn a_charge_of_another_amount_parks_the_order() {
    let mut given = Given::charging();
    let outcome = PaymentOutcome::Succeeded {
        charge_id: "ch_1".to_owned(),
        amount: eur(1),
    };
    assert_eq!(
        given.names(pay(outcome.clone())),
        (vec!["SagaParked"], vec!["schedule_timer"])
    );
    assert_eq!(given.when(pay(outcome)), Ok(vec![]));
    assert_eq!(
        given.names(cancel()),
        (vec!["CancelRequested"], vec!["refund_payment"])
    );
}

#[test]
fn before_the_deadline_a_fired_timer_charges_again_and_after_it_resolves() {
    let mut given = Given::charging();
    given.now = 59;
    assert_eq!(
        given.names(fire(SagaStep::Charge, 1)),
        (vec!["PaymentPending"], vec!["charge_payment"])
    );
    given.now = 60;
    assert_eq!(
        given.names(fire(SagaStep::Charge, 2)),
        (vec!["PaymentPending"], vec!["resolve_payment"])
    );
    assert_eq!(
        given.order().phase,
        Phase::Paying(PaymentStep::Resolving { attempt: 3 })
    );
}

#[test]
fn a_stale_timer_does_nothing() {
    let mut given = Given::charging().after(fire(SagaStep::Charge, 1));
    assert_eq!(given.when(fire(SagaStep::Charge, 1)), Ok(vec![]));
    assert_eq!(given.when(fire(SagaStep::Refund, 2)), Ok(vec![]));
    assert_eq!(Given::completed().when(fire(SagaStep::Charge, 1)), Ok(vec![]));
}

#[test]
fn a_resolved_charge_completes_or_times_out() {
    let completed = Given::resolving().names(pay(succeeded())).0;
    assert_eq!(completed, ["PaymentSucceeded", "OrderCompleted"]);
    let mut given = Given::resolving().after(pay(PaymentOutcome::Voided));
    assert_eq!(given.order().reason(), Some(CancelReason::PaymentTimeout));
    assert_eq!(given.when(pay(PaymentOutcome::Voided)), Ok(vec![]));
}

#[test]
fn a_charge_that_was_refunded_elsewhere_is_on_record_and_ends_the_order() {
    let mut given = Given::resolving();
    let (events, effects) = given.names(pay(refunded()));
    assert_eq!(events, ["PaymentRefunded", "PaymentFailed"]);
    assert_eq!(effects, ["release_inventory"]);
}

#[test]
fn a_cancel_before_the_stock_decision_releases_what_is_reserved_then() {
    let mut given = Given::an_order();
    assert_eq!(given.names(cancel()), (vec!["CancelRequested"], vec![]));
    assert_eq!(given.when(cancel()), Ok(vec![]));
    assert_eq!(
        given.names(reserved()),
        (vec!["InventoryReserved"], vec!["release_inventory"])
    );
    given.when(Command::RecordRelease).expect("released");
    assert_eq!(given.order().reason(), Some(CancelReason::CancelledByCustomer));
}

#[test]
fn a_cancel_before_missing_stock_ends_the_order_as_cancelled() {
    let mut given = Given::an_order().after(cancel());
    assert_eq!(
        given.names(not_available()).0,
        ["InventoryNotAvailable", "OrderCancelled"]
    );
    assert_eq!(given.order().reason(), Some(CancelReason::CancelledByCustomer));
}

#[test]
fn a_cancel_while_charging_refunds_and_then_releases() {
    for mut given in [Given::charging(), Given::resolving()] {
        assert_eq!(
            given.names(cancel()),
            (vec!["CancelRequested"], vec!["refund_payment"])
        );
        assert_eq!(given.order().status(), Status::PaymentPending);
        assert_eq!(given.when(pay(succeeded())), Ok(vec![]));
        assert_eq!(
            given.names(pay(refunded())),
            (vec!["PaymentRefunded"], vec!["release_inventory"])
        );
        assert_eq!(given.order().status(), Status::PaymentPending);
    }
}

#[test]
fn a_voided_charge_of_a_cancelled_order_counts_as_not_paid() {
    let mut given = Given::refunding();
    let (events, effects) = given.names(pay(PaymentOutcome::Voided));
    assert_eq!(
        (events, effects),
        (vec!["PaymentFailed"], vec!["release_inventory", "schedule_timer"]),
        "the timer looks for a charge that was on its way"
    );
    assert_eq!(given.order().reason(), Some(CancelReason::CancelledByCustomer));
}

#[test]
fn a_charge_that_was_declined_before_its_refund_needs_none() {
    let mut given = Given::refunding();
    assert_eq!(
        given.names(pay(declined())),
        (vec!["PaymentFailed"], vec!["release_inventory"])
    );
    assert_eq!(given.order().reason(), Some(CancelReason::CancelledByCustomer));
    let mut late = Given::cancelled().after(pay(succeeded()));
    assert_eq!(late.when(pay(declined())), Ok(vec![]), "told again, from before");
}

#[test]
fn a_completed_order_is_not_cancelled() {
    assert_eq!(Given::completed().when(cancel()), Err(Refusal::Completed));
}

#[test]
fn a_charge_that_lands_after_the_end_is_refunded_once() {
    let mut given = Given::cancelled();
    assert_eq!(
        given.names(pay(succeeded())),
        (vec!["PaymentSucceeded"], vec!["refund_payment"])
    );
    assert_eq!(given.order().status(), Status::Cancelled);
    assert_eq!(given.names(pay(refunded())), (vec!["PaymentRefunded"], vec![]));
    assert_eq!(
        given.order().phase,
        Phase::Cancelled {
            reason: CancelReason::PaymentDeclined
        }
    );
    assert_eq!(given.when(pay(succeeded())), Ok(vec![]));
}

#[test]
fn of_a_charge_that_landed_late_an_old_word_that_there_is_none_is_not_believed() {
    let mut given = Given::cancelled().after(pay(succeeded()));
    assert_eq!(given.when(pay(PaymentOutcome::Voided)), Ok(vec![]));
    assert_eq!(given.names(pay(refunded())), (vec!["PaymentRefunded"], vec![]));
}

#[test]
fn a_charge_that_lands_during_the_release_has_to_wait() {
    assert_eq!(
        Given::declined().when(pay(succeeded())),
        Err(Refusal::StillReleasing)
    );
    let mut refunded_before = Given::refunding().after(pay(refunded()));
    assert_eq!(refunded_before.when(pay(succeeded())), Ok(vec![]));
}

#[test]
fn a_stray_charge_never_completes_an_order_and_is_refunded_once_that_has_ended() {
    let stray = || {
        pay(PaymentOutcome::Stray {
            charge_id: "ch_1".to_owned(),
            amount: eur(2800),
        })
    };
    for mut given in [
        Given::charging(),
        Given::resolving(),
        Given::refunding(),
        Given::declined(),
    ] {
        assert_eq!(given.when(stray()), Err(Refusal::StillReleasing));
    }
    assert_eq!(Given::completed().when(stray()), Ok(vec![]));
    let mut cancelled = Given::cancelled();
    assert_eq!(
        cancelled.names(stray()),
        (vec!["PaymentSucceeded"], vec!["refund_payment"])
    );
    assert_eq!(cancelled.when(stray()), Ok(vec![]), "told again");
}

#[test]
fn a_charge_that_nobody_asked_for_is_refused() {
    assert_eq!(
        Given::an_order().when(pay(succeeded())),
        Err(Refusal::NeverCharged)
    );
    let mut out_of_stock = Given::an_order().after(not_available());
    assert_eq!(out_of_stock.when(pay(succeeded())), Err(Refusal::NeverCharged));
}

#[test]
fn a_step_that_keeps_failing_parks_the_order_and_a_timer_tries_it_again() {
    let mut given = Given::refunding();
    assert_eq!(
        given.names(give_up(SagaStep::Refund, 1)),
        (vec!["SagaParked"], vec!["schedule_timer"])
    );
    assert_eq!(given.order().status(), Status::Parked);
    assert_eq!(given.when(give_up(SagaStep::Refund, 1)), Ok(vec![]));
    assert_eq!(
        given.names(fire(SagaStep::Refund, 1)),
        (vec!["SagaResumed"], vec!["refund_payment"])
    );
    assert_eq!(given.order().status(), Status::PaymentPending);
    assert_eq!(
        given.when(give_up(SagaStep::Refund, 1)),
        Ok(vec![]),
        "of the attempt before"
    );
}

#[test]
fn an_operator_resumes_a_parked_order_with_the_next_attempt() {
    let mut given = Given::resolving()
        .after(give_up(SagaStep::Resolve, 2))
        .after(resume());
    assert_eq!(
        given.order().phase,
        Phase::Paying(PaymentStep::Resolving { attempt: 3 })
    );
    assert_eq!(given.when(resume()), Err(Refusal::NotParked));
}

#[test]
fn a_parked_order_takes_the_answer_it_was_waiting_for() {
    let mut parked = Given::resolving().after(give_up(SagaStep::Resolve, 2));
    assert_eq!(
        parked.names(pay(succeeded())).0,
        ["PaymentSucceeded", "OrderCompleted"]
    );
    assert_eq!(parked.order().status(), Status::Completed);
    let mut late = Given::cancelled()
        .after(pay(succeeded()))
        .after(give_up(SagaStep::Refund, 1));
    assert_eq!(late.order().status(), Status::Parked);
    assert_eq!(late.names(pay(refunded())).0, ["PaymentRefunded"]);
    assert_eq!(late.order().status(), Status::Cancelled);
}

#[test]
fn a_parked_charge_can_be_cancelled_and_a_parked_refund_cannot() {
    let mut charge = Given::resolving().after(give_up(SagaStep::Resolve, 2));
    assert_eq!(
        charge.names(cancel()),
        (vec!["CancelRequested"], vec!["refund_payment"])
    );
    let mut refund = Given::refunding().after(give_up(SagaStep::Refund, 1));
    assert_eq!(refund.when(cancel()), Err(Refusal::ParkedInRefund));
}

#[test]
fn an_order_that_does_not_exist_refuses_everything_but_its_creation() {
    for command in [
        reserved(),
        cancel(),
        resume(),
        pay(succeeded()),
        Command::RecordRelease,
    ] {
        assert_eq!(Given::nothing().when(command), Err(Refusal::NoSuchOrder));
    }
}

#[test]
fn an_impossible_event_is_named() {
    let error = evolve(Given::an_order().state, &Event::OrderCompleted, at(0)).expect_err("impossible");
    assert_eq!(
        error.to_string(),
        "OrderCompleted cannot follow after version 1 in phase Reserving"
    );
    assert!(evolve(State::Initial, &Event::InventoryReserved, at(0)).is_err());
    let created = Event::OrderCreated {
        lines: Arc::new([]),
        total: eur(0),
        payment_token: String::new(),
        limited_stock: false,
        fingerprint: String::new(),
    };
    assert!(evolve(Given::an_order().state, &created, at(0)).is_err());
}

#[test]
fn a_total_needs_one_currency_and_a_representable_sum() {
    let line = |amount, currency: &str| Line {
        sku: Sku::parse("tea").expect("a SKU"),
        quantity: Quantity::new(2).expect("not zero"),
        unit_price: Money {
            amount,
            currency: currency.to_owned(),
        },
    };
    assert_eq!(total(&[]), Err(PriceError::NoLines));
    assert_eq!(total(&[line(i64::MAX, "EUR")]), Err(PriceError::OutOfRange));
    assert_eq!(total(&[line(-1, "EUR")]), Err(PriceError::OutOfRange));
    let mixed = PriceError::MixedCurrencies("EUR".to_owned(), "USD".to_owned());
    assert_eq!(total(&[line(1, "EUR"), line(1, "USD")]), Err(mixed));
}

#[test]
fn a_sku_is_short_and_has_no_odd_characters() {
    assert!(Sku::parse("tea-1.2_X").is_some());
    for text in ["", "a b", "a/b", "ü", &"x".repeat(65)] {
        assert_eq!(Sku::parse(text), None, "{text}");
    }
}
