//! Following a stream: an ephemeral pull consumer that is replaced whenever it falls silent, skips, or is lost.
//!
//! The position is ours: a new consumer starts right after the last record that was yielded, so that nothing is
//! skipped or repeated. A consumer that is given up removes itself when it is not pulled from for a while, and set-ups
//! are spaced by back-off, so that they cannot pile up.

use std::time::Duration;

use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, PullConsumer, pull};
use async_nats::{Client, Message, Subscriber};
use bytes::Bytes;
use futures::{FutureExt, Stream, StreamExt, stream};
use tokio::sync::watch;

use super::{Record, Revision, Tail, record, timestamp};
use crate::nats::{Nats, Refused, jittered};

const HEARTBEAT: Duration = Duration::from_secs(2);
/// Longer than two heartbeats: contact is lost.
const SILENCE: Duration = Duration::from_secs(5);
const EXPIRES: Duration = Duration::from_secs(30);
const INACTIVE: Duration = Duration::from_secs(60);
const SET_UP_TIMEOUT: Duration = Duration::from_secs(5);
/// Records per pull: enough to hide the round trip, few enough to be held in memory when they are large.
const BATCH: usize = 256;

pub(super) fn tail(
    nats: &Nats,
    stream: &str,
    filter: &str,
    after: Revision,
) -> impl Stream<Item = Tail> + Send + 'static {
    let follower = Follower {
        connected: nats.connected(),
        nats: nats.clone(),
        stream: stream.to_owned(),
        filter: filter.to_owned(),
        after,
        session: None,
        caught_up: false,
        failures: 0,
    };
    stream::unfold(follower, |mut follower| async move {
        Some((follower.next().await, follower))
    })
}

struct Follower {
    nats: Nats,
    connected: watch::Receiver<bool>,
    stream: String,
    filter: String,
    after: Revision,
    session: Option<Session>,
    /// To be told next.
    caught_up: bool,
    /// Set-ups without a sign of life since.
    failures: usize,
}

impl Follower {
    async fn next(&mut self) -> Tail {
        loop {
            if std::mem::take(&mut self.caught_up) {
                return Tail::CaughtUp;
            }
            let sign = match &mut self.session {
                Some(session) => session.next(&mut self.connected).await,
                None => {
                    self.connected.mark_unchanged();
                    self.set_up().await;
                    continue;
                }
            };
            match sign {
                Sign::Record { record, pending } => {
                    self.failures = 0;
                    self.caught_up = pending == 0;
                    self.after = record.revision;
                    return Tail::Record(record);
                }
                Sign::CaughtUp => {
                    self.failures = 0;
                    return Tail::CaughtUp;
                }
                Sign::Ended => {}
                Sign::Lost(why) => self.give_up(&why),
            }
        }
    }

    fn give_up(&mut self, why: &str) {
        let pulled = self.session.as_ref().map(|session| &session.pull_subject);
        if let Some(refused) = pulled.and_then(|subject| self.nats.refusal(subject)) {
            tracing::error!(stream = self.stream, "{refused}");
        }
        tracing::info!(stream = self.stream, after = %self.after, "following the stream anew: {why}");
        self.session = None;
        self.failures += 1;
    }

    async fn set_up(&mut self) {
        if self.failures > 0 {
            tokio::time::sleep(jittered(Duration::from_millis(50), self.failures)).await;
        }
        match tokio::time::timeout(SET_UP_TIMEOUT, self.open()).await {
            Ok(Ok((session, pending))) => {
                self.caught_up = pending == 0;
                self.session = Some(session);
            }
            Ok(Err(error)) => {
                if error.is::<Refused>() {
                    tracing::error!(stream = self.stream, "{error}");
                }
                self.give_up(&error.to_string());
            }
            Err(_) => self.give_up("no consumer in time"),
        }
    }

    async fn open(&self) -> Result<(Session, u64), async_nats::Error> {
        let client = self.nats.client();
        let inbox = client.new_inbox();
        let subscriber = client.subscribe(inbox.clone()).await?;
        // Named, so that the request's subject ends in name and filter, and permissions can tell it apart.
        let name = format!("tail_{}", uuid::Uuid::new_v4().simple());
        let create = format!("$JS.API.CONSUMER.CREATE.{}.{name}.{}", self.stream, self.filter);
        let config = pull::Config {
            name: Some(name),
            deliver_policy: DeliverPolicy::ByStartSequence {
                start_sequence: self.after.0 + 1,
            },
            ack_policy: AckPolicy::None,
            filter_subject: self.filter.clone(),
            inactive_threshold: INACTIVE,
            memory_storage: true,
            num_replicas: 1,
            ..pull::Config::default()
        };
        let created = self
            .nats
            .jetstream()
            .create_consumer_on_stream(config, &self.stream);
        let consumer: PullConsumer = self.nats.unless_refused(&create, created).await??;
        let info = consumer.cached_info();
        let pull_subject = format!("$JS.API.CONSUMER.MSG.NEXT.{}.{}", self.stream, info.name);
        let client = client.clone();
        let session = Session {
            client,
            subscriber,
            pull_subject,
            inbox,
            delivered: 0,
            outstanding: 0,
        };
        Ok((session, info.num_pending))
    }
}

/// What a message of the session means.
enum Sign {
    Record {
        record: Record,
        pending: u64,
    },
    CaughtUp,
    /// The pull has ended.
    Ended,
    /// The session is of no use any more.
    Lost(String),
}

/// One consumer.
struct Session {
    client: Client,
    subscriber: Subscriber,
    pull_subject: String,
    inbox: String,
    /// Deliveries so far; the consumer counts too, and must agree.
    delivered: u64,
    /// Deliveries that were asked for and have not come.
    outstanding: usize,
}

impl Session {
    async fn next(&mut self, connected: &mut watch::Receiver<bool>) -> Sign {
        if self.outstanding <= BATCH / 2
            && let Err(error) = self.pull().await
        {
            return Sign::Lost(error.to_string());
        }
        // No timers while records are ready.
        if let Some(message) = self.subscriber.next().now_or_never() {
            return self.read(message);
        }
        tokio::select! {
            message = self.subscriber.next() => self.read(message),
            () = reconnected(connected) => Sign::Lost("the connection was lost".into()),
            () = tokio::time::sleep(SILENCE) => Sign::Lost("no heartbeat".into()),
        }
    }

    async fn pull(&mut self) -> Result<(), async_nats::client::PublishError> {
        let request = serde_json::json!({
            "batch": BATCH,
            "expires": EXPIRES.as_nanos() as u64,
            "idle_heartbeat": HEARTBEAT.as_nanos() as u64,
        });
        let (subject, inbox) = (self.pull_subject.clone(), self.inbox.clone());
        self.client
            .publish_with_reply(subject, inbox, Bytes::from(request.to_string()))
            .await?;
        self.outstanding += BATCH;
        Ok(())
    }

    fn read(&mut self, message: Option<Message>) -> Sign {
        let Some(message) = message else {
            return Sign::Lost("the connection is closed".into());
        };
        match message.status.map(|status| status.as_u16()) {
            None | Some(200) => self.delivered(&message),
            Some(100) => Sign::CaughtUp,
            Some(408) => {
                self.outstanding = 0;
                Sign::Ended
            }
            Some(code) => Sign::Lost(format!(
                "status {code} {}",
                message.description.unwrap_or_default()
            )),
        }
    }

    fn delivered(&mut self, message: &Message) -> Sign {
        let Some(origin) = message.reply.as_ref().and_then(|reply| Origin::parse(reply)) else {
            return Sign::Lost("a message without origin".into());
        };
        self.delivered += 1;
        self.outstanding = self.outstanding.saturating_sub(1);
        if origin.consumer_sequence != self.delivered {
            return Sign::Lost(format!(
                "delivery {} came as {}",
                self.delivered, origin.consumer_sequence
            ));
        }
        let (revision, time) = (Revision(origin.stream_sequence), timestamp(origin.nanos));
        let headers = message.headers.as_ref();
        let record = record(&message.subject, revision, time, headers, message.payload.clone());
        Sign::Record {
            record,
            pending: origin.pending,
        }
    }
}

async fn reconnected(connected: &mut watch::Receiver<bool>) {
    loop {
        if connected.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
        if *connected.borrow_and_update() {
            return;
        }
    }
}

/// What the reply subject of a delivery tells (ADR-15):
/// `$JS.ACK.[<domain>.<account>.]<stream>.<consumer>.<attempt>.<stream sequence>.<consumer sequence>.<nanos>.<pending>`.
#[derive(Debug, PartialEq, Eq)]
struct Origin {
    stream_sequence: u64,
    consumer_sequence: u64,
    nanos: i128,
    pending: u64,
}

impl Origin {
    fn parse(reply: &str) -> Option<Self> {
        let tokens = reply.strip_prefix("$JS.ACK.")?;
        let skipped = if tokens.split('.').count() == 7 { 3 } else { 5 };
        let mut tokens = tokens.split('.').skip(skipped);
        Some(Self {
            stream_sequence: tokens.next()?.parse().ok()?,
            consumer_sequence: tokens.next()?.parse().ok()?,
            nanos: tokens.next()?.parse().ok()?,
            pending: tokens.next()?.parse().ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Origin;

    #[test]
    fn both_forms_of_a_reply_subject_are_read() {
        let origin = Origin {
            stream_sequence: 20,
            consumer_sequence: 3,
            nanos: 1_700,
            pending: 4,
        };
        assert_eq!(
            Origin::parse("$JS.ACK.ORDERS.c.1.20.3.1700.4").as_ref(),
            Some(&origin)
        );
        assert_eq!(
            Origin::parse("$JS.ACK._.hash.ORDERS.c.1.20.3.1700.4").as_ref(),
            Some(&origin)
        );
        assert_eq!(
            Origin::parse("$JS.ACK._.hash.ORDERS.c.1.20.3.1700.4.token").as_ref(),
            Some(&origin)
        );
        assert_eq!(Origin::parse("_INBOX.x"), None);
        assert_eq!(Origin::parse("$JS.ACK.ORDERS.c.1"), None);
    }
}
