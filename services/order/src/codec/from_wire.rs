//! Contracts → core. Whatever is missing or unknown is named.

use holdfast_contracts::money::v1::Money as WireMoney;
use holdfast_contracts::order::v1::{
    self as wire, order_command::Command as WireCommand, order_event::Event as WireEvent,
};
use holdfast_order_core::{
    CancelReason, Effect, Event, Line, Money, OrderId, PaymentFailureReason, Quantity, Requester, SagaStep,
    Sku, UserId,
};
use jiff::Timestamp;
use uuid::Uuid;

use super::{Commit, Error};

/// Whether the reader wants the effects of a commit.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Effects {
    Read,
    LeaveOut,
}

pub(super) fn commit(commit: wire::OrderCommit, effects: Effects) -> Result<Commit, Error> {
    let order = OrderId(id("orderId", &commit.order_id)?);
    let user = UserId(id("userId", &commit.user_id)?);
    let committed = time("time", commit.time)?;
    let first_version = commit.events.first().ok_or_else(|| missing("events"))?.version;
    let versions = commit.events.iter().map(|event| event.version);
    if first_version == 0 || !versions.eq((first_version..).take(commit.events.len())) {
        return Err(Error::Malformed(
            "versions of events that do not ascend by one".to_owned(),
        ));
    }
    let commands = if effects == Effects::Read {
        commit.commands
    } else {
        Vec::new()
    };
    Ok(Commit {
        order,
        user,
        time: committed,
        first_version,
        events: commit.events.into_iter().map(event).collect::<Result<_, _>>()?,
        effects: commands
            .into_iter()
            .map(|command| effect(command, committed))
            .collect::<Result<_, _>>()?,
    })
}

fn missing(field: &str) -> Error {
    Error::Malformed(format!("{field} is missing"))
}

fn unknown(what: &str, value: impl std::fmt::Display) -> Error {
    Error::Unknown(format!("{what} {value}"))
}

pub(super) fn id(field: &str, text: &str) -> Result<Uuid, Error> {
    text.parse()
        .map_err(|_| Error::Malformed(format!("{field} is not a UUID: {text:?}")))
}

fn time(field: &str, time: Option<pbjson_types::Timestamp>) -> Result<Timestamp, Error> {
    let time = time.ok_or_else(|| missing(field))?;
    Timestamp::new(time.seconds, time.nanos).map_err(|error| Error::Malformed(format!("{field}: {error}")))
}

pub(super) fn money(field: &str, money: Option<WireMoney>) -> Result<Money, Error> {
    let WireMoney { amount, currency } = money.ok_or_else(|| missing(field))?;
    if amount < 0 {
        return Err(Error::Malformed(format!("{field} is negative")));
    }
    Ok(Money { amount, currency })
}

pub(super) fn sku(text: &str) -> Result<Sku, Error> {
    Sku::parse(text).ok_or_else(|| Error::Malformed(format!("not a SKU: {text:?}")))
}

fn quantity(pieces: u32) -> Result<Quantity, Error> {
    Quantity::new(pieces).ok_or_else(|| Error::Malformed("a quantity of zero".to_owned()))
}

fn event(event: wire::OrderEvent) -> Result<Event, Error> {
    let version = event.version;
    let event = event
        .event
        .ok_or_else(|| unknown("the event of version", version))?;
    Ok(match event {
        WireEvent::OrderCreated(created) => order_created(created)?,
        WireEvent::InventoryReserved(_) => Event::InventoryReserved,
        WireEvent::InventoryNotAvailable(refused) => Event::InventoryNotAvailable {
            skus: refused
                .skus
                .iter()
                .map(|text| sku(text))
                .collect::<Result<_, _>>()?,
        },
        WireEvent::PaymentPending(wire::PaymentPending {
            attempt,
            deadline_passed,
        }) => Event::PaymentPending {
            attempt,
            deadline_passed,
        },
        WireEvent::PaymentSucceeded(wire::PaymentSucceeded { charge_id, amount }) => {
            Event::PaymentSucceeded {
                charge_id,
                amount: money("amount", amount)?,
            }
        }
        WireEvent::PaymentFailed(wire::PaymentFailed { reason, detail }) => Event::PaymentFailed {
            reason: failure(reason)?,
            detail,
        },
        WireEvent::InventoryReleased(_) => Event::InventoryReleased,
        WireEvent::OrderCompleted(_) => Event::OrderCompleted,
        WireEvent::OrderCancelled(cancelled) => Event::OrderCancelled {
            reason: cancel_reason(cancelled.reason)?,
        },
        WireEvent::CancelRequested(request) => Event::CancelRequested {
            requester: requester(request.requester)?,
        },
        WireEvent::PaymentRefunded(wire::PaymentRefunded { refund_id, amount }) => Event::PaymentRefunded {
            refund_id,
            amount: money("amount", amount)?,
        },
        WireEvent::SagaParked(wire::SagaParked {
            step: parked,
            detail,
            attempts,
        }) => Event::SagaParked {
            step: step(parked)?,
            detail,
            attempts,
        },
        WireEvent::SagaResumed(resumed) => Event::SagaResumed {
            requester: requester(resumed.requester)?,
        },
    })
}

fn order_created(created: wire::OrderCreated) -> Result<Event, Error> {
    if created.lines.is_empty() {
        return Err(missing("lines"));
    }
    Ok(Event::OrderCreated {
        lines: created
            .lines
            .into_iter()
            .map(line)
            .collect::<Result<Vec<_>, _>>()?
            .into(),
        total: money("total", created.total)?,
        payment_token: created.payment_token,
        limited_stock: created.limited_stock,
        fingerprint: created.request_fingerprint,
    })
}

fn line(line: wire::OrderLine) -> Result<Line, Error> {
    Ok(Line {
        sku: sku(&line.sku)?,
        quantity: quantity(line.quantity)?,
        unit_price: money("unitPrice", line.unit_price)?,
    })
}

fn effect(command: wire::OrderCommand, committed: Timestamp) -> Result<Effect, Error> {
    Ok(match command.command.ok_or_else(|| unknown("a", "command"))? {
        WireCommand::ReserveInventory(wire::ReserveInventory { lines }) => Effect::ReserveInventory {
            lines: lines.iter().map(reservation_line).collect::<Result<_, _>>()?,
        },
        WireCommand::CommitInventory(_) => Effect::CommitInventory,
        WireCommand::ReleaseInventory(_) => Effect::ReleaseInventory,
        WireCommand::ChargePayment(wire::ChargePayment {
            attempt,
            amount,
            payment_token,
        }) => Effect::ChargePayment {
            attempt,
            amount: money("amount", amount)?,
            payment_token,
        },
        WireCommand::ResolvePayment(command) => Effect::ResolvePayment {
            attempt: command.attempt,
        },
        WireCommand::RefundPayment(command) => Effect::RefundPayment {
            attempt: command.attempt,
        },
        WireCommand::ScheduleTimer(wire::ScheduleTimer {
            step: of,
            attempt,
            at,
        }) => {
            let after = time("at", at)?.duration_since(committed);
            Effect::ScheduleTimer {
                step: step(of)?,
                attempt,
                after: after.try_into().unwrap_or_default(),
            }
        }
    })
}

fn reservation_line(line: &wire::ReservationLine) -> Result<(Sku, Quantity), Error> {
    Ok((sku(&line.sku)?, quantity(line.quantity)?))
}

fn failure(value: i32) -> Result<PaymentFailureReason, Error> {
    match wire::PaymentFailureReason::try_from(value) {
        Ok(wire::PaymentFailureReason::Declined) => Ok(PaymentFailureReason::Declined),
        Ok(wire::PaymentFailureReason::Timeout) => Ok(PaymentFailureReason::Timeout),
        Ok(wire::PaymentFailureReason::Voided) => Ok(PaymentFailureReason::Voided),
        Ok(wire::PaymentFailureReason::Unspecified) | Err(_) => Err(unknown("payment failure reason", value)),
    }
}

fn cancel_reason(value: i32) -> Result<CancelReason, Error> {
    match wire::CancelReason::try_from(value) {
        Ok(wire::CancelReason::OutOfStock) => Ok(CancelReason::OutOfStock),
        Ok(wire::CancelReason::PaymentDeclined) => Ok(CancelReason::PaymentDeclined),
        Ok(wire::CancelReason::PaymentTimeout) => Ok(CancelReason::PaymentTimeout),
        Ok(wire::CancelReason::CancelledByCustomer) => Ok(CancelReason::CancelledByCustomer),
        Ok(wire::CancelReason::CancelledByOperator) => Ok(CancelReason::CancelledByOperator),
        Ok(wire::CancelReason::Unspecified) | Err(_) => Err(unknown("cancel reason", value)),
    }
}

fn requester(value: i32) -> Result<Requester, Error> {
    match wire::Requester::try_from(value) {
        Ok(wire::Requester::Customer) => Ok(Requester::Customer),
        Ok(wire::Requester::Operator) => Ok(Requester::Operator),
        Ok(wire::Requester::Timer) => Ok(Requester::Timer),
        Ok(wire::Requester::Unspecified) | Err(_) => Err(unknown("requester", value)),
    }
}

pub(super) fn step(value: i32) -> Result<SagaStep, Error> {
    match wire::SagaStep::try_from(value) {
        Ok(wire::SagaStep::Charge) => Ok(SagaStep::Charge),
        Ok(wire::SagaStep::Resolve) => Ok(SagaStep::Resolve),
        Ok(wire::SagaStep::Refund) => Ok(SagaStep::Refund),
        Ok(wire::SagaStep::LateCharge) => Ok(SagaStep::LateCharge),
        Ok(wire::SagaStep::Unspecified) | Err(_) => Err(unknown("saga step", value)),
    }
}
