//! What the filter needs of the proxy that it runs in, and no more.

use crate::headers::Headers;
use crate::reply::Reply;
use holdfast_filter_abi::HeaderBlock;

/// One of the header blocks of a stream that the proxy holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Message {
    /// Readable only while the request's headers are handled.
    Request,
    /// The response's headers.
    Response,
    /// The response's trailers.
    ResponseTrailers,
}

/// Something that happened under a rule, for its counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Event {
    /// A failure was replaced by the rule's own answer.
    Static,
    /// A failure was replaced by a stored copy.
    StaleHit,
    /// A failure found no copy that may be used.
    StaleMiss,
    /// A failure was passed on, since the rule has nothing to answer with.
    Unanswered,
    /// A copy was stored.
    Stored,
    /// A good response may not be stored, or not by this cache.
    NotStored,
    /// A live copy of another response made room.
    Evicted,
    /// A copy was dropped because its resource was changed.
    Invalidated,
    /// A copy was not stored, or not dropped: other workers kept changing its place.
    Contended,
}

impl Event {
    /// Every event, in the order of their counters.
    pub const ALL: [Self; 9] = [
        Self::Static,
        Self::StaleHit,
        Self::StaleMiss,
        Self::Unanswered,
        Self::Stored,
        Self::NotStored,
        Self::Evicted,
        Self::Invalidated,
        Self::Contended,
    ];

    /// The last part of the counter's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Static => "static",
            Self::StaleHit => "stale_hit",
            Self::StaleMiss => "stale_miss",
            Self::Unanswered => "unanswered",
            Self::Stored => "stored",
            Self::NotStored => "not_stored",
            Self::Evicted => "evicted",
            Self::Invalidated => "invalidated",
            Self::Contended => "contended",
        }
    }
}

/// Memory that all workers of the proxy share. It keeps what was written until the proxy ends, and what it
/// returns may have been written by anybody: readers must take any bytes.
pub trait Shared {
    /// Names one state of a value.
    type Version: Copy;

    /// The value and its version.
    fn get(&self, key: &[u8]) -> Option<(Vec<u8>, Self::Version)>;

    /// Writes, whatever is there.
    fn put(&self, key: &[u8], value: &[u8]);

    /// Writes if the version is still the given one; `None`: if there is no value yet. Tells whether it wrote.
    fn swap(&self, key: &[u8], value: &[u8], version: Option<Self::Version>) -> bool;
}

/// The proxy, seen from one stream.
pub trait Host: Shared {
    /// The first value of a field. `name` in lower case.
    fn header(&self, of: Message, name: &str) -> Option<Vec<u8>>;

    /// All fields as the proxy has written them; `None` when the proxy cannot tell them.
    fn block(&self, of: Message) -> Option<HeaderBlock>;

    /// All fields; `None` when the proxy cannot tell them.
    fn headers(&self, of: Message) -> Option<Headers> {
        self.block(of)?.pairs().ok().map(Headers)
    }

    /// Replaces a trailer of the response.
    fn set_trailer(&self, name: &str, value: &str);

    /// A value that the proxy knows about the stream, as bytes.
    fn property(&self, path: &[&str]) -> Option<Vec<u8>>;

    /// Whether the proxy has verified a token of the request, which it may have taken away since. Yes when in doubt.
    fn token_verified(&self) -> bool;

    /// Wall clock in milliseconds since 1970. It may step back.
    fn now_ms(&self) -> u64;

    /// The part of the response's body that is being handled, `size` bytes.
    fn body(&self, size: usize) -> Option<Vec<u8>>;

    /// Answers the caller in place of the upstream. Tells whether the proxy will: not when an answer has begun.
    fn reply(&self, reply: &Reply<'_>) -> bool;

    /// Adds one to a rule's counter.
    fn count(&self, rule: usize, event: Event);
}
