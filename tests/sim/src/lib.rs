//! Seeded deterministic simulation of the whole saga.
//!
//! The real cores and the real service logic run over the real in-memory journal: two order processes (REST API and
//! orchestrator), two inventory writers, two payment processes. What is simulated is what they stand on: time,
//! scheduling, the network, JetStream's consumers and schedules, and the card provider. All choices follow from one
//! seed, so that a failing seed fails again.
//!
//! | module | what it is |
//! |---|---|
//! | [`executor`] | tasks in seeded order on a virtual clock; a crash drops the tasks of a process |
//! | [`faults`], [`plan`] | what goes wrong, and what customers want, drawn from the seed |
//! | [`stream`], [`broker`], [`timers`], [`rpc`] | journal, durable consumers, schedules and requests, as seen on a bad day |
//! | [`ledger`], [`provider`] | the card provider: its own books, cards that misbehave |
//! | [`office`], [`teller`], [`warehouse`], [`bank`] | the processes: the real code, wired to the above |
//! | [`customers`], [`api`] | who orders, asks again, cancels and resumes, through the real REST API |
//! | [`check`] | the invariants, from the logs and the provider's books |
//! | [`world`], [`runner`] | one seed, and thousands |
//! | [`sabotage`] | bugs to plant, to see that they are found |
//!
//! Every port call may crash its process before and after its effect. After a while the faults stop; then everything
//! must come to rest, and I1–I4 must hold.

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
