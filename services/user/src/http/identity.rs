//! Who is asking. The gateway sets these headers from the token, and takes away those that a client sends.

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use holdfast_platform::problem::{INVALID_PARAMETER, Problem};
use serde_json::Value;
use uuid::Uuid;

use super::problems::UNAUTHENTICATED;

const USER: &str = "x-holdfast-user";
const SESSION: &str = "x-holdfast-session";

/// The caller of a request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Caller {
    pub(super) user: Uuid,
    /// The session of the token, if the gateway tells it.
    pub(super) session: Option<Uuid>,
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let user = one(&parts.headers, USER)?;
        Ok(Self {
            user: user.ok_or_else(|| Problem::new(&UNAUTHENTICATED))?,
            session: one(&parts.headers, SESSION)?,
        })
    }
}

fn one(headers: &HeaderMap, name: &'static str) -> Result<Option<Uuid>, Problem> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let wrong = |value: Value, reason| Problem::new(&INVALID_PARAMETER).field(name, value, reason);
    // The gateway sets one. With two, each reader on the way could take another for the caller.
    if values.next().is_some() {
        return Err(wrong(Value::Null, "is given more than once"));
    }
    let text = value.to_str().unwrap_or_default();
    let id = text.parse().map_err(|_| wrong(text.into(), "is not a UUID"))?;
    Ok(Some(id))
}
