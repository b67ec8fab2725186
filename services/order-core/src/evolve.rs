//! What an event makes of the state.

use jiff::Timestamp;

use crate::{Event, Order, PaymentStep, Phase, State, Status};

/// An event that cannot have happened in this state: the log is corrupt, or newer than this program.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{event} cannot follow after version {version} in phase {phase}")]
pub struct EvolveError {
    /// The event's name.
    pub event: &'static str,
    /// The events before it.
    pub version: u64,
    /// The phase that it met.
    pub phase: String,
}

/// The state after an event that was decided at the time `at`.
///
/// # Errors
/// [`EvolveError`] if the event is impossible in this state.
pub fn evolve(state: State, event: &Event, at: Timestamp) -> Result<State, EvolveError> {
    match state {
        State::Initial => create(event, at)
            .map(|order| State::Created(Box::new(order)))
            .ok_or_else(|| impossible(event, 0, "initial".to_owned())),
        State::Created(mut order) => {
            let phase = next(&order.phase, event)
                .ok_or_else(|| impossible(event, order.version, format!("{:?}", order.phase)))?;
            order.milestone = milestone(&order, &phase, event);
            order.phase = phase;
            order.version += 1;
            order.updated_at = at;
            remember(&mut order, event, at);
            Ok(State::Created(order))
        }
    }
}

fn impossible(event: &Event, version: u64, phase: String) -> EvolveError {
    EvolveError {
        event: event.name(),
        version,
        phase,
    }
}

fn create(event: &Event, at: Timestamp) -> Option<Order> {
    let Event::OrderCreated {
        lines,
        total,
        payment_token,
        limited_stock,
        fingerprint,
    } = event
    else {
        return None;
    };
    Some(Order {
        lines: lines.clone(),
        total: total.clone(),
        payment_token: payment_token.clone(),
        limited_stock: *limited_stock,
        fingerprint: fingerprint.clone(),
        created_at: at,
        updated_at: at,
        version: 1,
        charging_since: None,
        charge_id: None,
        refund_id: None,
        milestone: Status::Created,
        phase: Phase::Reserving,
    })
}

fn remember(order: &mut Order, event: &Event, at: Timestamp) {
    match event {
        Event::PaymentPending { .. } => order.charging_since = order.charging_since.or(Some(at)),
        Event::PaymentSucceeded { charge_id, .. } => order.charge_id = Some(charge_id.clone()),
        Event::PaymentRefunded { refund_id, .. } => order.refund_id = Some(refund_id.clone()),
        _ => {}
    }
}

/// The phase that an event leads to; `None` if it cannot happen there.
fn next(phase: &Phase, event: &Event) -> Option<Phase> {
    match phase {
        Phase::Paying(step) => match event {
            Event::SagaParked { step: parked, .. } if *parked == step.name() => {
                Some(Phase::Parked(step.clone()))
            }
            _ => next_of_step(step, event).or_else(|| next_attempt(step, event)),
        },
        Phase::Parked(step) => match event {
            Event::SagaResumed { .. } => Some(Phase::Paying(step.clone().again())),
            _ => next_of_step(step, event),
        },
        _ => next_without_step(phase, event),
    }
}

/// Where the outcome of a payment step, or a cancellation, leads to, also when the step is parked.
fn next_of_step(step: &PaymentStep, event: &Event) -> Option<Phase> {
    let phase = match (step, event) {
        (
            PaymentStep::Refunding { reason, .. },
            Event::PaymentRefunded { .. } | Event::PaymentFailed { .. },
        ) => Phase::Releasing { reason: *reason },
        (
            PaymentStep::RefundingLateCharge { reason, .. },
            Event::PaymentRefunded { .. } | Event::PaymentFailed { .. },
        ) => Phase::Cancelled { reason: *reason },
        (PaymentStep::Refunding { .. } | PaymentStep::RefundingLateCharge { .. }, _) => return None,
        (_, Event::PaymentSucceeded { .. }) => Phase::Paid,
        (_, Event::PaymentFailed { reason, .. }) => Phase::Releasing {
            reason: (*reason).into(),
        },
        (_, Event::PaymentRefunded { .. }) => Phase::Paying(step.clone()),
        (_, Event::CancelRequested { requester }) => Phase::Paying(PaymentStep::Refunding {
            attempt: 1,
            reason: (*requester).into(),
        }),
        _ => return None,
    };
    Some(phase)
}

fn next_attempt(step: &PaymentStep, event: &Event) -> Option<Phase> {
    let PaymentStep::Charging { attempt: current } = step else {
        return None;
    };
    match event {
        Event::PaymentPending {
            attempt,
            deadline_passed,
        } if *attempt > *current => {
            let attempt = *attempt;
            Some(Phase::Paying(match deadline_passed {
                false => PaymentStep::Charging { attempt },
                true => PaymentStep::Resolving { attempt },
            }))
        }
        _ => None,
    }
}

fn next_without_step(phase: &Phase, event: &Event) -> Option<Phase> {
    let phase = match (phase, event) {
        (Phase::Reserving, Event::InventoryReserved) => Phase::Reserved,
        (Phase::Reserving, Event::InventoryNotAvailable { .. }) => Phase::Unreserved {
            reason: crate::CancelReason::OutOfStock,
        },
        (Phase::Reserving, Event::CancelRequested { requester }) => Phase::CancellingReservation {
            reason: (*requester).into(),
        },
        (Phase::CancellingReservation { reason }, Event::InventoryReserved) => {
            Phase::Releasing { reason: *reason }
        }
        (Phase::CancellingReservation { reason }, Event::InventoryNotAvailable { .. })
        | (Phase::Releasing { reason }, Event::InventoryReleased) => Phase::Unreserved { reason: *reason },
        (
            Phase::Reserved,
            Event::PaymentPending {
                attempt: attempt @ 1..,
                deadline_passed: false,
            },
        ) => Phase::Paying(PaymentStep::Charging { attempt: *attempt }),
        (Phase::Paid, Event::OrderCompleted) => Phase::Completed,
        (Phase::Unreserved { .. }, Event::OrderCancelled { reason }) => Phase::Cancelled { reason: *reason },
        (Phase::Cancelled { reason }, Event::PaymentSucceeded { .. }) => {
            Phase::Paying(PaymentStep::RefundingLateCharge {
                attempt: 1,
                reason: *reason,
            })
        }
        _ => return None,
    };
    Some(phase)
}

/// The status that an event on the main path gives; what happens after the end does not change it.
fn milestone(order: &Order, next: &Phase, event: &Event) -> Status {
    let ended = matches!(order.milestone, Status::Cancelled | Status::Completed);
    match event {
        _ if ended => order.milestone,
        Event::InventoryReserved => Status::InventoryReserved,
        Event::PaymentPending { .. } => Status::PaymentPending,
        Event::PaymentSucceeded { .. } => Status::PaymentSucceeded,
        Event::PaymentFailed { .. } => Status::PaymentFailed,
        Event::InventoryReleased => Status::InventoryReleased,
        Event::OrderCompleted | Event::OrderCancelled { .. } => match next {
            Phase::Completed => Status::Completed,
            _ => Status::Cancelled,
        },
        _ => order.milestone,
    }
}
