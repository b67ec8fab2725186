//! Burials: stored first, terminated after.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::header::NATS_EXPECTED_LAST_SUBJECT_SEQUENCE;
use async_nats::jetstream::context::PublishErrorKind;

use super::{Lane, Receipt};
use crate::dead_letter::{Failure, Letter};
use crate::journal::{Record, Revision};

/// How long after a failed burial the delivery comes again.
const BURY_AGAIN: Duration = Duration::from_secs(5);

impl Lane {
    /// A letter about a record, which is not given up yet.
    pub(super) fn letter(&self, record: Record) -> Letter {
        let about = (self.about)(&record);
        Letter::new((&self.service, &self.consumer, &self.stream), record, about)
    }

    /// Settles a delivery as a dead letter; if it cannot be stored now, it comes again.
    pub(super) async fn bury(&self, letter: Letter, receipt: &Receipt) {
        if self.store(letter).await {
            receipt.terminate().await;
        } else {
            receipt.retry(BURY_AGAIN).await;
        }
    }

    /// Whether it is stored.
    pub(super) async fn store(&self, letter: Letter) -> bool {
        let (consumer, sequence, reason) = (&self.consumer, letter.origin.sequence, letter.reason.clone());
        let (redrives, detail) = (letter.redrives, letter.last.error.clone());
        match self.publish(letter).await {
            Ok(()) => {
                tracing::error!(consumer, %sequence, redrives, reason, detail, "dead letter");
                true
            }
            Err(error) => {
                tracing::warn!(consumer, %sequence, reason, detail, "cannot store a dead letter yet: {error}");
                false
            }
        }
    }

    async fn publish(&self, letter: Letter) -> Result<(), async_nats::Error> {
        let subject = letter.subject();
        let mut headers = HeaderMap::new();
        for (name, value) in letter.to_headers() {
            headers.insert(name, value);
        }
        // The subject is that of this giving up alone: whatever is there is the same letter.
        headers.insert(NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, "0");
        let stored = async {
            let sent = self.nats.jetstream();
            let sent = sent.publish_with_headers(subject.clone(), headers, letter.payload);
            sent.await?.await
        };
        match self.nats.unless_refused(&subject, stored).await? {
            Err(error) if error.kind() == PublishErrorKind::WrongLastSequence => Ok(()),
            stored => stored.map(|_| ()).map_err(Into::into),
        }
    }
}

/// The first failure of deliveries that are being retried, as far as this process knows.
#[derive(Default)]
pub(super) struct FirstFailures(Mutex<BTreeMap<Revision, Failure>>);

impl FirstFailures {
    const CAPACITY: usize = 4096;

    pub(super) fn note(&self, sequence: Revision, error: &str) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.entry(sequence).or_insert_with(|| Failure::now(error));
        if known.len() > Self::CAPACITY {
            known.pop_first();
        }
    }

    /// Nothing is known of it any more after this.
    pub(super) fn take(&self, sequence: Revision) -> Option<Failure> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&sequence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_failures_are_kept_until_taken_and_bounded() {
        let failures = FirstFailures::default();
        failures.note(Revision(1), "first");
        failures.note(Revision(1), "second");
        assert_eq!(failures.take(Revision(1)).unwrap().error, "first");
        assert_eq!(failures.take(Revision(1)), None);
        (0..10_000).for_each(|n| failures.note(Revision(n), ""));
        assert_eq!(failures.0.lock().unwrap().len(), FirstFailures::CAPACITY);
    }
}
