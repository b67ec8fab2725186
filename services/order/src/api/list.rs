//! `GET /v1/orders`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use futures::{StreamExt, stream};
use holdfast_platform::journal::{Journal, Revision};
use holdfast_platform::problem::{INTERNAL, INVALID_PARAMETER, Problem, ValidQuery};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::headers::stale;
use super::identity::Caller;
use super::read::{Read, read};
use super::{Api, OrderView, Wiring, problems, schemas};
use crate::index::Page;
use crate::patience::{Patience, is_away};
use crate::replay::OrderKey;
use crate::store::{self, Store};

const DEFAULT_LIMIT: usize = 20;
const MAX_LIMIT: usize = 100;
/// So many orders of one page are read at once.
const CONCURRENCY: usize = 8;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListQuery {
    /// The `next_cursor` of the page before.
    #[param(nullable = false, pattern = "^(0|[1-9a-z][0-9a-z]{0,11})$")]
    cursor: Option<String>,
    /// How many orders a page has at most.
    #[param(nullable = false, minimum = 1, maximum = 100, default = 20)]
    limit: Option<usize>,
}

impl ListQuery {
    fn check(&self) -> Result<(Option<Revision>, usize), Problem> {
        let limit = self.limit.unwrap_or(DEFAULT_LIMIT);
        if !(1..=MAX_LIMIT).contains(&limit) {
            return Err(Problem::new(&INVALID_PARAMETER).field("limit", limit, "must be 1 to 100"));
        }
        let after = self.cursor.as_deref().map(|text| {
            let position = u64::from_str_radix(text, 36).ok().map(Revision);
            // What parses may still not be ours: a sign, a zero in front, capitals.
            let position = position.filter(|position| cursor(*position) == text);
            position.ok_or_else(|| Problem::new(&INVALID_PARAMETER).field("cursor", text, "is none of ours"))
        });
        Ok((after.transpose()?, limit))
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

holdfast_platform::problems! {
    /// Why there is no list.
    Refused: &[&INVALID_PARAMETER]
}

/// List your orders
///
/// The newest first, in pages: `next_cursor` is there while there are more. `Age` and `Cache-Status` say that the list
/// may be outdated.
#[utoipa::path(
    get,
    path = "/v1/orders",
    operation_id = "listOrders",
    tag = "orders",
    security(("bearer" = [])),
    params(ListQuery),
    responses(
        (
            status = 200, description = "A page", body = List,
            headers(
                ("Age" = Option<u64>, description = "How old the oldest copy is, in seconds, if it may be outdated"),
                ("Cache-Status" = Option<String>, description = "Why it may be outdated (RFC 9211)"),
            ),
        ),
        Refused,
    ),
)]
pub(super) async fn list<W: Wiring>(
    State(api): State<Arc<Api<W>>>,
    caller: Caller,
    ValidQuery(query): ValidQuery<ListQuery>,
) -> Result<Response, Problem> {
    let (before, limit) = query.check()?;
    let patience = api.patience();
    let page = api.index.page(caller.user, before, limit, patience.until()).await;
    let Page {
        orders,
        next,
        is_stale,
    } = page.map_err(|error| problems::of_journal(&error))?;
    if is_stale {
        patience.lose();
    }
    let found = find(api.saga.store(), orders, &patience).await?;
    let headers = stale(found.age(is_stale)).map_err(|_| Problem::new(&INTERNAL))?;
    let orders = found.shown.iter();
    let orders = orders.filter_map(|read| Some((&read.key, read.order.state.order()?)));
    let list = List {
        items: orders.map(|(key, order)| OrderView::of(key, order)).collect(),
        omitted: &found.omitted,
        next_cursor: next.map(cursor),
    };
    Ok((headers, Json(list)).into_response())
}

/// A page of orders.
#[derive(Serialize, ToSchema)]
#[schema(as = OrderList)]
struct List<'a> {
    items: Vec<OrderView<'a>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    #[schema(value_type = Vec<Omitted>, required = false)]
    omitted: &'a [Omitted],
    /// Where the next page begins; none: this is the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    next_cursor: Option<String>,
}

/// An order of the page that cannot be shown: `unreadable`, or `unavailable` while the journal is away.
#[derive(Serialize, ToSchema)]
#[schema(as = OmittedOrder)]
struct Omitted {
    id: Uuid,
    #[schema(schema_with = schemas::omission)]
    reason: &'static str,
}

/// What became of the orders of one page.
#[derive(Default)]
struct Found {
    shown: Vec<Read>,
    omitted: Vec<Omitted>,
    /// Why some are not available, if so.
    away: Option<store::Error>,
}

impl Found {
    fn take(&mut self, key: OrderKey, read: Result<Option<Read>, store::Error>) -> Result<(), Problem> {
        let reason = match read {
            Ok(read) => {
                self.shown.extend(read);
                return Ok(());
            }
            Err(store::Error::Corrupt(_)) => "unreadable",
            Err(error) if is_away(&error) => {
                self.away = Some(error);
                "unavailable"
            }
            Err(error) => return Err(problems::of_store(error)),
        };
        let id = key.order.0;
        self.omitted.push(Omitted { id, reason });
        Ok(())
    }

    /// How old the oldest copy is, if the list may be stale.
    fn age(&self, is_stale: bool) -> Option<u64> {
        let oldest = self.shown.iter().filter_map(|read| read.age).max();
        oldest.or((is_stale || self.away.is_some()).then_some(0))
    }
}

/// Reads the orders of one page. Those that cannot be shown are named; if the journal is away and none can be shown
/// for it, that is told instead.
async fn find<J: Journal>(
    store: &Store<J>,
    keys: Vec<OrderKey>,
    patience: &Patience,
) -> Result<Found, Problem> {
    let reads: Vec<_> = keys.iter().map(|key| read(store, *key, patience)).collect();
    let reads: Vec<_> = stream::iter(reads).buffered(CONCURRENCY).collect().await;
    let mut found = Found::default();
    for (key, read) in keys.into_iter().zip(reads) {
        found.take(key, read)?;
    }
    match found.away.take() {
        Some(error) if found.shown.is_empty() => Err(problems::of_store(error)),
        away => Ok(Found { away, ..found }),
    }
}
