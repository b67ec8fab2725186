//! The journal in memory: for tests and simulations. Needs no runtime and is deterministic.
//!
//! Clones share one stream. Every operation completes at its first poll; only [`Feed::tail`] ever waits.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::{Stream, stream};
use tokio::sync::watch;

use super::{Append, Error, Feed, Journal, Record, Revision, Scan, Tail, subject_matches};
use crate::clock::{Clock, SystemClock};

/// One stream in memory.
#[derive(Clone)]
pub struct MemoryJournal {
    shared: Arc<Shared>,
}

struct Shared {
    clock: Arc<dyn Clock>,
    log: Mutex<Log>,
    newest: watch::Sender<Revision>,
}

#[derive(Default)]
struct Log {
    /// The record at revision `n` is at index `n - 1`.
    records: Vec<Record>,
    by_subject: HashMap<String, Vec<Revision>>,
    message_ids: HashSet<String>,
}

impl Default for MemoryJournal {
    fn default() -> Self {
        Self::new(SystemClock)
    }
}

impl MemoryJournal {
    /// An empty stream whose records are stamped by `clock`.
    pub fn new(clock: impl Clock) -> Self {
        let shared = Shared {
            clock: Arc::new(clock),
            log: Mutex::default(),
            newest: watch::Sender::default(),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// All records, oldest first: for checks after a run.
    #[must_use]
    pub fn records(&self) -> Vec<Record> {
        self.log().records.clone()
    }

    /// How many records are stored.
    #[must_use]
    pub fn len(&self) -> usize {
        self.log().records.len()
    }

    /// Whether nothing is stored.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The first record after `after` whose subject matches `filter`: a durable consumer in one call.
    #[must_use]
    pub fn next_after(&self, filter: &str, after: Revision) -> Option<Record> {
        self.log()
            .after(after)
            .iter()
            .find(|record| subject_matches(filter, &record.subject))
            .cloned()
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.shared.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn append_now(&self, append: Append) -> Result<Revision, Error> {
        let revision = self.log().append(append, self.shared.clock.now())?;
        self.shared.newest.send_replace(revision);
        Ok(revision)
    }
}

impl Log {
    fn append(&mut self, append: Append, time: jiff::Timestamp) -> Result<Revision, Error> {
        let Append {
            subject,
            expected,
            message_id,
            headers,
            payload,
        } = append;
        if self.newest(&subject) != expected {
            return Err(Error::Conflict { subject, expected });
        }
        if !message_id.is_empty() && !self.message_ids.insert(message_id.clone()) {
            return Err(Error::Refused {
                detail: format!("message id {message_id} is used already"),
            });
        }
        let revision = Revision(self.records.len() as u64 + 1);
        self.by_subject.entry(subject.clone()).or_default().push(revision);
        self.records.push(Record {
            subject,
            revision,
            time,
            headers,
            payload,
        });
        Ok(revision)
    }

    fn newest(&self, subject: &str) -> Revision {
        self.by_subject
            .get(subject)
            .and_then(|revisions| revisions.last().copied())
            .unwrap_or_default()
    }

    fn get(&self, revision: Revision) -> Option<&Record> {
        self.records
            .get(usize::try_from(revision.0.checked_sub(1)?).ok()?)
    }

    fn after(&self, revision: Revision) -> &[Record] {
        usize::try_from(revision.0)
            .ok()
            .and_then(|index| self.records.get(index..))
            .unwrap_or_default()
    }

    fn subject(&self, subject: &str) -> impl Iterator<Item = &Record> {
        let revisions = self.by_subject.get(subject).map_or(&[][..], Vec::as_slice);
        revisions.iter().filter_map(|revision| self.get(*revision))
    }
}

impl Journal for MemoryJournal {
    async fn append(&self, append: Append) -> Result<Revision, Error> {
        self.append_now(append)
    }

    async fn read(&self, subject: &str, _at_least: Revision) -> Result<Vec<Record>, Error> {
        Ok(self.log().subject(subject).cloned().collect())
    }

    async fn last(&self, subject: &str) -> Result<Option<Record>, Error> {
        let log = self.log();
        Ok(log.get(log.newest(subject)).cloned())
    }
}

impl Scan for MemoryJournal {
    async fn scan(
        &self,
        filter: &str,
        after: Revision,
        _at_least: Revision,
        limit: usize,
    ) -> Result<Vec<Record>, Error> {
        let log = self.log();
        let matching = log
            .after(after)
            .iter()
            .filter(|record| subject_matches(filter, &record.subject));
        Ok(matching.take(limit).cloned().collect())
    }

    async fn first_after(&self, filter: &str, after: Revision) -> Result<Option<Record>, Error> {
        Ok(self.next_after(filter, after))
    }
}

impl Feed for MemoryJournal {
    /// As the port says, except that [`Tail::CaughtUp`] is not repeated: contact cannot be lost.
    fn tail(&self, filter: &str, after: Revision) -> impl Stream<Item = Tail> + Send + 'static {
        let tail = Following {
            newest: self.shared.newest.subscribe(),
            journal: self.clone(),
            filter: filter.to_owned(),
            after,
            announced: false,
        };
        stream::unfold(tail, |mut tail| async move { Some((tail.next().await, tail)) })
    }
}

struct Following {
    journal: MemoryJournal,
    newest: watch::Receiver<Revision>,
    filter: String,
    after: Revision,
    announced: bool,
}

impl Following {
    async fn next(&mut self) -> Tail {
        loop {
            self.newest.mark_unchanged();
            if let Some(record) = self.journal.next_after(&self.filter, self.after) {
                self.after = record.revision;
                self.announced = false;
                return Tail::Record(record);
            }
            if !std::mem::replace(&mut self.announced, true) {
                return Tail::CaughtUp;
            }
            // Cannot fail: `journal` holds the sender.
            let _ = self.newest.changed().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use bytes::Bytes;
    use futures::{FutureExt, StreamExt};
    use jiff::Timestamp;

    use super::*;
    use crate::clock::ManualClock;
    use crate::journal::Headers;

    fn append(subject: &str, expected: u64, id: &str) -> Append {
        Append {
            subject: subject.into(),
            expected: Revision(expected),
            message_id: id.into(),
            headers: Headers::new(),
            payload: Bytes::from_static(b"{}"),
        }
    }

    #[test]
    fn records_are_stamped_by_the_clock_given() {
        let clock = ManualClock::at(Timestamp::from_second(7).unwrap());
        let journal = MemoryJournal::new(clock);
        journal.append_now(append("a.1", 0, "1")).unwrap();
        assert_eq!(journal.records()[0].time.as_second(), 7);
    }

    #[test]
    fn a_message_id_is_used_once() {
        let journal = MemoryJournal::default();
        journal.append_now(append("a.1", 0, "1")).unwrap();
        let error = journal.append_now(append("a.2", 0, "1")).unwrap_err();
        assert!(matches!(error, Error::Refused { .. }), "{error}");
    }

    #[test]
    fn given_no_runtime_a_tail_yields_what_is_there_then_waits_then_goes_on() {
        let journal = MemoryJournal::default();
        journal.append_now(append("a.1", 0, "1")).unwrap();
        journal.append_now(append("b.1", 0, "2")).unwrap();
        let mut tail = pin!(journal.tail("a.*", Revision::NONE));
        let mut now = || tail.next().now_or_never().flatten();
        assert!(matches!(now(), Some(Tail::Record(record)) if record.revision == Revision(1)));
        assert_eq!(now(), Some(Tail::CaughtUp));
        assert_eq!(now(), None);
        journal.append_now(append("a.1", 1, "3")).unwrap();
        assert!(matches!(now(), Some(Tail::Record(record)) if record.revision == Revision(3)));
        assert_eq!(now(), Some(Tail::CaughtUp));
    }

    #[test]
    fn a_scan_goes_on_where_the_last_page_ended() {
        let journal = MemoryJournal::default();
        for n in 1..=3 {
            journal
                .append_now(append(&format!("a.{n}"), 0, &n.to_string()))
                .unwrap();
        }
        let page = |after| {
            journal
                .scan("a.*", Revision(after), Revision::NONE, 2)
                .now_or_never()
                .unwrap()
                .unwrap()
        };
        assert_eq!(page(0).len(), 2);
        assert_eq!(page(2).len(), 1);
        assert_eq!(page(3).len(), 0);
    }
}
