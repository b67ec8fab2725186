//! What a caller gets when its upstream fails: a static answer, or a stale copy of the last good one.
//!
//! This crate decides; it does not know its host. [`Exchange`] follows one request and its response and asks
//! the host, through the traits of [`host`], for headers, time and shared memory. The rules are in [`config`];
//! what may be kept and used is in [`policy`] (RFC 9111, RFC 5861); where it is kept is in [`table`].

#![deny(
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::unreachable,
    clippy::exit
)]

pub mod cache_control;
mod cache_status;
pub mod config;
mod entry;
mod exchange;
pub mod grpc;
mod headers;
pub mod host;
mod key;
pub mod policy;
mod refresh;
mod reply;
mod request_match;
pub mod table;
mod target;
mod worker;

#[cfg(test)]
mod fake;

pub use config::Config;
pub use exchange::{Action, Exchange};
pub use headers::Headers;
pub use host::{Event, Host, Message};
pub use reply::Reply;
pub use worker::Worker;
