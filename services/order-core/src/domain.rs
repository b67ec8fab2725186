//! The words of the domain: ids, money, lines and reasons.

use std::fmt;
use std::num::NonZeroU32;

use uuid::Uuid;

/// Identifies one order; also its reservation id and the idempotency key of its charge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrderId(pub Uuid);

/// Identifies the customer who owns an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserId(pub Uuid);

impl fmt::Display for OrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An amount of money.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Money {
    /// Integer minor units of the currency (cents for EUR), never negative in an order.
    pub amount: i64,
    /// ISO 4217 alphabetic code, upper case.
    pub currency: String,
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount, self.currency)
    }
}

/// A stock keeping unit: 1 to 64 ASCII letters, digits, `-`, `_` or `.`, so that it is also a key and a URL segment.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sku(String);

impl Sku {
    /// The SKU that a text names; `None` if it is no SKU.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let valid = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        ((1..=64).contains(&text.len()) && text.bytes().all(valid)).then(|| Self(text.to_owned()))
    }

    /// The SKU as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Sku {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How many pieces of one SKU, at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quantity(NonZeroU32);

impl Quantity {
    /// A quantity; `None` for zero.
    #[must_use]
    pub fn new(pieces: u32) -> Option<Self> {
        NonZeroU32::new(pieces).map(Self)
    }

    /// The number of pieces.
    #[must_use]
    pub fn get(self) -> u32 {
        self.0.get()
    }
}

/// A line of an order, at the catalogue's price at the time of the order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What is bought.
    pub sku: Sku,
    /// How many pieces.
    pub quantity: Quantity,
    /// Price of one piece.
    pub unit_price: Money,
}

/// Why lines have no total.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PriceError {
    /// An order buys something.
    #[error("an order needs at least one line")]
    NoLines,
    /// All lines of one order are priced in one currency.
    #[error("prices in {0} and {1} cannot be added")]
    MixedCurrencies(String, String),
    /// The sum does not fit, or a price is negative.
    #[error("the total is out of range")]
    OutOfRange,
}

/// The price of all lines together.
///
/// # Errors
/// [`PriceError`] if there is no line, the currencies differ or the sum is out of range.
pub fn total(lines: &[Line]) -> Result<Money, PriceError> {
    let currency = &lines.first().ok_or(PriceError::NoLines)?.unit_price.currency;
    let mut amount: i64 = 0;
    for line in lines {
        let price = &line.unit_price;
        if price.currency != *currency {
            return Err(PriceError::MixedCurrencies(
                currency.clone(),
                price.currency.clone(),
            ));
        }
        let of_line = (price.amount >= 0).then(|| price.amount.checked_mul(line.quantity.get().into()));
        amount = of_line
            .flatten()
            .and_then(|sum| sum.checked_add(amount))
            .ok_or(PriceError::OutOfRange)?;
    }
    Ok(Money {
        amount,
        currency: currency.clone(),
    })
}

/// Who asks for a cancellation or a resumption.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Requester {
    /// The owner of the order.
    Customer,
    /// Staff.
    Operator,
    /// The saga itself, when a timer fired.
    Timer,
}

/// Why an order was cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CancelReason {
    /// Inventory refused the reservation.
    OutOfStock,
    /// The provider declined the card.
    PaymentDeclined,
    /// No money was taken before the payment deadline.
    PaymentTimeout,
    /// The owner cancelled.
    CancelledByCustomer,
    /// Staff cancelled.
    CancelledByOperator,
}

impl CancelReason {
    /// The reason as the API and the metrics name it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OutOfStock => "out_of_stock",
            Self::PaymentDeclined => "payment_declined",
            Self::PaymentTimeout => "payment_timeout",
            Self::CancelledByCustomer => "cancelled_by_customer",
            Self::CancelledByOperator => "cancelled_by_operator",
        }
    }
}

impl From<Requester> for CancelReason {
    fn from(requester: Requester) -> Self {
        match requester {
            Requester::Customer => Self::CancelledByCustomer,
            Requester::Operator | Requester::Timer => Self::CancelledByOperator,
        }
    }
}

/// Why no money was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaymentFailureReason {
    /// The provider declined the card.
    Declined,
    /// There was no result before the payment deadline; the charge is voided.
    Timeout,
    /// The order was cancelled before the charge landed; the charge is voided.
    Voided,
}

impl From<PaymentFailureReason> for CancelReason {
    fn from(reason: PaymentFailureReason) -> Self {
        match reason {
            PaymentFailureReason::Declined => Self::PaymentDeclined,
            PaymentFailureReason::Timeout | PaymentFailureReason::Voided => Self::PaymentTimeout,
        }
    }
}

/// The step of a saga that a command, a timer or a parked order belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SagaStep {
    /// Charging the card.
    Charge,
    /// Learning the definitive outcome of a charge after the payment deadline.
    Resolve,
    /// Giving back what was captured.
    Refund,
    /// Looking once more for a charge that was still on its way when the payment was voided.
    LateCharge,
}

impl SagaStep {
    /// The step as subjects and metrics name it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Charge => "charge",
            Self::Resolve => "resolve",
            Self::Refund => "refund",
            Self::LateCharge => "late_charge",
        }
    }
}
