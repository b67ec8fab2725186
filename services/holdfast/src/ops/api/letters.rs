//! `GET /v1/ops/letters…`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use holdfast_platform::problem::{NOT_FOUND, Problem, ValidPath, ValidQuery};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::caller::Staff;
use super::{Api, problems};
use crate::ops::filter::LetterFilter;
use crate::ops::letters::Letters;
use crate::ops::view;

const MOST: usize = 1_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Query {
    service: Option<String>,
    consumer: Option<String>,
    reason: Option<String>,
    #[serde(rename = "type")]
    event_type: Option<String>,
    user: Option<String>,
    order: Option<String>,
    since: Option<Timestamp>,
    before: Option<Timestamp>,
    /// 1..=1000, 100 unless it is said.
    limit: Option<usize>,
    /// The last letter of the page before.
    after: Option<u64>,
}

impl Query {
    fn filter(self) -> LetterFilter {
        LetterFilter {
            service: self.service,
            consumer: self.consumer,
            reason: self.reason,
            event_type: self.event_type,
            user: self.user,
            order: self.order,
            since: self.since,
            before: self.before,
            sequences: Vec::new(),
        }
    }
}

pub(super) async fn list(
    State(api): State<Arc<Api>>,
    _: Staff,
    ValidQuery(query): ValidQuery<Query>,
) -> Result<Json<Value>, Problem> {
    let (limit, after) = (
        query.limit.unwrap_or(100).clamp(1, MOST),
        query.after.unwrap_or(0),
    );
    let letters = Letters::new(&api.nats);
    let page = letters.some(&query.filter(), after, limit).await;
    let page = page.map_err(|error| problems::of(&error))?;
    let next = page
        .last()
        .filter(|_| page.len() == limit)
        .map(|letter| letter.sequence);
    let items: Vec<_> = page.iter().map(view::brief).collect();
    Ok(Json(match next {
        Some(next) => json!({"items": items, "next_after": next}),
        None => json!({"items": items}),
    }))
}

pub(super) async fn count(
    State(api): State<Arc<Api>>,
    _: Staff,
    ValidQuery(query): ValidQuery<Query>,
) -> Result<Json<Value>, Problem> {
    let letters = Letters::new(&api.nats);
    let tally = letters.tally(&query.filter(), u64::MAX).await;
    Ok(Json(view::tally(&tally.map_err(|error| problems::of(&error))?)))
}

pub(super) async fn one(
    State(api): State<Arc<Api>>,
    _: Staff,
    ValidPath(sequence): ValidPath<u64>,
) -> Result<Json<Value>, Problem> {
    let letters = Letters::new(&api.nats);
    let found = letters
        .some(&LetterFilter::default(), sequence.saturating_sub(1), 1)
        .await;
    let found = found.map_err(|error| problems::of(&error))?;
    match found.first() {
        Some(letter) if letter.sequence == sequence => Ok(Json(view::whole(letter))),
        _ => Err(Problem::new(&NOT_FOUND).detail(format!("there is no letter {sequence}"))),
    }
}
