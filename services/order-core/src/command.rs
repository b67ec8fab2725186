//! What is asked of an order.

use std::sync::Arc;

use crate::{Line, Money, Requester, SagaStep, Sku};

/// An order that a customer wants, with the prices of the catalogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewOrder {
    /// What is bought; never empty.
    pub lines: Arc<[Line]>,
    /// The sum of the lines.
    pub total: Money,
    /// The provider's single-use token for the card.
    pub payment_token: String,
    /// Accepted without a fresh answer about availability.
    pub limited_stock: bool,
    /// Tells a replay of the request from another request under the same key.
    pub fingerprint: String,
}

/// What Inventory decided about a reservation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReservationDecision {
    /// Every line is held.
    Reserved,
    /// Nothing is held.
    NotAvailable {
        /// The SKUs that were short.
        skus: Vec<Sku>,
    },
}

/// What is definitely known about the money of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PaymentOutcome {
    /// Money was captured.
    Succeeded {
        /// The provider's id of the charge.
        charge_id: String,
        /// What was captured.
        amount: Money,
    },
    /// Money was captured although it was promised that none would be: it is given back, whatever the order waits
    /// for.
    Stray {
        /// The provider's id of the charge.
        charge_id: String,
        /// What was captured.
        amount: Money,
    },
    /// The card was declined: no money was captured.
    Declined {
        /// The provider's code.
        code: String,
    },
    /// No money is held, and no charge will be made.
    Voided,
    /// What had been captured was given back.
    Refunded {
        /// The provider's id of the refund.
        refund_id: String,
        /// What was given back.
        amount: Money,
    },
}

/// A request to one order. Those that record what happened elsewhere, and timers, are idempotent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Take the order.
    Create(NewOrder),
    /// Inventory decided about the reservation.
    RecordReservation(ReservationDecision),
    /// Inventory gave the reservation back.
    RecordRelease,
    /// Payment knows what became of the money.
    RecordPayment(PaymentOutcome),
    /// A timer fired.
    FireTimer {
        /// The step that it was armed for.
        step: SagaStep,
        /// The attempt that it was armed for.
        attempt: u32,
    },
    /// A step failed too often.
    GiveUp {
        /// The step.
        step: SagaStep,
        /// The attempt that failed; of another attempt, the command is stale.
        attempt: u32,
        /// What went wrong last.
        detail: String,
        /// How often it was tried.
        attempts: u32,
    },
    /// The order is not wanted any more.
    Cancel {
        /// Who asks.
        requester: Requester,
    },
    /// A parked order shall go on.
    Resume {
        /// Who asks.
        requester: Requester,
    },
}
