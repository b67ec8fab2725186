//! Stock levels: one writer per shard that decides in memory and appends decisions in groups, and
//! availability reads from memory on every replica.
//!
//! | module | what it does |
//! |---|---|
//! | [`codec`] | order commits to commands, decisions to log messages and back |
//! | [`ledger`] | the stock as of a position in the log |
//! | [`writer`] | decides, appends, is fenced |
//! | [`snapshot`] | the shortcut through the log |

pub mod codec;
pub mod ledger;
pub mod snapshot;
pub mod writer;
