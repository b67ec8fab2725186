//! `GET /v1/orders/{id}` and `GET /v1/orders/{id}/events`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use holdfast_order_core::OrderId;
use holdfast_platform::journal::{Journal, Record};
use holdfast_platform::problem::{INTERNAL, INVALID_PARAMETER, NOT_FOUND, Problem, ValidPath};
use holdfast_platform::telemetry::TraceContext;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::headers::{about, has_version, stale};
use super::identity::Caller;
use super::view::{EventView, events as views};
use super::{Api, OrderView, Wiring, problems};
use crate::codec;
use crate::patience::{Patience, is_away};
use crate::replay::{Corrupt, OrderKey, Versioned};
use crate::store::{self, Store};

/// An order that exists, and how old our knowledge of it is if the journal could not be asked.
pub(super) struct Read {
    pub(super) key: OrderKey,
    pub(super) order: Versioned,
    pub(super) age: Option<u64>,
}

impl<W: Wiring> Api<W> {
    /// The order that a caller may see.
    pub(super) async fn see(&self, caller: &Caller, id: Uuid, patience: &Patience) -> Result<Read, Problem> {
        let (store, order) = (self.saga.store(), OrderId(id));
        let found_before = caller.is_staff.then(|| store.owner(order)).flatten();
        let user = found_before.unwrap_or(caller.user);
        let own = OrderKey { user, order };
        if let Some(read) = read(store, own, patience).await.map_err(problems::of_store)? {
            return Ok(read);
        }
        let other = match caller.is_staff {
            true => patience
                .ask(store.find(order))
                .await
                .map_err(problems::of_store)?,
            false => None,
        };
        let key = other.ok_or_else(|| problems::no_such_order(id))?;
        let read = read(store, key, patience).await.map_err(problems::of_store)?;
        read.ok_or_else(|| problems::no_such_order(id))
    }
}

/// The order as it is now, or as it was last seen if the journal is away.
pub(super) async fn read<J: Journal>(
    store: &Store<J>,
    key: OrderKey,
    patience: &Patience,
) -> Result<Option<Read>, store::Error> {
    let (order, age) = match patience.ask(store.newest(&key)).await {
        Ok(order) => (order, None),
        Err(error) if is_away(&error) => match store.cached_with_age(&key) {
            Some((order, age)) => (order, Some(age)),
            None => return Err(error),
        },
        Err(error) => return Err(error),
    };
    Ok(order.state.order().is_some().then_some(Read { key, order, age }))
}

holdfast_platform::problems! {
    /// Why an order is not shown.
    Refused: &[&INVALID_PARAMETER, &NOT_FOUND]
}

/// Read an order
///
/// Another customer's order is not found. `Age` and `Cache-Status` say that the answer may be outdated.
#[utoipa::path(
    get,
    path = "/v1/orders/{id}",
    operation_id = "getOrder",
    tag = "orders",
    security(("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "The order"),
        ("If-None-Match" = Option<String>, Header, description = "The `ETag` of the version that you have"),
    ),
    responses(
        (
            status = 200, description = "The order", body = OrderView,
            headers(
                ("ETag" = String, description = "Its version"),
                ("Age" = Option<u64>, description = "How old the copy is, in seconds, if it may be outdated"),
                ("Cache-Status" = Option<String>, description = "Why it may be outdated (RFC 9211)"),
            ),
        ),
        (
            status = 304, description = "You have this version",
            headers(("ETag" = String, description = "Its version")),
        ),
        Refused,
    ),
)]
pub(super) async fn one<W: Wiring>(
    State(api): State<Arc<Api<W>>>,
    caller: Caller,
    ValidPath(id): ValidPath<Uuid>,
    request: HeaderMap,
) -> Result<Response, Problem> {
    let Read { key, order, age } = api.see(&caller, id, &api.patience()).await?;
    let order = order.state.order().ok_or_else(|| problems::no_such_order(id))?;
    let headers = about(order.version, age).map_err(|_| Problem::new(&INTERNAL))?;
    if has_version(&request, order.version) {
        return Ok((StatusCode::NOT_MODIFIED, headers).into_response());
    }
    Ok((headers, Json(OrderView::of(&key, order))).into_response())
}

/// What happened to an order.
#[derive(Serialize, ToSchema)]
#[schema(as = OrderEventList)]
struct Trail {
    items: Vec<EventView>,
}

/// Read what happened to an order
///
/// All events, the oldest first. `Age` and `Cache-Status` say that the newest may be missing.
// As it is now, or as it was last read if the journal is away.
#[utoipa::path(
    get,
    path = "/v1/orders/{id}/events",
    operation_id = "listOrderEvents",
    tag = "orders",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The order")),
    responses(
        (
            status = 200, description = "The events", body = Trail,
            headers(
                ("Age" = Option<u64>, description = "How old the copy is, in seconds, if it may be outdated"),
                ("Cache-Status" = Option<String>, description = "Why it may be outdated (RFC 9211)"),
            ),
        ),
        Refused,
    ),
)]
pub(super) async fn events<W: Wiring>(
    State(api): State<Arc<Api<W>>>,
    caller: Caller,
    ValidPath(id): ValidPath<Uuid>,
) -> Result<Response, Problem> {
    let patience = api.patience();
    let Read { key, order, .. } = api.see(&caller, id, &patience).await?;
    let records = patience.ask(api.saga.store().records(&key, order.revision)).await;
    let (trail, age) = match records {
        Ok(records) => {
            let trail = trail(&records)?;
            api.trails.keep(key, trail.clone());
            (trail, None)
        }
        Err(error) => {
            let known = is_away(&error).then(|| api.trails.get(&key)).flatten();
            let (trail, age) = known.ok_or_else(|| problems::of_store(error))?;
            (trail, Some(age))
        }
    };
    let headers = stale(age).map_err(|_| Problem::new(&INTERNAL))?;
    Ok((headers, [(CONTENT_TYPE, "application/json")], trail).into_response())
}

fn trail(records: &[Record]) -> Result<Bytes, Problem> {
    let mut items: Vec<EventView> = Vec::new();
    for record in records {
        let commit = codec::decode_events(&record.payload).map_err(|error| {
            let (subject, sequence) = (record.subject.clone(), record.revision);
            problems::of_corrupt(&Corrupt {
                subject,
                sequence,
                fault: error.into(),
            })
        })?;
        let trace = TraceContext::of_record(&record.headers);
        items.extend(views(&commit, trace.as_ref()));
    }
    let trail = serde_json::to_vec(&Trail { items });
    trail.map(Bytes::from).map_err(|_| Problem::new(&INTERNAL))
}
