//! The journal: append-only records by subject, with optimistic concurrency.
//!
//! Services decide on what they read and append what they decided. Three narrow ports:
//! [`Journal`] appends to and reads one aggregate, [`Scan`] reads many, [`Feed`] follows many. They have an
//! in-memory adapter ([`memory`]) and a JetStream adapter ([`jetstream`]), and both pass one contract suite
//! (`contract`, feature `testing`).

#[cfg(feature = "testing")]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
pub mod contract;
pub mod jetstream;
pub mod memory;

use std::collections::BTreeMap;
use std::future::Future;
use std::time::Duration;

use bytes::Bytes;
use futures::Stream;
use jiff::Timestamp;

/// Position of a record in its stream (the stream sequence), also the version of a subject on which a
/// decision is made. Zero: before the first record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Revision(pub u64);

impl Revision {
    /// Before the first record: an append that expects it creates the subject.
    pub const NONE: Self = Self(0);
}

impl std::fmt::Display for Revision {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// Headers of a record: CloudEvents attributes (`ce-*`), `traceparent` and the like.
pub type Headers = BTreeMap<String, String>;

/// One stored message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The subject that it was appended to.
    pub subject: String,
    /// Where it stands in the stream.
    pub revision: Revision,
    /// When the server stored it.
    pub time: Timestamp,
    /// Its headers.
    pub headers: Headers,
    /// Its payload.
    pub payload: Bytes,
}

impl Record {
    /// Whether it is an event of this name (`ce-type`), or says nothing about it. The major version is part of the
    /// name, and so is unknown to whoever reads another.
    ///
    /// # Errors
    /// What it says to be, for people.
    pub fn is_event(&self, name: &str) -> Result<(), String> {
        match self.headers.get("ce-type") {
            Some(other) if other != name => Err(format!("{other} is read by nobody here, {name} is")),
            _ => Ok(()),
        }
    }
}

/// A record to be stored if nobody else was faster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Append {
    /// The subject: one aggregate.
    pub subject: String,
    /// The newest record of the subject that the decision has seen; [`Revision::NONE`] if there was none.
    pub expected: Revision,
    /// `Nats-Msg-Id`. Not an identity of the content: two writers that race propose the same id.
    pub message_id: String,
    /// Headers to store with it.
    pub headers: Headers,
    /// The payload.
    pub payload: Bytes,
}

/// Why an append or a read did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another record was appended first: read again and decide again. A refusal, not a fault.
    #[error("{subject} has moved on from revision {expected}")]
    Conflict {
        /// The contended subject.
        subject: String,
        /// The revision that was no longer the newest.
        expected: Revision,
    },
    /// The journal did not answer in time or has no leader. Retryable. An append that ends so may or may not
    /// be stored; whoever redoes it must read first.
    #[error("the journal is unavailable: {detail}")]
    Unavailable {
        /// What was seen, for operators.
        detail: String,
    },
    /// The journal refuses this request whatever its state: too large, forbidden, misconfigured. Not retryable.
    #[error("the journal refused: {detail}")]
    Refused {
        /// The server's words.
        detail: String,
    },
}

impl Error {
    /// Whether the same request may succeed later without a new decision.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }
}

/// Appends to and reads the aggregates of one stream.
pub trait Journal: Clone + Send + Sync + 'static {
    /// Stores a record if `append.expected` is still the newest of its subject, and returns where it stands.
    ///
    /// `Ok` means that this very record is stored exactly once, also when the publish timed out and was
    /// written anyway, or was acknowledged as a duplicate.
    ///
    /// # Errors
    /// [`Error::Conflict`] if another record is newer, [`Error::Unavailable`] if the outcome could not be
    /// learned before the deadline, [`Error::Refused`] if it never can succeed.
    fn append(&self, append: Append) -> impl Future<Output = Result<Revision, Error>> + Send;

    /// All records of one subject, oldest first.
    ///
    /// The answer holds at least the records up to `at_least`, which must be a revision of this subject (a
    /// replica that is behind is not believed); [`Revision::NONE`] asks for whatever is there.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if no copy that is new enough answered before the deadline.
    fn read(
        &self,
        subject: &str,
        at_least: Revision,
    ) -> impl Future<Output = Result<Vec<Record>, Error>> + Send;

    /// The newest record of one subject, from the leader: never stale.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the leader did not answer before the deadline.
    fn last(&self, subject: &str) -> impl Future<Output = Result<Option<Record>, Error>> + Send;
}

/// Reads the records of many aggregates, a page at a time.
pub trait Scan: Clone + Send + Sync + 'static {
    /// The first `limit` (1..=1000) records whose subject matches `filter` (NATS wildcards) and whose revision
    /// is greater than `after`, oldest first. Fewer than `limit`: there were no more.
    ///
    /// A copy of the stream that has not stored the record at `at_least` (which must match `filter`) is not
    /// believed; [`Revision::NONE`] asks for whatever is there.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if no copy that is new enough answered before the deadline.
    fn scan(
        &self,
        filter: &str,
        after: Revision,
        at_least: Revision,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Record>, Error>> + Send;

    /// The first record whose subject matches `filter` and whose revision is greater than `after`, from the leader:
    /// never stale, so that `None` means that there is none.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the leader did not answer before the deadline.
    fn first_after(
        &self,
        filter: &str,
        after: Revision,
    ) -> impl Future<Output = Result<Option<Record>, Error>> + Send;
}

/// Whether `filter`, which may hold the NATS wildcards `*` and `>`, matches `subject`.
#[must_use]
pub fn subject_matches(filter: &str, subject: &str) -> bool {
    let mut tokens = subject.split('.');
    for wanted in filter.split('.') {
        match (wanted, tokens.next()) {
            (_, None) => return false,
            (">", Some(_)) => return true,
            ("*", Some(_)) => {}
            (wanted, Some(token)) if wanted == token => {}
            _ => return false,
        }
    }
    tokens.next().is_none()
}

/// A record that a durable consumer was given, and is asked to settle.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// The record.
    pub record: Record,
    /// 1 on the first delivery.
    pub attempt: u64,
}

/// How a handler settles a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Disposition {
    /// Done; never deliver again.
    Ack,
    /// Not done: deliver again after this long.
    Retry(Duration),
    /// As [`Disposition::Retry`], because of this error: a dead letter tells the first and the last.
    Failed(Duration, String),
    /// Can never be done: keep it in the dead-letter queue, with this reason, and go on.
    DeadLetter(DeadLetterReason, String),
}

/// Why a message is in the dead-letter queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DeadLetterReason {
    /// The payload cannot be read.
    Malformed,
    /// The payload is of a type or major version that this consumer does not know.
    UnknownSchema,
    /// The handler understood the message and refuses it for good.
    Refused,
    /// Delivered too often without success.
    MaxDeliveries,
}

impl DeadLetterReason {
    /// The reason as it stands in headers and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::UnknownSchema => "unknown_schema",
            Self::Refused => "refused",
            Self::MaxDeliveries => "max_deliveries",
        }
    }
}

/// What a [`Feed::tail`] yields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tail {
    /// The next record.
    Record(Record),
    /// Everything stored so far was yielded. Repeated at least every few seconds while the journal is
    /// reachable, so that silence means that contact is lost.
    CaughtUp,
}

/// Follows the records of one stream in order, without acknowledgement: for views that can be rebuilt.
pub trait Feed: Clone + Send + Sync + 'static {
    /// Records whose subject matches `filter` (NATS wildcards) and whose revision is greater than `after`, oldest first, without end. Reconnects
    /// by itself and never skips or repeats a record.
    fn tail(&self, filter: &str, after: Revision) -> impl Stream<Item = Tail> + Send + 'static;
}

#[cfg(test)]
mod tests {
    use super::subject_matches;

    #[test]
    fn wildcards_match_as_nats_does() {
        for (filter, subject, matches) in [
            ("a.b", "a.b", true),
            ("a.b", "a.b.c", false),
            ("a.*", "a.b", true),
            ("a.*", "a", false),
            ("a.*.c", "a.b.c", true),
            ("a.>", "a.b.c", true),
            ("a.>", "a", false),
            (">", "a", true),
        ] {
            assert_eq!(subject_matches(filter, subject), matches, "{filter} {subject}");
        }
    }
}
