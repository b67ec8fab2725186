//! `POST /v1/orders/{id}/cancel` and `POST /v1/orders/{id}/resume`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use holdfast_order_core::{Command, Requester};
use holdfast_platform::problem::{INTERNAL, Problem, ValidPath};
use uuid::Uuid;

use super::headers::about;
use super::identity::Caller;
use super::{Api, OrderView, Wiring, problems};
use crate::replay::OrderKey;
use crate::saga::Basis;

pub(super) async fn cancel<W: Wiring>(
    State(api): State<Arc<Api<W>>>,
    caller: Caller,
    ValidPath(id): ValidPath<Uuid>,
) -> Result<Response, Problem> {
    let key = api.see(&caller, id, &api.patience()).await?.key;
    let requester = if key.user == caller.user {
        Requester::Customer
    } else {
        Requester::Operator
    };
    accept(&api, key, Command::Cancel { requester }).await
}

pub(super) async fn resume<W: Wiring>(
    State(api): State<Arc<Api<W>>>,
    caller: Caller,
    ValidPath(id): ValidPath<Uuid>,
) -> Result<Response, Problem> {
    caller.require_staff()?;
    let key = api.see(&caller, id, &api.patience()).await?.key;
    accept(
        &api,
        key,
        Command::Resume {
            requester: Requester::Operator,
        },
    )
    .await
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
