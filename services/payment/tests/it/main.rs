//! Payment against a real nats-server and real HTTP: the sandbox, a fake Stripe, and `stripe-mock`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a panic here is a failed assertion with a line number"
)]

mod api;
mod contract;
mod fake_stripe;
mod flows;
mod stripe_mock;
mod world;
