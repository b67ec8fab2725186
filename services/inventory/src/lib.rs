//! Stock levels: one writer per shard that decides in memory and appends decisions in groups, and
//! availability reads from memory on every replica.
//!
//! | module | what it does |
//! |---|---|
//! | [`codec`] | order commits to commands, decisions to log messages and back |
//! | [`ledger`] | the stock as of a position in the log |
//! | [`skip`] | log messages that nobody can read and an operator has given up |
//! | [`writer`] | decides, appends, is fenced |
//! | [`snapshot`] | the shortcut through the log |
//! | [`worker`] | the loop around the writer: takes what is ready, settles it, hands over |
//! | [`view`] | the ledger that every replica follows the log with |
//! | [`receipts`] | takes goods that came in to the writer, wherever it is |
//! | [`http`] | the REST API |
//! | [`service`] | all of it together |
//! | [`config`] | how it behaves, from the environment |

pub mod codec;
pub mod config;
pub mod http;
pub mod ledger;
pub mod metrics;
pub mod receipts;
pub mod service;
pub mod skip;
pub mod snapshot;
pub mod view;
pub mod worker;
pub mod writer;
