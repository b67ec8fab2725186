//! What the sagas and the API need from others. Adapters are in [`adapters`](crate::adapters); tests and
//! simulations bring their own.

use std::future::Future;
use std::time::Duration;

use holdfast_order_core::{Money, OrderId, PaymentOutcome, Sku, UserId};
use jiff::Timestamp;

use crate::codec::Timer;

/// The payment of one order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// The order; also the idempotency key.
    pub order: OrderId,
    /// Its owner.
    pub user: UserId,
    /// The total of the order.
    pub amount: Money,
}

/// What Payment answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PaymentAnswer {
    /// The outcome is definite.
    Known(PaymentOutcome),
    /// There is no outcome yet; Payment will tell it, or can be asked again.
    Pending,
    /// Nobody answered, or with a fault: whatever was asked for may or may not have been done.
    Unreachable {
        /// What was seen, for operators.
        detail: String,
    },
    /// Payment refuses the request as such; the same request will never succeed.
    Rejected {
        /// Its words.
        detail: String,
    },
}

/// Charges, and makes sure that nothing is charged. Every method is idempotent by order.
pub trait Payments: Send + Sync + 'static {
    /// Charges once, however often it is called. `attempt` counts from 1; from 2 on the provider is asked first.
    fn charge(
        &self,
        payment: &Payment,
        payment_token: &str,
        attempt: u32,
    ) -> impl Future<Output = PaymentAnswer> + Send;

    /// Learns the definitive outcome of the charge, and voids it if there is none.
    fn resolve(&self, payment: &Payment) -> impl Future<Output = PaymentAnswer> + Send;

    /// Makes sure that no money is held, now or later. A known outcome is `Refunded` or `Voided`.
    fn refund(&self, payment: &Payment) -> impl Future<Output = PaymentAnswer> + Send;
}

/// Which of an order's timers; setting one replaces the one of the same name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TimerName {
    /// The result of a charge is not there.
    Charge,
    /// The order is parked.
    Parked,
    /// The payment was voided; a charge may have been on its way.
    LateCharge,
}

impl TimerName {
    /// The name in subjects.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Charge => "charge",
            Self::Parked => "parked",
            Self::LateCharge => "late-charge",
        }
    }
}

/// A timer could not be set. Retryable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the timer could not be set: {0}")]
pub struct TimerError(pub String);

/// Timers that outlive the process.
pub trait Timers: Send + Sync + 'static {
    /// Sets a timer, which fires at `at` or soon after it, at least once.
    fn schedule(
        &self,
        name: TimerName,
        timer: &Timer,
        at: Timestamp,
    ) -> impl Future<Output = Result<(), TimerError>> + Send;
}

/// Spreads delays, so that what failed together is not tried again together.
pub trait Jitter: Send + Sync + 'static {
    /// A random delay between half of `delay` and all of it.
    fn spread(&self, delay: Duration) -> Duration;
}

/// No jitter: for tests.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoJitter;

impl Jitter for NoJitter {
    fn spread(&self, delay: Duration) -> Duration {
        delay
    }
}

/// A service that is asked while an order is taken did not answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{service} did not answer: {detail}")]
pub struct Unanswered {
    /// Which service.
    pub service: &'static str,
    /// What was seen, for operators.
    pub detail: String,
}

/// The prices of the catalogue.
pub trait Prices: Send + Sync + 'static {
    /// The price of one piece of each SKU, in the same order; `None` for a SKU that is not sold.
    fn prices(&self, skus: &[Sku]) -> impl Future<Output = Result<Vec<Option<Money>>, Unanswered>> + Send;
}

/// Whether the stock is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Availability {
    /// Inventory told the stock as it is.
    Current,
    /// Inventory told an old stock, or nothing.
    Stale,
}

/// The availability of stock.
pub trait Stock: Send + Sync + 'static {
    /// Whether the stock of these SKUs is known. Never fails: no answer is [`Availability::Stale`].
    fn availability(&self, skus: &[Sku]) -> impl Future<Output = Availability> + Send;
}
