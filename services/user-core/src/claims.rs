//! What an access token says (RFC 7519, RFC 9068), and what may be asked of one.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use uuid::Uuid;

use crate::Invalid;

/// Whom a token is for and what it allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The user, or the id of a client.
    pub subject: Uuid,
    /// Roles; each is a word.
    pub roles: Vec<String>,
    /// Scopes, separated by spaces.
    pub scope: String,
    /// The session that it belongs to; none for a client.
    pub session: Option<Uuid>,
    /// The client that it was given to; none for a user.
    pub client: Option<String>,
}

/// The claims of a token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Claims<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: Uuid,
    iat: i64,
    exp: i64,
    jti: Uuid,
    scope: &'a str,
    /// Separated by commas: the gateway passes it on as a header.
    #[serde(skip_serializing_if = "String::is_empty")]
    roles: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<&'a str>,
}

impl<'a> Claims<'a> {
    /// The claims of a grant that holds from `now` on for `lifetime`, in whole seconds.
    #[must_use]
    pub fn new(
        grant: &'a Grant,
        (iss, aud): (&'a str, &'a str),
        now: Timestamp,
        lifetime: SignedDuration,
        jti: Uuid,
    ) -> Self {
        Self {
            iss,
            aud,
            sub: grant.subject,
            iat: now.as_second(),
            exp: now.as_second().saturating_add(lifetime.as_secs()),
            jti,
            scope: &grant.scope,
            roles: grant.roles.join(","),
            sid: grant.session,
            client_id: grant.client.as_deref(),
        }
    }
}

/// The scope that is granted when `requested` is asked for and `allowed` could be had: what was asked for, without
/// doubles, or all if nothing was (RFC 6749 §3.3).
///
/// # Errors
/// [`Invalid`] if more is asked for than could be had.
pub fn narrow(requested: Option<&str>, allowed: &str) -> Result<String, Invalid> {
    let Some(requested) = requested.filter(|requested| !requested.trim().is_empty()) else {
        return Ok(allowed.to_owned());
    };
    let mut granted: Vec<&str> = Vec::new();
    for scope in requested.split(' ').filter(|scope| !scope.is_empty()) {
        if !allowed.split(' ').any(|allowed| allowed == scope) {
            return Err("asks for more than is allowed".into());
        }
        if !granted.contains(&scope) {
            granted.push(scope);
        }
    }
    Ok(granted.join(" "))
}

/// Whether a text can be a role: lower-case letters, digits and hyphens, so that a list of them can be a header.
///
/// # Errors
/// [`Invalid`] says so.
pub fn check_role(role: &str) -> Result<(), Invalid> {
    let sound = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if (1..=32).contains(&role.len()) && role.bytes().all(sound) {
        Ok(())
    } else {
        Err("must be 1 to 32 lower-case letters, digits or hyphens".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn grant(roles: &[&str]) -> Grant {
        Grant {
            subject: Uuid::from_u128(7),
            roles: roles.iter().map(ToString::to_string).collect(),
            scope: "account orders".to_owned(),
            session: Some(Uuid::from_u128(9)),
            client: None,
        }
    }

    fn claims(grant: &Grant) -> serde_json::Value {
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let claims = Claims::new(
            grant,
            ("https://i", "a"),
            now,
            SignedDuration::from_mins(15),
            Uuid::from_u128(1),
        );
        serde_json::to_value(claims).unwrap()
    }

    #[test]
    fn a_token_says_who_for_what_and_how_long() {
        let expected = json!({
            "iss": "https://i", "aud": "a", "sub": Uuid::from_u128(7), "iat": 1_800_000_000, "exp": 1_800_000_900,
            "jti": Uuid::from_u128(1), "scope": "account orders", "roles": "staff,audit", "sid": Uuid::from_u128(9),
        });
        assert_eq!(claims(&grant(&["staff", "audit"])), expected);
    }

    #[test]
    fn who_has_no_role_has_no_such_claim() {
        assert_eq!(claims(&grant(&[])).get("roles"), None);
    }

    #[test]
    fn no_more_is_granted_than_is_allowed() {
        assert_eq!(narrow(None, "a b"), Ok("a b".into()));
        assert_eq!(narrow(Some(" "), "a b"), Ok("a b".into()));
        assert_eq!(narrow(Some("b b"), "a b"), Ok("b".into()));
        assert!(narrow(Some("a c"), "a b").is_err());
        assert!(narrow(Some("A"), "a b").is_err());
    }

    #[test]
    fn a_role_cannot_smuggle_another() {
        assert!(check_role("staff").is_ok());
        for role in ["", "a,staff", "a b", "Staff", "a\n", &"x".repeat(33)] {
            assert!(check_role(role).is_err(), "{role:?}");
        }
    }
}
