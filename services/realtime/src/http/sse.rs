//! `GET /v1/orders/{id}/stream`: one order as server-sent events.

use std::convert::Infallible;
use std::fmt::Write as _;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::stream;
use holdfast_platform::lifecycle::Shutdown;
use holdfast_platform::problem::{INVALID_PARAMETER, NOT_FOUND, Problem, UNAVAILABLE, ValidPath};
use holdfast_realtime_core::buffer::{Item, Next};
use holdfast_realtime_core::event_id::EventId;
use holdfast_realtime_core::message::{Message, Refusal};
use jiff::Timestamp;
use tokio::time::{Instant, sleep_until};
use utoipa::ToSchema;
use uuid::Uuid;

use super::identity::Caller;
use super::problems::{TOO_MANY_STREAMS, no_such_order, of_log, of_places};
use super::ws::{come_again, count_dropped, expires_in};
use super::{Api, ws};
use crate::hub::{Interest, Place};
use crate::mailbox::Mailbox;

/// A stream that has nothing to say says so: what is on the way would take it for dead.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// After how many milliseconds a client that lost its stream comes again.
const RETRY: u64 = 3000;

holdfast_platform::problems! {
    /// Why there is no stream.
    NotStreamed: &[&INVALID_PARAMETER, &NOT_FOUND, &TOO_MANY_STREAMS, &UNAVAILABLE]
}

/// A server-sent event, by its fields: OpenAPI 3.1 has no word for an answer that is a row of them.
#[derive(ToSchema)]
#[expect(dead_code, reason = "described, and never made")]
struct StreamEvent {
    /// Which message it is.
    #[schema(pattern = "^(snapshot|status|dropped|stale|live|error|reconnect)$")]
    event: String,
    /// For `Last-Event-ID`: `<order id>.<version>`.
    #[schema(nullable = false)]
    id: Option<String>,
    /// The message, which is JSON.
    data: String,
}

/// Follow an order
///
/// Server-sent events `snapshot`, `status`, `dropped`, `stale`, `live`, `error` and `reconnect`, each with the message that
/// `/v1/stream` would have as data. With `Last-Event-ID` what came after it, else where the order stands first.
#[utoipa::path(
    get,
    path = "/v1/orders/{id}/stream",
    operation_id = "followOrder",
    tag = "streams",
    security(("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "The order"),
        ("Last-Event-ID" = Option<String>, Header, description = "The last event that you have seen: `<order id>.<version>`"),
    ),
    responses((status = 200, description = "Events", body = StreamEvent, content_type = "text/event-stream"), NotStreamed),
)]
pub(super) async fn stream(
    State(api): State<Api>,
    caller: Caller,
    ValidPath(order): ValidPath<Uuid>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let place = api.hub.place(caller.user).map_err(of_places)?;
    let owner = ws::owner(&api.hub, &caller, order)
        .await
        .map_err(|error| of_log(&error))?;
    let owner = owner.ok_or_else(|| no_such_order(order))?;
    let mailbox = Mailbox::default();
    let mut interest = Interest::new(&api.hub, &mailbox);
    interest.watch(owner, order, told(&headers, order));
    let now = Instant::now();
    let events = Events {
        begins: true,
        ended: false,
        mailbox,
        interest,
        heartbeat: now + HEARTBEAT,
        expires: caller
            .token_expires
            .map(|at| now + expires_in(at, Timestamp::now())),
        shutdown: api.shutdown,
        _place: place,
    };
    let body = stream::unfold(events, |mut events| async move {
        let event = events.next().await?;
        Some((Ok::<_, Infallible>(Bytes::from(event)), events))
    });
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, Body::from_stream(body)).into_response())
}

/// The version that the client has seen; an id that is not of this order says nothing.
fn told(headers: &HeaderMap, order: Uuid) -> Option<u64> {
    let id: EventId = headers.get("last-event-id")?.to_str().ok()?.parse().ok()?;
    (id.order == order).then_some(id.version)
}

/// One stream of events.
struct Events {
    begins: bool,
    ended: bool,
    mailbox: Mailbox,
    interest: Interest,
    heartbeat: Instant,
    expires: Option<Instant>,
    shutdown: Shutdown,
    _place: Place,
}

impl Events {
    async fn next(&mut self) -> Option<String> {
        if self.ended {
            return None;
        }
        if std::mem::take(&mut self.begins) {
            return Some(format!("retry: {RETRY}\n\n"));
        }
        loop {
            if let Some(next) = self.mailbox.take() {
                match self.event(next) {
                    Some(event) => {
                        self.heartbeat = Instant::now() + HEARTBEAT;
                        return Some(event);
                    }
                    None => continue,
                }
            }
            let deadline = self.expires.map_or(self.heartbeat, |at| at.min(self.heartbeat));
            tokio::select! {
                () = self.mailbox.filled() => {}
                () = self.shutdown.cancelled() => return Some(self.farewell()),
                () = sleep_until(deadline) => return Some(self.due()),
            }
        }
    }

    fn event(&mut self, next: Next) -> Option<String> {
        let (id, message) = match next {
            Next::Item(item) => (id(&item), Message::from(item)),
            Next::Dropped(count) => {
                count_dropped(count);
                (None, Message::Dropped { count })
            }
            Next::Again(order) => {
                self.interest.again(order);
                return None;
            }
        };
        Some(event(id, &message))
    }

    fn due(&mut self) -> String {
        let now = Instant::now();
        if self.expires.is_some_and(|at| at <= now) {
            self.ended = true;
            let problem = Refusal::token_expired();
            return event(
                None,
                &Message::Error {
                    problem,
                    order_id: None,
                },
            );
        }
        self.heartbeat = now + HEARTBEAT;
        ":\n\n".to_owned()
    }

    fn farewell(&mut self) -> String {
        self.ended = true;
        let after_ms = come_again();
        let goodbye = event(None, &Message::Reconnect { after_ms });
        format!("retry: {after_ms}\n{goodbye}")
    }
}

fn id(item: &Item) -> Option<EventId> {
    match item {
        Item::Snapshot(order, step) | Item::Status(order, step) => Some(EventId {
            order: *order,
            version: step.version,
        }),
        Item::NotFound(_) | Item::Stale | Item::Live => None,
    }
}

fn event(id: Option<EventId>, message: &Message) -> String {
    let mut event = format!("event: {}\n", message.name());
    if let Some(id) = id {
        // Writing to a string cannot fail.
        let _ = writeln!(event, "id: {id}");
    }
    let _ = write!(event, "data: {}\n\n", message.text());
    event
}
