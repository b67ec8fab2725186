//! `POST /v1/stream/tickets`.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderName, StatusCode, header};
use holdfast_platform::problem::{INVALID_PARAMETER, Problem, UNAVAILABLE};
use holdfast_realtime_core::tickets::Grant;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::Api;
use super::identity::Caller;
use super::problems::of_tickets;

/// A ticket.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Ticket {
    /// To be sent as `?ticket=`, once.
    #[schema(min_length = 43, max_length = 43)]
    ticket: String,
    /// When it is of no use any more.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

holdfast_platform::problems! {
    /// Why there is no ticket.
    NoTicket: &[&INVALID_PARAMETER, &UNAVAILABLE]
}

/// Get a ticket for a stream
///
/// For browsers, which cannot send a token when they open a WebSocket. It is good once, for 30 seconds.
#[utoipa::path(
    post,
    path = "/v1/stream/tickets",
    operation_id = "createStreamTicket",
    tag = "streams",
    security(("bearer" = [])),
    responses((status = 201, description = "A ticket", body = Ticket), NoTicket),
)]
pub(super) async fn issue(
    State(api): State<Api>,
    caller: Caller,
) -> Result<(StatusCode, [(HeaderName, &'static str); 1], Json<Ticket>), Problem> {
    let Caller {
        user,
        is_staff,
        token_expires,
    } = caller;
    let grant = Grant::new(user, is_staff, token_expires, Timestamp::now());
    let ticket = api.tickets.issue(&grant).await.map_err(of_tickets)?;
    let expires_at = grant.expires;
    let ticket = Json(Ticket { ticket, expires_at });
    Ok((StatusCode::CREATED, [(header::CACHE_CONTROL, "no-store")], ticket))
}
