//! The rate-limit filter in a real Envoy.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "clippy knows tests by their attribute, not the functions that they call"
)]

mod answers;
mod cluster;
mod exact;
mod hostile;
mod lab;
mod memory;
mod push;
mod trap;
