//! What must happen because of what happened.

use std::time::Duration;

use crate::{Money, Quantity, SagaStep, Sku};

/// An effect, appended with the events that caused it and executed by consumers of the log only.
/// Each is idempotent at its receiver by (order, step, attempt).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Reserve all lines or none.
    ReserveInventory {
        /// How many pieces of what.
        lines: Vec<(Sku, Quantity)>,
    },
    /// The reserved stock is sold.
    CommitInventory,
    /// The reserved stock goes back.
    ReleaseInventory,
    /// Charge the card once, with the order id as idempotency key.
    ChargePayment {
        /// As in [`Event::PaymentPending`](crate::Event::PaymentPending).
        attempt: u32,
        /// The total of the order.
        amount: Money,
        /// The provider's token for the card.
        payment_token: String,
    },
    /// Learn the definitive outcome of the charge, and void it if there is none.
    ResolvePayment {
        /// As in [`Event::PaymentPending`](crate::Event::PaymentPending).
        attempt: u32,
    },
    /// Make sure that no money is held, now or later.
    RefundPayment {
        /// Counts the tries of this step from 1.
        attempt: u32,
    },
    /// Wake the saga, which then tries a step again.
    ScheduleTimer {
        /// The step to try again.
        step: SagaStep,
        /// The attempt that the timer belongs to.
        attempt: u32,
        /// How long after the commit.
        after: Duration,
    },
}

impl Effect {
    /// The effect's name, as headers and logs show it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::ReserveInventory { .. } => "reserve_inventory",
            Self::CommitInventory => "commit_inventory",
            Self::ReleaseInventory => "release_inventory",
            Self::ChargePayment { .. } => "charge_payment",
            Self::ResolvePayment { .. } => "resolve_payment",
            Self::RefundPayment { .. } => "refund_payment",
            Self::ScheduleTimer { .. } => "schedule_timer",
        }
    }
}
