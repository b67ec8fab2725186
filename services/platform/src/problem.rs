//! Errors of HTTP APIs: `application/problem+json` ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)).
//!
//! A service names its kinds of problem as constants and builds a [`Problem`] from one of them:
//!
//! ```
//! use axum::http::StatusCode;
//! use holdfast_platform::problem::{Problem, ProblemType};
//!
//! const PRICE_CHANGED: ProblemType =
//!     ProblemType::new("price-changed", StatusCode::CONFLICT, "The price has changed");
//!
//! let problem = Problem::new(&PRICE_CHANGED)
//!     .detail("expected 12.00 EUR, the total is 13.00 EUR")
//!     .field("expected_total", "12.00", "differs from our total");
//! assert_eq!(problem.status(), StatusCode::CONFLICT);
//! ```

mod extract;
mod objects;

use std::time::Duration;

use axum::Router;
use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::telemetry::TraceContext;

pub use extract::{BODY_DEADLINE, BODY_LIMIT, RawBody, ValidJson, ValidPath, ValidQuery};

/// The media type of problems.
pub const MEDIA_TYPE: &str = "application/problem+json";

const TYPE_BASE: &str = "https://holdfast.dev/problems/";

/// A kind of problem: what the `type` member names.
#[derive(Debug, PartialEq, Eq)]
pub struct ProblemType {
    slug: &'static str,
    pub(crate) status: StatusCode,
    pub(crate) title: &'static str,
}

impl ProblemType {
    /// A kind whose `type` is `https://holdfast.dev/problems/<slug>`. Never rename a slug: clients match on it.
    #[must_use]
    pub const fn new(slug: &'static str, status: StatusCode, title: &'static str) -> Self {
        Self { slug, status, title }
    }

    /// The `type` member.
    #[must_use]
    pub fn uri(&self) -> String {
        format!("{TYPE_BASE}{}", self.slug)
    }
}

/// The body is not JSON.
pub const MALFORMED_JSON: ProblemType =
    ProblemType::new("malformed-json", StatusCode::BAD_REQUEST, "The body is not JSON");
/// A part of the request does not have the form that it must have.
pub const INVALID_REQUEST: ProblemType = ProblemType::new(
    "invalid-request",
    StatusCode::UNPROCESSABLE_ENTITY,
    "The request is not valid",
);
/// A path or query parameter cannot be read.
pub const INVALID_PARAMETER: ProblemType = ProblemType::new(
    "invalid-parameter",
    StatusCode::BAD_REQUEST,
    "A parameter is not valid",
);
/// The body is not declared as JSON.
pub const UNSUPPORTED_MEDIA_TYPE: ProblemType = ProblemType::new(
    "unsupported-media-type",
    StatusCode::UNSUPPORTED_MEDIA_TYPE,
    "The body must be application/json",
);
/// The body ended before its end.
pub const INCOMPLETE_BODY: ProblemType = ProblemType::new(
    "incomplete-body",
    StatusCode::BAD_REQUEST,
    "The body is incomplete",
);
/// The body took longer than [`BODY_DEADLINE`].
pub const SLOW_BODY: ProblemType =
    ProblemType::new("slow-body", StatusCode::REQUEST_TIMEOUT, "The body took too long");
/// The body is over its limit, mostly [`BODY_LIMIT`].
pub const BODY_TOO_LARGE: ProblemType = ProblemType::new(
    "body-too-large",
    StatusCode::PAYLOAD_TOO_LARGE,
    "The body is too large",
);
/// There is nothing at this path, or the caller may not know of it.
pub const NOT_FOUND: ProblemType = ProblemType::new("not-found", StatusCode::NOT_FOUND, "Not found");
/// The path does not take this method.
pub const METHOD_NOT_ALLOWED: ProblemType = ProblemType::new(
    "method-not-allowed",
    StatusCode::METHOD_NOT_ALLOWED,
    "Method not allowed",
);
/// The request took longer than it may.
pub const TIMEOUT: ProblemType = ProblemType::new(
    "timeout",
    StatusCode::GATEWAY_TIMEOUT,
    "The request took too long",
);
/// Something that is needed to answer is away; trying again later may help.
pub const UNAVAILABLE: ProblemType = ProblemType::new(
    "unavailable",
    StatusCode::SERVICE_UNAVAILABLE,
    "Service unavailable",
);
/// A fault of ours.
pub const INTERNAL: ProblemType =
    ProblemType::new("internal", StatusCode::INTERNAL_SERVER_ERROR, "Internal error");

/// An error answer.
#[derive(Debug)]
pub struct Problem(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: &'static ProblemType,
    trace_id: String,
    detail: Option<String>,
    errors: Vec<FieldError>,
    retry_after: Option<Duration>,
    extensions: Map<String, Value>,
}

/// A field that is wrong.
#[derive(Debug, Serialize, ToSchema)]
struct FieldError {
    /// Which, such as `lines[0].quantity`.
    field: String,
    /// The value that it has, if it may be told.
    #[serde(skip_serializing_if = "Value::is_null")]
    #[schema(required = false)]
    value: Value,
    /// What is wrong with it.
    detail: String,
}

/// An error (RFC 9457). Members beside these depend on the type.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct Body<'a> {
    /// The kind of problem: stable, to be matched on.
    #[schema(format = "uri")]
    r#type: String,
    /// The kind of problem for people.
    title: &'a str,
    /// The status of the answer.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What is wrong with this very request.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    detail: Option<&'a str>,
    /// The fields that are wrong.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    #[schema(value_type = Vec<FieldError>, required = false)]
    errors: &'a [FieldError],
    /// In how many seconds to try again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    retry_after: Option<u64>,
    /// By which logs and traces of this request are found.
    trace_id: &'a str,
    #[serde(flatten)]
    #[schema(ignore)]
    extensions: &'a Map<String, Value>,
}

impl Problem {
    /// A problem of this kind, with the id of the current trace or a new one.
    #[must_use]
    pub fn new(kind: &'static ProblemType) -> Self {
        let extensions = Map::new();
        let errors = Vec::new();
        Self(Box::new(Inner {
            kind,
            trace_id: trace_id(),
            detail: None,
            errors,
            retry_after: None,
            extensions,
        }))
    }

    /// Says what is wrong with this very request.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }

    /// Names a field that is wrong (`lines[0].quantity`), the value it has (`Value::Null`: not told), and why.
    #[must_use]
    pub fn field(
        mut self,
        field: impl Into<String>,
        value: impl Into<Value>,
        detail: impl Into<String>,
    ) -> Self {
        self.0.errors.push(FieldError {
            field: field.into(),
            value: value.into(),
            detail: detail.into(),
        });
        self
    }

    /// Tells when to try again, as a member and as the header `Retry-After`; rounded up to seconds.
    #[must_use]
    pub fn retry_after(mut self, after: Duration) -> Self {
        self.0.retry_after = Some(after);
        self
    }

    /// Adds an extension member. The standard members win over one of the same name.
    #[must_use]
    pub fn with(mut self, member: &str, value: impl Into<Value>) -> Self {
        if ![
            "type",
            "title",
            "status",
            "detail",
            "errors",
            "retry_after",
            "trace_id",
        ]
        .contains(&member)
        {
            self.0.extensions.insert(member.to_owned(), value.into());
        }
        self
    }

    /// The status that this problem is answered with.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.0.kind.status
    }

    /// The kind of this problem.
    #[must_use]
    pub fn kind(&self) -> &'static ProblemType {
        self.0.kind
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Inner {
            kind,
            trace_id,
            detail,
            errors,
            retry_after,
            extensions,
        } = &*self.0;
        let retry_after = retry_after.map(|after| after.as_secs() + u64::from(after.subsec_nanos() > 0));
        let body = Body {
            r#type: kind.uri(),
            title: kind.title,
            status: kind.status.as_u16(),
            detail: detail.as_deref(),
            errors,
            retry_after,
            trace_id,
            extensions,
        };
        if kind.status.is_server_error() {
            tracing::warn!(
                trace_id,
                problem = kind.slug,
                detail = body.detail,
                "answered with a problem"
            );
        }
        let json = serde_json::to_vec(&body).unwrap_or_default();
        let mut response = (kind.status, json).into_response();
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        if [StatusCode::PAYLOAD_TOO_LARGE, StatusCode::REQUEST_TIMEOUT].contains(&kind.status) {
            // The rest of the body is not read, so the connection ends here: a client that is not told would send its
            // next request into it.
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(header::CONNECTION, close);
        }
        if let Some(seconds) = retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

/// Answers unknown paths and wrong methods with problems too.
pub fn with_fallbacks<S: Clone + Send + Sync + 'static>(router: Router<S>) -> Router<S> {
    router
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
}

async fn not_found(uri: Uri) -> Problem {
    Problem::new(&NOT_FOUND).detail(format!("there is nothing at {}", uri.path()))
}

async fn method_not_allowed(method: Method, uri: Uri) -> Problem {
    Problem::new(&METHOD_NOT_ALLOWED).detail(format!("{} does not take {method}", uri.path()))
}

fn trace_id() -> String {
    match TraceContext::current() {
        Some(context) => context.trace_id().to_owned(),
        None => uuid::Uuid::new_v4().simple().to_string(),
    }
}

#[cfg(test)]
mod tests;
