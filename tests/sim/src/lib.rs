//! Seeded deterministic simulation of the whole saga.

pub mod broker;
pub mod executor;
pub mod faults;
pub mod rpc;
pub mod ledger;
pub mod runner;
pub mod signal;
pub mod stream;
mod trace;
