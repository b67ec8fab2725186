//! A pull that never ends: whatever befalls the consumer or the connection, it is set up again with back-off.

use std::time::Duration;

use async_nats::jetstream::consumer::PullConsumer;
use async_nats::jetstream::consumer::pull::{self, MessagesErrorKind};
use async_nats::jetstream::{self, AckKind};
use futures::{Stream, StreamExt, stream};
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::Lane;
use super::requests::{Requests, Room};
use crate::dead_letter::Letter;
use crate::journal::jetstream::{record, timestamp};
use crate::journal::{Delivery, Record, Revision};
use crate::nats::{Refused, jittered};

const BATCH: usize = 1000;
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
    published: Timestamp,
    pending: u64,
    ack_wait: Duration,
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

    /// How long the server waits to be told before it delivers the message again.
    pub(super) fn ack_wait(&self) -> Duration {
        self.ack_wait
    }

    /// Still at work: the server waits anew.
    pub(super) async fn progress(&self) {
        self.settle(AckKind::Progress).await;
    }

    /// The letter that it becomes, or that it was before it was sent back.
    pub(super) fn letter(&self, lane: &Lane) -> Letter {
        let found = self.record();
        match lane.redriven.then(|| Letter::of_record(&found)) {
            Some(Ok(letter)) => letter,
            _ => lane.letter(found),
        }
    }

    fn record(&self) -> Record {
        let Self {
            message, published, ..
        } = self;
        let (headers, payload) = (message.headers.as_ref(), message.payload.clone());
        record(&message.subject, self.sequence, *published, headers, payload)
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

fn pulled(
    message: jetstream::Message,
    ack_wait: Duration,
    redriven: bool,
) -> Result<Pulled, async_nats::Error> {
    let info = message.info()?;
    let sequence = Revision(info.stream_sequence);
    let attempt = u64::try_from(info.delivered).unwrap_or(1);
    let (pending, nanos) = (info.pending, info.published.unix_timestamp_nanos());
    let receipt = Receipt {
        message,
        sequence,
        published: timestamp(nanos),
        pending,
        ack_wait,
    };
    let record = receipt.record();
    let delivery = match redriven {
        true => redelivery(record, attempt),
        false => Delivery { record, attempt },
    };
    Ok(Pulled { delivery, receipt })
}

/// Tells a handler that a record was sent back, and how often.
pub const REDRIVES: &str = "Holdfast-Redrives";

/// What was sent back is delivered as it was before it was given up, and never as if for the first time. What is no
/// letter is delivered as it is, for the handler to refuse.
fn redelivery(record: Record, attempt: u64) -> Delivery {
    let record = match Letter::of_record(&record) {
        Ok(letter) => {
            let redrives = letter.redrives.to_string();
            let mut original = letter.into_original();
            original.headers.insert(REDRIVES.to_owned(), redrives);
            original
        }
        Err(_) => record,
    };
    Delivery {
        record,
        attempt: attempt + 1,
    }
}

/// With `room` it holds no more deliveries than that, and has to be polled when there is more.
pub(super) fn pull(
    lane: Lane,
    room: Option<Room>,
    shutdown: CancellationToken,
) -> impl Stream<Item = Pulled> + Send + 'static {
    let until = shutdown.clone().cancelled_owned();
    let puller = Puller {
        lane,
        room,
        shutdown,
        source: None,
        ack_wait: Duration::ZERO,
        failures: 0,
        missed: 0,
    };
    stream::unfold(puller, |mut puller| async move {
        puller.next().await.map(|pulled| (pulled, puller))
    })
    .take_until(until)
}

/// Where deliveries come from.
enum Source {
    /// As they come: for whoever takes all that is ready, and for members of a group.
    Stream(Box<pull::Stream>),
    /// As there is room.
    Requests(Box<Requests>),
}

enum Fault {
    MissingHeartbeat,
    Broken(String),
}

impl Source {
    async fn next(&mut self) -> Result<jetstream::Message, Fault> {
        match self {
            Self::Stream(stream) => match stream.next().await {
                Some(Ok(message)) => Ok(message),
                Some(Err(error)) if error.kind() == MessagesErrorKind::MissingHeartbeat => {
                    Err(Fault::MissingHeartbeat)
                }
                Some(Err(error)) => Err(Fault::Broken(error.to_string())),
                None => Err(Fault::Broken("the pull has ended".to_owned())),
            },
            Self::Requests(requests) => requests.next().await.map_err(Fault::Broken),
        }
    }
}

struct Puller {
    lane: Lane,
    room: Option<Room>,
    shutdown: CancellationToken,
    source: Option<Source>,
    ack_wait: Duration,
    /// Set-ups without a message since.
    failures: usize,
    missed: u32,
}

impl Puller {
    async fn next(&mut self) -> Option<Pulled> {
        while !self.shutdown.is_cancelled() {
            let Some(source) = self.source.as_mut() else {
                self.set_up().await;
                continue;
            };
            match source.next().await {
                Ok(message) => match pulled(message, self.ack_wait, self.lane.redriven) {
                    Ok(pulled) => {
                        (self.failures, self.missed) = (0, 0);
                        return Some(pulled);
                    }
                    Err(error) => self.give_up(&error),
                },
                Err(Fault::MissingHeartbeat) => self.miss(),
                Err(Fault::Broken(why)) => self.give_up(&why),
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

    /// Why nothing comes, if the server does not permit to ask for it.
    fn refusal(&self) -> Option<Refused> {
        let Lane {
            nats,
            stream,
            consumer,
            ..
        } = &self.lane;
        nats.refusal(&format!("$JS.API.CONSUMER.MSG.NEXT.{stream}.{consumer}"))
    }

    fn give_up(&mut self, why: &dyn std::fmt::Display) {
        match self.refusal() {
            Some(refused) => tracing::error!(consumer = self.lane.consumer, "{refused}"),
            None => tracing::warn!(consumer = self.lane.consumer, "setting up the pull again: {why}"),
        }
        self.source = None;
        self.failures += 1;
        self.missed = 0;
    }

    async fn set_up(&mut self) {
        if self.failures > 0 {
            tokio::time::sleep(jittered(Duration::from_millis(50), self.failures)).await;
        }
        match self.source().await {
            Ok((source, ack_wait)) => (self.source, self.ack_wait) = (Some(source), ack_wait),
            Err(error) => self.give_up(&error),
        }
    }

    async fn source(&self) -> Result<(Source, Duration), async_nats::Error> {
        let Lane {
            nats,
            stream,
            consumer,
            group,
            ..
        } = &self.lane;
        let info = format!("$JS.API.CONSUMER.INFO.{stream}.{consumer}");
        let found = nats.jetstream().get_consumer_from_stream(consumer, stream);
        let consumer: PullConsumer = nats.unless_refused(&info, found).await??;
        let ack_wait = consumer.cached_info().config.ack_wait;
        if let (Some(room), None) = (&self.room, group) {
            let requests = Requests::start(nats, consumer, room.clone()).await?;
            return Ok((Source::Requests(Box::new(requests)), ack_wait));
        }
        let (heartbeat, expires) = match group {
            Some(_) => (PINNED_HEARTBEAT, PINNED_EXPIRES),
            None => (HEARTBEAT, EXPIRES),
        };
        let mut builder = consumer
            .stream()
            .max_messages_per_batch(BATCH)
            .heartbeat(heartbeat)
            .expires(expires);
        if let Some(group) = group {
            builder = builder.group(group);
        }
        Ok((Source::Stream(Box::new(builder.messages().await?)), ack_wait))
    }
}
