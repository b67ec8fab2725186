//! The catalogue's API: reads here, changes by staff in [`changes`].

mod changes;
mod conditions;
mod docs;
mod schemas;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use holdfast_platform::clock::Clock;
use holdfast_platform::journal::Journal;
use holdfast_platform::openapi::{self, OpenApi, OpenApiRouter, operation};
use holdfast_platform::problem::{
    self, INVALID_PARAMETER, NOT_FOUND, Problem, UNAVAILABLE, ValidPath, ValidQuery,
};
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::IntoParams;

use self::schemas::{ProductList, ProductView};
use crate::image;
use crate::product::{SKU_RULE, is_sku};
use crate::view::{Page, View};

const CACHE_CONTROL: HeaderValue =
    HeaderValue::from_static("public, max-age=5, stale-while-revalidate=30, stale-if-error=86400");
const IMAGE_CACHE_CONTROL: HeaderValue =
    HeaderValue::from_static("public, max-age=3600, stale-while-revalidate=86400, stale-if-error=604800");
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const SVG: HeaderValue = HeaderValue::from_static("image/svg+xml");
/// A picture is looked at, and does nothing.
const INERT: HeaderValue = HeaderValue::from_static("default-src 'none'");
const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");
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

/// The routes of the catalogue: reads from `view`, changes into `journal`, which the view follows.
pub fn router<C: Clock, J: Journal>(view: View, clock: C, journal: J) -> Router {
    let changes = changes::router(view.clone(), journal);
    let reads = reads::<C>().with_state(Api {
        view,
        clock: Arc::new(clock),
    });
    let all = reads.merge(changes).merge(docs::router());
    let (router, _) = all.split_for_parts();
    problem::with_fallbacks(router)
}

/// What the routes look like in OpenAPI.
#[must_use]
pub fn document<C: Clock, J: Journal>() -> OpenApi {
    let mut document = reads::<C>().into_openapi();
    document.merge(changes::routes::<J>().into_openapi());
    document.merge(docs::routes().into_openapi());
    document
}

fn reads<C: Clock>() -> OpenApiRouter<Api<C>> {
    openapi::router()
        .routes(operation(__path_list, list::<C>))
        .routes(operation(__path_product, product::<C>))
        .routes(operation(__path_picture, picture::<C>))
}

holdfast_platform::problems! {
    /// Why a product is not shown.
    NotShown: &[&INVALID_PARAMETER, &NOT_FOUND]
}

holdfast_platform::problems! {
    /// Why there is no list.
    NotListed: &[&INVALID_PARAMETER]
}

/// Read a product
///
/// What is in stock is shown beside it.
#[utoipa::path(
    get,
    path = "/v1/products/{sku}",
    operation_id = "getProduct",
    tag = "products",
    security(()),
    params(
        (
            "sku" = String, Path, description = "The stock keeping unit", example = "tea-sencha-100",
            max_length = 64, pattern = r"^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$",
        ),
        ("If-None-Match" = Option<String>, Header, description = "The `ETag` of what you have"),
    ),
    responses(
        (
            status = 200, description = "The product", body = ProductView,
            headers(
                ("ETag" = String, description = "Its version, and that of its availability"),
                ("Cache-Control" = String, description = "How long it may be kept, also while nobody answers"),
                ("Age" = Option<u64>, description = "How old it is, in seconds, if it may be outdated"),
                ("Cache-Status" = Option<String>, description = "Why it may be outdated (RFC 9211)"),
            ),
        ),
        (
            status = 304, description = "You have what there is",
            headers(
                ("ETag" = String, description = "Its version, and that of its availability"),
                ("Cache-Control" = String, description = "How long it may be kept, also while nobody answers"),
                ("Age" = Option<u64>, description = "How old it is, in seconds, if it may be outdated"),
                ("Cache-Status" = Option<String>, description = "Why it may be outdated (RFC 9211)"),
            ),
        ),
        NotShown,
    ),
)]
async fn product<C: Clock>(
    State(api): State<Api<C>>,
    ValidPath(sku): ValidPath<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    check_sku(&sku)?;
    let now = api.clock.now();
    let age = api.age(now)?;
    let shown = api.view.product(&sku, now).ok_or_else(|| not_sold(&sku))?;
    let content = Content {
        etag: shown.etag,
        media_type: JSON,
        cache_control: CACHE_CONTROL,
    };
    Ok(content.answer(&headers, age, || shown.body))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// The `next_cursor` of the page before.
    #[param(
        nullable = false,
        max_length = 64,
        pattern = r"^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$"
    )]
    cursor: Option<String>,
    /// How many products a page has at most.
    #[param(nullable = false, minimum = 1, maximum = 100, default = 20)]
    limit: Option<usize>,
}

/// List products
///
/// In pages, by SKU: `next_cursor` is there while there are more.
#[utoipa::path(
    get,
    path = "/v1/products",
    operation_id = "listProducts",
    tag = "products",
    security(()),
    params(
        ListQuery,
        ("If-None-Match" = Option<String>, Header, description = "The `ETag` of the page that you have"),
    ),
    responses(
        (
            status = 200, description = "A page", body = ProductList,
            headers(
                ("ETag" = String, description = "Its version, and that of its availability"),
                ("Cache-Control" = String, description = "How long it may be kept, also while nobody answers"),
                ("Age" = Option<u64>, description = "How old it is, in seconds, if it may be outdated"),
                ("Cache-Status" = Option<String>, description = "Why it may be outdated (RFC 9211)"),
            ),
        ),
        (
            status = 304, description = "You have what there is",
            headers(
                ("ETag" = String, description = "Its version, and that of its availability"),
                ("Cache-Control" = String, description = "How long it may be kept, also while nobody answers"),
                ("Age" = Option<u64>, description = "How old it is, in seconds, if it may be outdated"),
                ("Cache-Status" = Option<String>, description = "Why it may be outdated (RFC 9211)"),
            ),
        ),
        NotListed,
    ),
)]
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
    let now = api.clock.now();
    let age = api.age(now)?;
    let page = api.view.page(query.cursor.as_deref(), limit, now);
    let content = Content {
        etag: value(page.etag()),
        media_type: JSON,
        cache_control: CACHE_CONTROL,
    };
    Ok(content.answer(&headers, age, || body_of(&page)))
}

/// Look at a product
///
/// A drawing with its name.
#[utoipa::path(
    get,
    path = "/images/{file}",
    operation_id = "getProductPicture",
    tag = "products",
    security(()),
    params(
        ("file" = String, Path, description = "The SKU, and `.svg`", example = "tea-sencha-100.svg"),
        ("If-None-Match" = Option<String>, Header, description = "The `ETag` of what you have"),
    ),
    responses(
        (
            status = 200, description = "The picture", body = String, content_type = "image/svg+xml",
            headers(
                ("ETag" = String, description = "Its version, and that of its availability"),
                ("Cache-Control" = String, description = "How long it may be kept, also while nobody answers"),
                ("Age" = Option<u64>, description = "How old it is, in seconds, if it may be outdated"),
                ("Cache-Status" = Option<String>, description = "Why it may be outdated (RFC 9211)"),
            ),
        ),
        (
            status = 304, description = "You have what there is",
            headers(
                ("ETag" = String, description = "Its version, and that of its availability"),
                ("Cache-Control" = String, description = "How long it may be kept, also while nobody answers"),
                ("Age" = Option<u64>, description = "How old it is, in seconds, if it may be outdated"),
                ("Cache-Status" = Option<String>, description = "Why it may be outdated (RFC 9211)"),
            ),
        ),
        NotShown,
    ),
)]
async fn picture<C: Clock>(
    State(api): State<Api<C>>,
    ValidPath(file): ValidPath<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let age = api.age(api.clock.now())?;
    let nothing = || Problem::new(&NOT_FOUND).detail("pictures are at /images/<sku>.svg");
    let sku = file.strip_suffix(".svg").ok_or_else(nothing)?;
    let (version, name) = api.view.name(sku).ok_or_else(nothing)?;
    let content = Content {
        etag: value(format!("\"{version}\"")),
        media_type: SVG,
        cache_control: IMAGE_CACHE_CONTROL,
    };
    let mut answer = content.answer(&headers, age, || image::svg(sku, &name).into());
    answer
        .headers_mut()
        .insert(header::CONTENT_SECURITY_POLICY, INERT);
    Ok(answer)
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
    fn age(&self, now: Timestamp) -> Result<Option<i64>, Problem> {
        let contact = self.view.contact().ok_or_else(|| {
            let problem = Problem::new(&UNAVAILABLE).detail("the products are not loaded yet");
            problem.retry_after(Duration::from_secs(1))
        })?;
        let silence = now.duration_since(contact).as_secs();
        Ok((silence > FRESH_SECONDS).then_some(silence))
    }
}

fn check_sku(sku: &str) -> Result<(), Problem> {
    if is_sku(sku) {
        Ok(())
    } else {
        Err(malformed("sku", sku, SKU_RULE))
    }
}

fn not_sold(sku: &str) -> Problem {
    Problem::new(&NOT_FOUND).detail(format!("{sku} is not sold"))
}

fn malformed(parameter: &str, value: &str, detail: &str) -> Problem {
    Problem::new(&INVALID_PARAMETER).field(parameter, value, detail)
}

fn value(text: String) -> HeaderValue {
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("\"\""))
}

/// What is said about a body.
struct Content {
    etag: HeaderValue,
    media_type: HeaderValue,
    cache_control: HeaderValue,
}

impl Content {
    /// The body, unless the client has it; `age` if it may be outdated.
    fn answer(self, request: &HeaderMap, age: Option<i64>, body: impl FnOnce() -> Bytes) -> Response {
        let mut response = if conditions::is_known(request, &self.etag) {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            ([(header::CONTENT_TYPE, self.media_type)], body()).into_response()
        };
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, self.cache_control);
        headers.insert(header::ETAG, self.etag);
        if let Some(age) = age {
            headers.insert(header::AGE, age.into());
            let status = format!("holdfast-catalog; hit; ttl=-{age}; detail=journal-unavailable");
            headers.insert(CACHE_STATUS, value(status));
        }
        response
    }
}
