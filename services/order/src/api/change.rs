//! `POST /v1/orders/{id}/cancel` and `POST /v1/orders/{id}/resume`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};
use holdfast_order_core::{Command, Requester};
use holdfast_platform::problem::{INTERNAL, INVALID_PARAMETER, NOT_FOUND, Problem, ValidPath};
use uuid::Uuid;

use super::headers::{about, location};
use super::identity::Caller;
use super::problems::{COMPLETED, CONTENDED, FORBIDDEN, NOT_PARKED, REFUND_PARKED};
use super::{Api, OrderView, Wiring, problems};
use crate::patience;
use crate::replay::OrderKey;
use crate::saga::Basis;

holdfast_platform::problems! {
    /// Why an order is not cancelled.
    CancelRefused: &[&INVALID_PARAMETER, &NOT_FOUND, &COMPLETED, &REFUND_PARKED, &CONTENDED]
}

holdfast_platform::problems! {
    /// Why an order is not resumed.
    ResumeRefused: &[&INVALID_PARAMETER, &FORBIDDEN, &NOT_FOUND, &NOT_PARKED, &CONTENDED]
}

/// Cancel an order
///
/// What was reserved is given back, and what was paid is refunded. Cancelling twice is cancelling.
#[utoipa::path(
    post,
    path = "/v1/orders/{id}/cancel",
    operation_id = "cancelOrder",
    tag = "orders",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The order")),
    responses(
        (
            status = 202, description = "It is being cancelled", body = OrderView,
            headers(("ETag" = String, description = "Its version")),
        ),
        CancelRefused,
    ),
)]
pub(super) async fn cancel<W: Wiring>(
    State(api): State<Arc<Api<W>>>,
    caller: Caller,
    ValidPath(id): ValidPath<Uuid>,
) -> Result<Response, Problem> {
    let change = |key: OrderKey| {
        let requester = if key.user == caller.user {
            Requester::Customer
        } else {
            Requester::Operator
        };
        Command::Cancel { requester }
    };
    in_time(&api, &caller, id, change).await
}

/// Resume a parked order
///
/// For staff: the step that could not be done is tried again.
#[utoipa::path(
    post,
    path = "/v1/orders/{id}/resume",
    operation_id = "resumeOrder",
    tag = "orders",
    security(("bearer" = ["staff"])),
    params(("id" = Uuid, Path, description = "The order")),
    responses(
        (
            status = 202, description = "It goes on", body = OrderView,
            headers(("ETag" = String, description = "Its version")),
        ),
        ResumeRefused,
    ),
)]
pub(super) async fn resume<W: Wiring>(
    State(api): State<Arc<Api<W>>>,
    caller: Caller,
    ValidPath(id): ValidPath<Uuid>,
) -> Result<Response, Problem> {
    caller.require_staff()?;
    let requester = Requester::Operator;
    in_time(&api, &caller, id, |_| Command::Resume { requester }).await
}

/// Whoever is told to come again is told where to look, too: the change may have been stored all the same.
async fn in_time<W: Wiring>(
    api: &Api<W>,
    caller: &Caller,
    id: Uuid,
    change: impl Fn(OrderKey) -> Command,
) -> Result<Response, Problem> {
    let work = async {
        let key = api.see(caller, id, &api.patience()).await?.key;
        accept(api, key, change(key)).await
    };
    match patience::write(work)
        .await
        .unwrap_or_else(|| Err(problems::orders_away()))
    {
        Err(problem) if problem.status() == StatusCode::SERVICE_UNAVAILABLE => {
            Ok(([(LOCATION, location(id)?)], problem).into_response())
        }
        answer => answer,
    }
}

async fn accept<W: Wiring>(api: &Api<W>, key: OrderKey, command: Command) -> Result<Response, Problem> {
    if api.link.is_down() {
        return Err(problems::orders_away());
    }
    let applied = api.saga.apply(key, Basis::Unknown, command).await;
    let applied = applied.map_err(|error| problems::of_saga(error, key.order.0))?;
    let order = applied
        .order
        .state
        .order()
        .ok_or_else(|| problems::no_such_order(key.order.0))?;
    let headers = about(order.version, None).map_err(|_| Problem::new(&INTERNAL))?;
    Ok((StatusCode::ACCEPTED, headers, Json(OrderView::of(&key, order))).into_response())
}
