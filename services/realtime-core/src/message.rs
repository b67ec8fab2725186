//! What is said over a WebSocket: one JSON object per text message. Clients pass over types and fields that they do not
//! know, and so does the server with fields.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::buffer::Item;
use crate::event_id::EventId;
use crate::status::{Reason, Status};
use crate::timeline::Step;

/// The longest message that a client may send, in bytes.
pub const LONGEST: usize = 1024;

/// What a client says.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Request {
    /// Tell me of this order: where it stands, or what came after `event_id`.
    Subscribe {
        /// The order.
        order_id: Uuid,
        /// The last that the client has seen of it.
        #[serde(default)]
        event_id: Option<String>,
    },
    /// Tell me of all my orders that are under way.
    SubscribeAll,
    /// Tell me no more of this order.
    Unsubscribe {
        /// The order.
        order_id: Uuid,
    },
    /// Tell me only of the orders that I named.
    UnsubscribeAll,
    /// Are you there? For browsers, which do not show the pings of the protocol.
    Ping,
}

impl Request {
    /// Reads a message.
    ///
    /// # Errors
    /// [`Refusal`] says what is wrong with it.
    pub fn read(text: &str) -> Result<Self, Refusal> {
        serde_json::from_str(text).map_err(|error| match error.classify() {
            serde_json::error::Category::Data => Refusal::invalid(error.to_string()),
            _ => Refusal::malformed(error.to_string()),
        })
    }
}

/// Why a message was not heeded: the members of a problem (RFC 9457).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refusal {
    r#type: &'static str,
    title: &'static str,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

macro_rules! problem {
    ($slug:literal) => {
        concat!("https://holdfast.dev/problems/", $slug)
    };
}

impl Refusal {
    fn new(r#type: &'static str, title: &'static str, status: u16) -> Self {
        Self {
            r#type,
            title,
            status,
            detail: None,
        }
    }

    fn detailed(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    fn malformed(detail: String) -> Self {
        Self::new(problem!("malformed-json"), "The message is not JSON", 400).detailed(detail)
    }

    fn invalid(detail: String) -> Self {
        Self::new(problem!("invalid-request"), "The message is not valid", 422).detailed(detail)
    }

    /// There is no such order, or not for this client.
    #[must_use]
    pub fn not_found(order: Uuid) -> Self {
        Self::new(problem!("not-found"), "Not found", 404).detailed(format!("there is no order {order}"))
    }

    /// The client watches as many orders as it may.
    #[must_use]
    pub fn too_many(most: usize) -> Self {
        let title = "Too many subscriptions";
        Self::new(problem!("too-many-subscriptions"), title, 429)
            .detailed(format!("at most {most} orders; subscribe_all has no bound"))
    }

    /// The token has expired.
    #[must_use]
    pub fn token_expired() -> Self {
        Self::new(problem!("unauthenticated"), "The token has expired", 401)
            .detailed("connect again with another")
    }

    /// What is needed to answer is away.
    #[must_use]
    pub fn unavailable() -> Self {
        Self::new(problem!("unavailable"), "Service unavailable", 503)
            .detailed("orders cannot be reached; subscribe again")
    }
}

/// What the server says.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Message {
    /// Where an order stands.
    Snapshot(Update),
    /// The next that happened to an order.
    Status(Update),
    /// So many updates were dropped here, because the client was too slow.
    Dropped {
        /// How many.
        count: u64,
    },
    /// What was told may be old from now on: the log is out of reach.
    Stale,
    /// What was told is up to date again.
    Live,
    /// The answer to a ping.
    Pong,
    /// The server ends. Connect again after so long.
    Reconnect {
        /// Milliseconds.
        after_ms: u64,
    },
    /// Something that the client said was not heeded.
    Error {
        /// Why.
        problem: Refusal,
        /// The order that it was about.
        #[serde(skip_serializing_if = "Option::is_none")]
        order_id: Option<Uuid>,
    },
}

/// An order after one of its events.
#[derive(Debug, Serialize)]
pub struct Update {
    order_id: Uuid,
    status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Reason>,
    version: u64,
    time: Timestamp,
    event_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<&'static str>,
}

impl Update {
    /// An order after a step.
    #[must_use]
    pub fn of(order: Uuid, step: &Step) -> Self {
        let version = step.version;
        Self {
            order_id: order,
            status: step.status,
            reason: step.reason,
            version,
            time: step.time,
            event_id: EventId { order, version }.to_string(),
            event: step.event.name(),
        }
    }
}

impl From<Item> for Message {
    fn from(item: Item) -> Self {
        match item {
            Item::Snapshot(order, step) => Self::Snapshot(Update::of(order, &step)),
            Item::Status(order, step) => Self::Status(Update::of(order, &step)),
            Item::NotFound(order) => Self::Error {
                problem: Refusal::not_found(order),
                order_id: Some(order),
            },
            Item::Stale => Self::Stale,
            Item::Live => Self::Live,
        }
    }
}

impl Message {
    /// The type of the message.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Snapshot(_) => "snapshot",
            Self::Status(_) => "status",
            Self::Dropped { .. } => "dropped",
            Self::Stale => "stale",
            Self::Live => "live",
            Self::Pong => "pong",
            Self::Reconnect { .. } => "reconnect",
            Self::Error { .. } => "error",
        }
    }

    /// The message as text.
    #[must_use]
    pub fn text(&self) -> String {
        // It holds nothing that JSON cannot express.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// Why the server ends a WebSocket: the code that closes it. 1000 to 2999 are those of RFC 6455 and IANA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum Close {
    /// The client said goodbye.
    Normal = 1000,
    /// The client broke the protocol.
    Protocol = 1002,
    /// The client sent a binary message.
    Unsupported = 1003,
    /// The client sent text that is not UTF-8.
    NotText = 1007,
    /// The client sent a message that is longer than [`LONGEST`].
    TooLong = 1009,
    /// The server ends: connect again, after the time that was said before.
    Restart = 1012,
    /// The token has expired: connect again with another.
    TokenExpired = 4401,
    /// Nothing came from the client for too long.
    Silent = 4408,
    /// There are as many streams as there may be: try again later.
    TooMany = 4429,
}

impl Close {
    /// The code.
    #[must_use]
    pub fn code(self) -> u16 {
        self as u16
    }

    /// What is said with it, for people.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::Normal => "",
            Self::Protocol => "the protocol was broken",
            Self::Unsupported => "only text messages are understood",
            Self::NotText => "text must be UTF-8",
            Self::TooLong => "the message is too long",
            Self::Restart => "the server ends: connect again",
            Self::TokenExpired => "the token has expired: connect again with another",
            Self::Silent => "nothing came for too long",
            Self::TooMany => "too many streams: try again later",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::Event;

    #[test]
    fn what_a_client_says_is_read_and_unknown_fields_are_passed_over() {
        let order = Uuid::from_u128(1);
        let subscribe = |event_id: Option<&str>| Request::Subscribe {
            order_id: order,
            event_id: event_id.map(str::to_owned),
        };
        for (text, request) in [
            (
                format!(r#"{{"type":"subscribe","order_id":"{order}"}}"#),
                subscribe(None),
            ),
            (
                format!(r#"{{"order_id":"{order}","event_id":"x","new":1,"type":"subscribe"}}"#),
                subscribe(Some("x")),
            ),
            (
                r#"{"type":"subscribe_all","new":{}}"#.to_owned(),
                Request::SubscribeAll,
            ),
            (
                format!(r#"{{"type":"unsubscribe","order_id":"{order}"}}"#),
                Request::Unsubscribe { order_id: order },
            ),
            (
                r#"{"type":"unsubscribe_all"}"#.to_owned(),
                Request::UnsubscribeAll,
            ),
            (r#"{"type":"ping"}"#.to_owned(), Request::Ping),
        ] {
            assert_eq!(Request::read(&text), Ok(request), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_refused_with_a_reason() {
        for (text, status) in [
            ("", 400),
            ("{", 400),
            ("[]", 422),
            (r#"{"type":"dance"}"#, 422),
            (r#"{"type":"subscribe"}"#, 422),
            (r#"{"type":"subscribe","order_id":"x"}"#, 422),
        ] {
            let refusal = Request::read(text).unwrap_err();
            assert_eq!(refusal.status, status, "{text}");
            assert!(refusal.detail.is_some_and(|detail| !detail.is_empty()));
        }
    }

    #[test]
    fn an_update_has_the_names_that_are_promised() {
        let order = Uuid::from_u128(1);
        let step = Step {
            version: 7,
            event: Event::OrderCancelled(Some(Reason::OutOfStock)),
            status: Status::Cancelled,
            reason: Some(Reason::OutOfStock),
            time: Timestamp::UNIX_EPOCH,
        };
        let text = Message::from(Item::Status(order, step)).text();
        let expected = format!(
            r#"{{"type":"status","order_id":"{order}","status":"cancelled","reason":"out_of_stock","version":7,"time":"1970-01-01T00:00:00Z","event_id":"{order}.7","event":"OrderCancelled"}}"#
        );
        assert_eq!(text, expected);
        assert_eq!(
            Message::Dropped { count: 3 }.text(),
            r#"{"type":"dropped","count":3}"#
        );
        let error = Message::from(Item::NotFound(order)).text();
        assert!(
            error.starts_with(
                r#"{"type":"error","problem":{"type":"https://holdfast.dev/problems/not-found""#
            ),
            "{error}"
        );
    }

    #[test]
    fn a_reason_fits_into_a_close_frame() {
        use Close::*;
        for close in [
            Normal,
            Protocol,
            Unsupported,
            NotText,
            TooLong,
            Restart,
            TokenExpired,
            Silent,
            TooMany,
        ] {
            assert!(close.reason().len() <= 100 && close.code() >= 1000);
        }
    }
}
