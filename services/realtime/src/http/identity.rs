//! Who is asking. The gateway sets these headers from the token, and takes away those that a client sends.

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use holdfast_platform::problem::{INVALID_PARAMETER, Problem};
use holdfast_realtime_core::tickets::Grant;
use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use super::problems::UNAUTHENTICATED;

const USER: &str = "x-holdfast-user";
const ROLES: &str = "x-holdfast-roles";
const TOKEN_EXPIRES: &str = "x-holdfast-token-expires";

/// The caller of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Caller {
    pub(super) user: Uuid,
    pub(super) is_staff: bool,
    /// When the token expires, if the gateway tells: whatever it opened ends then.
    pub(super) token_expires: Option<Timestamp>,
}

impl From<Grant> for Caller {
    fn from(grant: Grant) -> Self {
        let Grant {
            user,
            is_staff,
            token_expires,
            ..
        } = grant;
        Self {
            user,
            is_staff,
            token_expires,
        }
    }
}

impl Caller {
    fn of(headers: &HeaderMap) -> Result<Option<Self>, Problem> {
        let Some(user) = one(headers, USER)? else {
            return Ok(None);
        };
        let user = user
            .parse()
            .map_err(|_| wrong(USER, user.into(), "is not a UUID"))?;
        let roles = headers
            .get_all(ROLES)
            .iter()
            .filter_map(|value| value.to_str().ok());
        let mut roles = roles.flat_map(|value| value.split(','));
        let token_expires = one(headers, TOKEN_EXPIRES)?.map(|text| {
            let time = seconds(text).and_then(|seconds| Timestamp::from_second(seconds).ok());
            time.ok_or_else(|| wrong(TOKEN_EXPIRES, text.into(), "is no number of seconds"))
        });
        Ok(Some(Self {
            user,
            is_staff: roles.any(|role| role.trim() == "staff"),
            token_expires: token_expires.transpose()?,
        }))
    }
}

/// A claim is a JSON number, and may be written with a fraction or an exponent.
fn seconds(text: &str) -> Option<i64> {
    let number = serde_json::from_str::<Value>(text).ok()?;
    number.as_i64().or_else(|| {
        let number = number.as_f64()?;
        // Beyond the year 9999 nothing is a time.
        (number.abs() < 1e12).then_some(number as i64)
    })
}

fn one<'a>(headers: &'a HeaderMap, name: &'static str) -> Result<Option<&'a str>, Problem> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    // The gateway sets one. With two, each reader on the way could take another for the caller.
    match values.next() {
        Some(_) => Err(wrong(name, Value::Null, "is given more than once")),
        None => Ok(Some(value.to_str().unwrap_or_default())),
    }
}

fn wrong(name: &'static str, value: Value, reason: &str) -> Problem {
    Problem::new(&INVALID_PARAMETER).field(name, value, reason)
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Self::of(&parts.headers)?.ok_or_else(|| Problem::new(&UNAUTHENTICATED))
    }
}

impl<S: Sync> OptionalFromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Problem> {
        Self::of(&parts.headers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(headers: &[(&'static str, &'static str)]) -> Result<Option<Caller>, Problem> {
        let headers = headers.iter().map(|(name, value)| {
            let name = axum::http::HeaderName::from_static(name);
            (name, axum::http::HeaderValue::from_static(value))
        });
        Caller::of(&headers.fold(HeaderMap::new(), |mut all, (name, value)| {
            all.append(name, value);
            all
        }))
    }

    const ANNA: &str = "01900000-0000-7000-8000-00000000c001";

    #[test]
    fn the_caller_is_who_the_gateway_says() {
        let expires = |seconds| Timestamp::from_second(seconds).ok();
        for (text, expected) in [
            ("4102444800", expires(4_102_444_800)),
            ("4.1024448e9", expires(4_102_444_800)),
        ] {
            let found = caller(&[(USER, ANNA), (ROLES, "buyer, staff"), (TOKEN_EXPIRES, text)])
                .unwrap()
                .unwrap();
            assert_eq!(
                found,
                Caller {
                    user: ANNA.parse().unwrap(),
                    is_staff: true,
                    token_expires: expected
                }
            );
        }
        assert!(
            !caller(&[(USER, ANNA), (ROLES, "staffer")])
                .unwrap()
                .unwrap()
                .is_staff
        );
        assert_eq!(caller(&[(ROLES, "staff")]).unwrap(), None);
    }

    #[test]
    fn what_cannot_be_read_is_nobody() {
        for headers in [
            &[(USER, "anna")][..],
            &[(USER, ANNA), (USER, ANNA)][..],
            &[(USER, ANNA), (TOKEN_EXPIRES, "soon")][..],
            &[(USER, ANNA), (TOKEN_EXPIRES, "1e99")][..],
        ] {
            assert_eq!(caller(headers).unwrap_err().kind(), &INVALID_PARAMETER);
        }
    }
}
