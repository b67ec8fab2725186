//! What is remembered of one order.

use std::sync::Arc;

use holdfast_order_core::{CancelReason, Money, Order, Phase, Status};
use jiff::Timestamp;
use uuid::Uuid;

/// One order as all logs tell it.
#[derive(Debug, Default)]
pub(super) struct Trail {
    pub(super) user_id: Uuid,
    pub(super) progress: Progress,
    /// Of its newest commit in `ORDERS`.
    pub(super) sequence: u64,
    pub(super) version: u64,
    /// Minor units.
    pub(super) total: i64,
    pub(super) currency: Option<Arc<str>>,
    pub(super) reservation: Reservation,
    /// A fingerprint of what was reserved.
    pub(super) held: Option<u64>,
    /// Of the newest decision about it in `INVENTORY`.
    pub(super) stock_sequence: u64,
    pub(super) money: Payments,
    pub(super) provider: ProviderMoney,
}

/// How far the order's own log has come.
#[derive(Debug, Default)]
pub(super) enum Progress {
    /// Another log tells of it, its own does not.
    #[default]
    Missing,
    /// Not ended; kept whole.
    Open(Box<Order>),
    Completed,
    Cancelled {
        reason: CancelReason,
    },
    /// It was reported; nothing more can be said about it.
    Broken(Box<Break>),
}

/// Where and why an order's log cannot be followed any more.
#[derive(Debug)]
pub(super) struct Break {
    pub(super) sequence: u64,
    pub(super) since: Timestamp,
    pub(super) fault: String,
}

/// How far the reservation has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Reservation {
    #[default]
    None,
    Refused,
    Held,
    Sold,
    Returned,
}

/// What `PAYMENTS` tells, in minor units.
#[derive(Debug, Default)]
pub(super) struct Payments {
    pub(super) captured: i64,
    pub(super) refunded: i64,
    pub(super) version: u64,
    pub(super) sequences: Vec<u64>,
    pub(super) newest: Option<Timestamp>,
}

/// What the provider tells, in minor units.
#[derive(Debug, Default)]
pub(super) struct ProviderMoney {
    pub(super) captured: i64,
    pub(super) refunded: i64,
    pub(super) captures: u32,
    pub(super) newest: Option<Timestamp>,
}

impl Trail {
    pub(super) fn exists(&self) -> bool {
        !matches!(self.progress, Progress::Missing)
    }

    pub(super) fn is_parked(&self) -> bool {
        matches!(&self.progress, Progress::Open(order) if matches!(order.phase, Phase::Parked(_)))
    }

    /// The order as far as its next event depends on it. Of one that has ended, the lines are let go.
    pub(super) fn order(&mut self) -> Option<Box<Order>> {
        match std::mem::take(&mut self.progress) {
            Progress::Open(order) => Some(order),
            Progress::Completed => Some(self.ended(Phase::Completed, Status::Completed)),
            Progress::Cancelled { reason } => {
                Some(self.ended(Phase::Cancelled { reason }, Status::Cancelled))
            }
            Progress::Missing | Progress::Broken(_) => None,
        }
    }

    fn ended(&self, phase: Phase, milestone: Status) -> Box<Order> {
        let currency = self.currency.as_deref().unwrap_or_default().to_owned();
        Box::new(Order {
            lines: Arc::default(),
            total: Money {
                amount: self.total,
                currency,
            },
            payment_token: String::new(),
            limited_stock: false,
            fingerprint: String::new(),
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
            version: self.version,
            charging_since: None,
            charge_id: None,
            refund_id: None,
            milestone,
            phase,
        })
    }
}
