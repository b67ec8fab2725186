//! The order service: orders over REST, and the orchestrator of their sagas.
//!
//! | module | what it does |
//! |---|---|
//! | [`codec`] | commits, timers and the decisions of other services on the wire |

pub mod codec;
