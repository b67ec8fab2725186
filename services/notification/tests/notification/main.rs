//! The service as a process, between a real nats-server, the sandbox's mail server and SMS provider, and a `user` that
//! says what the test wants.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic here is a failed assertion with a line number"
)]

mod mails;
mod outages;
mod support;
mod turns;
