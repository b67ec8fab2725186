//! The messages of `holdfast.quota.v1.QuotaService`, as in `services/contracts/proto/holdfast/quota/v1/quota.proto`.
//! A module for WebAssembly wants no more of the contracts than these; a test holds the two together.

use prost::Message;

/// Full name of the service.
pub const SERVICE: &str = "holdfast.quota.v1.QuotaService";
/// Its method.
pub const METHOD: &str = "Lease";

/// What a proxy asks for.
#[derive(Clone, PartialEq, Message)]
pub struct LeaseRequest {
    /// Whose rules these are.
    #[prost(string, tag = "1")]
    pub domain: String,
    /// The rules with keys that want something.
    #[prost(message, repeated, tag = "2")]
    pub rules: Vec<RuleDemand>,
}

/// What the keys of one rule want.
#[derive(Clone, PartialEq, Message)]
pub struct RuleDemand {
    /// The rule's name.
    #[prost(string, tag = "1")]
    pub rule: String,
    /// What a key may use in the whole cluster.
    #[prost(message, optional, tag = "2")]
    pub limit: Option<Limit>,
    /// The keys.
    #[prost(message, repeated, tag = "3")]
    pub keys: Vec<KeyDemand>,
}

/// A limit.
#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub struct Limit {
    /// Requests on average.
    #[prost(uint32, tag = "1")]
    pub requests: u32,
    /// In this time.
    #[prost(uint64, tag = "2")]
    pub per_milliseconds: u64,
    /// Requests at once.
    #[prost(uint32, tag = "3")]
    pub burst: u32,
}

/// What one key wants.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct KeyDemand {
    /// Fingerprint of the key.
    #[prost(bytes = "vec", tag = "1")]
    pub key: Vec<u8>,
    /// Tokens wanted; 0 only tells what was spent.
    #[prost(uint32, tag = "2")]
    pub wanted: u32,
    /// Tokens used without a lease since the last request.
    #[prost(uint32, tag = "3")]
    pub spent: u32,
}

/// What the proxy is given.
#[derive(Clone, PartialEq, Message)]
pub struct LeaseResponse {
    /// The rules as in the request.
    #[prost(message, repeated, tag = "1")]
    pub rules: Vec<RuleLeases>,
}

/// What the keys of one rule are given.
#[derive(Clone, PartialEq, Message)]
pub struct RuleLeases {
    /// The rule's name.
    #[prost(string, tag = "1")]
    pub rule: String,
    /// How long the tokens may be used, counted from when the request was sent.
    #[prost(uint64, tag = "2")]
    pub lease_milliseconds: u64,
    /// The keys that were decided on. A key that is not here was not: ask again.
    #[prost(message, repeated, tag = "3")]
    pub keys: Vec<KeyLease>,
}

/// What one key is given.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct KeyLease {
    /// Fingerprint of the key.
    #[prost(bytes = "vec", tag = "1")]
    pub key: Vec<u8>,
    /// Tokens; 0 if there are none now.
    #[prost(uint32, tag = "2")]
    pub tokens: u32,
}
