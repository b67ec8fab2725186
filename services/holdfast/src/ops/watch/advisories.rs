//! Lane `ops-advisories`: what nats-server says of its consumers.
//!
//! No consumer of ours limits its deliveries, so that nothing of ours can run out of them; of one that does, nats-server
//! says once that a message is not delivered any more. The stream keeps its word until the message is in `DLQ`.

use std::time::Duration;

use async_nats::jetstream;
use holdfast_contracts::ops::v1::{WriterChanged, ops_event::Event};
use holdfast_platform::dead_letter::About;
use holdfast_platform::journal::jetstream::{JetStreamJournal, JournalConfig};
use holdfast_platform::journal::{DeadLetterReason, Delivery, Disposition, Record, Revision, Scan as _};
use holdfast_platform::lane::Lane;
use holdfast_platform::nats::Nats;
use serde::Deserialize;

use super::{AGAIN, settle};
use crate::ops::events;

#[derive(Deserialize)]
#[serde(tag = "type")]
enum Advisory {
    #[serde(rename = "io.nats.jetstream.advisory.v1.max_deliver")]
    MaxDeliver {
        stream: String,
        consumer: String,
        stream_seq: u64,
        deliveries: u64,
    },
    #[serde(rename = "io.nats.jetstream.advisory.v1.consumer_group_pinned")]
    Pinned {
        id: String,
        stream: String,
        consumer: String,
        pinned_id: String,
    },
    #[serde(other)]
    Other,
}

/// Hears advisories.
pub struct Advisories {
    nats: Nats,
}

impl Advisories {
    /// Of the server of this connection.
    #[must_use]
    pub fn new(nats: &Nats) -> Self {
        Self { nats: nats.clone() }
    }

    /// Makes a dead letter, or an event, of an advisory.
    pub async fn hear(&self, delivery: Delivery) -> Disposition {
        let record = delivery.record;
        match serde_json::from_slice(&record.payload) {
            Ok(Advisory::MaxDeliver {
                stream,
                consumer,
                stream_seq,
                deliveries,
            }) => self.bury((&stream, &consumer), (stream_seq, deliveries)).await,
            Ok(Advisory::Pinned {
                id,
                stream,
                consumer,
                pinned_id,
            }) => {
                let event = Event::WriterChanged(WriterChanged {
                    stream,
                    consumer,
                    pin_id: pinned_id,
                });
                settle(events::tell(&self.nats, event, (&id, record.time)).await)
            }
            Ok(Advisory::Other) => Disposition::Ack,
            Err(error) => Disposition::DeadLetter(DeadLetterReason::UnknownSchema, error.to_string()),
        }
    }

    async fn bury(
        &self,
        (stream, consumer): (&str, &str),
        (sequence, deliveries): (u64, u64),
    ) -> Disposition {
        let journal = JetStreamJournal::new(&self.nats, stream, JournalConfig::default());
        let found = journal
            .first_after(">", Revision(sequence.saturating_sub(1)))
            .await;
        let record = match found {
            Ok(Some(record)) if record.revision.0 == sequence => record,
            // It is gone: there is nothing left to keep.
            Ok(_) => return Disposition::Ack,
            Err(error) => return Disposition::Failed(AGAIN, error.to_string()),
        };
        let service = self.service_of(stream, consumer).await;
        let lane = Lane::new(&self.nats, service, stream, consumer).about(about);
        let detail = "nats-server delivers it no more";
        match lane
            .dead_letter((&record, deliveries), DeadLetterReason::MaxDeliveries, detail)
            .await
        {
            true => Disposition::Ack,
            false => Disposition::Failed(Duration::from_secs(5), "not stored in DLQ".to_owned()),
        }
    }

    /// As the consumer's metadata says (`service`), else the first part of its name.
    async fn service_of(&self, stream: &str, consumer: &str) -> String {
        let found: Result<jetstream::consumer::PullConsumer, _> = self
            .nats
            .jetstream()
            .get_consumer_from_stream(consumer, stream)
            .await;
        let told = found.ok().and_then(|consumer| {
            let metadata = &consumer.cached_info().config.metadata;
            metadata.get("service").cloned()
        });
        told.unwrap_or_else(|| consumer.split('-').next().unwrap_or(consumer).to_owned())
    }
}

fn about(record: &Record) -> About {
    let (user, order) = holdfast_contracts::subjects::concerned(&record.subject, &record.payload);
    About {
        user: user.map(|id| id.to_string()),
        entity: order.map(|id| id.to_string()),
    }
}
