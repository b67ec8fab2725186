//! The user service on a real nats-server.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a panic here is a failed assertion with a line number"
)]

mod accounts;
mod erasure;
mod gateway;
mod oauth;
mod odd;
mod permissions;
mod process;
mod registration;
mod sessions;
mod support;
mod tokens;
