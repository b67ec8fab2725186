//! Extractors whose rejections are problems that name the field.

use axum::extract::path::ErrorKind;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use super::objects::Objects;
use super::{
    BODY_TOO_LARGE, INVALID_PARAMETER, INVALID_REQUEST, MALFORMED_JSON, Problem, UNSUPPORTED_MEDIA_TYPE,
};

/// The largest body that is read, in bytes.
pub const BODY_LIMIT: usize = 64 * 1024;

/// How problems name the body as a whole.
const BODY: &str = "body";

/// A JSON body: objects for structs, never arrays. Unknown fields are refused if `T` says `deny_unknown_fields`.
///
/// Not JSON is 400, a wrong field 422, another media type 415, a body over [`BODY_LIMIT`] 413.
#[derive(Clone, Copy, Debug)]
pub struct ValidJson<T>(pub T);

impl<T: DeserializeOwned, S: Sync> FromRequest<S> for ValidJson<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(Problem::new(&UNSUPPORTED_MEDIA_TYPE).field(
                "Content-Type",
                serde_json::Value::Null,
                "must be application/json",
            ));
        }
        let body = read(request).await?;
        parse(&body).map(Self)
    }
}

/// A body as it came, for what is signed or not JSON; one over [`BODY_LIMIT`] is 413.
#[derive(Clone, Debug)]
pub struct RawBody(pub Bytes);

impl<S: Sync> FromRequest<S> for RawBody {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        read(request).await.map(Self)
    }
}

async fn read(request: Request) -> Result<Bytes, Problem> {
    let body = axum::body::to_bytes(request.into_body(), BODY_LIMIT).await;
    body.map_err(|error| {
        Problem::new(&BODY_TOO_LARGE).detail(format!("at most {BODY_LIMIT} bytes are read: {error}"))
    })
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
            Problem::new(&INVALID_REQUEST).field(field(path, &message), serde_json::Value::Null, message)
        }
        _ => Problem::new(&MALFORMED_JSON).detail(message),
    }
}

/// The path of the wrong field. Serde reports an unknown or missing field at its parent and names it in the message.
fn field(path: &str, message: &str) -> String {
    let named = ["unknown field `", "missing field `", "duplicate field `"]
        .iter()
        .find_map(|prefix| message.strip_prefix(prefix)?.split('`').next());
    match (path, named) {
        (".", Some(name)) => name.to_owned(),
        (path, Some(name)) if path == name || path.ends_with(&format!(".{name}")) => path.to_owned(),
        (path, Some(name)) => format!("{path}.{name}"),
        (".", None) => BODY.to_owned(),
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
        ErrorKind::InvalidUtf8InPathParam { key } => problem.field(key, serde_json::Value::Null, detail),
        _ => problem.field("path", path, detail),
    }
}

/// Query parameters; one that cannot be read, or is unknown to a `deny_unknown_fields` type, is 400.
#[derive(Clone, Copy, Debug)]
pub struct ValidQuery<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for ValidQuery<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Query(value) =
            Query::from_request_parts(parts, state)
                .await
                .map_err(|error: QueryRejection| {
                    Problem::new(&INVALID_PARAMETER).field(
                        "query",
                        parts.uri.query().unwrap_or_default(),
                        error.body_text(),
                    )
                })?;
        Ok(Self(value))
    }
}
