//! `GET /v1/stock`: levels from memory, and how far they can be trusted.

use std::hash::{DefaultHasher, Hasher};
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use holdfast_inventory_core::{Level, is_sku};
use holdfast_platform::problem::{INVALID_PARAMETER, NOT_FOUND, Problem, UNAVAILABLE, ValidPath, ValidQuery};
use serde::Serialize;
use utoipa::ToSchema;

use super::Api;
use crate::view::Reading;

/// How many SKUs one request may ask for.
const MAX_SKUS: usize = 100;
const CACHE_CONTROL: &str = "max-age=1, stale-while-revalidate=30, stale-if-error=300";
const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");

/// How much of a SKU there is.
#[derive(Serialize, ToSchema)]
struct Stock<'a> {
    sku: &'a str,
    available: u64,
    reserved: u64,
    status: Status,
}

/// How much of several SKUs there is.
#[derive(Serialize, ToSchema)]
#[schema(as = StockList)]
struct Stocks<'a> {
    items: Vec<Stock<'a>>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = StockStatus)]
enum Status {
    InStock,
    Limited,
    OutOfStock,
    Unknown,
}

impl Status {
    fn of(level: Option<Level>, limited_up_to: u64) -> Self {
        match level {
            None => Self::Unknown,
            Some(level) if level.available == 0 => Self::OutOfStock,
            Some(level) if level.available <= limited_up_to => Self::Limited,
            Some(_) => Self::InStock,
        }
    }
}

fn stock(sku: &str, level: Option<Level>, limited_up_to: u64) -> Stock<'_> {
    let Level {
        available, reserved, ..
    } = level.unwrap_or_default();
    Stock {
        sku,
        available,
        reserved,
        status: Status::of(level, limited_up_to),
    }
}

holdfast_platform::problems! {
    /// Why the stock of a SKU is not told.
    NotTold: &[&NOT_FOUND]
}

holdfast_platform::problems! {
    /// Why there is no list.
    NotListed: &[&INVALID_PARAMETER]
}

/// Read the stock of a SKU
#[utoipa::path(
    get,
    path = "/v1/stock/{sku}",
    operation_id = "getStock",
    tag = "stock",
    params(
        ("sku" = String, Path, description = "The stock keeping unit", max_length = 64, pattern = "^[A-Za-z0-9._-]+$"),
        ("If-None-Match" = Option<String>, Header, description = "The `ETag` of what you have"),
    ),
    responses(
        (
            status = 200, description = "The stock", body = Stock,
            headers(
                ("ETag" = String, description = "Changes with the body"),
                ("Age" = u64, description = "How old the levels are, in seconds"),
                ("Cache-Control" = String, description = "How long they may be kept"),
                ("Cache-Status" = Option<String>, description = "Why they may be outdated (RFC 9211)"),
            ),
        ),
        (status = 304, description = "You have what there is"),
        NotTold,
    ),
)]
pub(super) async fn one(
    State(api): State<Api>,
    ValidPath(sku): ValidPath<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let reading = api.view.read([sku.as_str()]).ok_or_else(not_caught_up)?;
    let Some(Some(level)) = reading.levels.first().copied() else {
        return Err(Problem::new(&NOT_FOUND).detail("no stock of this SKU was ever received"));
    };
    Ok(respond(
        &stock(&sku, Some(level), api.limited_up_to),
        &reading,
        &headers,
    ))
}

/// Read the stock of several SKUs
///
/// In the order asked for, up to 100: `?sku=a&sku=b`.
#[utoipa::path(
    get,
    path = "/v1/stock",
    operation_id = "listStock",
    tag = "stock",
    params(
        ("sku" = Vec<String>, Query, description = "The stock keeping units", min_items = 1, max_items = 100),
        ("If-None-Match" = Option<String>, Header, description = "The `ETag` of what you have"),
    ),
    responses(
        (
            status = 200, description = "The stock", body = Stocks,
            headers(
                ("ETag" = String, description = "Changes with the body"),
                ("Age" = u64, description = "How old the levels are, in seconds"),
                ("Cache-Control" = String, description = "How long they may be kept"),
                ("Cache-Status" = Option<String>, description = "Why they may be outdated (RFC 9211)"),
            ),
        ),
        (status = 304, description = "You have what there is"),
        NotListed,
    ),
)]
pub(super) async fn list(
    State(api): State<Api>,
    ValidQuery(query): ValidQuery<Vec<(String, String)>>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let skus = skus(&query)?;
    let reading = api.view.read(skus.iter().copied()).ok_or_else(not_caught_up)?;
    let items = skus.iter().zip(&reading.levels);
    let items = items
        .map(|(sku, level)| stock(sku, *level, api.limited_up_to))
        .collect();
    Ok(respond(&Stocks { items }, &reading, &headers))
}

fn skus(query: &[(String, String)]) -> Result<Vec<&str>, Problem> {
    let invalid = || Problem::new(&INVALID_PARAMETER);
    if let Some((name, value)) = query.iter().find(|(name, _)| name != "sku") {
        return Err(invalid().field(name, value.as_str(), "is not a parameter of this list"));
    }
    if !(1..=MAX_SKUS).contains(&query.len()) {
        return Err(invalid().field("sku", query.len(), format!("must be given 1 to {MAX_SKUS} times")));
    }
    if let Some((_, value)) = query.iter().find(|(_, value)| !is_sku(value)) {
        return Err(invalid().field("sku", value.as_str(), "is not a SKU"));
    }
    Ok(query.iter().map(|(_, sku)| sku.as_str()).collect())
}

fn not_caught_up() -> Problem {
    Problem::new(&UNAVAILABLE)
        .detail("still reading the stock")
        .retry_after(Duration::from_secs(1))
}

fn respond<T: Serialize>(body: &T, reading: &Reading, request: &HeaderMap) -> Response {
    let body = serde_json::to_vec(body).unwrap_or_default();
    let etag = etag(&body);
    let is_known = request
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .any(|value| matches(value, &etag));
    let mut response = if is_known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(header::CONTENT_TYPE, "application/json")], body).into_response()
    };
    let headers = response.headers_mut();
    headers.insert(header::AGE, reading.age.as_secs().into());
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(CACHE_CONTROL));
    // Visible ASCII, always.
    headers.extend(HeaderValue::from_str(&etag).ok().map(|etag| (header::ETAG, etag)));
    if reading.is_stale {
        headers.extend(cache_status(reading.age).map(|status| (CACHE_STATUS, status)));
    }
    response
}

/// RFC 9211: the log was asked, since what is here is stale, and did not answer. `ttl` tells how stale.
fn cache_status(age: Duration) -> Option<HeaderValue> {
    let freshness = 1_i64.saturating_sub_unsigned(age.as_secs()).min(0);
    HeaderValue::from_str(&format!("holdfast-inventory; fwd=stale; ttl={freshness}")).ok()
}

fn etag(body: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    hasher.write(body);
    format!("\"{:016x}\"", hasher.finish())
}

fn matches(if_none_match: &HeaderValue, etag: &str) -> bool {
    let value = if_none_match.to_str().unwrap_or_default();
    value
        .split(',')
        .map(str::trim)
        .any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
}
