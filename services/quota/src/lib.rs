//! Rate limits of a whole cluster: proxies lease tokens here and hand them out themselves.
//!
//! Every rule and key has a token bucket, which is one number in the KV bucket `quota`. A lease takes tokens from it by
//! compare-and-swap, so any number of replicas serve any key. The arithmetic is that of the proxies'
//! ([`holdfast_rate_limit_core::gcra`]).

pub mod app;
pub mod args;
pub mod demand;
pub mod grpc;
pub mod ledger;
