//! Contracts ⇄ core: how commits, timers and the decisions of other services stand on the wire.

mod decisions;
mod from_wire;
mod to_wire;

#[cfg(test)]
pub(crate) mod arbitrary;
#[cfg(test)]
mod tests;

use holdfast_contracts::order::v1::{self as wire};
use holdfast_order_core::{Effect, Event, OrderId, SagaStep, UserId};
use holdfast_platform::journal::DeadLetterReason;
use jiff::Timestamp;

pub use decisions::{StockDecision, StockDecisionKind, StockDecisions, payment_outcome, stock_decisions};

/// A payload that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It is not what its schema says.
    #[error("malformed: {0}")]
    Malformed(String),
    /// It holds a value or a variant that this program does not know.
    #[error("unknown to this version: {0}")]
    Unknown(String),
}

impl Error {
    /// Why such a message goes to the dead-letter queue.
    #[must_use]
    pub fn reason(&self) -> DeadLetterReason {
        match self {
            Self::Malformed(_) => DeadLetterReason::Malformed,
            Self::Unknown(_) => DeadLetterReason::UnknownSchema,
        }
    }
}

/// One message of the stream `ORDERS`: what happened, and what must be done because of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// The order.
    pub order: OrderId,
    /// Its owner.
    pub user: UserId,
    /// When it was decided.
    pub time: Timestamp,
    /// The version of the first event; the others follow without a gap.
    pub first_version: u64,
    /// At least one.
    pub events: Vec<Event>,
    /// What consumers of the stream have to do.
    pub effects: Vec<Effect>,
}

impl Commit {
    /// The version of the order after this commit.
    #[must_use]
    pub fn last_version(&self) -> u64 {
        (self.first_version + self.events.len() as u64).saturating_sub(1)
    }
}

/// A commit as its canonical JSON.
///
/// # Errors
/// Only if its time is outside the years 1–9999.
pub fn encode(commit: &Commit) -> Result<Vec<u8>, Error> {
    holdfast_contracts::encode(&to_wire::commit(commit)).map_err(|error| Error::Malformed(error.to_string()))
}

/// Reads a commit.
///
/// # Errors
/// [`Error`] names what cannot be read.
pub fn decode(payload: &[u8]) -> Result<Commit, Error> {
    from_wire::commit(parse(payload)?, from_wire::Effects::Read)
}

/// Reads a commit for its events only: its effects are left out, and unknown ones do not matter.
///
/// # Errors
/// [`Error`] names what cannot be read.
pub fn decode_events(payload: &[u8]) -> Result<Commit, Error> {
    from_wire::commit(parse(payload)?, from_wire::Effects::LeaveOut)
}

/// The payload of a message in `TIMERS`: which step to try again when it fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timer {
    /// The order.
    pub order: OrderId,
    /// Its owner.
    pub user: UserId,
    /// The step.
    pub step: SagaStep,
    /// The attempt that it was armed for; of another attempt, the timer is stale.
    pub attempt: u32,
}

/// A timer as its canonical JSON.
///
/// # Errors
/// Never in practice: a timer holds nothing that JSON cannot express.
pub fn encode_timer(timer: &Timer) -> Result<Vec<u8>, Error> {
    let message = wire::Timer {
        order_id: timer.order.to_string(),
        user_id: timer.user.to_string(),
        step: to_wire::step(timer.step).into(),
        attempt: timer.attempt,
    };
    holdfast_contracts::encode(&message).map_err(|error| Error::Malformed(error.to_string()))
}

/// Reads a timer.
///
/// # Errors
/// [`Error`] names what cannot be read.
pub fn decode_timer(payload: &[u8]) -> Result<Timer, Error> {
    let timer: wire::Timer = parse(payload)?;
    Ok(Timer {
        order: OrderId(from_wire::id("orderId", &timer.order_id)?),
        user: UserId(from_wire::id("userId", &timer.user_id)?),
        step: from_wire::step(timer.step)?,
        attempt: timer.attempt,
    })
}

fn parse<M: serde::de::DeserializeOwned>(payload: &[u8]) -> Result<M, Error> {
    holdfast_contracts::decode(payload).map_err(|error| Error::Malformed(error.to_string()))
}
