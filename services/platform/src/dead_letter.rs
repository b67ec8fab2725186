//! Dead letters: what a consumer gave up on, as it stands in the stream `DLQ` and, sent back, in `REDRIVE`.
//!
//! A letter is the original message, headers and payload, with its story in headers beside them. What letters are
//! looked for by stands in the subject, so that the server finds them:
//! `dlq.<service>.<consumer>.<reason>.<type>.<user>.<entity>.<id>`, where `_` says that it is not known. The id is
//! `<stream>-<sequence>-<redrives>`: it names one giving up, so that a letter is stored once however often it is tried.

use bytes::Bytes;
use jiff::Timestamp;

use crate::journal::{DeadLetterReason, Headers, Record, Revision};
use crate::telemetry::TraceContext;

/// The stream of dead letters.
pub const DLQ: &str = "DLQ";
/// The stream of letters that were sent back to the consumer that gave them up.
pub const REDRIVE: &str = "REDRIVE";

const OURS: &str = "Holdfast-Dlq-";
const ORIGINAL: &str = "Holdfast-Dlq-Original-";
const OF_SERVER: &str = "Nats-";
/// Header values cannot hold line breaks; 1 KiB says enough.
const ERROR_LENGTH: usize = 1024;

/// Whom and what a record is about, as far as its service can tell: letters are found by it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// The user.
    pub user: Option<String>,
    /// The aggregate, such as the order.
    pub entity: Option<String>,
}

impl About {
    /// What the CloudEvents attribute `subject` tells, if it is a plain token.
    #[must_use]
    pub fn of_event(record: &Record) -> Self {
        let entity = record
            .headers
            .get("ce-subject")
            .filter(|subject| token(subject) == **subject);
        Self {
            user: None,
            entity: entity.cloned(),
        }
    }
}

/// A failure of a handler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// When.
    pub time: Timestamp,
    /// What it said; empty if it did not say.
    pub error: String,
}

impl Failure {
    /// A failure of now.
    #[must_use]
    pub fn now(error: &str) -> Self {
        Self {
            time: Timestamp::now(),
            error: single_line(error),
        }
    }
}

/// Where the original stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Its stream.
    pub stream: String,
    /// Its sequence there.
    pub sequence: Revision,
    /// Its subject.
    pub subject: String,
    /// When it was stored.
    pub time: Timestamp,
}

/// A message that a consumer gave up on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// Whose consumer.
    pub service: String,
    /// The consumer.
    pub consumer: String,
    /// Why, as [`DeadLetterReason::as_str`] has it.
    pub reason: String,
    /// How often it was delivered to whoever gave it up; 0 if it was found in the stream after a predecessor died.
    pub attempts: u64,
    /// How often it was sent back before.
    pub redrives: u32,
    /// The first failure that is known of.
    pub first: Failure,
    /// The failure for which it was given up.
    pub last: Failure,
    /// Where the original stands.
    pub origin: Origin,
    /// The type of the event: CloudEvents attribute `type`.
    pub event_type: Option<String>,
    /// Whom and what it is about.
    pub about: About,
    /// The trace that it was appended in.
    pub trace_id: Option<String>,
    /// The original's headers.
    pub headers: Headers,
    /// The original's payload.
    pub payload: Bytes,
}

/// A message that is no dead letter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("header {0} is missing or malformed")]
pub struct NotALetter(String);

impl Letter {
    /// What `consumer` of `service` gives up on for the first time. `stream` is that of the original.
    #[must_use]
    pub fn new((service, consumer, stream): (&str, &str, &str), original: Record, about: About) -> Self {
        let trace = TraceContext::of_record(&original.headers);
        let nothing = Failure {
            time: original.time,
            error: String::new(),
        };
        Self {
            service: service.to_owned(),
            consumer: consumer.to_owned(),
            reason: String::new(),
            attempts: 0,
            redrives: 0,
            first: nothing.clone(),
            last: nothing,
            origin: Origin {
                stream: stream.to_owned(),
                sequence: original.revision,
                subject: original.subject,
                time: original.time,
            },
            event_type: original.headers.get("ce-type").cloned(),
            about,
            trace_id: trace.map(|trace| trace.trace_id().to_owned()),
            headers: original.headers,
            payload: original.payload,
        }
    }

    /// The same, given up for this reason after so many deliveries. `first`: when it failed first, if that is known.
    #[must_use]
    pub fn given_up(
        self,
        reason: DeadLetterReason,
        attempts: u64,
        (first, last): (Option<Failure>, Failure),
    ) -> Self {
        Self {
            reason: reason.as_str().to_owned(),
            attempts,
            first: first.unwrap_or_else(|| last.clone()),
            last,
            ..self
        }
    }

    /// Reads a message of `DLQ` or `REDRIVE`.
    ///
    /// # Errors
    /// [`NotALetter`] names the header that is missing.
    pub fn of_record(record: &Record) -> Result<Self, NotALetter> {
        let headers = &record.headers;
        let find = |name: &str| headers.get(&format!("{OURS}{name}"));
        let text = |name: &str| {
            find(name)
                .cloned()
                .ok_or_else(|| NotALetter(format!("{OURS}{name}")))
        };
        let first = Failure {
            time: parsed(find, "First-Error-Time")?,
            error: text("First-Error")?,
        };
        let last = Failure {
            time: parsed(find, "Last-Error-Time")?,
            error: text("Last-Error")?,
        };
        Ok(Self {
            service: text("Service")?,
            consumer: text("Consumer")?,
            reason: text("Reason")?,
            attempts: parsed(find, "Attempts")?,
            redrives: parsed(find, "Redrives")?,
            first,
            last,
            origin: Origin {
                stream: text("Stream")?,
                sequence: Revision(parsed(find, "Sequence")?),
                subject: text("Subject")?,
                time: parsed(find, "Time")?,
            },
            event_type: headers.get("ce-type").cloned(),
            about: About {
                user: find("User").cloned(),
                entity: find("Entity").cloned(),
            },
            trace_id: find("Trace-Id").cloned(),
            headers: headers.iter().filter_map(original_header).collect(),
            payload: record.payload.clone(),
        })
    }

    /// The original, as it was delivered to the consumer.
    #[must_use]
    pub fn into_original(self) -> Record {
        Record {
            subject: self.origin.subject,
            revision: self.origin.sequence,
            time: self.origin.time,
            headers: self.headers,
            payload: self.payload,
        }
    }

    /// Names this giving up, and no other.
    #[must_use]
    pub fn id(&self) -> String {
        let Origin { stream, sequence, .. } = &self.origin;
        format!("{}-{sequence}-{}", token(stream), self.redrives)
    }

    /// Where it is stored in `DLQ`.
    #[must_use]
    pub fn subject(&self) -> String {
        let Self {
            service,
            consumer,
            reason,
            about,
            ..
        } = self;
        let about = [
            type_token(self.event_type.as_deref()),
            known(&about.user),
            known(&about.entity),
        ];
        let [event_type, user, entity] = about;
        let (service, consumer, id) = (token(service), token(consumer), self.id());
        format!("dlq.{service}.{consumer}.{reason}.{event_type}.{user}.{entity}.{id}")
    }

    /// Where it is stored in `REDRIVE` when it is sent back from `sequence` of `DLQ`: once, since the subject is its own.
    #[must_use]
    pub fn redrive_subject(&self, sequence: Revision) -> String {
        let (service, consumer, id) = (token(&self.service), token(&self.consumer), self.id());
        format!("redrive.{service}.{consumer}.{id}.{sequence}")
    }

    /// Its headers in either stream.
    #[must_use]
    pub fn to_headers(&self) -> Headers {
        let mut headers: Headers = self.headers.iter().map(stored_header).collect();
        let mut add = |name: &str, value: String| headers.insert(format!("{OURS}{name}"), value);
        add("Service", self.service.clone());
        add("Consumer", self.consumer.clone());
        add("Reason", self.reason.clone());
        add("Attempts", self.attempts.to_string());
        add("Redrives", self.redrives.to_string());
        add("First-Error", self.first.error.clone());
        add("First-Error-Time", self.first.time.to_string());
        add("Last-Error", self.last.error.clone());
        add("Last-Error-Time", self.last.time.to_string());
        add("Stream", self.origin.stream.clone());
        add("Sequence", self.origin.sequence.to_string());
        add("Subject", self.origin.subject.clone());
        add("Time", self.origin.time.to_string());
        for (name, value) in [
            ("User", &self.about.user),
            ("Entity", &self.about.entity),
            ("Trace-Id", &self.trace_id),
        ] {
            if let Some(value) = value {
                add(name, single_line(value));
            }
        }
        headers
    }
}

fn parsed<'a, T: std::str::FromStr>(
    find: impl Fn(&str) -> Option<&'a String>,
    name: &str,
) -> Result<T, NotALetter> {
    let value = find(name).and_then(|value| value.parse().ok());
    value.ok_or_else(|| NotALetter(format!("{OURS}{name}")))
}

/// Headers that would command the server are put aside.
fn stored_header((name, value): (&String, &String)) -> (String, String) {
    match name.starts_with(OF_SERVER) {
        true => (format!("{ORIGINAL}{name}"), value.clone()),
        false => (name.clone(), value.clone()),
    }
}

fn original_header((name, value): (&String, &String)) -> Option<(String, String)> {
    match name.strip_prefix(ORIGINAL) {
        Some(name) => Some((name.to_owned(), value.clone())),
        None if name.starts_with(OURS) || name.starts_with(OF_SERVER) => None,
        None => Some((name.clone(), value.clone())),
    }
}

/// The last part of a type's name, such as `OrderCommit`.
#[must_use]
pub fn type_token(event_type: Option<&str>) -> String {
    token(
        event_type
            .and_then(|name| name.rsplit('.').next())
            .unwrap_or_default(),
    )
}

fn known(id: &Option<String>) -> String {
    token(id.as_deref().unwrap_or_default())
}

/// A text as one token of a subject.
#[must_use]
pub fn token(text: &str) -> String {
    const LENGTH: usize = 64;
    let plain = |c: char| match c {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '_' => c,
        _ => '_',
    };
    match text {
        "" => "_".to_owned(),
        text => text.chars().map(plain).take(LENGTH).collect(),
    }
}

fn single_line(error: &str) -> String {
    let printable = |c: char| if c.is_control() { ' ' } else { c };
    let line: String = error.chars().map(printable).take(ERROR_LENGTH).collect();
    line.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(headers: &[(&str, &str)]) -> Record {
        Record {
            subject: "orders.u.o".into(),
            revision: Revision(7),
            time: Timestamp::UNIX_EPOCH,
            headers: headers
                .iter()
                .map(|(name, value)| ((*name).into(), (*value).into()))
                .collect(),
            payload: "{".into(),
        }
    }

    fn letter() -> Letter {
        let original = record(&[
            ("ce-type", "holdfast.order.v1.OrderCommit"),
            ("Nats-Scheduler", "timers.o.charge"),
            (
                "traceparent",
                "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            ),
        ]);
        let about = About {
            user: Some("u 1".into()),
            entity: None,
        };
        Letter::new(("order", "order-payment", "ORDERS"), original, about).given_up(
            DeadLetterReason::Malformed,
            3,
            (Some(Failure::now("first")), Failure::now("not\r\njson ")),
        )
    }

    #[test]
    fn a_letter_reads_back_and_gives_the_original_back() {
        let letter = letter();
        let stored = Record {
            subject: letter.subject(),
            revision: Revision(1),
            time: Timestamp::now(),
            headers: letter.to_headers(),
            payload: letter.payload.clone(),
        };
        assert!(
            stored.headers.keys().all(|name| !name.starts_with("Nats-")),
            "{stored:?}"
        );
        let read = Letter::of_record(&stored).unwrap();
        assert_eq!(read, letter);
        assert_eq!(read.trace_id.as_deref(), Some("0af7651916cd43dd8448eb211c80319c"));
        assert_eq!(read.last.error, "not  json");
        let original = read.into_original();
        assert_eq!(
            (original.subject.as_str(), original.revision),
            ("orders.u.o", Revision(7))
        );
        assert_eq!(original.headers["Nats-Scheduler"], "timers.o.charge");
    }

    #[test]
    fn its_subject_says_what_it_is_looked_for_by() {
        assert_eq!(
            letter().subject(),
            "dlq.order.order-payment.malformed.OrderCommit.u_1._.ORDERS-7-0"
        );
        let again = Letter {
            redrives: 1,
            ..letter()
        };
        assert_ne!(
            again.subject(),
            letter().subject(),
            "a letter that came back is another one"
        );
    }

    #[test]
    fn what_is_no_letter_says_why() {
        let error = Letter::of_record(&record(&[])).unwrap_err();
        assert!(
            error.to_string().contains("Holdfast-Dlq-First-Error-Time"),
            "{error}"
        );
    }

    #[test]
    fn a_foreign_text_is_a_single_token_and_an_error_fits_into_a_header() {
        assert_eq!(token("a.b>*\n"), "a_b___");
        assert_eq!(token(""), "_");
        assert_eq!(single_line(&"x".repeat(5000)).len(), 1024);
    }
}
