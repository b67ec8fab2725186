//! Reading: from any replica by direct get (one round trip a page), from the leader where it matters.

use std::sync::{Mutex, PoisonError};

use async_nats::jetstream::message::StreamMessage;
use async_nats::jetstream::stream::LastRawMessageErrorKind;
use async_nats::{Message, StatusCode, Subscriber};
use bytes::Bytes;
use futures::StreamExt;
use jiff::Timestamp;

use super::{APPEND_ID, Error, Patience, Record, Revision, Shared, record, timestamp};

/// Records per request.
const PAGE: usize = 1000;
/// Subscriptions kept for later reads.
const IDLE_INBOXES: usize = 64;

pub(super) struct Range<'a> {
    pub(super) filter: &'a str,
    pub(super) after: Revision,
    pub(super) at_least: Revision,
    pub(super) limit: usize,
}

/// Reads a range from whichever replica answers, and what that one lacks from the leader.
pub(super) async fn range(shared: &Shared, range: Range<'_>) -> Result<Vec<Record>, Error> {
    let mut patience = shared.patience();
    let mut records = loop {
        match from_replica(shared, &range, &patience).await {
            Ok(records) => break records,
            Err(PageError::Refused(detail)) => return Err(Error::Refused { detail }),
            Err(PageError::Unavailable(detail)) => patience.pause(&detail).await?,
        }
    };
    while records.len() < range.limit {
        let after = newest(&records).max(range.after);
        if after >= range.at_least {
            break;
        }
        match leader(shared, Wanted::NextAfter(range.filter, after), &mut patience).await? {
            Some((record, _)) => records.push(record),
            None => {
                patience
                    .pause("the leader does not know the wanted revision")
                    .await?
            }
        }
    }
    Ok(records)
}

fn newest(records: &[Record]) -> Revision {
    records.last().map_or(Revision::NONE, |record| record.revision)
}

enum PageError {
    Unavailable(String),
    Refused(String),
}

async fn from_replica(
    shared: &Shared,
    range: &Range<'_>,
    patience: &Patience,
) -> Result<Vec<Record>, PageError> {
    let mut records = Vec::new();
    loop {
        let after = newest(&records).max(range.after);
        let wanted = (range.limit - records.len()).min(PAGE);
        if wanted == 0 {
            return Ok(records);
        }
        let timeout = shared.config.try_timeout.min(patience.left());
        let page = tokio::time::timeout(timeout, page(shared, range.filter, after, wanted));
        let more = match page.await {
            Ok(page) => page?.append_to(&mut records),
            Err(_) => return Err(PageError::Unavailable("no answer to a read".into())),
        };
        if !more {
            return Ok(records);
        }
    }
}

struct Page {
    records: Vec<Record>,
    more: bool,
}

impl Page {
    fn append_to(mut self, records: &mut Vec<Record>) -> bool {
        let more = self.more && !self.records.is_empty();
        if records.is_empty() {
            *records = self.records;
        } else {
            records.append(&mut self.records);
        }
        more
    }
}

async fn page(shared: &Shared, filter: &str, after: Revision, wanted: usize) -> Result<Page, PageError> {
    let mut inbox = shared
        .inboxes
        .take(shared)
        .await
        .map_err(PageError::Unavailable)?;
    let reply = inbox.next_reply();
    let request = serde_json::json!({"next_by_subj": filter, "seq": after.0 + 1, "batch": wanted});
    let subject = format!("$JS.API.DIRECT.GET.{}", shared.stream);
    let payload = Bytes::from(request.to_string());
    let sent = shared
        .nats
        .client()
        .publish_with_reply(subject.clone(), reply.clone(), payload)
        .await;
    sent.map_err(|error| PageError::Unavailable(error.to_string()))?;
    let page = shared
        .nats
        .unless_refused(&subject, receive(&mut inbox, &reply))
        .await
        .map_err(|refused| PageError::Refused(refused.to_string()))??;
    shared.inboxes.put_back(inbox);
    Ok(page)
}

async fn receive(inbox: &mut Inbox, reply: &str) -> Result<Page, PageError> {
    let mut records = Vec::new();
    loop {
        let Some(message) = inbox.subscriber.next().await else {
            return Err(PageError::Unavailable("the connection is closed".into()));
        };
        // Anything else is left over from a read that was given up.
        if message.subject.as_str() == reply {
            match part(&message)? {
                Part::Record(record) => records.push(record),
                Part::End { more } => return Ok(Page { records, more }),
            }
        }
    }
}

enum Part {
    Record(Record),
    End { more: bool },
}

fn part(message: &Message) -> Result<Part, PageError> {
    const END_OF_BATCH: u16 = 204;
    match message.status.map(|status| status.as_u16()) {
        None | Some(200) => stored(message)
            .map(Part::Record)
            .ok_or_else(|| PageError::Unavailable("an answer without sequence, subject or time".into())),
        Some(END_OF_BATCH) => {
            let pending = header(message, "Nats-Num-Pending").and_then(|count| count.parse::<u64>().ok());
            Ok(Part::End {
                more: pending.is_some_and(|count| count > 0),
            })
        }
        Some(404) => Ok(Part::End { more: false }),
        Some(code) if code == StatusCode::NO_RESPONDERS.as_u16() => {
            Err(PageError::Unavailable("no replica answers reads".into()))
        }
        Some(code @ (408 | 413)) => Err(PageError::Refused(format!("read refused with status {code}"))),
        Some(code) => Err(PageError::Unavailable(format!(
            "read answered with status {code}"
        ))),
    }
}

fn stored(message: &Message) -> Option<Record> {
    let sequence = header(message, "Nats-Sequence")?.parse().ok()?;
    let time: Timestamp = header(message, "Nats-Time-Stamp")?.parse().ok()?;
    let subject = header(message, "Nats-Subject")?;
    Some(record(
        subject,
        Revision(sequence),
        time,
        message.headers.as_ref(),
        message.payload.clone(),
    ))
}

fn header<'a>(message: &'a Message, name: &str) -> Option<&'a str> {
    message
        .headers
        .as_ref()?
        .get_last(name)
        .map(|value| value.as_str())
}

/// Subscriptions for answers that consist of several messages: kept, because each costs the server a change of its
/// routing.
#[derive(Default)]
pub(super) struct Inboxes(Mutex<Vec<Inbox>>);

struct Inbox {
    subscriber: Subscriber,
    prefix: String,
    requests: u64,
}

impl Inbox {
    fn next_reply(&mut self) -> String {
        self.requests += 1;
        format!("{}.{}", self.prefix, self.requests)
    }
}

impl Inboxes {
    async fn take(&self, shared: &Shared) -> Result<Inbox, String> {
        let idle = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        if let Some(inbox) = idle {
            return Ok(inbox);
        }
        let prefix = shared.nats.client().new_inbox();
        let subscriber = shared
            .nats
            .client()
            .subscribe(format!("{prefix}.*"))
            .await
            .map_err(|error| error.to_string())?;
        Ok(Inbox {
            subscriber,
            prefix,
            requests: 0,
        })
    }

    fn put_back(&self, inbox: Inbox) {
        let mut idle = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE_INBOXES {
            idle.push(inbox);
        }
    }
}

/// One record, asked of the leader.
#[derive(Clone, Copy)]
pub(super) enum Wanted<'a> {
    /// The newest of a subject.
    Last(&'a str),
    /// The first that matches a filter after a revision.
    NextAfter(&'a str, Revision),
}

/// Asks the leader, until it answers, for one record and the id of the append that stored it.
pub(super) async fn leader(
    shared: &Shared,
    wanted: Wanted<'_>,
    patience: &mut Patience,
) -> Result<Option<(Record, Option<String>)>, Error> {
    let subject = format!("$JS.API.STREAM.MSG.GET.{}", shared.stream);
    loop {
        let timeout = shared.config.try_timeout.min(patience.left());
        // Boxed: it is part of most futures, and rarely runs.
        let asked = shared
            .nats
            .unless_refused(&subject, Box::pin(ask_leader(shared, wanted)));
        let detail = match tokio::time::timeout(timeout, asked).await {
            Ok(Ok(Ok(found))) => return Ok(found.map(with_append_id)),
            Ok(Ok(Err(detail))) => detail,
            Ok(Err(refused)) => {
                let detail = refused.to_string();
                return Err(Error::Refused { detail });
            }
            Err(_) => "the leader does not answer".to_owned(),
        };
        patience.pause(&detail).await?;
    }
}

async fn ask_leader(shared: &Shared, wanted: Wanted<'_>) -> Result<Option<StreamMessage>, String> {
    let stream = shared.nats.jetstream().get_stream_no_info(&shared.stream).await;
    let request = stream.map_err(|error| error.to_string())?.raw_message_builder();
    let request = match wanted {
        Wanted::Last(subject) => request.last_by_subject(subject),
        Wanted::NextAfter(filter, after) => request.sequence(after.0 + 1).next_by_subject(filter),
    };
    match request.send().await {
        Ok(message) => Ok(Some(message)),
        Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => Ok(None),
        Err(error) => Err(error.to_string()),
    }
}

fn with_append_id(message: StreamMessage) -> (Record, Option<String>) {
    let append_id = message
        .headers
        .get_last(APPEND_ID)
        .map(|value| value.as_str().to_owned());
    let time = timestamp(message.time.unix_timestamp_nanos());
    let (revision, headers) = (Revision(message.sequence), Some(&message.headers));
    (
        record(&message.subject, revision, time, headers, message.payload),
        append_id,
    )
}
