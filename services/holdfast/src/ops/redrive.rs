//! Sends letters back to the consumers that gave them up, or gives them up for good.
//!
//! A letter is stored in `REDRIVE` under a subject of its own, which is there at most once, and deleted from `DLQ` after
//! that. Cut off in between, it is deleted by whoever does it again, and not sent a second time.

use std::collections::BTreeSet;

use async_nats::jetstream;
use async_nats::jetstream::stream::DeleteMessageErrorKind;
use futures::TryStreamExt as _;
use holdfast_contracts::subjects;
use holdfast_platform::dead_letter::{Letter, token};
use holdfast_platform::journal::jetstream::{JetStreamJournal, JournalConfig};
use holdfast_platform::journal::{Append, Error as JournalError, Journal as _, Revision};
use holdfast_platform::nats::Nats;
use uuid::Uuid;

use super::Error;
use super::bulk::{Act, Outcome};
use super::letters::StoredLetter;

/// A letter that came back so often is sent back again only if that is demanded.
pub const MAX_REDRIVES: u32 = 3;

/// Says in `REDRIVE` which operation of `AUDIT` sent a letter back.
const OPERATION_HEADER: &str = "Holdfast-Redrive-Operation";

/// Sends letters back.
pub struct Redrive {
    queue: Queue,
    redrive: JetStreamJournal,
    /// `<service>.<consumer>` of those that take redriven letters.
    takers: BTreeSet<String>,
    operation: Uuid,
    forced: bool,
}

impl Redrive {
    /// For one operation; `forced`: also what came back too often.
    ///
    /// # Errors
    /// [`Error::Nats`] if the consumers cannot be listed.
    pub async fn new(nats: &Nats, operation: Uuid, forced: bool) -> Result<Self, Error> {
        Ok(Self {
            queue: Queue::new(nats).await?,
            redrive: JetStreamJournal::new(nats, subjects::REDRIVE, JournalConfig::default()),
            takers: takers(nats).await?,
            operation,
            forced,
        })
    }

    fn objection(&self, letter: &Letter) -> Option<String> {
        let Letter {
            service,
            consumer,
            redrives,
            ..
        } = letter;
        if *redrives >= MAX_REDRIVES && !self.forced {
            return Some(format!(
                "it came back {redrives} times; --force sends it all the same"
            ));
        }
        let taker = format!("{}.{}", token(service), token(consumer));
        (!self.takers.contains(&taker)).then(|| format!("{consumer} of {service} takes no redriven letters"))
    }

    async fn send(&self, sequence: u64, letter: &Letter) -> Result<(), JournalError> {
        let sent = Letter {
            redrives: letter.redrives.saturating_add(1),
            ..letter.clone()
        };
        let mut headers = sent.to_headers();
        headers.insert(OPERATION_HEADER.to_owned(), self.operation.to_string());
        let append = Append {
            subject: sent.redrive_subject(Revision(sequence)),
            expected: Revision::NONE,
            message_id: String::new(),
            headers,
            payload: sent.payload,
        };
        match self.redrive.append(append).await {
            // Somebody was cut off after it, or does the same at the same time.
            Ok(_) | Err(JournalError::Conflict { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

impl Act for Redrive {
    type Item = StoredLetter;

    fn name(&self, item: &StoredLetter) -> String {
        item.sequence.to_string()
    }

    async fn act(&self, item: &StoredLetter) -> Outcome {
        let letter = match &item.letter {
            Ok(letter) => letter,
            Err(error) => return Outcome::Skipped(format!("it cannot be read: {error}")),
        };
        if let Some(objection) = self.objection(letter) {
            return Outcome::Skipped(objection);
        }
        match self.send(item.sequence, letter).await {
            Ok(()) => self.queue.delete(item.sequence).await,
            Err(error) => Outcome::Failed(error.to_string()),
        }
    }
}

/// Gives letters up for good.
pub struct Discard(Queue);

impl Discard {
    /// Of a platform.
    ///
    /// # Errors
    /// [`Error::Nats`] if it cannot be reached.
    pub async fn new(nats: &Nats) -> Result<Self, Error> {
        Ok(Self(Queue::new(nats).await?))
    }
}

impl Act for Discard {
    type Item = StoredLetter;

    /// It names the original: the letter itself is gone after it.
    fn name(&self, item: &StoredLetter) -> String {
        let id = item.letter.as_ref().map(Letter::id);
        let id = id.unwrap_or_else(|_| item.subject.clone());
        format!("{} {id}", item.sequence)
    }

    async fn act(&self, item: &StoredLetter) -> Outcome {
        self.0.delete(item.sequence).await
    }
}

/// Takes letters out of `DLQ`.
struct Queue(jetstream::stream::Stream<()>);

impl Queue {
    async fn new(nats: &Nats) -> Result<Self, Error> {
        let stream = nats.jetstream().get_stream_no_info(subjects::DLQ).await;
        Ok(Self(
            stream.map_err(|error| Error::nats("stream DLQ")(error.into()))?,
        ))
    }

    async fn delete(&self, sequence: u64) -> Outcome {
        const NO_MESSAGE_FOUND: &str = "no message found";
        match self.0.delete_message(sequence).await {
            Ok(_) => Outcome::Done,
            // Somebody was faster.
            Err(error)
                if matches!(error.kind(), DeleteMessageErrorKind::JetStream(_))
                    && error.to_string().contains(NO_MESSAGE_FOUND) =>
            {
                Outcome::Done
            }
            Err(error) => Outcome::Failed(error.to_string()),
        }
    }
}

/// The consumers of `REDRIVE`, as `<service>.<consumer>`: each takes `redrive.<service>.<consumer>.*.*`.
async fn takers(nats: &Nats) -> Result<BTreeSet<String>, Error> {
    let what = "consumers of REDRIVE";
    let stream = nats.jetstream().get_stream_no_info(subjects::REDRIVE).await;
    let stream = stream.map_err(|error| Error::nats(what)(error.into()))?;
    let consumers: Vec<_> = stream
        .consumers()
        .try_collect()
        .await
        .map_err(|error| Error::nats(what)(error.into()))?;
    let taker = |filter: &str| {
        let taken = filter.strip_prefix("redrive.")?;
        let mut tokens = taken.split('.');
        Some(format!("{}.{}", tokens.next()?, tokens.next()?))
    };
    Ok(consumers
        .iter()
        .filter_map(|info| taker(&info.config.filter_subject))
        .collect())
}
