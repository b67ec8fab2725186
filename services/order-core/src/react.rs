//! Which effects follow from an event.

use crate::{Effect, Event, Order, PaymentFailureReason, PaymentStep, Phase, Policy, SagaStep, State};

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
        (Event::InventoryReserved | Event::PaymentRefunded { .. }, Phase::Releasing { .. }) => {
            vec![Effect::ReleaseInventory]
        }
        (Event::PaymentFailed { reason, .. }, phase) => {
            let release = matches!(phase, Phase::Releasing { .. }).then_some(Effect::ReleaseInventory);
            release
                .into_iter()
                .chain(late_charge(order, *reason, policy))
                .collect()
        }
        _ => Vec::new(),
    }
}

/// A void binds what the provider has seen. A charge that is still on its way lands after it, and whoever sent
/// that one may be dead by then: so look once more when none can be on its way.
fn late_charge(order: &Order, reason: PaymentFailureReason, policy: &Policy) -> Option<Effect> {
    let voided = reason != PaymentFailureReason::Declined && order.refund_id.is_none();
    voided.then_some(Effect::ScheduleTimer {
        step: SagaStep::LateCharge,
        attempt: 1,
        after: policy.charge_in_flight,
    })
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
