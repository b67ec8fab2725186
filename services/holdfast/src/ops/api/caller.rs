//! Who is asking. The gateway sets these headers from the token, and takes away those that a client sends.

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use holdfast_platform::problem::{INVALID_PARAMETER, Problem};
use serde_json::Value;
use uuid::Uuid;

use super::problems::{FORBIDDEN, UNAUTHENTICATED};
use crate::ops::audit::Actor;

const USER: &str = "x-holdfast-user";
const ROLES: &str = "x-holdfast-roles";

/// A member of the staff: nobody else gets here.
#[derive(Clone, Copy, Debug)]
pub(super) struct Staff(Uuid);

impl Staff {
    pub(super) fn actor(self) -> Actor {
        Actor {
            name: self.0.to_string(),
            via: "api",
        }
    }

    fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let mut users = headers.get_all(USER).iter();
        let user = users.next().ok_or_else(|| Problem::new(&UNAUTHENTICATED))?;
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
        match is_staff {
            true => Ok(Self(id)),
            false => Err(Problem::new(&FORBIDDEN)),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Staff {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Self::of(&parts.headers)
    }
}
