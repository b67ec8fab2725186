//! Request and response headers of the API.

use axum::extract::FromRequestParts;
use axum::http::header::{AGE, ETAG, IF_NONE_MATCH, InvalidHeaderValue};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};
use holdfast_platform::problem::{INTERNAL, INVALID_PARAMETER, Problem};
use uuid::Uuid;

const IDEMPOTENCY_KEY: &str = "Idempotency-Key";

/// The `Idempotency-Key` of a request: 1 to 255 visible ASCII characters, bare or as a quoted string.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct IdempotencyKey(pub(super) String);

impl IdempotencyKey {
    fn of(headers: &HeaderMap) -> Result<Self, &'static str> {
        let mut values = headers.get_all(IDEMPOTENCY_KEY).iter();
        let value = values.next().ok_or("is missing")?;
        if values.next().is_some() {
            return Err("is given more than once");
        }
        let text = value.to_str().map_err(|_| "is not visible ASCII")?.trim();
        let key = match text.strip_prefix('"') {
            Some(quoted) => unquote(quoted).ok_or("is not a well-formed quoted string")?,
            None => text.to_owned(),
        };
        match key.len() {
            0 => Err("is empty"),
            1..=255 if key.bytes().all(|byte| byte.is_ascii_graphic()) => Ok(Self(key)),
            1..=255 => Err("has characters that are not visible ASCII"),
            _ => Err("is longer than 255 characters"),
        }
    }
}

/// The text of a structured-field string (RFC 9651) after its opening quote.
fn unquote(quoted: &str) -> Option<String> {
    let mut text = String::with_capacity(quoted.len());
    let mut characters = quoted.chars();
    loop {
        match characters.next()? {
            '"' => return characters.as_str().is_empty().then_some(text),
            '\\' => text.push(characters.next().filter(|c| matches!(c, '"' | '\\'))?),
            character => text.push(character),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Self::of(&parts.headers).map_err(|reason| {
            Problem::new(&INVALID_PARAMETER).field(IDEMPOTENCY_KEY, serde_json::Value::Null, reason)
        })
    }
}

/// The entity tag of a version.
pub(super) fn etag(version: u64) -> String {
    format!("\"{version}\"")
}

/// Whether the client has this version already.
pub(super) fn has_version(headers: &HeaderMap, version: u64) -> bool {
    let tag = etag(version);
    let values = headers
        .get_all(IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok());
    let mut tags = values.flat_map(|value| value.split(',')).map(str::trim);
    tags.any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}

/// The headers of an answer about an order: its version, and whether it is a copy that may be old (RFC 9211).
pub(super) fn about(version: u64, age: Option<u64>) -> Result<HeaderMap, InvalidHeaderValue> {
    let mut headers = HeaderMap::from_iter([(ETAG, HeaderValue::try_from(etag(version))?)]);
    headers.extend(stale(age)?);
    Ok(headers)
}

/// Where an order is.
pub(super) fn location(order: Uuid) -> Result<HeaderValue, Problem> {
    HeaderValue::try_from(format!("/v1/orders/{order}")).map_err(|_| Problem::new(&INTERNAL))
}

/// Marks an answer as stale, if it is: it was the truth `age` seconds ago, and was never allowed to be used later.
pub(super) fn stale(age: Option<u64>) -> Result<HeaderMap, InvalidHeaderValue> {
    let Some(age) = age else {
        return Ok(HeaderMap::new());
    };
    let mut headers = HeaderMap::from_iter([(AGE, HeaderValue::from(age))]);
    let status = format!("holdfast-order; hit; ttl=-{age}; detail=journal-unavailable");
    headers.insert("cache-status", HeaderValue::try_from(status)?);
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(value: &str) -> Result<String, &'static str> {
        let value = HeaderValue::from_bytes(value.as_bytes()).expect("a header value");
        IdempotencyKey::of(&HeaderMap::from_iter([(
            "idempotency-key".parse().expect("a name"),
            value,
        )]))
        .map(|key| key.0)
    }

    #[test]
    fn a_key_is_taken_bare_or_quoted() {
        assert_eq!(key("8e03978e-40d5"), Ok("8e03978e-40d5".to_owned()));
        assert_eq!(key("\"8e03978e-40d5\""), Ok("8e03978e-40d5".to_owned()));
        assert_eq!(key(r#""a\"b\\c""#), Ok(r#"a"b\c"#.to_owned()));
        assert_eq!(key(&"x".repeat(255)).map(|key| key.len()), Ok(255));
    }

    #[test]
    fn a_key_that_is_malformed_is_refused_with_a_reason() {
        for (value, reason) in [
            ("", "is empty"),
            ("\"\"", "is empty"),
            ("\"open", "is not a well-formed quoted string"),
            ("\"a\"b", "is not a well-formed quoted string"),
            ("a b", "has characters that are not visible ASCII"),
            ("ü", "is not visible ASCII"),
        ] {
            assert_eq!(key(value), Err(reason), "{value}");
        }
        assert_eq!(key(&"x".repeat(256)), Err("is longer than 255 characters"));
        assert_eq!(IdempotencyKey::of(&HeaderMap::new()), Err("is missing"));
    }

    #[test]
    fn a_version_is_known_by_any_of_the_tags() {
        let headers =
            |value: &'static str| HeaderMap::from_iter([(IF_NONE_MATCH, HeaderValue::from_static(value))]);
        for value in ["\"3\"", "\"1\", \"3\"", "W/\"3\"", "*"] {
            assert!(has_version(&headers(value), 3), "{value}");
        }
        assert!(!has_version(&headers("\"31\""), 3));
        assert!(!has_version(&HeaderMap::new(), 3));
    }
}
