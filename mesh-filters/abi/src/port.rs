//! What a filter may ask of its proxy.

use std::ops::Range;
use std::time::Duration;

use crate::HeaderBlock;

/// The answer of a call to the proxy.
pub type Result<T> = std::result::Result<T, Error>;

/// Why the proxy did not do what it was asked. Never a reason to panic: the input may be a remote client's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// An argument is wrong, or the thing does not exist in this phase (request headers after the request).
    #[error("the proxy refused an argument or has no such thing in this phase")]
    BadArgument,
    /// The proxy could not write its answer into this VM's memory.
    #[error("the proxy could not reach the memory of this VM")]
    InvalidMemoryAccess,
    /// The proxy tried and failed.
    #[error("the proxy failed internally")]
    Internal,
    /// This proxy does not know the call.
    #[error("the proxy does not implement this call")]
    Unimplemented,
    /// The proxy's answer does not have the form that the ABI tells.
    #[error("the proxy's answer is malformed")]
    Malformed,
    /// Any other status of the ABI.
    #[error("the proxy answered with status {0}")]
    Status(u32),
}

/// A header's name and its value, both as they are on the wire.
pub type Pair = (Vec<u8>, Vec<u8>);

/// Which headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HeaderMap {
    /// Headers of the request; only inside `on_request_headers` may they be relied on.
    Request,
    /// Headers of the response, from `on_response_headers` until they are sent.
    Response,
    /// Trailers of the response.
    ResponseTrailers,
}

/// Which body. Only what the proxy holds just now can be read: the chunk of the running callback.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Body {
    /// The chunk given to `on_request_body`.
    Request,
    /// The chunk given to `on_response_body`.
    Response,
}

/// What the proxy does after a callback.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Go on to the next filter.
    Continue,
    /// Stop here: a local reply takes over, or the filter will resume.
    Pause,
}

/// How loud a log line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// For a developer.
    Debug,
    /// For an operator who looks.
    Info,
    /// For an operator who should look.
    Warn,
    /// For an operator who must look.
    Error,
}

/// A counter that [`Host::define_counter`] has made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counter(pub(crate) u32);

/// A gauge that [`Host::define_gauge`] has made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gauge(pub(crate) u32);

/// The version of a shared value; each store gives it a new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version(pub(crate) u32);

/// A value that all workers of the proxy share, and its version when it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shared {
    /// The bytes. Any other filter of the proxy may have written them: parse, never trust.
    pub value: Vec<u8>,
    /// What to expect when storing the next value.
    pub version: Version,
}

/// What must be true of a shared value for a store to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// There is none yet.
    Absent,
    /// It is unchanged since it was read.
    Version(Version),
    /// Anything.
    Any,
}

/// The result of a compare-and-swap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Swap {
    /// The value is stored.
    Stored,
    /// Another worker was first: read again, decide again.
    Lost,
}

/// An answer that the filter gives in place of the upstream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalReply<'a> {
    /// HTTP status, 200 to 599.
    pub status: u16,
    /// Headers beside `:status`; `content-length` is the proxy's business.
    pub headers: &'a [(&'a str, &'a [u8])],
    /// The body; for a gRPC request the proxy makes it the `grpc-message`.
    pub body: &'a [u8],
    /// gRPC status, used when the request is gRPC. `None` lets the proxy map the HTTP status.
    pub grpc_status: Option<u32>,
    /// What access logs and `response.code_details` show, without spaces.
    pub details: &'a str,
}

/// A gRPC call of one message, to a cluster of the proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GrpcCall<'a> {
    /// The proxy's cluster; under Istio `outbound|<port>||<host>`.
    pub cluster: &'a str,
    /// `:authority` of the call; empty for the cluster's name.
    pub authority: &'a str,
    /// Full name of the service, as `package.Service`.
    pub service: &'a str,
    /// Name of the method.
    pub method: &'a str,
    /// The request message, encoded.
    pub message: &'a [u8],
    /// After this the call has failed. Whole milliseconds, at least one.
    pub timeout: Duration,
}

/// A call under way; unique among those of one plugin on one worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CallId(pub(crate) u32);

/// Why a call has no answer: its gRPC status, such as 14 for UNAVAILABLE or 4 for DEADLINE_EXCEEDED.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("gRPC status {0}")]
pub struct GrpcStatus(pub u32);

/// What a plugin may ask of others by itself, outside of any exchange.
pub trait Callout {
    /// Begins a call; its end is told to [`Filter::on_grpc_reply`](crate::Filter::on_grpc_reply).
    ///
    /// # Errors
    /// Nothing was sent, and no end will be told: the proxy does not know the cluster, or failed.
    fn grpc_call(&self, call: &GrpcCall<'_>) -> Result<CallId>;
}

/// The request and response that the running callback is about.
pub trait Exchange {
    /// The first value of a header, or `None` if it is absent. Names are compared in lower case.
    ///
    /// A repeated header has more values: see [`Exchange::headers`].
    ///
    /// # Errors
    /// [`Error::BadArgument`] when the proxy no longer holds this map.
    fn header(&self, map: HeaderMap, name: &str) -> Result<Option<Vec<u8>>>;

    /// All headers at once. In Envoy this costs hardly more than [`Exchange::header`], so that it is cheaper than two of those.
    ///
    /// # Errors
    /// [`Error::BadArgument`] when the proxy no longer holds this map.
    fn header_block(&self, map: HeaderMap) -> Result<HeaderBlock>;

    /// All headers in order, repeated ones repeated, each copied.
    ///
    /// # Errors
    /// Those of [`Exchange::header_block`] and [`HeaderBlock::pairs`].
    fn headers(&self, map: HeaderMap) -> Result<Vec<Pair>> {
        self.header_block(map)?.pairs()
    }

    /// Appends a header and leaves those of the same name.
    ///
    /// # Errors
    /// [`Error::BadArgument`] when the map can no longer be changed.
    fn add_header(&self, map: HeaderMap, name: &str, value: &[u8]) -> Result<()>;

    /// Makes `value` the only value of a header.
    ///
    /// # Errors
    /// [`Error::BadArgument`] when the map can no longer be changed.
    fn set_header(&self, map: HeaderMap, name: &str, value: &[u8]) -> Result<()>;

    /// Removes all values of a header.
    ///
    /// # Errors
    /// [`Error::BadArgument`] when the map can no longer be changed.
    fn remove_header(&self, map: HeaderMap, name: &str) -> Result<()>;

    /// The bytes of a body chunk within `range`, fewer if the chunk is shorter.
    ///
    /// # Errors
    /// [`Error::BadArgument`] when no body callback of this kind is running.
    fn body(&self, body: Body, range: Range<usize>) -> Result<Vec<u8>>;

    /// Replaces the whole chunk of the running body callback by `bytes`.
    ///
    /// # Errors
    /// [`Error::BadArgument`] when no body callback of this kind is running.
    fn replace_body(&self, body: Body, bytes: &[u8]) -> Result<()>;

    /// An attribute of the proxy, such as `source.address`, as the bytes that the proxy keeps it in:
    /// text raw, integers as 8 bytes little-endian. `path` is made by [`property_path`].
    ///
    /// # Errors
    /// Only faults; what is not there is `None`.
    fn property(&self, path: &[u8]) -> Result<Option<Vec<u8>>>;

    /// Answers the client in place of the upstream, once the callback has returned [`Action::Pause`].
    /// A reply sent from the request passes `on_response_headers` of this same filter.
    ///
    /// # Errors
    /// [`Error::BadArgument`] when an answer has already begun.
    fn reply(&self, reply: &LocalReply<'_>) -> Result<()>;
}

/// What all exchanges of the proxy, on all its workers, have in common.
pub trait Host {
    /// Nanoseconds of a clock that never goes back, the same for all workers of this process.
    ///
    /// # Errors
    /// Only faults.
    fn monotonic(&self) -> Result<u64>;

    /// Nanoseconds since 1970-01-01 UTC. May go back.
    ///
    /// # Errors
    /// Only faults.
    fn unix_time(&self) -> Result<u64>;

    /// Sixteen bytes that nobody can guess.
    ///
    /// # Errors
    /// Only faults.
    fn random(&self) -> Result<[u8; 16]>;

    /// A value that all workers, and all filters of the proxy, share; `None` if it was never stored.
    ///
    /// # Errors
    /// Only faults.
    fn shared(&self, key: &[u8]) -> Result<Option<Shared>>;

    /// Stores a shared value if `expected` holds. A value can never be deleted, nor is it aged: bound the keys.
    ///
    /// # Errors
    /// Only faults; a lost race is [`Swap::Lost`].
    fn store(&self, key: &[u8], value: &[u8], expected: Expected) -> Result<Swap>;

    /// A counter of this name. Define once per configuration: every call takes memory of the proxy.
    ///
    /// # Errors
    /// Only faults.
    fn define_counter(&self, name: &str) -> Result<Counter>;

    /// A gauge of this name. Define once per configuration: every call takes memory of the proxy.
    ///
    /// # Errors
    /// Only faults.
    fn define_gauge(&self, name: &str) -> Result<Gauge>;

    /// Adds to a counter; adding 0 does nothing.
    ///
    /// # Errors
    /// [`Error::BadArgument`] for a counter of another VM.
    fn add(&self, counter: Counter, n: u32) -> Result<()>;

    /// Sets a gauge.
    ///
    /// # Errors
    /// [`Error::BadArgument`] for a gauge of another VM.
    fn record(&self, gauge: Gauge, value: u64) -> Result<()>;

    /// Writes a line to the proxy's log. Not for the path of every request.
    fn log(&self, level: Level, message: &str);
}

/// The form in which the proxy takes the path of a property: `["source", "address"]` for `source.address`.
#[must_use]
pub fn property_path(parts: &[&str]) -> Vec<u8> {
    parts.join("\0").into_bytes()
}
