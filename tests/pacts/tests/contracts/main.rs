//! Contracts between services, by Pact: consumers by their real clients, providers by real processes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "what goes wrong in a test fails it"
)]

mod consumers {
    mod notification_user;
    mod order_catalog;
    mod order_inventory;
    mod order_news;
    mod order_payment;
    mod order_status;
    mod payment_events;
    mod stock_commands;
    mod stock_decisions;
}
mod providers;

use bytes::Bytes;
use holdfast_platform::journal::{Record, Revision};
use jiff::Timestamp;
use pact_models::v4::async_message::AsynchronousMessage;
use uuid::Uuid;

const UUID: &str = "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$";

const TIME: &str = "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(Z|[+]00:00)$";

/// A directive of `Cache-Control` that allows to keep an answer; Pact looks at each directive by itself.
const KEEP: &str = "^(public|(max-age|stale-while-revalidate|stale-if-error)=[0-9]+)$";

/// An id that can be recognised.
fn id(number: u128) -> Uuid {
    Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + number)
}

/// The order service's client of another service waits so long.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(5);

/// The payload of a message of a contract.
fn payload(message: &AsynchronousMessage) -> Bytes {
    message.contents.contents.value().expect("a payload")
}

/// A message of a contract as the journal yields it.
fn record(subject: &str, message: &AsynchronousMessage) -> Record {
    let headers = message.contents.metadata.iter();
    let headers = headers.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())));
    Record {
        subject: subject.to_owned(),
        revision: Revision(7),
        time: Timestamp::UNIX_EPOCH,
        headers: headers.collect(),
        payload: payload(message),
    }
}
