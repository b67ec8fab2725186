//! The journal on NATS JetStream, one adapter per stream.
//!
//! An append is published with `Nats-Expected-Last-Subject-Sequence` and with an id of its own. When its outcome is in
//! doubt (no answer, or an answer that a racer's record may have caused), the first record after the expected one is
//! read from the stream's leader: if it bears our id, the append succeeded, otherwise it lost. That rule is exact,
//! because whatever is stored next on a subject is stored on the expected revision.

mod commit;
mod publish;
mod read;
mod tail;

use std::fmt::Write as _;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_nats::HeaderMap;
use bytes::Bytes;
use futures::Stream;
use jiff::Timestamp;
use tokio::time::Instant;

use super::{Append, Error, Feed, Headers, Journal, Record, Revision, Scan, Tail};
use crate::nats::{Nats, jittered};

/// Marks a stored record as that of one append call, so that it can be told from a racer's with the same message id.
const APPEND_ID: &str = "Holdfast-Append-Id";

/// How an adapter behaves.
#[derive(Clone, Copy, Debug)]
pub struct JournalConfig {
    /// How long an append or a read may take, retries included.
    pub deadline: Duration,
    /// How long one try waits for its answer before the next.
    pub try_timeout: Duration,
    /// Whether concurrent appends share a commit.
    pub group_commit: GroupCommit,
}

impl Default for JournalConfig {
    /// Five seconds in all, two per try, no group commit.
    fn default() -> Self {
        Self {
            deadline: Duration::from_secs(5),
            try_timeout: Duration::from_secs(2),
            group_commit: GroupCommit::Off,
        }
    }
}

/// Whether concurrent appends of this process are grouped into atomic batches.
///
/// A batch costs a file and two syncs on a server with one replica: it pays where every message is synced
/// (`sync_interval: always`) and about twenty or more appends wait, and hurts elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupCommit {
    /// Every append is published by itself.
    Off,
    /// Appends are published by themselves until `min_waiting` are under way; those that then wait are grouped as
    /// soon as there are `min_waiting` of them.
    Adaptive {
        /// From how many on; at least 2. About 20 pays with `sync_interval: always`.
        min_waiting: usize,
    },
}

impl FromStr for GroupCommit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const PAYS_FROM: usize = 20;
        match text.split_once(':') {
            None if text == "off" => Ok(Self::Off),
            None if text == "adaptive" => Ok(Self::Adaptive {
                min_waiting: PAYS_FROM,
            }),
            Some(("adaptive", count)) => match count.parse() {
                Ok(min_waiting @ 2..) => Ok(Self::Adaptive { min_waiting }),
                Ok(_) => Err("at least 2 appends make a batch".into()),
                Err(error) => Err(format!("{count:?} is no count: {error}")),
            },
            _ => Err("neither off, adaptive nor adaptive:<count>".into()),
        }
    }
}

/// One JetStream stream as a journal. Cheap to clone.
#[derive(Clone)]
pub struct JetStreamJournal {
    shared: Arc<Shared>,
}

struct Shared {
    nats: Nats,
    stream: String,
    config: JournalConfig,
    /// Distinguishes the appends of this adapter from those of all others.
    nonce: String,
    appends: AtomicU64,
    gate: Option<commit::Gate>,
    inboxes: read::Inboxes,
}

impl JetStreamJournal {
    /// The journal of `stream`, which must exist by the time it is used.
    #[must_use]
    pub fn new(nats: &Nats, stream: &str, config: JournalConfig) -> Self {
        let gate = match config.group_commit {
            GroupCommit::Off => None,
            GroupCommit::Adaptive { min_waiting } => Some(commit::Gate::new(min_waiting)),
        };
        let shared = Shared {
            nats: nats.clone(),
            stream: stream.to_owned(),
            config,
            nonce: format!("{:016x}", rand::random::<u64>()),
            appends: AtomicU64::new(0),
            gate,
            inboxes: read::Inboxes::default(),
        };
        Self {
            shared: Arc::new(shared),
        }
    }
}

impl Shared {
    fn new_append_id(&self) -> String {
        let mut id = String::with_capacity(self.nonce.len() + 12);
        let count = self.appends.fetch_add(1, Ordering::Relaxed);
        // Writing to a string cannot fail.
        let _ = write!(id, "{}.{count}", self.nonce);
        id
    }

    fn patience(&self) -> Patience {
        Patience {
            deadline: Instant::now() + self.config.deadline,
            tries: 0,
        }
    }
}

/// What is left of a deadline, and how often it was tried.
struct Patience {
    deadline: Instant,
    tries: usize,
}

impl Patience {
    fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// Waits before the next try.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if there will be none.
    async fn pause(&mut self, detail: &str) -> Result<(), Error> {
        let pause = jittered(Duration::from_millis(10), self.tries).min(Duration::from_millis(500));
        self.tries += 1;
        if pause >= self.left() {
            return Err(Error::Unavailable {
                detail: detail.to_owned(),
            });
        }
        tokio::time::sleep(pause).await;
        Ok(())
    }
}

impl Journal for JetStreamJournal {
    async fn append(&self, append: Append) -> Result<Revision, Error> {
        publish::append(&self.shared, append).await
    }

    async fn read(&self, subject: &str, at_least: Revision) -> Result<Vec<Record>, Error> {
        let range = read::Range {
            filter: subject,
            after: Revision::NONE,
            at_least,
            limit: usize::MAX,
        };
        read::range(&self.shared, range).await
    }

    async fn last(&self, subject: &str) -> Result<Option<Record>, Error> {
        let mut patience = self.shared.patience();
        let found = read::leader(&self.shared, read::Wanted::Last(subject), &mut patience).await?;
        Ok(found.map(|(record, _)| record))
    }
}

impl Scan for JetStreamJournal {
    async fn scan(
        &self,
        filter: &str,
        after: Revision,
        at_least: Revision,
        limit: usize,
    ) -> Result<Vec<Record>, Error> {
        read::range(
            &self.shared,
            read::Range {
                filter,
                after,
                at_least,
                limit,
            },
        )
        .await
    }

    async fn first_after(&self, filter: &str, after: Revision) -> Result<Option<Record>, Error> {
        let mut patience = self.shared.patience();
        let found = read::leader(
            &self.shared,
            read::Wanted::NextAfter(filter, after),
            &mut patience,
        )
        .await?;
        Ok(found.map(|(record, _)| record))
    }
}

impl Feed for JetStreamJournal {
    fn tail(&self, filter: &str, after: Revision) -> impl Stream<Item = Tail> + Send + 'static {
        tail::tail(&self.shared.nats, &self.shared.stream, filter, after)
    }
}

/// Headers that steer the storing or the delivery of a record and say nothing to its readers.
fn is_internal(name: &str) -> bool {
    const PREFIXES: [&str; 2] = ["Nats-Expected-", "Nats-Batch-"];
    const NAMES: [&str; 8] = [
        "Nats-Msg-Id",
        "Nats-Pin-Id",
        "Nats-Stream",
        "Nats-Subject",
        "Nats-Sequence",
        "Nats-Time-Stamp",
        "Nats-Num-Pending",
        "Nats-Last-Sequence",
    ];
    name == APPEND_ID
        || (name.starts_with("Nats-")
            && (NAMES.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))))
}

/// A stored message as a record.
pub(crate) fn record(
    subject: &str,
    revision: Revision,
    time: Timestamp,
    headers: Option<&HeaderMap>,
    payload: Bytes,
) -> Record {
    let mut kept = Headers::new();
    for (name, values) in headers.iter().flat_map(|headers| headers.iter()) {
        let name: &str = name.as_ref();
        if let (false, Some(value)) = (is_internal(name), values.last()) {
            kept.insert(name.to_owned(), value.as_str().to_owned());
        }
    }
    Record {
        subject: subject.to_owned(),
        revision,
        time,
        headers: kept,
        payload,
    }
}

/// The time of a server's nanoseconds since the epoch.
pub(crate) fn timestamp(nanos: i128) -> Timestamp {
    Timestamp::from_nanosecond(nanos).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn group_commit_is_read_from_text() {
        assert_eq!("off".parse(), Ok(GroupCommit::Off));
        assert_eq!("adaptive".parse(), Ok(GroupCommit::Adaptive { min_waiting: 20 }));
        assert_eq!("adaptive:7".parse(), Ok(GroupCommit::Adaptive { min_waiting: 7 }));
        for wrong in ["", "on", "adaptive:", "adaptive:1", "adaptive:x"] {
            assert!(wrong.parse::<GroupCommit>().is_err(), "{wrong}");
        }
    }
}
