//! `POST /v1/orders/{id}/cancel` and `POST /v1/orders/{id}/resume`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};
use holdfast_order_core::{Command, Requester};
use holdfast_platform::problem::{INTERNAL, Problem, ValidPath};
use uuid::Uuid;

use super::headers::{about, location};
use super::identity::Caller;
use super::{Api, OrderView, Wiring, problems};
use crate::patience;
use crate::replay::OrderKey;
use crate::saga::Basis;

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
