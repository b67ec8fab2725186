//! How long an HTTP answer may be used (RFC 9111, RFC 5861, RFC 9211).

use std::time::Duration;

use http::HeaderMap;
use http::header::{AGE, CACHE_CONTROL};
use jiff::{SignedDuration, Timestamp};

/// Until when an answer may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lifetime {
    /// Without asking again.
    pub(super) fresh_until: Timestamp,
    /// When asking again fails.
    pub(super) usable_until: Timestamp,
}

impl Lifetime {
    /// As the headers of an answer that was received at `now` say. Without `max-age`: not beyond now.
    pub(super) fn of(headers: &HeaderMap, now: Timestamp) -> Self {
        let age = headers
            .get(AGE)
            .and_then(|value| value.to_str().ok()?.trim().parse().ok())
            .unwrap_or(0);
        let fresh_for = directive(headers, "max-age").unwrap_or(0).saturating_sub(age);
        let fresh_until = after(now, fresh_for);
        let usable_until = after(fresh_until, directive(headers, "stale-if-error").unwrap_or(0));
        Self {
            fresh_until,
            usable_until,
        }
    }
}

fn after(time: Timestamp, seconds: u64) -> Timestamp {
    let seconds = SignedDuration::try_from(Duration::from_secs(seconds)).unwrap_or(SignedDuration::MAX);
    time.saturating_add(seconds).unwrap_or(Timestamp::MAX)
}

fn directive(headers: &HeaderMap, name: &str) -> Option<u64> {
    let values = headers
        .get_all(CACHE_CONTROL)
        .iter()
        .filter_map(|value| value.to_str().ok());
    let mut directives = values
        .flat_map(|value| value.split(','))
        .filter_map(|part| part.trim().split_once('='));
    let (_, seconds) = directives.find(|(key, _)| key.eq_ignore_ascii_case(name))?;
    seconds.trim().trim_matches('"').parse().ok()
}

/// Whether some cache on the way says that it answered with a stale copy.
pub(super) fn is_stale(headers: &HeaderMap) -> bool {
    let values = headers
        .get_all("cache-status")
        .iter()
        .filter_map(|value| value.to_str().ok());
    values
        .flat_map(|value| value.split([';', ',']))
        .any(|part| part.trim().eq_ignore_ascii_case("fwd=stale"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (name.parse().expect("a name"), value.parse().expect("a value")))
            .collect()
    }

    fn lifetime(pairs: &[(&'static str, &'static str)]) -> (i64, i64) {
        let Lifetime {
            fresh_until,
            usable_until,
        } = Lifetime::of(&headers(pairs), Timestamp::UNIX_EPOCH);
        (fresh_until.as_second(), usable_until.as_second())
    }

    #[test]
    fn an_answer_is_fresh_for_its_max_age_less_its_age_and_then_stale_if_error() {
        assert_eq!(
            lifetime(&[
                ("cache-control", "public, max-age=60, stale-if-error=600"),
                ("age", "10")
            ]),
            (50, 650)
        );
        assert_eq!(lifetime(&[("cache-control", "no-cache")]), (0, 0));
        assert_eq!(lifetime(&[("cache-control", "max-age=5"), ("age", "9")]), (0, 0));
        assert_eq!(lifetime(&[("cache-control", "Max-Age=\"5\"")]), (5, 5));
    }

    #[test]
    fn a_stale_copy_says_so() {
        assert!(is_stale(&headers(&[(
            "cache-status",
            "inventory; fwd=stale; fwd-status=503"
        )])));
        assert!(is_stale(&headers(&[("cache-status", "a; hit, b;fwd=stale")])));
        assert!(!is_stale(&headers(&[("cache-status", "inventory; hit; ttl=1")])));
        assert!(!is_stale(&headers(&[])));
    }
}
