//! Accounts, tokens and contact data.
//!
//! What decides is in `holdfast-user-core`; here it is given time, randomness, passwords and NATS. Contact data is
//! encrypted with a key per user ([`data_keys`]), so that erasing a user is destroying 32 bytes.

pub mod accounts;
pub mod app;
pub mod args;
mod attempts;
pub mod bucket;
pub mod clients;
pub mod crypto;
pub mod data_keys;
mod encoding;
pub mod hasher;
pub mod http;
pub mod seed;
pub mod sessions;
pub mod signing;
