//! What is known about one order.

use std::sync::Arc;

use jiff::Timestamp;

use crate::{CancelReason, Line, Money, SagaStep};

/// The state of one order, folded from its events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// The order does not exist yet.
    #[default]
    Initial,
    /// The order exists.
    Created(Box<Order>),
}

impl State {
    /// The order, if it exists.
    #[must_use]
    pub fn order(&self) -> Option<&Order> {
        match self {
            Self::Initial => None,
            Self::Created(order) => Some(order),
        }
    }

    /// The number of events folded into this state.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.order().map_or(0, |order| order.version)
    }
}

/// An order that exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// What is bought.
    pub lines: Arc<[Line]>,
    /// The sum of the lines.
    pub total: Money,
    /// The provider's token for the card.
    pub payment_token: String,
    /// Accepted without a fresh answer about availability.
    pub limited_stock: bool,
    /// Tells a replay of the request from another request under the same key.
    pub fingerprint: String,
    /// When it was accepted.
    pub created_at: Timestamp,
    /// When the newest event was decided.
    pub updated_at: Timestamp,
    /// The number of its events.
    pub version: u64,
    /// When the first charge was asked for: the payment deadline counts from here.
    pub charging_since: Option<Timestamp>,
    /// The charge whose success was recorded.
    pub charge_id: Option<String>,
    /// The refund that was recorded.
    pub refund_id: Option<String>,
    /// The status of the last event on the main path, which shows through when the order is not parked.
    pub milestone: Status,
    /// What it waits for.
    pub phase: Phase,
}

impl Order {
    /// The status that the customer sees.
    #[must_use]
    pub fn status(&self) -> Status {
        match self.phase {
            Phase::Parked(_) => Status::Parked,
            _ => self.milestone,
        }
    }

    /// Why the order ended, or is ending, without a sale.
    #[must_use]
    pub fn reason(&self) -> Option<CancelReason> {
        match &self.phase {
            Phase::Releasing { reason } | Phase::Unreserved { reason } | Phase::Cancelled { reason } => {
                Some(*reason)
            }
            Phase::Paying(step) | Phase::Parked(step) => match step {
                PaymentStep::RefundingLateCharge { reason, .. } => Some(*reason),
                _ => None,
            },
            _ => None,
        }
    }
}

/// What an order waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The stock decision.
    Reserving,
    /// The stock decision, of an order that is not wanted any more.
    CancellingReservation {
        /// Why it will end.
        reason: CancelReason,
    },
    /// Nothing: between two events of one commit, before the first charge.
    Reserved,
    /// The answer to a payment step.
    Paying(PaymentStep),
    /// An operator, the parked-retry timer, or the late answer to the step.
    Parked(PaymentStep),
    /// Nothing: between two events of one commit, before the end.
    Paid,
    /// The stock to be given back.
    Releasing {
        /// Why it will end.
        reason: CancelReason,
    },
    /// Nothing: between two events of one commit, before the end.
    Unreserved {
        /// Why it will end.
        reason: CancelReason,
    },
    /// Nothing; but a charge that lands all the same is refunded.
    Cancelled {
        /// Why it ended.
        reason: CancelReason,
    },
    /// Nothing, for ever.
    Completed,
}

impl Phase {
    /// Whether an order rests here only between two events of one commit, never at its end.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Reserved | Self::Paid | Self::Unreserved { .. })
    }

    /// Whether the order has ended, as its customer sees it.
    #[must_use]
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Completed | Self::Cancelled { .. })
    }
}

/// A step towards or away from the customer's money. Attempts count from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PaymentStep {
    /// The card is being charged.
    Charging {
        /// Which try.
        attempt: u32,
    },
    /// The deadline has passed; the definitive outcome is being learned.
    Resolving {
        /// Which try.
        attempt: u32,
    },
    /// The order was cancelled while it was being charged; whatever was captured is being given back.
    Refunding {
        /// Which try.
        attempt: u32,
        /// Why the order will end.
        reason: CancelReason,
    },
    /// A charge landed after the end and is being given back.
    RefundingLateCharge {
        /// Which try.
        attempt: u32,
        /// Why the order ended.
        reason: CancelReason,
    },
}

impl PaymentStep {
    /// The step as commands and timers name it.
    #[must_use]
    pub fn name(&self) -> SagaStep {
        match self {
            Self::Charging { .. } => SagaStep::Charge,
            Self::Resolving { .. } => SagaStep::Resolve,
            Self::Refunding { .. } | Self::RefundingLateCharge { .. } => SagaStep::Refund,
        }
    }

    /// Which try this is, counted from 1.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        match self {
            Self::Charging { attempt }
            | Self::Resolving { attempt }
            | Self::Refunding { attempt, .. }
            | Self::RefundingLateCharge { attempt, .. } => *attempt,
        }
    }

    /// The same step, tried once more.
    #[must_use]
    pub fn again(mut self) -> Self {
        match &mut self {
            Self::Charging { attempt }
            | Self::Resolving { attempt }
            | Self::Refunding { attempt, .. }
            | Self::RefundingLateCharge { attempt, .. } => *attempt = attempt.saturating_add(1),
        }
        self
    }

    /// Whether a command or a timer is about exactly this try of this step.
    #[must_use]
    pub fn is(&self, step: SagaStep, attempt: u32) -> bool {
        self.name() == step && self.attempt() == attempt
    }
}

/// Where an order stands, as its customer sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// Accepted.
    Created,
    /// Stock is held.
    InventoryReserved,
    /// The charge is on its way.
    PaymentPending,
    /// Paid.
    PaymentSucceeded,
    /// Not paid.
    PaymentFailed,
    /// Stock was given back.
    InventoryReleased,
    /// Sold.
    Completed,
    /// Ended without a sale.
    Cancelled,
    /// Waiting for an operator.
    Parked,
}

impl Status {
    /// The status as the API and the metrics name it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::InventoryReserved => "inventory_reserved",
            Self::PaymentPending => "payment_pending",
            Self::PaymentSucceeded => "payment_succeeded",
            Self::PaymentFailed => "payment_failed",
            Self::InventoryReleased => "inventory_released",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
            Self::Parked => "parked",
        }
    }
}
