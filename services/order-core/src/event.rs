//! What happened.

use std::sync::Arc;

use crate::{CancelReason, Line, Money, PaymentFailureReason, Requester, SagaStep, Sku};

/// One fact about one order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The order was accepted; stock is not reserved yet.
    OrderCreated {
        /// What is bought; never empty.
        lines: Arc<[Line]>,
        /// The sum of the lines.
        total: Money,
        /// The provider's single-use token for the card.
        payment_token: String,
        /// Accepted without a fresh answer about availability; the reservation decides.
        limited_stock: bool,
        /// Tells a replay of the request from another request under the same key.
        fingerprint: String,
    },
    /// Inventory holds every line.
    InventoryReserved,
    /// Inventory refused the reservation as a whole.
    InventoryNotAvailable {
        /// The SKUs that were short.
        skus: Vec<Sku>,
    },
    /// A charge was asked for, or its outcome, and the result is awaited.
    PaymentPending {
        /// Counts the tries of this order from 1.
        attempt: u32,
        /// The payment deadline has passed: the outcome is asked for and no further charge is tried.
        deadline_passed: bool,
    },
    /// The card was charged.
    PaymentSucceeded {
        /// The provider's id of the charge.
        charge_id: String,
        /// What was captured.
        amount: Money,
    },
    /// No money is held for this order, and none will be.
    PaymentFailed {
        /// Why.
        reason: PaymentFailureReason,
        /// The provider's code, for operators.
        detail: String,
    },
    /// The reservation was given back.
    InventoryReleased,
    /// The order is paid and its stock is sold.
    OrderCompleted,
    /// The order ended without a sale.
    OrderCancelled {
        /// Why.
        reason: CancelReason,
    },
    /// Somebody asked to cancel; compensation follows.
    CancelRequested {
        /// Who asked.
        requester: Requester,
    },
    /// Captured money was given back.
    PaymentRefunded {
        /// The provider's id of the refund.
        refund_id: String,
        /// What was given back.
        amount: Money,
    },
    /// The saga gave up on a step and waits for an operator.
    SagaParked {
        /// The step.
        step: SagaStep,
        /// What went wrong last.
        detail: String,
        /// How often it was tried.
        attempts: u32,
    },
    /// A parked saga goes on with the step it was parked in.
    SagaResumed {
        /// Who asked.
        requester: Requester,
    },
}

impl Event {
    /// The event's name, as the API and the logs show it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::OrderCreated { .. } => "OrderCreated",
            Self::InventoryReserved => "InventoryReserved",
            Self::InventoryNotAvailable { .. } => "InventoryNotAvailable",
            Self::PaymentPending { .. } => "PaymentPending",
            Self::PaymentSucceeded { .. } => "PaymentSucceeded",
            Self::PaymentFailed { .. } => "PaymentFailed",
            Self::InventoryReleased => "InventoryReleased",
            Self::OrderCompleted => "OrderCompleted",
            Self::OrderCancelled { .. } => "OrderCancelled",
            Self::CancelRequested { .. } => "CancelRequested",
            Self::PaymentRefunded { .. } => "PaymentRefunded",
            Self::SagaParked { .. } => "SagaParked",
            Self::SagaResumed { .. } => "SagaResumed",
        }
    }
}
