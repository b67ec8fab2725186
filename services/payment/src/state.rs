//! The payment of one order as pure functions: [`record`] decides which events an outcome at the provider
//! means, [`State::evolve`] folds them.
//!
//! ```text
//! Unseen ─→ Pending ─→ Succeeded ──────────────→ Refunded
//!    │         ├─────→ Declined ──┐                 ↑
//!    └─────────┴─────→ Voided ────┴─(it lands)→ Stray
//! ```
//!
//! `Voided` and `Declined` promise that no money is held. A charge that lands all the same is a *stray*: it is
//! recorded, and refunded.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An amount of money in minor units.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Money {
    /// Minor units of the currency.
    #[schema(minimum = 1)]
    pub amount: i64,
    /// ISO 4217 alphabetic code, upper case.
    #[schema(pattern = "^[A-Z]{3}$")]
    pub currency: String,
}

/// A charge as the provider names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge {
    /// The provider's id.
    pub charge_id: String,
    /// What is, or will be, captured.
    pub amount: Money,
}

/// Captured money that was given back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refund {
    /// The charge whose money it was.
    pub charge_id: String,
    /// The provider's id.
    pub refund_id: String,
    /// How much.
    pub amount: Money,
}

/// One fact about the payment of one order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The provider took the charge and will tell its result later.
    Pending(Charge),
    /// Money was captured.
    Succeeded(Charge),
    /// Money was captured although it was promised that none would be: nobody may take it for a payment.
    Stray(Charge),
    /// The provider declined, with this code.
    Declined(String),
    /// No charge will be made for this order; one that lands all the same is refunded.
    Voided,
    /// Captured money was given back.
    Refunded(Refund),
}

/// What the provider tells about the charge of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It has the charge and is still at it.
    Pending(Charge),
    /// It captured the money.
    Succeeded(Charge),
    /// It took nothing and never will, for this reason.
    Declined(String),
    /// It will never take anything, since it was asked not to.
    Voided,
    /// It captured the money and gave it back.
    Refunded(Charge, Refund),
}

/// Where the payment of one order stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// Nothing is recorded.
    #[default]
    Unseen,
    /// The provider has the charge; its result is awaited.
    Pending(Charge),
    /// Money is held.
    Succeeded(Charge),
    /// Nothing was taken: the provider's code.
    Declined(String),
    /// Nothing was taken, and nothing is to be.
    Voided,
    /// Money is held although it was promised that it would not be: it must be given back.
    Stray(Charge),
    /// Money was taken and given back.
    Refunded(Refund),
}

impl State {
    /// The state after one more event. An event that does not fit, as only another version of this code would
    /// have appended, leaves the state as it is.
    #[must_use]
    pub fn evolve(self, event: Event) -> Self {
        match (self, event) {
            (Self::Unseen | Self::Pending(_), Event::Pending(charge)) => Self::Pending(charge),
            (Self::Unseen | Self::Pending(_), Event::Succeeded(charge)) => Self::Succeeded(charge),
            (Self::Unseen | Self::Pending(_), Event::Declined(code)) => Self::Declined(code),
            (Self::Unseen | Self::Pending(_), Event::Voided) => Self::Voided,
            (Self::Voided | Self::Declined(_), Event::Stray(charge)) => Self::Stray(charge),
            (Self::Succeeded(_) | Self::Stray(_), Event::Refunded(refund)) => Self::Refunded(refund),
            (state, _) => state,
        }
    }

    /// The money that the provider holds, as far as is recorded.
    #[must_use]
    pub fn held(&self) -> Option<&Charge> {
        match self {
            Self::Succeeded(charge) | Self::Stray(charge) => Some(charge),
            _ => None,
        }
    }

    /// The amount that this payment is about, once it is known.
    #[must_use]
    pub fn amount(&self) -> Option<&Money> {
        match self {
            Self::Pending(charge) | Self::Succeeded(charge) | Self::Stray(charge) => Some(&charge.amount),
            Self::Refunded(refund) => Some(&refund.amount),
            Self::Unseen | Self::Declined(_) | Self::Voided => None,
        }
    }
}

/// The events that an outcome means in a state; none if it tells nothing new.
#[must_use]
pub fn record(state: &State, outcome: &Outcome) -> Vec<Event> {
    let open = matches!(state, State::Unseen | State::Pending(_));
    let promised_empty = matches!(state, State::Voided | State::Declined(_));
    match outcome {
        Outcome::Pending(charge) if *state == State::Unseen => vec![Event::Pending(charge.clone())],
        Outcome::Declined(code) if open => vec![Event::Declined(code.clone())],
        Outcome::Voided if open => vec![Event::Voided],
        Outcome::Succeeded(charge) if open => vec![Event::Succeeded(charge.clone())],
        Outcome::Succeeded(charge) if promised_empty => vec![Event::Stray(charge.clone())],
        Outcome::Refunded(charge, refund) if open => {
            vec![Event::Succeeded(charge.clone()), Event::Refunded(refund.clone())]
        }
        Outcome::Refunded(charge, refund) if promised_empty => {
            vec![Event::Stray(charge.clone()), Event::Refunded(refund.clone())]
        }
        Outcome::Refunded(_, refund) if state.held().is_some() => vec![Event::Refunded(refund.clone())],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests;
