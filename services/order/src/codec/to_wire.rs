//! Core → contracts.

use holdfast_contracts::money::v1::Money as WireMoney;
use holdfast_contracts::order::v1::{
    self as wire, order_command::Command as WireCommand, order_event::Event as WireEvent,
};
use holdfast_order_core::{
    CancelReason, Effect, Event, Line, Money, PaymentFailureReason, Quantity, Requester, SagaStep, Sku,
};
use jiff::{SignedDuration, Timestamp};

use super::Commit;

pub(super) fn commit(commit: &Commit) -> wire::OrderCommit {
    wire::OrderCommit {
        order_id: commit.order.to_string(),
        user_id: commit.user.to_string(),
        time: Some(time(commit.time)),
        events: (commit.first_version..).zip(&commit.events).map(event).collect(),
        commands: commit
            .effects
            .iter()
            .map(|effect| command(effect, commit.time))
            .collect(),
    }
}

fn time(time: Timestamp) -> pbjson_types::Timestamp {
    // ProtoJSON wants nanoseconds that count forward, also before 1970.
    let (seconds, nanos) = (time.as_second(), time.subsec_nanosecond());
    let before = i64::from(nanos < 0);
    pbjson_types::Timestamp {
        seconds: seconds - before,
        nanos: nanos + if nanos < 0 { 1_000_000_000 } else { 0 },
    }
}

fn money(money: &Money) -> WireMoney {
    WireMoney {
        amount: money.amount,
        currency: money.currency.clone(),
    }
}

fn event((version, event): (u64, &Event)) -> wire::OrderEvent {
    let event = match event {
        Event::OrderCreated {
            lines,
            total,
            payment_token,
            limited_stock,
            fingerprint,
        } => WireEvent::OrderCreated(wire::OrderCreated {
            lines: lines.iter().map(line).collect(),
            total: Some(money(total)),
            payment_token: payment_token.clone(),
            limited_stock: *limited_stock,
            request_fingerprint: fingerprint.clone(),
        }),
        Event::InventoryReserved => WireEvent::InventoryReserved(wire::InventoryReserved {}),
        Event::InventoryNotAvailable { skus } => {
            let skus = skus.iter().map(Sku::to_string).collect();
            WireEvent::InventoryNotAvailable(wire::InventoryNotAvailable { skus })
        }
        Event::PaymentPending {
            attempt,
            deadline_passed,
        } => {
            let (attempt, deadline_passed) = (*attempt, *deadline_passed);
            WireEvent::PaymentPending(wire::PaymentPending {
                attempt,
                deadline_passed,
            })
        }
        Event::PaymentSucceeded { charge_id, amount } => {
            let (charge_id, amount) = (charge_id.clone(), Some(money(amount)));
            WireEvent::PaymentSucceeded(wire::PaymentSucceeded { charge_id, amount })
        }
        Event::PaymentFailed { reason, detail } => {
            let (reason, detail) = (failure(*reason).into(), detail.clone());
            WireEvent::PaymentFailed(wire::PaymentFailed { reason, detail })
        }
        Event::InventoryReleased => WireEvent::InventoryReleased(wire::InventoryReleased {}),
        Event::OrderCompleted => WireEvent::OrderCompleted(wire::OrderCompleted {}),
        Event::OrderCancelled { reason } => WireEvent::OrderCancelled(wire::OrderCancelled {
            reason: cancel_reason(*reason).into(),
        }),
        Event::CancelRequested { requester: by } => WireEvent::CancelRequested(wire::CancelRequested {
            requester: requester(*by).into(),
        }),
        Event::PaymentRefunded { refund_id, amount } => {
            let (refund_id, amount) = (refund_id.clone(), Some(money(amount)));
            WireEvent::PaymentRefunded(wire::PaymentRefunded { refund_id, amount })
        }
        Event::SagaParked {
            step: parked,
            detail,
            attempts,
        } => {
            let (step, detail, attempts) = (step(*parked).into(), detail.clone(), *attempts);
            WireEvent::SagaParked(wire::SagaParked {
                step,
                detail,
                attempts,
            })
        }
        Event::SagaResumed { requester: by } => WireEvent::SagaResumed(wire::SagaResumed {
            requester: requester(*by).into(),
        }),
    };
    wire::OrderEvent {
        version,
        event: Some(event),
    }
}

fn line(line: &Line) -> wire::OrderLine {
    wire::OrderLine {
        sku: line.sku.to_string(),
        quantity: line.quantity.get(),
        unit_price: Some(money(&line.unit_price)),
    }
}

fn command(effect: &Effect, committed: Timestamp) -> wire::OrderCommand {
    let command = match effect {
        Effect::ReserveInventory { lines } => {
            let lines = lines.iter().map(reservation_line).collect();
            WireCommand::ReserveInventory(wire::ReserveInventory { lines })
        }
        Effect::CommitInventory => WireCommand::CommitInventory(wire::CommitInventory {}),
        Effect::ReleaseInventory => WireCommand::ReleaseInventory(wire::ReleaseInventory {}),
        Effect::ChargePayment {
            attempt,
            amount,
            payment_token,
        } => WireCommand::ChargePayment(wire::ChargePayment {
            attempt: *attempt,
            amount: Some(money(amount)),
            payment_token: payment_token.clone(),
        }),
        Effect::ResolvePayment { attempt } => {
            WireCommand::ResolvePayment(wire::ResolvePayment { attempt: *attempt })
        }
        Effect::RefundPayment { attempt } => {
            WireCommand::RefundPayment(wire::RefundPayment { attempt: *attempt })
        }
        Effect::ScheduleTimer {
            step: of,
            attempt,
            after,
        } => {
            let after = SignedDuration::try_from(*after).unwrap_or(SignedDuration::MAX);
            let at = committed.saturating_add(after).unwrap_or(Timestamp::MAX);
            let (step, attempt) = (step(*of).into(), *attempt);
            WireCommand::ScheduleTimer(wire::ScheduleTimer {
                step,
                attempt,
                at: Some(time(at)),
            })
        }
    };
    wire::OrderCommand {
        command: Some(command),
    }
}

fn reservation_line((sku, quantity): &(Sku, Quantity)) -> wire::ReservationLine {
    wire::ReservationLine {
        sku: sku.to_string(),
        quantity: quantity.get(),
    }
}

fn failure(reason: PaymentFailureReason) -> wire::PaymentFailureReason {
    match reason {
        PaymentFailureReason::Declined => wire::PaymentFailureReason::Declined,
        PaymentFailureReason::Timeout => wire::PaymentFailureReason::Timeout,
        PaymentFailureReason::Voided => wire::PaymentFailureReason::Voided,
    }
}

fn cancel_reason(reason: CancelReason) -> wire::CancelReason {
    match reason {
        CancelReason::OutOfStock => wire::CancelReason::OutOfStock,
        CancelReason::PaymentDeclined => wire::CancelReason::PaymentDeclined,
        CancelReason::PaymentTimeout => wire::CancelReason::PaymentTimeout,
        CancelReason::CancelledByCustomer => wire::CancelReason::CancelledByCustomer,
        CancelReason::CancelledByOperator => wire::CancelReason::CancelledByOperator,
    }
}

fn requester(requester: Requester) -> wire::Requester {
    match requester {
        Requester::Customer => wire::Requester::Customer,
        Requester::Operator => wire::Requester::Operator,
        Requester::Timer => wire::Requester::Timer,
    }
}

pub(super) fn step(step: SagaStep) -> wire::SagaStep {
    match step {
        SagaStep::Charge => wire::SagaStep::Charge,
        SagaStep::Resolve => wire::SagaStep::Resolve,
        SagaStep::Refund => wire::SagaStep::Refund,
        SagaStep::LateCharge => wire::SagaStep::LateCharge,
    }
}
