//! `If-None-Match` and `If-Match` (RFC 9110 §13.1).

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

/// Whether `If-None-Match` names the tag, weakly compared.
pub(super) fn is_known(request: &HeaderMap, etag: &HeaderValue) -> bool {
    let etag = etag.to_str().unwrap_or_default();
    tags(request, &header::IF_NONE_MATCH).any(|tag| tag == "*" || tag.trim_start_matches("W/") == etag)
}

/// Whether `If-Match`, if there is one, names this version of a product. Availability is part of a tag, since it is
/// part of the body, but not of what is changed: it does not count.
pub(super) fn permits(request: &HeaderMap, version: u64) -> bool {
    !request.contains_key(header::IF_MATCH)
        || tags(request, &header::IF_MATCH).any(|tag| tag == "*" || version_of(tag) == Some(version))
}

fn version_of(tag: &str) -> Option<u64> {
    let tag = tag.strip_prefix('"')?.strip_suffix('"')?;
    tag.split('-').next()?.parse().ok()
}

fn tags<'a>(request: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    request
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    #[test]
    fn what_the_client_has_is_weakly_compared_as_a_whole() {
        let etag = HeaderValue::from_static("\"7-0.0\"");
        for (known, is_known_) in [
            ("\"7-0.0\"", true),
            ("W/\"7-0.0\"", true),
            ("\"1\", \"7-0.0\"", true),
            ("*", true),
            ("\"7\"", false),
            ("7-0.0", false),
        ] {
            assert_eq!(
                is_known(&with(header::IF_NONE_MATCH, known), &etag),
                is_known_,
                "{known}"
            );
        }
        assert!(!is_known(&HeaderMap::new(), &etag));
    }

    #[test]
    fn a_change_is_permitted_for_the_version_whatever_the_availability() {
        for (tag, is_permitted) in [
            ("\"7\"", true),
            ("\"7-1.3\"", true),
            ("\"6\", \"7\"", true),
            ("*", true),
            ("\"6-1.3\"", false),
            ("W/\"7\"", false),
            ("7", false),
            ("", false),
        ] {
            assert_eq!(permits(&with(header::IF_MATCH, tag), 7), is_permitted, "{tag}");
        }
        assert!(permits(&HeaderMap::new(), 7));
    }
}
