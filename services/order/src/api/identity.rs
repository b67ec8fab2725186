//! Who is asking. The gateway sets these headers from the token, and takes away those that a client sends.

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use holdfast_order_core::UserId;
use holdfast_platform::problem::{INVALID_PARAMETER, Problem};
use serde_json::Value;

use super::problems::{FORBIDDEN, UNAUTHENTICATED};

const USER: &str = "x-holdfast-user";
const ROLES: &str = "x-holdfast-roles";

/// The caller of a request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Caller {
    pub(super) user: UserId,
    pub(super) is_staff: bool,
}

impl Caller {
    fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let mut users = headers.get_all(USER).iter();
        let user = users.next().ok_or_else(|| Problem::new(&UNAUTHENTICATED))?;
        // The gateway sets one. With two, each reader on the way could take another for the caller.
        if users.next().is_some() {
            return Err(Problem::new(&INVALID_PARAMETER).field(USER, Value::Null, "is given more than once"));
        }
        let user = user.to_str().unwrap_or_default();
        let id = user
            .parse()
            .map_err(|_| Problem::new(&INVALID_PARAMETER).field(USER, user, "is not a UUID"))?;
        let roles = headers
            .get_all(ROLES)
            .iter()
            .filter_map(|value| value.to_str().ok());
        let is_staff = roles
            .flat_map(|value| value.split(','))
            .any(|role| role.trim() == "staff");
        Ok(Self {
            user: UserId(id),
            is_staff,
        })
    }

    /// Refuses everybody but staff.
    pub(super) fn require_staff(&self) -> Result<(), Problem> {
        if self.is_staff {
            Ok(())
        } else {
            Err(Problem::new(&FORBIDDEN))
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Self::of(&parts.headers)
    }
}
