//! Rate limiting for a proxy with many workers: the decisions, without the proxy.
//!
//! Every rule that matches a request owns a bucket per key. A bucket is one number, the *theoretical arrival
//! time* of GCRA ([`gcra`]). All buckets of a proxy live in its shared data ([`table`]) and all rules of a
//! request are decided in one compare-and-swap ([`limiter`]): either every bucket gives a token or none does,
//! whatever the other workers do meanwhile. The memory is bounded, whatever the number of keys.
//!
//! A rule of scope `cluster` has its bucket with the quota service, from which every proxy leases tokens ([`lease`]).
//!
//! [`config`] reads what the operator wrote, [`request`] finds the rules and keys of a request, and
//! [`answer`] tells the client and [`meters`] the operator.
#![deny(clippy::indexing_slicing, clippy::string_slice, clippy::unreachable)]

pub mod answer;
pub mod config;
pub mod gcra;
pub mod lease;
pub mod limiter;
pub mod meters;
pub mod request;
pub mod table;
