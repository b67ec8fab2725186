//! Extractors whose rejections are problems that name the field.

use std::error::Error;
use std::time::Duration;

use axum::body::HttpBody;
use axum::extract::path::ErrorKind;
use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use bytes::Bytes;
use http_body_util::LengthLimitError;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::error::Category;

use super::objects::Objects;
use super::{
    BODY_TOO_LARGE, INCOMPLETE_BODY, INVALID_PARAMETER, INVALID_REQUEST, MALFORMED_JSON, Problem, SLOW_BODY,
    UNSUPPORTED_MEDIA_TYPE,
};

/// The largest body that is read, in bytes.
pub const BODY_LIMIT: usize = 64 * 1024;

/// How long a body may take, once its request's head is there.
pub const BODY_DEADLINE: Duration = Duration::from_secs(5);

/// How problems name the body as a whole.
const BODY: &str = "body";

/// A JSON body: objects for structs, never arrays. Unknown fields are refused if `T` says `deny_unknown_fields`.
///
/// Not JSON is 400, a wrong field 422, another media type 415, a body over [`BODY_LIMIT`] 413, one that
/// takes longer than [`BODY_DEADLINE`] 408.
#[derive(Clone, Copy, Debug)]
pub struct ValidJson<T>(pub T);

impl<T: DeserializeOwned, S: Sync> FromRequest<S> for ValidJson<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(Problem::new(&UNSUPPORTED_MEDIA_TYPE).field(
                "Content-Type",
                Value::Null,
                "must be application/json",
            ));
        }
        let body = read(request, BODY_LIMIT).await?;
        parse(&body).map(Self)
    }
}

/// A body as it came, for what is signed or not JSON; one over `LIMIT` bytes is 413.
#[derive(Clone, Debug)]
pub struct RawBody<const LIMIT: usize = BODY_LIMIT>(pub Bytes);

impl<S: Sync, const LIMIT: usize> FromRequest<S> for RawBody<LIMIT> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        read(request, LIMIT).await.map(Self)
    }
}

async fn read(request: Request, limit: usize) -> Result<Bytes, Problem> {
    let body = request.into_body();
    // What says that it is too large is not waited for.
    if body.size_hint().lower() > limit as u64 {
        return Err(too_large(limit));
    }
    let read = tokio::time::timeout(BODY_DEADLINE, axum::body::to_bytes(body, limit)).await;
    let read = read.map_err(|_| {
        let detail = format!("must be there within {BODY_DEADLINE:?}");
        Problem::new(&SLOW_BODY).field(BODY, Value::Null, detail)
    })?;
    read.map_err(|error| {
        if error
            .source()
            .is_some_and(|source| source.is::<LengthLimitError>())
        {
            return too_large(limit);
        }
        let detail = format!("cannot be read to its end: {error}");
        Problem::new(&INCOMPLETE_BODY).field(BODY, Value::Null, detail)
    })
}

fn too_large(limit: usize) -> Problem {
    let detail = format!("must have at most {limit} bytes");
    Problem::new(&BODY_TOO_LARGE).field(BODY, Value::Null, detail)
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
    else {
        return false;
    };
    let essence = value.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
        || (essence.starts_with("application/") && essence.ends_with("+json"))
}

fn parse<T: DeserializeOwned>(body: &Bytes) -> Result<T, Problem> {
    let mut reader = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(Objects(&mut reader))
        .map_err(|error| rejection(&error.path().to_string(), error.inner()))?;
    reader.end().map_err(|error| rejection(".", &error))?;
    Ok(value)
}

fn rejection(path: &str, error: &serde_json::Error) -> Problem {
    let message = error.to_string();
    match error.classify() {
        Category::Data => {
            Problem::new(&INVALID_REQUEST).field(field(path, &message, BODY), Value::Null, message)
        }
        _ => Problem::new(&MALFORMED_JSON).field(BODY, Value::Null, message),
    }
}

/// The path of the wrong field, or the name of the `whole`. Serde reports an unknown or missing field at its parent and names it in the message.
fn field(path: &str, message: &str, whole: &str) -> String {
    let named = ["unknown field `", "missing field `", "duplicate field `"]
        .iter()
        .find_map(|prefix| message.strip_prefix(prefix)?.split('`').next());
    match (path, named) {
        (".", Some(name)) => name.to_owned(),
        (path, Some(name)) if path == name || path.ends_with(&format!(".{name}")) => path.to_owned(),
        (path, Some(name)) => format!("{path}.{name}"),
        (".", None) => whole.to_owned(),
        (path, None) => path.to_owned(),
    }
}

/// Path parameters; one that cannot be read is 400.
#[derive(Clone, Copy, Debug)]
pub struct ValidPath<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for ValidPath<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(value) = Path::from_request_parts(parts, state)
            .await
            .map_err(|error| path_problem(error, parts.uri.path()))?;
        Ok(Self(value))
    }
}

/// Names the parameter, as far as that is known.
fn path_problem(error: PathRejection, path: &str) -> Problem {
    let problem = Problem::new(&INVALID_PARAMETER);
    let detail = error.body_text();
    let kind = match error {
        PathRejection::FailedToDeserializePathParams(failed) => failed.into_kind(),
        _ => return problem.field("path", path, detail),
    };
    match kind {
        ErrorKind::DeserializeError { key, value, message } => problem.field(key, value, message),
        ErrorKind::ParseErrorAtKey { key, value, .. } => problem.field(key, value, detail),
        ErrorKind::InvalidUtf8InPathParam { key } => problem.field(key, Value::Null, detail),
        _ => problem.field("path", path, detail),
    }
}

/// Query parameters; one that cannot be read, or is unknown to a `deny_unknown_fields` type, is 400.
#[derive(Clone, Copy, Debug)]
pub struct ValidQuery<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for ValidQuery<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let query = parts.uri.query().unwrap_or_default();
        let pairs = form_urlencoded::parse(query.as_bytes());
        serde_path_to_error::deserialize(serde_urlencoded::Deserializer::new(pairs))
            .map(Self)
            .map_err(|error| query_problem(&error.path().to_string(), &error.inner().to_string(), query))
    }
}

/// Names the parameter, and the last value that it is given.
fn query_problem(path: &str, message: &str, query: &str) -> Problem {
    let name = field(path, message, "query");
    let values = form_urlencoded::parse(query.as_bytes()).filter(|(key, _)| *key == name);
    let value = values.last().map_or(Value::Null, |(_, value)| Value::from(value));
    Problem::new(&INVALID_PARAMETER).field(name, value, message)
}
