//! What a message of `ORDERS` tells: the part of `holdfast.order.v1.OrderCommit` that a status follows from.
//!
//! Commands and the contents of most events are passed over unread, and an event that is not known here counts as one:
//! a newer writer does not blind an older reader.

use std::fmt;

use jiff::Timestamp;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use uuid::Uuid;

use crate::status::{Event, Reason};

/// Events that were appended together.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Commit {
    /// The order.
    #[serde(rename = "orderId")]
    pub order: Uuid,
    /// Its owner.
    #[serde(rename = "userId")]
    pub user: Uuid,
    /// When it was decided.
    pub time: Timestamp,
    /// At least one, versions ascending without a gap.
    pub events: Vec<Numbered>,
}

/// An event and its place among those of its order, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Numbered {
    /// The place.
    pub version: u64,
    /// The event.
    pub event: Event,
}

/// A message that is no commit.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is not what its schema says.
    #[error("not a commit: {0}")]
    Malformed(#[from] serde_json::Error),
    /// Its events do not follow on each other.
    #[error("the versions of a commit have a gap, or there are none")]
    Versions,
}

impl Commit {
    /// Reads a commit from its canonical JSON.
    ///
    /// # Errors
    /// [`Error`] if it is none.
    pub fn read(payload: &[u8]) -> Result<Self, Error> {
        let commit: Self = serde_json::from_slice(payload)?;
        let first = commit.events.first().map_or(0, |event| event.version);
        let follows = (first..).zip(&commit.events);
        match first > 0 && follows.into_iter().all(|(due, event)| event.version == due) {
            true => Ok(commit),
            false => Err(Error::Versions),
        }
    }

    /// The version of the first event.
    #[must_use]
    pub fn first_version(&self) -> u64 {
        self.events.first().map_or(0, |event| event.version)
    }

    /// The version of the last event.
    #[must_use]
    pub fn last_version(&self) -> u64 {
        self.events.last().map_or(0, |event| event.version)
    }
}

impl<'de> Deserialize<'de> for Numbered {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(NumberedVisitor)
    }
}

struct NumberedVisitor;

impl<'de> Visitor<'de> for NumberedVisitor {
    type Value = Numbered;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an event with its version")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Numbered, A::Error> {
        let (mut version, mut event) = (0, Event::Unknown);
        while let Some(field) = fields.next_key::<Field>()? {
            match field {
                Field::Version => version = fields.next_value::<Number>()?.0,
                Field::Event(named) => event = named.with(fields.next_value()?),
                Field::Unknown => drop(fields.next_value::<IgnoredAny>()?),
            }
        }
        Ok(Numbered { version, event })
    }
}

/// The names of the fields of an event, of which all but the version are events.
#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "camelCase")]
enum FieldName {
    Version,
    OrderCreated,
    InventoryReserved,
    InventoryNotAvailable,
    PaymentPending,
    PaymentSucceeded,
    PaymentFailed,
    InventoryReleased,
    OrderCompleted,
    OrderCancelled,
    CancelRequested,
    PaymentRefunded,
    SagaParked,
    SagaResumed,
    #[serde(other)]
    Unknown,
}

enum Field {
    Version,
    Event(Event),
    Unknown,
}

impl<'de> Deserialize<'de> for Field {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::Event(match FieldName::deserialize(deserializer)? {
            FieldName::Version => return Ok(Self::Version),
            FieldName::Unknown => return Ok(Self::Unknown),
            FieldName::OrderCreated => Event::OrderCreated,
            FieldName::InventoryReserved => Event::InventoryReserved,
            FieldName::InventoryNotAvailable => Event::InventoryNotAvailable,
            FieldName::PaymentPending => Event::PaymentPending,
            FieldName::PaymentSucceeded => Event::PaymentSucceeded,
            FieldName::PaymentFailed => Event::PaymentFailed(Reason::PaymentTimeout),
            FieldName::InventoryReleased => Event::InventoryReleased,
            FieldName::OrderCompleted => Event::OrderCompleted,
            FieldName::OrderCancelled => Event::OrderCancelled(None),
            FieldName::CancelRequested => Event::CancelRequested(Reason::CancelledByOperator),
            FieldName::PaymentRefunded => Event::PaymentRefunded,
            FieldName::SagaParked => Event::SagaParked,
            FieldName::SagaResumed => Event::SagaResumed,
        }))
    }
}

/// What matters of an event's contents.
#[derive(Deserialize)]
struct Contents {
    #[serde(default)]
    reason: Word,
    #[serde(default)]
    requester: Word,
}

/// The name of an enum's value; its number says nothing here.
#[derive(Default, Deserialize)]
#[serde(untagged)]
enum Word {
    Name(String),
    #[default]
    Absent,
    Other(IgnoredAny),
}

impl Word {
    fn name(&self) -> &str {
        match self {
            Self::Name(name) => name,
            Self::Absent | Self::Other(_) => "",
        }
    }
}

impl Event {
    /// The same event with the reasons that its contents give.
    fn with(self, contents: Contents) -> Self {
        let (reason, requester) = (contents.reason.name(), contents.requester.name());
        match self {
            Self::PaymentFailed(_) => Self::PaymentFailed(match reason {
                "PAYMENT_FAILURE_REASON_DECLINED" => Reason::PaymentDeclined,
                _ => Reason::PaymentTimeout,
            }),
            Self::CancelRequested(_) => Self::CancelRequested(match requester {
                "REQUESTER_CUSTOMER" => Reason::CancelledByCustomer,
                _ => Reason::CancelledByOperator,
            }),
            Self::OrderCancelled(_) => Self::OrderCancelled(match reason {
                "CANCEL_REASON_OUT_OF_STOCK" => Some(Reason::OutOfStock),
                "CANCEL_REASON_PAYMENT_DECLINED" => Some(Reason::PaymentDeclined),
                "CANCEL_REASON_PAYMENT_TIMEOUT" => Some(Reason::PaymentTimeout),
                "CANCEL_REASON_CANCELLED_BY_CUSTOMER" => Some(Reason::CancelledByCustomer),
                "CANCEL_REASON_CANCELLED_BY_OPERATOR" => Some(Reason::CancelledByOperator),
                _ => None,
            }),
            event => event,
        }
    }
}

/// ProtoJSON writes 64-bit numbers as text, and reads both.
struct Number(u64);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NumberVisitor;

        impl Visitor<'_> for NumberVisitor {
            type Value = Number;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number, maybe as text")
            }

            fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Number, E> {
                Ok(Number(number))
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Number, E> {
                text.parse().map(Number).map_err(E::custom)
            }
        }
        deserializer.deserialize_any(NumberVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = r#""orderId":"01900000-0000-7000-8000-000000000001","userId":"01900000-0000-7000-8000-00000000c001","time":"2026-11-23T10:00:00Z""#;

    fn read(events: &str) -> Result<Vec<(u64, Event)>, Error> {
        let payload = format!(r#"{{{HEAD},"events":[{events}],"commands":[{{"newer":1}}]}}"#);
        let commit = Commit::read(payload.as_bytes())?;
        Ok(commit
            .events
            .iter()
            .map(|numbered| (numbered.version, numbered.event))
            .collect())
    }

    #[test]
    fn events_are_read_with_their_versions_and_reasons() {
        let events = r#"{"version":"3","paymentFailed":{"reason":"PAYMENT_FAILURE_REASON_DECLINED","detail":"no"}},
            {"version":"4","cancelRequested":{"requester":"REQUESTER_CUSTOMER"}},
            {"orderCancelled":{"reason":"CANCEL_REASON_OUT_OF_STOCK"},"version":5},{"version":"6","sagaParked":{"step":"SAGA_STEP_CHARGE","attempts":3}}"#;
        let expected = vec![
            (3, Event::PaymentFailed(Reason::PaymentDeclined)),
            (4, Event::CancelRequested(Reason::CancelledByCustomer)),
            (5, Event::OrderCancelled(Some(Reason::OutOfStock))),
            (6, Event::SagaParked),
        ];
        assert_eq!(read(events).unwrap(), expected);
    }

    #[test]
    fn what_a_newer_writer_says_is_an_event_too() {
        let events = r#"{"version":"1","orderCreated":{"lines":[{"sku":"a"}]},"hint":[1,{}]},{"version":"2","giftWrapped":{"paper":"red"}},
            {"version":"3","orderCancelled":{"reason":"CANCEL_REASON_NEW"}},{"version":"4","paymentFailed":{"reason":7}}"#;
        let kinds: Vec<Event> = read(events)
            .unwrap()
            .into_iter()
            .map(|(_, event)| event)
            .collect();
        assert_eq!(
            kinds,
            [
                Event::OrderCreated,
                Event::Unknown,
                Event::OrderCancelled(None),
                Event::PaymentFailed(Reason::PaymentTimeout)
            ]
        );
    }

    #[test]
    fn what_is_no_commit_is_refused() {
        assert!(matches!(Commit::read(b"{}"), Err(Error::Malformed(_))));
        assert!(matches!(read(""), Err(Error::Versions)));
        assert!(matches!(
            read(r#"{"inventoryReserved":{}}"#),
            Err(Error::Versions)
        ));
        let gap = r#"{"version":"1","orderCreated":{}},{"version":"3","inventoryReserved":{}}"#;
        assert!(matches!(read(gap), Err(Error::Versions)));
    }
}
