//! The order service: orders over REST, and the orchestrator of their sagas.
//!
//! | module | what it does |
//! |---|---|
//! | [`codec`] | commits, timers and the decisions of other services on the wire |
//! | [`replay`] | folds the records of one order |
//! | [`store`] | loads and appends orders |
//! | [`saga`] | the orchestrator: decides, appends, and executes what was appended |
//! | [`ports`] | what it needs from others |
//! | [`api`] | orders over REST |
//! | [`index`], [`trails`] | which orders a user has; audit trails that were read lately |
//! | [`service`], [`config`] | puts it all together |
//! | [`adapters`] | the ports over HTTP and NATS |

pub mod adapters;
pub mod api;
pub mod codec;
pub mod config;
#[cfg(test)]
mod fakes;
pub mod index;
pub mod link;
mod locks;
mod patience;
pub mod ports;
pub mod replay;
pub mod saga;
pub mod service;
pub mod store;
pub mod trails;
