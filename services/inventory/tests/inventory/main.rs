//! The service on a real nats-server.

// Helpers of tests are not seen as tests: they may unwrap, and a measurement prints its figure.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

mod availability;
mod receipts;
mod restart;
mod skip;
mod support;
mod writer;
