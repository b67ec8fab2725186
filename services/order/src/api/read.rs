//! `GET /v1/orders`, `GET /v1/orders/{id}` and `GET /v1/orders/{id}/events`.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use futures::{StreamExt, stream};
use holdfast_order_core::OrderId;
use holdfast_platform::journal::{self, Journal, Revision};
use holdfast_platform::problem::{INTERNAL, INVALID_PARAMETER, Problem, ValidPath, ValidQuery};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::headers::{about, has_version, stale};
use super::identity::Caller;
use super::view::{EventView, events as views};
use super::{Api, OrderView, Wiring, problems};
use crate::codec;
use crate::index::Page;
use crate::replay::{Corrupt, OrderKey, Versioned};
use crate::store::{self, Store};

const DEFAULT_LIMIT: usize = 20;
const MAX_LIMIT: usize = 100;
/// How long the journal is waited for before an answer is given from memory.
const PATIENCE: Duration = Duration::from_secs(1);
/// So many orders of one page are read at once.
const CONCURRENCY: usize = 8;

/// An order that exists, and how old our knowledge of it is if the journal could not be asked.
pub(super) struct Read {
    pub(super) key: OrderKey,
    order: Versioned,
    age: Option<u64>,
}

impl<W: Wiring> Api<W> {
    /// The order that a caller may see.
    pub(super) async fn see(&self, caller: &Caller, id: Uuid) -> Result<Read, Problem> {
        let (store, order) = (self.saga.store(), OrderId(id));
        let own = OrderKey {
            user: caller.user,
            order,
        };
        if let Some(read) = read(store, own).await.map_err(problems::of_store)? {
            return Ok(read);
        }
        let other = match caller.is_staff {
            true => store
                .find(order)
                .await
                .map_err(|error| problems::of_journal(&error))?,
            false => None,
        };
        let key = other.ok_or_else(|| problems::no_such_order(id))?;
        let read = read(store, key).await.map_err(problems::of_store)?;
        read.ok_or_else(|| problems::no_such_order(id))
    }
}

/// The order as it is now, or as it was last seen if the journal is away.
async fn read<J: Journal>(store: &Store<J>, key: OrderKey) -> Result<Option<Read>, store::Error> {
    let newest = tokio::time::timeout(PATIENCE, store.newest(&key)).await;
    let (order, age) = match newest.unwrap_or_else(|_| Err(no_answer().into())) {
        Ok(order) => (order, None),
        Err(store::Error::Journal(error)) if error.is_retryable() => match store.cached_with_age(&key) {
            Some((order, age)) => (order, Some(age)),
            None => return Err(error.into()),
        },
        Err(error) => return Err(error),
    };
    Ok(order.state.order().is_some().then_some(Read { key, order, age }))
}

fn no_answer() -> journal::Error {
    journal::Error::Unavailable {
        detail: format!("no answer within {PATIENCE:?}"),
    }
}

pub(super) async fn one<W: Wiring>(
    State(api): State<Arc<Api<W>>>,
    caller: Caller,
    ValidPath(id): ValidPath<Uuid>,
    request: HeaderMap,
) -> Result<Response, Problem> {
    let Read { key, order, age } = api.see(&caller, id).await?;
    let order = order.state.order().ok_or_else(|| problems::no_such_order(id))?;
    let headers = about(order.version, age).map_err(|_| Problem::new(&INTERNAL))?;
    if has_version(&request, order.version) {
        return Ok((StatusCode::NOT_MODIFIED, headers).into_response());
    }
    Ok((headers, Json(OrderView::of(&key, order))).into_response())
}

#[derive(Serialize)]
struct Items<T> {
    items: Vec<T>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

pub(super) async fn events<W: Wiring>(
    State(api): State<Arc<Api<W>>>,
    caller: Caller,
    ValidPath(id): ValidPath<Uuid>,
) -> Result<Response, Problem> {
    let Read { key, order, .. } = api.see(&caller, id).await?;
    let records = api.saga.store().records(&key, order.revision).await;
    let mut items: Vec<EventView> = Vec::new();
    for record in records.map_err(|error: journal::Error| problems::of_journal(&error))? {
        let commit = codec::decode_events(&record.payload).map_err(|error| {
            let (subject, sequence) = (record.subject.clone(), record.revision);
            problems::of_corrupt(&Corrupt {
                subject,
                sequence,
                fault: error.into(),
            })
        })?;
        items.extend(views(&commit));
    }
    Ok(Json(Items {
        items,
        next_cursor: None,
    })
    .into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ListQuery {
    cursor: Option<String>,
    limit: Option<usize>,
}

impl ListQuery {
    fn check(&self) -> Result<(Option<Revision>, usize), Problem> {
        let limit = self.limit.unwrap_or(DEFAULT_LIMIT);
        if !(1..=MAX_LIMIT).contains(&limit) {
            return Err(Problem::new(&INVALID_PARAMETER).field("limit", limit, "must be 1 to 100"));
        }
        let cursor = self.cursor.as_deref().map(|cursor| {
            let position = u64::from_str_radix(cursor, 36).map(Revision);
            position.map_err(|_| Problem::new(&INVALID_PARAMETER).field("cursor", cursor, "is none of ours"))
        });
        Ok((cursor.transpose()?, limit))
    }
}

/// A position as clients see it: nothing to calculate with.
fn cursor(Revision(mut position): Revision) -> String {
    let mut digits = Vec::new();
    loop {
        digits.extend(char::from_digit(u32::try_from(position % 36).unwrap_or(0), 36));
        position /= 36;
        if position == 0 {
            return digits.into_iter().rev().collect();
        }
    }
}

pub(super) async fn list<W: Wiring>(
    State(api): State<Arc<Api<W>>>,
    caller: Caller,
    ValidQuery(query): ValidQuery<ListQuery>,
) -> Result<Response, Problem> {
    let (before, limit) = query.check()?;
    let page = api.index.page(caller.user, before, limit).await;
    let Page {
        orders,
        next,
        is_stale,
    } = page.map_err(|error| problems::of_journal(&error))?;
    let reads: Vec<_> = orders
        .into_iter()
        .map(|key| read(api.saga.store(), key))
        .collect();
    let reads: Vec<_> = stream::iter(reads).buffered(CONCURRENCY).collect().await;
    let mut shown: Vec<Read> = Vec::with_capacity(reads.len());
    for read in reads {
        match read {
            Ok(read) => shown.extend(read),
            // It stops this order; the others are shown.
            Err(store::Error::Corrupt(_)) => {}
            Err(error) => return Err(problems::of_store(error)),
        }
    }
    let age = shown
        .iter()
        .filter_map(|read| read.age)
        .max()
        .or(is_stale.then_some(0));
    let headers = stale(age).map_err(|_| Problem::new(&INTERNAL))?;
    let orders = shown
        .iter()
        .filter_map(|read| Some((&read.key, read.order.state.order()?)));
    let items = orders.map(|(key, order)| OrderView::of(key, order)).collect();
    Ok((
        headers,
        Json(Items {
            items,
            next_cursor: next.map(cursor),
        }),
    )
        .into_response())
}
