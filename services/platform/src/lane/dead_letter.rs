//! Dead letters: stored first, terminated after.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::header::NATS_MESSAGE_ID;
use bytes::Bytes;
use jiff::Timestamp;

use super::{Lane, Receipt};
use crate::journal::{DeadLetterReason, Record, Revision};

/// How long after a failed burial the delivery comes again.
const BURY_AGAIN: Duration = Duration::from_secs(5);

pub(super) struct DeadLetter<'a> {
    pub(super) reason: DeadLetterReason,
    pub(super) detail: &'a str,
    pub(super) first_failure: Option<Timestamp>,
}

/// The message that is given up on.
pub(super) struct Original<'a> {
    subject: &'a str,
    sequence: Revision,
    attempt: u64,
    /// Without those that would command the server.
    headers: HeaderMap,
    payload: Bytes,
}

impl<'a> Original<'a> {
    fn of_delivery(receipt: &'a Receipt) -> Self {
        let mut headers = HeaderMap::new();
        let original = receipt.message().headers.iter().flat_map(HeaderMap::iter);
        for (name, values) in original.filter(|(name, _)| !commands_the_server(AsRef::<str>::as_ref(name))) {
            values
                .iter()
                .for_each(|value| headers.append(name.clone(), value.clone()));
        }
        Self {
            subject: receipt.message().subject.as_str(),
            sequence: receipt.sequence(),
            attempt: receipt.attempt(),
            headers,
            payload: receipt.message().payload.clone(),
        }
    }

    pub(super) fn of_record(record: &'a Record, attempt: u64) -> Self {
        let mut headers = HeaderMap::new();
        for (name, value) in record
            .headers
            .iter()
            .filter(|(name, _)| !commands_the_server(name))
        {
            headers.insert(name.as_str(), value.as_str());
        }
        Self {
            subject: &record.subject,
            sequence: record.revision,
            attempt,
            headers,
            payload: record.payload.clone(),
        }
    }
}

fn commands_the_server(header: &str) -> bool {
    header.starts_with("Nats-")
}

impl DeadLetter<'_> {
    /// Settles a delivery as a dead letter; if it cannot be stored now, it comes again.
    pub(super) async fn bury(&self, lane: &Lane, receipt: &Receipt) {
        if self.store(lane, Original::of_delivery(receipt)).await {
            receipt.terminate().await;
        } else {
            receipt.retry(BURY_AGAIN).await;
        }
    }

    /// Whether it is stored.
    pub(super) async fn store(&self, lane: &Lane, original: Original<'_>) -> bool {
        let (consumer, reason, detail) = (&lane.consumer, self.reason.as_str(), self.detail);
        let sequence = original.sequence;
        match self.publish(lane, original).await {
            Ok(()) => {
                tracing::error!(consumer, %sequence, reason, detail, "dead letter");
                true
            }
            Err(error) => {
                tracing::warn!(consumer, %sequence, reason, detail, "cannot store a dead letter yet: {error}");
                false
            }
        }
    }

    async fn publish(&self, lane: &Lane, mut original: Original<'_>) -> Result<(), async_nats::Error> {
        let subject = format!("dlq.{}.{}", lane.service, lane.consumer);
        let headers = std::mem::take(&mut original.headers);
        let headers = self.headers(lane, &original, headers);
        let stored = async {
            let sent = lane.nats.jetstream();
            let sent = sent.publish_with_headers(subject.clone(), headers, original.payload);
            sent.await?.await
        };
        lane.nats.unless_refused(&subject, stored).await??;
        Ok(())
    }

    fn headers(&self, lane: &Lane, original: &Original<'_>, mut headers: HeaderMap) -> HeaderMap {
        let sequence = original.sequence;
        // Stored once, however often the burial is tried.
        headers.insert(
            NATS_MESSAGE_ID,
            format!("{}.{sequence}.{}", lane.stream, lane.consumer),
        );
        headers.insert("Holdfast-Dlq-Reason", self.reason.as_str());
        headers.insert("Holdfast-Dlq-Detail", single_line(self.detail));
        headers.insert("Holdfast-Dlq-Attempts", original.attempt.to_string());
        headers.insert("Holdfast-Dlq-Stream", lane.stream.as_str());
        headers.insert("Holdfast-Dlq-Sequence", sequence.to_string());
        headers.insert("Holdfast-Dlq-Subject", original.subject);
        let first_failure = self.first_failure.unwrap_or_else(Timestamp::now);
        headers.insert("Holdfast-Dlq-First-Failure", first_failure.to_string());
        headers
    }
}

/// Header values cannot hold line breaks; 1 KiB says enough.
fn single_line(detail: &str) -> String {
    detail
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(1024)
        .collect()
}

/// When deliveries that are being retried failed first, as far as this process knows.
#[derive(Default)]
pub(super) struct FirstFailures(Mutex<BTreeMap<Revision, Timestamp>>);

impl FirstFailures {
    const CAPACITY: usize = 4096;

    pub(super) fn note(&self, sequence: Revision) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.entry(sequence).or_insert_with(Timestamp::now);
        if known.len() > Self::CAPACITY {
            known.pop_first();
        }
    }

    pub(super) fn get(&self, sequence: Revision) -> Option<Timestamp> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&sequence)
            .copied()
    }

    pub(super) fn forget(&self, sequence: Revision) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&sequence);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_detail_fits_into_a_header() {
        assert_eq!(single_line("a\r\nb"), "a  b");
        assert_eq!(single_line(&"x".repeat(5000)).len(), 1024);
    }

    #[test]
    fn first_failures_are_kept_until_forgotten_and_bounded() {
        let failures = FirstFailures::default();
        failures.note(Revision(1));
        let first = failures.get(Revision(1));
        failures.note(Revision(1));
        assert_eq!(failures.get(Revision(1)), first);
        failures.forget(Revision(1));
        assert_eq!(failures.get(Revision(1)), None);
        (0..10_000).for_each(|n| failures.note(Revision(n)));
        assert_eq!(failures.0.lock().unwrap().len(), FirstFailures::CAPACITY);
    }
}
