//! The whole platform as its customers and its operators see it: real nats-server, real service processes, HTTP.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a panic of what tests share is a failed assertion with a line number"
)]

mod account;
mod newer;
mod platform;
mod replica;
mod shop;
mod witness;

pub use account::{Account, Tokens};
pub use newer::Newer;
pub use platform::{Platform, eventually};
pub use replica::Replica;
pub use shop::{Answer, Shop, send};
pub use witness::{Order, books, disagreements};
