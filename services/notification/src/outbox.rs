//! What is to be sent: the stream `NOTICES`.

use std::time::Duration;

use async_nats::HeaderMap;
use holdfast_platform::nats::Nats;
use holdfast_platform::telemetry::propagation::inject_nats;
use jiff::{SignedDuration, Timestamp};

use crate::codec::{NOTICE, SCHEMA, Task, encode_task};

/// Why something is not in the stream; it may be all the same. Retryable.
#[derive(Debug, thiserror::Error)]
#[error("cannot be kept in NOTICES: {0}")]
pub struct Error(String);

/// Puts messages into the stream. Cheap to clone.
#[derive(Clone)]
pub struct Outbox {
    nats: Nats,
    deadline: Duration,
}

impl Outbox {
    /// Over this connection; each is stored within `deadline`, or not.
    #[must_use]
    pub fn new(nats: &Nats, deadline: Duration) -> Self {
        Self {
            nats: nats.clone(),
            deadline,
        }
    }

    /// To be sent now. Repeated within two minutes it is there once.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn now(&self, task: &Task) -> Result<(), Error> {
        let mut headers = headers(task);
        headers.insert("Nats-Msg-Id", task.key());
        self.publish(task.subject(), headers, task).await
    }

    /// To be sent after `pause`, also if this process is gone by then. Replaces what was scheduled for it before.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn later(&self, task: &Task, pause: Duration) -> Result<(), Error> {
        let pause = SignedDuration::try_from(pause).unwrap_or(SignedDuration::MAX);
        let at = Timestamp::now().checked_add(pause).unwrap_or(Timestamp::MAX);
        let mut headers = headers(task);
        headers.insert("Nats-Schedule", format!("@at {at}"));
        headers.insert("Nats-Schedule-Target", task.subject());
        self.publish(task.schedule(), headers, task).await
    }

    async fn publish(&self, subject: String, headers: HeaderMap, task: &Task) -> Result<(), Error> {
        let payload = encode_task(task).map_err(|error| Error(error.to_string()))?;
        let stored = async {
            let sent = self.nats.jetstream();
            let sent = sent.publish_with_headers(subject.clone(), headers, payload.into());
            sent.await?.await
        };
        let stored = self.nats.unless_refused(&subject, stored);
        match tokio::time::timeout(self.deadline, stored).await {
            Ok(Ok(Ok(_))) => Ok(()),
            Ok(Ok(Err(error))) => Err(Error(error.to_string())),
            Ok(Err(refused)) => Err(Error(refused.to_string())),
            Err(_) => Err(Error(format!("not stored within {:?}", self.deadline))),
        }
    }
}

fn headers(task: &Task) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("ce-specversion", "1.0");
    headers.insert("ce-id", task.key());
    headers.insert("ce-source", "/holdfast/notification");
    headers.insert("ce-type", NOTICE);
    headers.insert("ce-subject", task.order.to_string());
    headers.insert("ce-time", task.time.to_string());
    headers.insert("ce-dataschema", SCHEMA);
    inject_nats(&mut headers);
    headers
}
