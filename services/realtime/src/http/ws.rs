//! `GET /v1/stream`: orders over a WebSocket.

mod session;

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, WebSocket, WebSocketUpgrade};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures::SinkExt as _;
use holdfast_platform::journal::Error;
use holdfast_platform::lifecycle::Shutdown;
use holdfast_platform::problem::{INVALID_PARAMETER, Problem, UNAVAILABLE, ValidQuery};
use holdfast_realtime_core::limits::Full;
use holdfast_realtime_core::message::{Close, LONGEST};
use jiff::Timestamp;
use serde::Deserialize;
use tokio::time::timeout;
use tokio_util::task::task_tracker::TaskTrackerToken;
use utoipa::IntoParams;
use uuid::Uuid;

use super::Api;
use super::identity::Caller;
use super::problems::{TOO_MANY_STREAMS, UNAUTHENTICATED, UPGRADE_REQUIRED, of_places, of_tickets};
use crate::hub::{Hub, Place};
use session::Session;

/// What is read at once. Idle connections have this much and no more, and requests are short.
const READ_BUFFER: usize = 256;
/// What is gathered before it is written.
const WRITE_BUFFER: usize = 4096;
/// How long a closing frame may take, and the client's answer to it.
const GOODBYE: Duration = Duration::from_secs(2);

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct StreamQuery {
    /// What `POST /v1/stream/tickets` gave, for who cannot send a token.
    #[param(nullable = false)]
    ticket: Option<String>,
}

holdfast_platform::problems! {
    /// Why there is no stream.
    NotStreamed: &[&INVALID_PARAMETER, &UNAUTHENTICATED, &UPGRADE_REQUIRED, &TOO_MANY_STREAMS, &UNAVAILABLE]
}

/// Follow orders
///
/// A WebSocket. The client sends `subscribe` (with `order_id`, and `event_id` to go on after it), `subscribe_all`,
/// `unsubscribe`, `unsubscribe_all` and `ping`; the server sends `snapshot`, `status`, `dropped`, `stale`, `live`, `pong`,
/// `reconnect` and `error`. It closes with 1012 when it ends, 4401 when the token has expired, 4408 when nothing came for
/// too long, 4429 when there are too many streams.
#[utoipa::path(
    get,
    path = "/v1/stream",
    operation_id = "followOrders",
    tag = "streams",
    security(("bearer" = []), ()),
    params(StreamQuery),
    responses((status = 101, description = "A WebSocket"), NotStreamed),
)]
pub(super) async fn stream(
    State(api): State<Api>,
    caller: Option<Caller>,
    ValidQuery(query): ValidQuery<StreamQuery>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    let upgrade = match upgrade {
        Ok(upgrade) => bounded(upgrade),
        Err(rejection) => return Ok(no_websocket(&rejection)),
    };
    let by_ticket = caller.is_none();
    let caller = match caller {
        Some(caller) => caller,
        None => by(&api, query.ticket).await?,
    };
    match api.hub.place(caller.user) {
        Ok(place) => Ok(open(&api, upgrade, caller, place)),
        // A browser shows a code that closes, and no status of an upgrade that failed.
        Err(full) if by_ticket => Ok(refuse(&api, upgrade, full)),
        Err(full) => Err(of_places(full)),
    }
}

fn bounded(upgrade: WebSocketUpgrade) -> WebSocketUpgrade {
    upgrade
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_write_buffer_size(4 * WRITE_BUFFER)
        .max_message_size(LONGEST)
        .max_frame_size(LONGEST)
}

fn no_websocket(rejection: &WebSocketUpgradeRejection) -> Response {
    let problem = Problem::new(&UPGRADE_REQUIRED).detail(rejection.body_text());
    let mut response = problem.into_response();
    let headers = response.headers_mut();
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
    response
}

/// Who comes with this ticket. It is used up, whatever comes of it.
async fn by(api: &Api, ticket: Option<String>) -> Result<Caller, Problem> {
    let nobody = || Problem::new(&UNAUTHENTICATED);
    let ticket = ticket.ok_or_else(nobody)?;
    let redeemed = api.tickets.redeem(&ticket, Timestamp::now()).await;
    let grant = redeemed.map_err(of_tickets)?;
    grant.map(Caller::from).ok_or_else(nobody)
}

fn open(api: &Api, upgrade: WebSocketUpgrade, caller: Caller, place: Place) -> Response {
    let (hub, shutdown, token) = (Arc::clone(&api.hub), api.shutdown.clone(), api.streams.token());
    upgrade.on_upgrade(move |socket| {
        // In a task of its own: that of the upgrade is as large as all that it held on the way, and ends with this.
        let session = Box::new(Session::new(socket, hub, caller));
        tokio::spawn(converse(session, shutdown, (place, token)));
        std::future::ready(())
    })
}

/// One client, for as long as it stays.
async fn converse(mut session: Box<Session>, shutdown: Shutdown, _held: (Place, TaskTrackerToken)) {
    let close = session.run(&shutdown).await;
    session.leave();
    if let Some(close) = close {
        Box::pin(say_goodbye(session.socket(), close)).await;
    }
}

fn refuse(api: &Api, upgrade: WebSocketUpgrade, full: Full) -> Response {
    tracing::debug!("a stream is refused: {full}");
    let token = api.streams.token();
    upgrade.on_upgrade(move |mut socket| async move {
        say_goodbye(&mut socket, Close::TooMany).await;
        drop(token);
    })
}

/// Closes, and waits until the client has heard it.
async fn say_goodbye(socket: &mut WebSocket, close: Close) {
    let frame = CloseFrame {
        code: close.code(),
        reason: close.reason().into(),
    };
    let goodbye = async {
        if socket
            .send(axum::extract::ws::Message::Close(Some(frame)))
            .await
            .is_ok()
        {
            while let Some(Ok(_)) = socket.recv().await {}
        }
        let _ = socket.flush().await;
    };
    let _ = timeout(GOODBYE, goodbye).await;
}

/// Whose order it is, if the caller may see it.
pub(super) async fn owner(hub: &Hub, caller: &Caller, order: Uuid) -> Result<Option<Uuid>, Error> {
    if hub.log().has(caller.user, order).await? {
        return Ok(Some(caller.user));
    }
    match caller.is_staff {
        true => hub.log().owner(order).await,
        false => Ok(None),
    }
}

/// How long a token holds yet.
pub(super) fn expires_in(at: Timestamp, now: Timestamp) -> Duration {
    at.duration_since(now).try_into().unwrap_or_default()
}

/// After how many milliseconds a client comes again when this process ends: not all at once.
pub(super) fn come_again() -> u64 {
    rand::random_range(250..5000)
}

pub(super) fn count_dropped(count: u64) {
    metrics::counter!("holdfast_realtime_dropped_total").increment(count);
}
