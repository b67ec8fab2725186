//! Stock decisions as pure functions: no IO, no clock, no randomness.
//!
//! [`decide`] answers a [`Command`] on a [`State`], [`evolve`] applies the answer. The state is nothing but
//! the fold of all decisions, so a log of decisions is all that has to be kept, and a [`Snapshot`] is only
//! a shortcut through it.
//!
//! Invariant I1 holds after every decision: for each SKU, available + reserved + sold = received.

mod decide;
mod decision;
mod evolve;
mod snapshot;
mod state;

pub use decide::decide;
pub use decision::{
    Command, Decision, Line, MAX_RECEIPT_ID_LENGTH, MAX_RECEIPT_QUANTITY, MAX_RECEIVED, MAX_SKU_LENGTH,
    Receipt, Refusal, is_sku,
};
pub use evolve::{Inconsistent, evolve};
pub use snapshot::{Reservation, Snapshot, StockLevel};
pub use state::{Imbalance, Level, State};

#[cfg(test)]
mod tests;
