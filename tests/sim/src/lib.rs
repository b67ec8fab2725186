//! Seeded deterministic simulation of the whole saga.

pub mod api;
pub mod bank;
pub mod broker;
pub mod check;
pub mod customers;
pub mod executor;
pub mod faults;
pub mod ledger;
pub mod office;
pub mod plan;
pub mod provider;
pub mod rpc;
pub mod runner;
pub mod sabotage;
pub mod signal;
pub mod stream;
pub mod teller;
pub mod timers;
mod trace;
pub mod warehouse;
pub mod world;
