//! What customers were told: one marker per message in the bucket `notifications`, so that nothing is told twice.

use holdfast_contracts::subjects::NOTIFICATIONS_BUCKET;
use holdfast_platform::journal::jetstream::JetStreamJournal;
use holdfast_platform::journal::{Error, Journal};
use holdfast_platform::nats::Nats;
use serde::Serialize;

/// Reads and writes markers. Cheap to clone.
#[derive(Clone)]
pub struct Markers {
    nats: Nats,
    journal: JetStreamJournal,
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "outcome", content = "reason")]
pub enum Marker {
    /// The provider has it.
    Sent,
    /// It went to nobody, for this reason.
    Dropped(&'static str),
}

impl Markers {
    /// Markers over this connection; `journal` is that of the bucket's stream.
    #[must_use]
    pub fn new(nats: &Nats, journal: JetStreamJournal) -> Self {
        Self {
            nats: nats.clone(),
            journal,
        }
    }

    /// Whether a message has one.
    ///
    /// # Errors
    /// [`Error`] if the server does not say.
    pub async fn has(&self, key: &str) -> Result<bool, Error> {
        Ok(self.journal.last(&subject(key)).await?.is_some())
    }

    /// Sets one. If that fails, the message is sent again if it is delivered again: better than not at all.
    pub async fn set(&self, key: &str, marker: Marker) {
        let Ok(value) = serde_json::to_vec(&marker) else {
            return;
        };
        let subject = subject(key);
        let stored = async {
            self.nats
                .jetstream()
                .publish(subject.clone(), value.into())
                .await?
                .await
        };
        match self.nats.unless_refused(&subject, stored).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => tracing::warn!(key, "no marker: {error}"),
            Err(refused) => tracing::error!(key, "no marker: {refused}"),
        }
    }
}

fn subject(key: &str) -> String {
    format!("$KV.{NOTIFICATIONS_BUCKET}.{key}")
}
