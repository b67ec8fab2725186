//! What every Holdfast service stands on. Knows no business word.
//!
//! | module | what it gives |
//! |---|---|
//! | [`journal`] | the port to append, read and follow records, with an in-memory and a JetStream adapter |
//! | [`lane`] | durable consumers with bounded concurrency, settlement and dead letters |
//! | [`nats`] | the connection to NATS and its state |
//! | [`problem`] | RFC 9457 errors, and extractors that produce them |
//! | [`clock`] | time as a dependency |
//! | `testing` | real nats-servers and a fault proxy for tests (feature `testing`) |

pub mod clock;
pub mod journal;
pub mod lane;
pub mod nats;
pub mod problem;
#[cfg(feature = "testing")]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
pub mod testing;
