//! Seeded deterministic simulation of the whole saga.

pub mod bank;
pub mod broker;
pub mod executor;
pub mod faults;
pub mod ledger;
pub mod provider;
pub mod rpc;
pub mod runner;
pub mod signal;
pub mod stream;
mod trace;
pub mod warehouse;
