//! The order saga as three pure functions: [`decide`] says which events a command causes, [`evolve`] what an
//! event makes of the state, [`react`] which effects follow from an event.
//!
//! No IO, no clock, no randomness: the time is an argument, and whoever calls appends the events together with
//! the effects, so that the log is the outbox. The table of phases stands in ARCHITECTURE.md, "The saga".

mod command;
mod decide;
mod domain;
mod effect;
mod event;
mod evolve;
mod policy;
mod react;
mod state;

#[cfg(test)]
mod tests;

pub use command::{Command, NewOrder, PaymentOutcome, ReservationDecision};
pub use decide::{Refusal, decide};
pub use domain::{
    CancelReason, Line, Money, OrderId, PaymentFailureReason, PriceError, Quantity, Requester, SagaStep, Sku,
    UserId, total,
};
pub use effect::Effect;
pub use event::Event;
pub use evolve::{EvolveError, evolve};
pub use policy::Policy;
pub use react::react;
pub use state::{Order, PaymentStep, Phase, State, Status};
