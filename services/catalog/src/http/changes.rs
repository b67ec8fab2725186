//! Products made, changed and deleted by staff. Each change is compared and swapped in the bucket; the view follows.

use std::time::Duration;

use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use holdfast_platform::journal::{Append, Error, Headers, Journal, Record, Revision};
use holdfast_platform::openapi::{self, JSON_BODY, OpenApiRouter, operation};
use holdfast_platform::problem::{
    INTERNAL, INVALID_PARAMETER, INVALID_REQUEST, NOT_FOUND, Problem, ProblemType, UNAVAILABLE, ValidJson,
    ValidPath,
};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::schemas::{NewProduct, ProductView};
use super::{CACHE_CONTROL, JSON, check_sku, conditions, not_sold};
use crate::product::{Fault, Money, Product};
use crate::view::{PREFIX, View, is_deleted};

const FORBIDDEN: ProblemType = ProblemType::new("forbidden", StatusCode::FORBIDDEN, "You may not do this");
const EXISTS: ProblemType = ProblemType::new(
    "product-exists",
    StatusCode::CONFLICT,
    "There is a product with this SKU",
);
const CHANGED: ProblemType = ProblemType::new(
    "precondition-failed",
    StatusCode::PRECONDITION_FAILED,
    "The product is not the version that was expected",
);

const ROLES: &str = "x-holdfast-roles";
/// How often a change without a condition is tried against others.
const TRIES: usize = 5;
/// How long an answer waits until the change is seen here.
const SEEN_WITHIN: Duration = Duration::from_secs(1);
const RETRY_AFTER: Duration = Duration::from_secs(2);

#[derive(Clone)]
pub(super) struct Shelf<J> {
    view: View,
    journal: J,
}

pub(super) fn router<J: Journal>(view: View, journal: J) -> OpenApiRouter {
    routes().with_state(Shelf { view, journal })
}

pub(super) fn routes<J: Journal>() -> OpenApiRouter<Shelf<J>> {
    openapi::router()
        .routes(operation(__path_create, create::<J>))
        .routes(operation(__path_replace, replace::<J>))
        .routes(operation(__path_remove, remove::<J>))
}

holdfast_platform::problems! {
    /// Why a product is not made.
    NotMade: JSON_BODY, &[&FORBIDDEN, &EXISTS]
}

holdfast_platform::problems! {
    /// Why a product is not changed.
    NotChanged: JSON_BODY, &[&INVALID_PARAMETER, &FORBIDDEN, &NOT_FOUND, &CHANGED]
}

holdfast_platform::problems! {
    /// Why a product is not deleted.
    NotDeleted: &[&INVALID_PARAMETER, &FORBIDDEN, &NOT_FOUND, &CHANGED]
}

/// A member of the staff, as the gateway says.
struct Staff;

impl<S: Sync> FromRequestParts<S> for Staff {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let roles = parts.headers.get_all(ROLES).iter();
        let is_staff = roles
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .any(|role| role.trim() == "staff");
        is_staff
            .then_some(Self)
            .ok_or_else(|| Problem::new(&FORBIDDEN).detail("products are changed by staff"))
    }
}

/// A product as it is sent. What was read can be sent back: `version` and `availability` are ours, and ignored.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ProductDraft)]
pub(super) struct Draft {
    /// That of the path, where there is one.
    #[schema(max_length = 64, pattern = r"^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$")]
    sku: Option<String>,
    /// For people: not blank.
    #[schema(
        min_length = 1,
        max_length = 200,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\x00-\x20\x7f-\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000][^\x00-\x1f\x7f-\x9f]*$"
    )]
    name: String,
    /// For people: lines of text.
    #[serde(default)]
    #[schema(max_length = 4000, pattern = r"^[^\x00-\x09\x0b-\x1f\x7f-\x9f]*$")]
    description: String,
    price: Money,
    /// A path, or an https URL; none: a picture with the name is drawn.
    #[serde(default)]
    #[schema(max_length = 2048, pattern = r"^(|/([!-.0-\[\]-~][!-~]*)?|https://[!-~]*)$")]
    image_url: Option<String>,
    /// Ignored.
    #[serde(default, rename = "version")]
    _version: Value,
    /// Ignored.
    #[serde(default, rename = "availability")]
    _availability: Value,
}

impl Draft {
    /// The product, if it can be sold. Without a picture it has the one that is drawn here.
    fn product(self, sku: String) -> Result<Product, Problem> {
        let image_url = self.image_url.unwrap_or_else(|| format!("/images/{sku}.svg"));
        let product = Product {
            sku,
            name: self.name,
            description: self.description,
            price: self.price,
            image_url,
        };
        let faults = product.faults();
        if faults.is_empty() {
            return Ok(product);
        }
        let all = |problem: Problem, fault: Fault| problem.field(fault.field, Value::Null, fault.rule);
        Err(faults.into_iter().fold(Problem::new(&INVALID_REQUEST), all))
    }
}

/// Add a product
///
/// For staff. A SKU whose product was deleted can be used again.
#[utoipa::path(
    post,
    path = "/v1/products",
    operation_id = "createProduct",
    tag = "products",
    security(("bearer" = ["staff"])),
    request_body(
        content = NewProduct,
        example = json!({
            "sku": "tea-kukicha-100", "name": "Kukicha, 100 g", "description": "Stems and leaves, steamed.",
            "price": {"amount": 2490, "currency": "EUR"},
        }),
    ),
    responses(
        (
            status = 201, description = "The product", body = ProductView,
            headers(
                ("ETag" = String, description = "Its version, and that of its availability"),
                ("Location" = String, description = "Where it is"),
            ),
        ),
        NotMade,
    ),
)]
async fn create<J: Journal>(
    State(shelf): State<Shelf<J>>,
    _: Staff,
    ValidJson(mut draft): ValidJson<Draft>,
) -> Result<Response, Problem> {
    let missing = || Problem::new(&INVALID_REQUEST).field("sku", Value::Null, "is missing");
    let sku = draft.sku.take().ok_or_else(missing)?;
    let product = draft.product(sku)?;
    let payload = payload(&product)?;
    let revision = match shelf.append(&product.sku, Revision::NONE, payload.clone()).await {
        Err(Error::Conflict { .. }) => shelf.revive(&product.sku, payload.clone()).await?,
        outcome => outcome.map_err(|error| failed(&error))?,
    };
    let mut response = shelf
        .answer(StatusCode::CREATED, &product.sku, payload, revision)
        .await?;
    let location = format!("/v1/products/{}", product.sku);
    if let Ok(location) = HeaderValue::try_from(location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

/// Change a product
///
/// For staff. With `If-Match` only if nobody else has changed it; what was read can be sent back.
#[utoipa::path(
    put,
    path = "/v1/products/{sku}",
    operation_id = "replaceProduct",
    tag = "products",
    security(("bearer" = ["staff"])),
    params(
        (
            "sku" = String, Path, description = "The stock keeping unit", example = "tea-sencha-100",
            max_length = 64, pattern = r"^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$",
        ),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of what you have read"),
    ),
    request_body(
        content = Draft,
        example = json!({
            "name": "Sencha, 100 g", "description": "Steamed, first flush.",
            "price": {"amount": 1490, "currency": "EUR"}, "image_url": "/images/tea-sencha-100.svg",
        }),
    ),
    responses(
        (
            status = 200, description = "The product", body = ProductView,
            headers(("ETag" = String, description = "Its version, and that of its availability")),
        ),
        NotChanged,
    ),
)]
async fn replace<J: Journal>(
    State(shelf): State<Shelf<J>>,
    _: Staff,
    ValidPath(sku): ValidPath<String>,
    headers: HeaderMap,
    ValidJson(draft): ValidJson<Draft>,
) -> Result<Response, Problem> {
    check_sku(&sku)?;
    if let Some(other) = draft.sku.as_deref().filter(|other| *other != sku) {
        let rule = "must be that of the path, or left out: a SKU does not change";
        return Err(Problem::new(&INVALID_REQUEST).field("sku", other, rule));
    }
    let product = draft.product(sku)?;
    let payload = payload(&product)?;
    let revision = shelf
        .change(&product.sku, &headers, Change::To(payload.clone()))
        .await?;
    shelf
        .answer(StatusCode::OK, &product.sku, payload, revision)
        .await
}

/// Delete a product
///
/// For staff. Orders that have it keep it.
#[utoipa::path(
    delete,
    path = "/v1/products/{sku}",
    operation_id = "deleteProduct",
    tag = "products",
    security(("bearer" = ["staff"])),
    params(
        (
            "sku" = String, Path, description = "The stock keeping unit",
            max_length = 64, pattern = r"^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$",
        ),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of what you have read"),
    ),
    responses((status = 204, description = "It is gone"), NotDeleted),
)]
async fn remove<J: Journal>(
    State(shelf): State<Shelf<J>>,
    _: Staff,
    ValidPath(sku): ValidPath<String>,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    check_sku(&sku)?;
    let revision = shelf.change(&sku, &headers, Change::Gone).await?;
    shelf.view.reaches(revision, SEEN_WITHIN).await;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Clone)]
enum Change {
    To(Bytes),
    Gone,
}

impl<J: Journal> Shelf<J> {
    /// Changes a product that there is, if `If-Match` permits.
    async fn change(&self, sku: &str, headers: &HeaderMap, change: Change) -> Result<Revision, Problem> {
        for _ in 0..TRIES {
            let now = self.last(sku).await?.ok_or_else(|| not_sold(sku))?;
            if !conditions::permits(headers, now.revision.0) {
                return Err(changed(now.revision));
            }
            let outcome = match change.clone() {
                Change::To(payload) => self.append(sku, now.revision, payload).await,
                Change::Gone => self.write(sku, now.revision, Bytes::new(), true).await,
            };
            match outcome {
                Err(Error::Conflict { .. }) => {}
                outcome => return outcome.map_err(|error| failed(&error)),
            }
        }
        let problem = Problem::new(&UNAVAILABLE).detail("others change this product all the time");
        Err(problem.retry_after(RETRY_AFTER))
    }

    /// Puts a product where one was deleted.
    async fn revive(&self, sku: &str, payload: Bytes) -> Result<Revision, Problem> {
        let last = self.journal.last(&subject(sku)).await;
        let last = last.map_err(|error| failed(&error))?;
        let deleted = last.filter(is_deleted).ok_or_else(|| exists(sku))?;
        match self.append(sku, deleted.revision, payload).await {
            Err(Error::Conflict { .. }) => Err(exists(sku)),
            outcome => outcome.map_err(|error| failed(&error)),
        }
    }

    async fn last(&self, sku: &str) -> Result<Option<Record>, Problem> {
        let last = self.journal.last(&subject(sku)).await;
        let last = last.map_err(|error| failed(&error))?;
        Ok(last.filter(|record| !is_deleted(record)))
    }

    async fn append(&self, sku: &str, expected: Revision, payload: Bytes) -> Result<Revision, Error> {
        self.write(sku, expected, payload, false).await
    }

    async fn write(
        &self,
        sku: &str,
        expected: Revision,
        payload: Bytes,
        is_deletion: bool,
    ) -> Result<Revision, Error> {
        let deletion = ("KV-Operation".to_owned(), "DEL".to_owned());
        let append = Append {
            subject: subject(sku),
            expected,
            message_id: String::new(),
            headers: Headers::from_iter(is_deletion.then_some(deletion)),
            payload,
        };
        self.journal.append(append).await
    }

    /// The product as it is now; also where this replica has not seen it yet.
    async fn answer(
        &self,
        status: StatusCode,
        sku: &str,
        payload: Bytes,
        revision: Revision,
    ) -> Result<Response, Problem> {
        self.view.reaches(revision, SEEN_WITHIN).await;
        let seen = self.view.product(sku, Timestamp::now());
        let shown = match seen.filter(|shown| shown.version == revision.0) {
            Some(shown) => shown,
            None => View::alone(sku, &payload, revision).ok_or_else(|| Problem::new(&INTERNAL))?,
        };
        let headers = [
            (header::CONTENT_TYPE, JSON),
            (header::ETAG, shown.etag),
            (header::CACHE_CONTROL, CACHE_CONTROL),
        ];
        Ok((status, headers, shown.body).into_response())
    }
}

fn subject(sku: &str) -> String {
    format!("{PREFIX}{sku}")
}

fn payload(product: &Product) -> Result<Bytes, Problem> {
    let value = product.to_value().map_err(|error| {
        tracing::error!(sku = product.sku, %error, "cannot be written");
        Problem::new(&INTERNAL)
    })?;
    Ok(value.into())
}

fn exists(sku: &str) -> Problem {
    let location = format!("/v1/products/{sku}");
    Problem::new(&EXISTS)
        .detail(format!("PUT {location} changes it"))
        .with("location", location)
}

fn changed(now: Revision) -> Problem {
    Problem::new(&CHANGED)
        .detail(format!("it is version {now} now: read it, and decide again"))
        .with("version", now.0)
}

fn failed(error: &Error) -> Problem {
    if error.is_retryable() {
        let problem = Problem::new(&UNAVAILABLE).detail("products cannot be changed now; reads go on");
        return problem.retry_after(RETRY_AFTER);
    }
    tracing::error!("a product cannot be changed: {error}");
    Problem::new(&INTERNAL)
}

#[cfg(test)]
mod tests {
    use holdfast_platform::journal::jetstream::JetStreamJournal;
    use holdfast_platform::openapi::testing::request_example;

    use super::*;

    #[test]
    fn the_examples_of_requests_are_some() {
        let document = routes::<JetStreamJournal>().into_openapi();
        for (method, path) in [("post", "/v1/products"), ("put", "/v1/products/{sku}")] {
            let example = request_example(&document, method, path);
            let mut draft: Draft = serde_json::from_value(example).expect("the handler's type");
            let sku = draft.sku.take().unwrap_or_else(|| "tea-sencha-100".to_owned());
            assert!(draft.product(sku).is_ok(), "{method} {path}");
        }
    }
}
