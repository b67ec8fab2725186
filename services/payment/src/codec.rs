//! Payment events to and from the records of `payments.<order>`.

use holdfast_contracts::money::v1::Money as MoneyMessage;
use holdfast_contracts::payment::v1::payment_event::Event as EventMessage;
use holdfast_contracts::payment::v1::{
    ChargeDeclined, ChargePending, ChargeRefunded, ChargeSucceeded, ChargeVoided, PaymentCommit, PaymentEvent,
};
use holdfast_contracts::{DecodeError, decode, encode};
use jiff::Timestamp;
use uuid::Uuid;

use crate::state::{Charge, Event, Money, Refund};

/// A record that cannot be believed. The payment of this order stops until somebody looks at it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The payload is not a commit.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// A part that a commit must have is missing or not readable.
    #[error("{0} is missing or not valid")]
    Invalid(&'static str),
    /// Another event, or another major version of it.
    #[error("{0}")]
    Unknown(String),
    /// An event of a type that this version does not know.
    #[error("event {0} is of an unknown type")]
    UnknownEvent(u64),
    /// It does not continue where the record, or the event, before it ended: one is missing, or was written twice.
    #[error("it goes on with version {found} where {expected} is due")]
    Gap {
        /// The version that is due.
        expected: u64,
        /// The version that is there.
        found: u64,
    },
    /// It is the commit of another order.
    #[error("it belongs to order {0}")]
    Misplaced(Uuid),
}

/// One message of the stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// Whose payment.
    pub order_id: Uuid,
    /// Whose order.
    pub user_id: Uuid,
    /// When it was decided.
    pub time: Timestamp,
    /// Position of the first event among the payment events of this order, from 1.
    pub first_version: u64,
    /// At least one.
    pub events: Vec<Event>,
}

impl Commit {
    /// The payload of this commit. `provider` is the name of the adapter.
    ///
    /// # Errors
    /// If the time cannot be expressed.
    pub fn to_payload(&self, provider: &str) -> Result<Vec<u8>, serde_json::Error> {
        let events = (self.first_version..)
            .zip(&self.events)
            .map(|(version, event)| PaymentEvent {
                version,
                event: Some(to_message(event, provider)),
            });
        encode(&PaymentCommit {
            order_id: self.order_id.to_string(),
            user_id: self.user_id.to_string(),
            time: Some(time_to_message(self.time)),
            events: events.collect(),
        })
    }

    /// Reads a payload.
    ///
    /// # Errors
    /// [`Error`] tells what is wrong with it.
    pub fn from_payload(payload: &[u8]) -> Result<Self, Error> {
        let commit: PaymentCommit = decode(payload)?;
        let first_version = commit.events.first().ok_or(Error::Invalid("events"))?.version;
        let versions = (first_version..).zip(&commit.events);
        if let Some((expected, event)) = versions.into_iter().find(|(due, event)| *due != event.version) {
            let found = event.version;
            return Err(Error::Gap { expected, found });
        }
        Ok(Self {
            order_id: commit.order_id.parse().map_err(|_| Error::Invalid("order_id"))?,
            user_id: commit.user_id.parse().map_err(|_| Error::Invalid("user_id"))?,
            time: commit
                .time
                .and_then(time_from_message)
                .ok_or(Error::Invalid("time"))?,
            first_version,
            events: commit
                .events
                .into_iter()
                .map(from_message)
                .collect::<Result<_, _>>()?,
        })
    }

    /// The version of the last event.
    #[must_use]
    pub fn last_version(&self) -> u64 {
        self.first_version + (self.events.len() as u64).saturating_sub(1)
    }
}

fn to_message(event: &Event, provider: &str) -> EventMessage {
    let provider = provider.to_owned();
    match event.clone() {
        Event::Pending(Charge { charge_id, amount }) => EventMessage::ChargePending(ChargePending {
            charge_id,
            amount: money(amount),
            provider,
        }),
        Event::Succeeded(charge) => succeeded(charge, provider, false),
        Event::Stray(charge) => succeeded(charge, provider, true),
        Event::Declined(code) => EventMessage::ChargeDeclined(ChargeDeclined { code, provider }),
        Event::Voided => EventMessage::ChargeVoided(ChargeVoided {}),
        Event::Refunded(Refund {
            charge_id,
            refund_id,
            amount,
        }) => EventMessage::ChargeRefunded(ChargeRefunded {
            charge_id,
            refund_id,
            amount: money(amount),
        }),
    }
}

fn succeeded(Charge { charge_id, amount }: Charge, provider: String, stray: bool) -> EventMessage {
    EventMessage::ChargeSucceeded(ChargeSucceeded {
        charge_id,
        amount: money(amount),
        provider,
        stray,
    })
}

fn from_message(message: PaymentEvent) -> Result<Event, Error> {
    Ok(match message.event.ok_or(Error::UnknownEvent(message.version))? {
        EventMessage::ChargePending(event) => Event::Pending(charge(event.charge_id, event.amount)?),
        EventMessage::ChargeSucceeded(event) => {
            let landed = charge(event.charge_id, event.amount)?;
            if event.stray {
                Event::Stray(landed)
            } else {
                Event::Succeeded(landed)
            }
        }
        EventMessage::ChargeDeclined(event) => Event::Declined(event.code),
        EventMessage::ChargeVoided(ChargeVoided {}) => Event::Voided,
        EventMessage::ChargeRefunded(event) => {
            let Charge { charge_id, amount } = charge(event.charge_id, event.amount)?;
            Event::Refunded(Refund {
                charge_id,
                refund_id: event.refund_id,
                amount,
            })
        }
    })
}

#[allow(clippy::unnecessary_wraps, reason = "a message field in Protobuf is optional")]
fn money(Money { amount, currency }: Money) -> Option<MoneyMessage> {
    Some(MoneyMessage { amount, currency })
}

fn charge(charge_id: String, amount: Option<MoneyMessage>) -> Result<Charge, Error> {
    let MoneyMessage { amount, currency } = amount.ok_or(Error::Invalid("amount"))?;
    Ok(Charge {
        charge_id,
        amount: Money { amount, currency },
    })
}

fn time_to_message(time: Timestamp) -> pbjson_types::Timestamp {
    pbjson_types::Timestamp {
        seconds: time.as_second(),
        nanos: time.subsec_nanosecond(),
    }
}

fn time_from_message(time: pbjson_types::Timestamp) -> Option<Timestamp> {
    Timestamp::new(time.seconds, time.nanos).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn amounts() -> impl Strategy<Value = Money> {
        (1..i64::MAX, "[A-Z]{3}").prop_map(|(amount, currency)| Money { amount, currency })
    }

    fn charges() -> impl Strategy<Value = Charge> {
        ("\\PC{1,30}", amounts()).prop_map(|(charge_id, amount)| Charge { charge_id, amount })
    }

    fn events() -> impl Strategy<Value = Event> {
        prop_oneof![
            charges().prop_map(Event::Pending),
            charges().prop_map(Event::Succeeded),
            charges().prop_map(Event::Stray),
            "\\PC{1,30}".prop_map(Event::Declined),
            Just(Event::Voided),
            (charges(), "[a-z0-9_]{1,30}").prop_map(|(Charge { charge_id, amount }, refund_id)| {
                Event::Refunded(Refund {
                    charge_id,
                    refund_id,
                    amount,
                })
            }),
        ]
    }

    proptest! {
        #[test]
        fn a_commit_reads_back_as_it_was_written(
            events in prop::collection::vec(events(), 1..4),
            (order, user) in any::<(u128, u128)>(),
            (seconds, nanos) in (0..4_000_000_000_i64, 0..1_000_000_000_i32),
            first_version in 1..100_u64,
        ) {
            let commit = Commit {
                order_id: Uuid::from_u128(order),
                user_id: Uuid::from_u128(user),
                time: Timestamp::new(seconds, nanos).unwrap(),
                first_version,
                events,
            };
            let payload = commit.to_payload("sandbox").unwrap();
            prop_assert_eq!(Commit::from_payload(&payload).unwrap(), commit);
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Commit::from_payload(&bytes);
        }
    }

    fn payload(event: &str) -> String {
        let id = Uuid::nil();
        format!(
            r#"{{"orderId":"{id}","userId":"{id}","time":"2026-01-02T03:04:05Z","events":[{event}],"new":1}}"#
        )
    }

    #[test]
    fn fields_of_a_newer_version_are_ignored() {
        let commit = payload(r#"{"version":"3","chargeVoided":{"why":"because"}}"#);
        let commit = Commit::from_payload(commit.as_bytes()).unwrap();
        assert_eq!((commit.last_version(), commit.events), (3, vec![Event::Voided]));
    }

    #[test]
    fn an_event_of_an_unknown_type_is_refused_by_its_version() {
        let commit = payload(r#"{"version":"7","chargeDisputed":{}}"#);
        let error = Commit::from_payload(commit.as_bytes()).unwrap_err();
        assert!(matches!(error, Error::UnknownEvent(7)), "{error}");
    }
}
