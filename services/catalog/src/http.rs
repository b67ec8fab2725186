//! The catalogue's read API.

use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use holdfast_platform::clock::Clock;
use holdfast_platform::problem::{
    self, INVALID_PARAMETER, NOT_FOUND, Problem, UNAVAILABLE, ValidPath, ValidQuery,
};
use serde::Deserialize;
use std::sync::Arc;

use crate::product::is_sku;
use crate::view::{Page, View};

const CACHE_CONTROL: &str = "max-age=5, stale-while-revalidate=30, stale-if-error=86400";
const DEFAULT_LIMIT: usize = 20;
const MAX_LIMIT: usize = 100;
/// A view that was complete this recently counts as fresh: the feed says so every few seconds.
const FRESH_SECONDS: i64 = 10;

struct Api<C> {
    view: View,
    clock: Arc<C>,
}

impl<C> Clone for Api<C> {
    fn clone(&self) -> Self {
        Self {
            view: self.view.clone(),
            clock: Arc::clone(&self.clock),
        }
    }
}

/// The routes of the catalogue.
pub fn router<C: Clock>(view: View, clock: C) -> Router {
    let router = Router::new()
        .route("/v1/products", get(list::<C>))
        .route("/v1/products/{sku}", get(product::<C>));
    problem::with_fallbacks(router).with_state(Api {
        view,
        clock: Arc::new(clock),
    })
}

async fn product<C: Clock>(
    State(api): State<Api<C>>,
    ValidPath(sku): ValidPath<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if !is_sku(&sku) {
        return Err(malformed(
            "sku",
            &sku,
            "must be 1 to 64 ASCII letters, digits, '-', '_' or '.'",
        ));
    }
    let age = api.age()?;
    let shown = api.view.product(&sku);
    let shown = shown.ok_or_else(|| Problem::new(&NOT_FOUND).detail(format!("{sku} is not sold")))?;
    Ok(answer(&headers, shown.version, age, || shown.body))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    cursor: Option<String>,
    limit: Option<usize>,
}

async fn list<C: Clock>(
    State(api): State<Api<C>>,
    ValidQuery(query): ValidQuery<ListQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let limit = query.limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        return Err(malformed("limit", &limit.to_string(), "must be 1 to 100"));
    }
    if let Some(cursor) = query.cursor.as_deref().filter(|cursor| !is_sku(cursor)) {
        return Err(malformed("cursor", cursor, "must be a next_cursor of this list"));
    }
    let age = api.age()?;
    let page = api.view.page(query.cursor.as_deref(), limit);
    Ok(answer(&headers, page.version, age, || body_of(&page)))
}

fn body_of(page: &Page) -> Bytes {
    let length: usize = page.items.iter().map(|item| item.body.len() + 1).sum();
    let mut body = Vec::with_capacity(length + 128);
    body.extend_from_slice(b"{\"items\":[");
    for (index, item) in page.items.iter().enumerate() {
        if index > 0 {
            body.push(b',');
        }
        body.extend_from_slice(&item.body);
    }
    body.push(b']');
    if let Some(next) = &page.next {
        // A SKU needs no escaping.
        body.extend_from_slice(format!(",\"next_cursor\":\"{next}\"").as_bytes());
    }
    body.push(b'}');
    body.into()
}

impl<C: Clock> Api<C> {
    /// How old the view may be, in seconds, if it has lost contact.
    fn age(&self) -> Result<Option<i64>, Problem> {
        let contact = self.view.contact().ok_or_else(|| {
            let problem = Problem::new(&UNAVAILABLE).detail("the products are not loaded yet");
            problem.retry_after(Duration::from_secs(1))
        })?;
        let silence = self.clock.now().duration_since(contact).as_secs();
        Ok((silence > FRESH_SECONDS).then_some(silence))
    }
}

fn malformed(parameter: &str, value: &str, detail: &str) -> Problem {
    Problem::new(&INVALID_PARAMETER).field(parameter, value, detail)
}

fn answer(request: &HeaderMap, version: u64, age: Option<i64>, body: impl FnOnce() -> Bytes) -> Response {
    let etag = format!("\"{version}\"");
    let mut response = if is_known(request, &etag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(header::CONTENT_TYPE, "application/json")], body()).into_response()
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(CACHE_CONTROL));
    if let Ok(etag) = HeaderValue::try_from(etag) {
        headers.insert(header::ETAG, etag);
    }
    if let Some(age) = age {
        headers.insert(header::AGE, age.into());
    }
    response
}

/// Whether `If-None-Match` names the version (weakly compared, RFC 9110 §13.1.2).
fn is_known(request: &HeaderMap, etag: &str) -> bool {
    request
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|tag| tag.trim().trim_start_matches("W/"))
        .any(|tag| tag == "*" || tag == etag)
}
