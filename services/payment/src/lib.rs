//! Idempotent charges and refunds, recorded as events in the stream `PAYMENTS`.
//!
//! | module | what it does |
//! |---|---|
//! | [`state`] | the payment of one order as pure functions |
//! | [`codec`] | its events as records of `payments.<order>` |
//! | [`provider`] | the port to a payment provider, and its adapters |
//! | [`service`] | what is asked and recorded, in which order |
//! | [`signature`] | webhook signatures |
//! | [`app`], [`config`] | how the process is put together |
//! | [`http`], [`work`] | the API, and work that is finished although its caller hangs up |

pub mod app;
pub mod codec;
pub mod config;
pub mod http;
pub mod provider;
pub mod service;
pub mod signature;
pub mod state;
mod turns;
pub mod work;
