//! Who did what: the stream `AUDIT`. What is going to be done is stored before it is done.

use holdfast_contracts::ops::v1::{
    ItemFailed, ItemsBegun, ItemsDone, OperationEnded, OperationStarted, OperatorAction,
    operator_action::Action,
};
use holdfast_contracts::subjects;
use holdfast_platform::journal::jetstream::{JetStreamJournal, JournalConfig};
use holdfast_platform::journal::{Append, Headers, Journal as _, Record, Revision, Scan as _};
use holdfast_platform::nats::Nats;
use jiff::Timestamp;
use uuid::Uuid;

use super::Error;
use super::bulk::{Outcome, Tally};

const SCHEMA: &str = "holdfast.ops.v1.OperatorAction";

/// Who does it, and by which way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The name.
    pub name: String,
    /// `cli` or `api`.
    pub via: &'static str,
}

/// One operation of an operator, under way.
#[derive(Clone)]
pub struct Operation {
    /// Names it, also to resume it.
    pub id: Uuid,
    audit: JetStreamJournal,
}

impl Operation {
    /// Records that an operation begins.
    ///
    /// # Errors
    /// [`Error::Journal`] if it cannot be recorded: it must not begin then.
    pub async fn start(nats: &Nats, started: OperationStarted) -> Result<Self, Error> {
        Self::resume(nats, Uuid::now_v7(), started).await
    }

    /// Records that an operation goes on.
    ///
    /// # Errors
    /// As [`Operation::start`].
    pub async fn resume(nats: &Nats, id: Uuid, started: OperationStarted) -> Result<Self, Error> {
        let operation = Self {
            id,
            audit: journal(nats),
        };
        operation.record("started", Action::Started(started)).await?;
        Ok(operation)
    }

    /// Records what is done next.
    ///
    /// # Errors
    /// [`Error::Journal`] if it cannot be recorded: it must not be done then.
    pub async fn begin(&self, items: Vec<String>) -> Result<(), Error> {
        self.record("begun", Action::Begun(ItemsBegun { items })).await
    }

    /// Records how it went.
    ///
    /// # Errors
    /// [`Error::Journal`] if it cannot be recorded.
    pub async fn done(&self, done: u64, others: Vec<(String, Outcome)>) -> Result<(), Error> {
        let failed = others.into_iter().map(|(item, outcome)| {
            let (detail, skipped) = match outcome {
                Outcome::Done => (String::new(), false),
                Outcome::Skipped(detail) => (detail, true),
                Outcome::Failed(detail) => (detail, false),
            };
            ItemFailed {
                item,
                detail,
                skipped,
            }
        });
        let failed = failed.collect();
        self.record("done", Action::Done(ItemsDone { done, failed }))
            .await
    }

    /// Records that it is over.
    ///
    /// # Errors
    /// [`Error::Journal`] if it cannot be recorded.
    pub async fn end(&self, tally: &Tally) -> Result<(), Error> {
        let Tally {
            done,
            skipped,
            failed,
            interrupted,
        } = *tally;
        let ended = OperationEnded {
            done,
            skipped,
            failed,
            interrupted,
        };
        self.record("ended", Action::Ended(ended)).await
    }

    async fn record(&self, kind: &str, action: Action) -> Result<(), Error> {
        let now = Timestamp::now();
        let message = OperatorAction {
            operation_id: self.id.to_string(),
            time: Some(wire_time(now)),
            action: Some(action),
        };
        let payload = holdfast_contracts::encode(&message).map_err(|error| self.unreadable(&error))?;
        let subject = format!("audit.{}.{kind}", self.id);
        // One writer at a time: a second one that resumes it meanwhile is told here.
        let newest = self.audit.last(&subject).await.map_err(failed)?;
        let append = Append {
            expected: newest.map_or(Revision::NONE, |record| record.revision),
            message_id: String::new(),
            headers: headers(&self.id.to_string(), SCHEMA, now),
            payload: payload.into(),
            subject,
        };
        self.audit.append(append).await.map_err(failed)?;
        Ok(())
    }

    fn unreadable(&self, detail: &dyn std::fmt::Display) -> Error {
        Error::Operation {
            id: self.id,
            detail: detail.to_string(),
        }
    }
}

/// The CloudEvents attributes of a message of this time about `subject`.
pub(super) fn headers(subject: &str, schema: &str, time: Timestamp) -> Headers {
    [
        ("ce-specversion", "1.0"),
        ("ce-id", &Uuid::now_v7().to_string()),
        ("ce-source", "holdfast/ops"),
        ("ce-type", schema),
        ("ce-subject", subject),
        ("ce-time", &time.to_string()),
        ("ce-dataschema", schema),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

/// A time as it stands in messages.
pub(super) fn wire_time(time: Timestamp) -> pbjson_types::Timestamp {
    pbjson_types::Timestamp {
        seconds: time.as_second(),
        nanos: time.subsec_nanosecond(),
    }
}

fn journal(nats: &Nats) -> JetStreamJournal {
    JetStreamJournal::new(nats, subjects::AUDIT, JournalConfig::default())
}

fn failed(source: holdfast_platform::journal::Error) -> Error {
    let stream = subjects::AUDIT;
    Error::Journal { stream, source }
}

/// An operation as it is recorded.
#[derive(Clone, Debug)]
pub struct History {
    /// Names it.
    pub id: Uuid,
    /// How it began, the last time.
    pub started: OperationStarted,
    /// When it began first.
    pub since: Timestamp,
    /// When something was recorded last.
    pub until: Timestamp,
    /// How far it is, over all times that it was resumed.
    pub tally: Tally,
    /// Whether it is over; if not, it is under way or was killed.
    pub is_over: bool,
    /// What was not done, and why.
    pub failed: Vec<ItemFailed>,
}

/// What is recorded of an operation.
///
/// # Errors
/// [`Error::NoSuchOperation`], or why it cannot be read.
pub async fn history(nats: &Nats, id: Uuid) -> Result<History, Error> {
    let (audit, filter) = (journal(nats), format!("audit.{id}.*"));
    let records = audit.scan(&filter, Revision::NONE, Revision::NONE, usize::MAX);
    let records = records.await.map_err(failed)?;
    let mut history: Option<History> = None;
    for record in &records {
        let action = decode(id, record)?;
        history = Some(match (history, action) {
            (None, Action::Started(started)) => History {
                id,
                started,
                since: record.time,
                until: record.time,
                tally: Tally::default(),
                is_over: false,
                failed: Vec::new(),
            },
            (None, _) => return Err(Error::NoSuchOperation(id)),
            (Some(history), action) => history.and(action, record.time),
        });
    }
    history.ok_or(Error::NoSuchOperation(id))
}

fn decode(id: Uuid, record: &Record) -> Result<Action, Error> {
    let unreadable = |detail: String| Error::Operation { id, detail };
    let message: OperatorAction =
        holdfast_contracts::decode(&record.payload).map_err(|error| unreadable(error.to_string()))?;
    message
        .action
        .ok_or_else(|| unreadable("an action of an unknown kind".to_owned()))
}

impl History {
    fn and(mut self, action: Action, time: Timestamp) -> Self {
        self.until = time;
        match action {
            Action::Started(started) => {
                (self.started, self.is_over, self.tally.interrupted) = (started, false, false);
                // What failed is tried again.
                (self.tally.skipped, self.tally.failed) = (0, 0);
                self.failed.clear();
            }
            Action::Begun(_) => {}
            Action::Done(ItemsDone { done, failed }) => {
                self.tally.done += done;
                let skipped = failed.iter().filter(|item| item.skipped).count() as u64;
                self.tally.skipped += skipped;
                self.tally.failed += failed.len() as u64 - skipped;
                self.failed.extend(failed);
            }
            Action::Ended(OperationEnded { interrupted, .. }) => {
                (self.is_over, self.tally.interrupted) = (true, interrupted);
            }
        }
        self
    }
}

/// The newest operations, newest first.
///
/// # Errors
/// [`Error`] if the stream does not answer.
pub async fn newest(nats: &Nats, limit: usize) -> Result<Vec<Uuid>, Error> {
    let audit = journal(nats);
    let records = audit.scan("audit.*.started", Revision::NONE, Revision::NONE, usize::MAX);
    let records = records.await.map_err(failed)?;
    let mut ids = Vec::new();
    for record in records.iter().rev() {
        let id = record.subject.split('.').nth(1).and_then(|id| id.parse().ok());
        if let Some(id) = id.filter(|id| !ids.contains(id)) {
            ids.push(id);
        }
        if ids.len() == limit {
            break;
        }
    }
    Ok(ids)
}
