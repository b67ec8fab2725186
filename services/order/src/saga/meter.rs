//! What the orchestrator counts. Labels come from closed enums only.

use holdfast_order_core::{Event, OrderId, PaymentOutcome, State};
use metrics::{counter, histogram};

use crate::ports::PaymentAnswer;

/// Two writers met on one order.
pub(super) fn conflict() {
    counter!("holdfast_order_commit_conflicts_total").increment(1);
}

/// A commit was appended.
pub(super) fn committed(state: &State, events: &[Event]) {
    for event in events {
        match event {
            Event::OrderCreated { .. } => counter!("holdfast_orders_created_total").increment(1),
            Event::OrderCompleted => {
                counter!("holdfast_orders_completed_total").increment(1);
                ended(state);
            }
            Event::OrderCancelled { reason } => {
                counter!("holdfast_orders_cancelled_total", "reason" => reason.as_str()).increment(1);
                ended(state);
            }
            Event::SagaParked { step, .. } => {
                counter!("holdfast_orders_parked_total", "step" => step.as_str()).increment(1);
            }
            _ => {}
        }
    }
}

fn ended(state: &State) {
    if let Some(order) = state.order() {
        let took = order.updated_at.duration_since(order.created_at);
        histogram!("holdfast_order_seconds").record(took.as_secs_f64());
    }
}

/// Payment was asked to charge, resolve or refund, and answered or not.
pub(super) fn payment(order: OrderId, step: &'static str, answer: &PaymentAnswer) {
    if let PaymentAnswer::Unreachable { detail } | PaymentAnswer::Rejected { detail } = answer {
        tracing::warn!(%order, step, "payment: {detail}");
    }
    let outcome = match answer {
        PaymentAnswer::Known(PaymentOutcome::Succeeded { .. }) => "succeeded",
        PaymentAnswer::Known(PaymentOutcome::Stray { .. }) => "stray",
        PaymentAnswer::Known(PaymentOutcome::Declined { .. }) => "declined",
        PaymentAnswer::Known(PaymentOutcome::Voided) => "voided",
        PaymentAnswer::Known(PaymentOutcome::Refunded { .. }) => "refunded",
        PaymentAnswer::Pending => "pending",
        PaymentAnswer::Unreachable { .. } => "unreachable",
        PaymentAnswer::Rejected { .. } => "rejected",
    };
    counter!("holdfast_order_payment_requests_total", "step" => step, "outcome" => outcome).increment(1);
}
