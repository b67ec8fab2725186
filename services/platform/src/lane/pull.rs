//! A pull that never ends: whatever befalls the consumer or the connection, it is set up again with back-off.

use std::time::Duration;

use async_nats::jetstream::consumer::PullConsumer;
use async_nats::jetstream::consumer::pull::{self, MessagesErrorKind};
use async_nats::jetstream::{self, AckKind};
use futures::{Stream, StreamExt, stream};
use tokio_util::sync::CancellationToken;

use super::Lane;
use crate::journal::jetstream::{record, timestamp};
use crate::journal::{Delivery, Revision};
use crate::nats::jittered;

const HEARTBEAT: Duration = Duration::from_secs(5);
const EXPIRES: Duration = Duration::from_secs(30);
/// A pin is renewed by pulling, not by acknowledging: one that is to last must be pulled for more often than the
/// consumer's `priority_timeout`, whatever the traffic.
const PINNED_EXPIRES: Duration = Duration::from_secs(1);
const PINNED_HEARTBEAT: Duration = Duration::from_millis(500);
/// So many missed heartbeats in a row, and the pull is set up anew: it may wait for a consumer that moved.
const MISSED_HEARTBEATS: u32 = 3;

/// A delivery, and what settles it.
pub struct Pulled {
    /// What was delivered.
    pub delivery: Delivery,
    /// Settles it.
    pub receipt: Receipt,
}

/// Settles one delivery. Dropped without settling, the delivery comes again after the consumer's `ack_wait`.
pub struct Receipt {
    message: jetstream::Message,
    sequence: Revision,
    attempt: u64,
    pending: u64,
}

impl Receipt {
    /// Done; with `AckPolicy::All` all earlier ones too. Fire and forget: a lost acknowledgement is a redelivery.
    pub async fn ack(&self) {
        self.settle(AckKind::Ack).await;
    }

    /// Not done; comes again after this long.
    pub async fn retry(&self, after: Duration) {
        self.settle(AckKind::Nak(Some(after))).await;
    }

    /// Where the message stands in its stream.
    #[must_use]
    pub fn sequence(&self) -> Revision {
        self.sequence
    }

    /// How many messages the consumer has yet to deliver.
    #[must_use]
    pub fn pending(&self) -> u64 {
        self.pending
    }

    pub(super) fn attempt(&self) -> u64 {
        self.attempt
    }

    pub(super) fn message(&self) -> &jetstream::Message {
        &self.message
    }

    pub(super) async fn terminate(&self) {
        self.settle(AckKind::Term).await;
    }

    async fn settle(&self, kind: AckKind) {
        if let Err(error) = self.message.ack_with(kind).await {
            tracing::warn!(sequence = %self.sequence, "cannot settle, will be redelivered: {error}");
        }
    }
}

fn pulled(message: jetstream::Message) -> Result<Pulled, async_nats::Error> {
    let info = message.info()?;
    let sequence = Revision(info.stream_sequence);
    let attempt = u64::try_from(info.delivered).unwrap_or(1);
    let (pending, nanos) = (info.pending, info.published.unix_timestamp_nanos());
    let payload = message.payload.clone();
    let record = record(
        &message.subject,
        sequence,
        timestamp(nanos),
        message.headers.as_ref(),
        payload,
    );
    let receipt = Receipt {
        message,
        sequence,
        attempt,
        pending,
    };
    Ok(Pulled {
        delivery: Delivery { record, attempt },
        receipt,
    })
}

pub(super) fn pull(lane: Lane, shutdown: CancellationToken) -> impl Stream<Item = Pulled> + Send + 'static {
    let until = shutdown.clone().cancelled_owned();
    let puller = Puller {
        lane,
        shutdown,
        messages: None,
        failures: 0,
        missed: 0,
    };
    stream::unfold(puller, |mut puller| async move {
        puller.next().await.map(|pulled| (pulled, puller))
    })
    .take_until(until)
}

struct Puller {
    lane: Lane,
    shutdown: CancellationToken,
    messages: Option<pull::Stream>,
    /// Set-ups without a message since.
    failures: usize,
    missed: u32,
}

impl Puller {
    async fn next(&mut self) -> Option<Pulled> {
        while !self.shutdown.is_cancelled() {
            let Some(messages) = self.messages.as_mut() else {
                self.set_up().await;
                continue;
            };
            match messages.next().await {
                Some(Ok(message)) => match pulled(message) {
                    Ok(pulled) => {
                        (self.failures, self.missed) = (0, 0);
                        return Some(pulled);
                    }
                    Err(error) => self.give_up(&error),
                },
                Some(Err(error)) if error.kind() == MessagesErrorKind::MissingHeartbeat => self.miss(),
                Some(Err(error)) => self.give_up(&error),
                None => self.give_up(&"the pull has ended"),
            }
        }
        None
    }

    fn miss(&mut self) {
        self.missed += 1;
        tracing::info!(
            consumer = self.lane.consumer,
            missed = self.missed,
            "no heartbeat from NATS"
        );
        if self.missed >= MISSED_HEARTBEATS {
            self.give_up(&"too many heartbeats missed");
        }
    }

    fn give_up(&mut self, why: &dyn std::fmt::Display) {
        tracing::warn!(consumer = self.lane.consumer, "setting up the pull again: {why}");
        self.messages = None;
        self.failures += 1;
        self.missed = 0;
    }

    async fn set_up(&mut self) {
        if self.failures > 0 {
            tokio::time::sleep(jittered(Duration::from_millis(50), self.failures)).await;
        }
        match self.messages().await {
            Ok(messages) => self.messages = Some(messages),
            Err(error) => self.give_up(&error),
        }
    }

    async fn messages(&self) -> Result<pull::Stream, async_nats::Error> {
        let Lane {
            nats,
            stream,
            consumer,
            group,
            concurrency,
            ..
        } = &self.lane;
        let consumer: PullConsumer = nats
            .jetstream()
            .get_consumer_from_stream(consumer, stream)
            .await?;
        // Messages wait in our buffer while their `ack_wait` runs: take little more than what is handled at once.
        let (batch, heartbeat, expires) = match group {
            Some(_) => (1000, PINNED_HEARTBEAT, PINNED_EXPIRES),
            None => ((2 * concurrency).clamp(2, 200), HEARTBEAT, EXPIRES),
        };
        let mut builder = consumer
            .stream()
            .max_messages_per_batch(batch)
            .heartbeat(heartbeat)
            .expires(expires);
        if let Some(group) = group {
            builder = builder.group(group);
        }
        Ok(builder.messages().await?)
    }
}
