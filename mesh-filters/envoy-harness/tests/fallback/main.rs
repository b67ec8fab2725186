//! The fallback filter in a real Envoy.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "clippy knows tests by their attribute, not the functions that they call"
)]

mod connections;
mod copies;
mod grpc;
mod hostile;
mod lab;
mod matrix;
mod push;
