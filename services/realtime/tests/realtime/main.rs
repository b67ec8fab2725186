//! The service over a real nats-server, as its user.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a panic here is a failed assertion with a line number"
)]

mod crowd;
mod hostile;
mod protocol;
mod saga;
mod streams;
mod support;
