//! Which effects follow from an event.

use crate::{Effect, Event, Order, PaymentStep, Phase, Policy, State};

/// The effects of an event, given the state **after** it.
#[must_use]
pub fn react(after: &State, event: &Event, policy: &Policy) -> Vec<Effect> {
    let State::Created(order) = after else {
        return Vec::new();
    };
    match (event, &order.phase) {
        (Event::OrderCreated { lines, .. }, _) => {
            let lines = lines
                .iter()
                .map(|line| (line.sku.clone(), line.quantity))
                .collect();
            vec![Effect::ReserveInventory { lines }]
        }
        (Event::OrderCompleted, _) => vec![Effect::CommitInventory],
        (Event::SagaParked { .. }, Phase::Parked(step)) => vec![Effect::ScheduleTimer {
            step: step.name(),
            attempt: step.attempt(),
            after: policy.parked_retry_after,
        }],
        (
            Event::PaymentPending { .. }
            | Event::CancelRequested { .. }
            | Event::PaymentSucceeded { .. }
            | Event::SagaResumed { .. },
            Phase::Paying(step),
        ) => vec![attempt(order, step)],
        (
            Event::InventoryReserved | Event::PaymentFailed { .. } | Event::PaymentRefunded { .. },
            Phase::Releasing { .. },
        ) => vec![Effect::ReleaseInventory],
        _ => Vec::new(),
    }
}

fn attempt(order: &Order, step: &PaymentStep) -> Effect {
    match *step {
        PaymentStep::Charging { attempt } => Effect::ChargePayment {
            attempt,
            amount: order.total.clone(),
            payment_token: order.payment_token.clone(),
        },
        PaymentStep::Resolving { attempt } => Effect::ResolvePayment { attempt },
        PaymentStep::Refunding { attempt, .. } | PaymentStep::RefundingLateCharge { attempt, .. } => {
            Effect::RefundPayment { attempt }
        }
    }
}
