//! The member that this cache appends to `Cache-Status` (RFC 9211).

/// Every request goes forward first, so this is always `fwd`, never `hit`. A copy counts as stale from the
/// moment it is stored: the origin is asked each time, hence a `ttl` of 0 at most.
pub(crate) fn stale(upstream: Option<u16>, staleness: u32) -> String {
    let ttl = i64::from(staleness).saturating_neg();
    format!(
        "holdfast-fallback; fwd=stale{}; ttl={ttl}; detail=stale-if-error",
        fwd_status(upstream)
    )
}

pub(crate) fn miss(upstream: Option<u16>) -> String {
    format!("holdfast-fallback; fwd=miss{}", fwd_status(upstream))
}

/// Only what the next hop has answered, not what the proxy says about its absence.
fn fwd_status(upstream: Option<u16>) -> String {
    upstream
        .map(|status| format!("; fwd-status={status}"))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_an_answer_of_the_upstream_then_its_status_is_told() {
        assert_eq!(
            stale(Some(503), 30),
            "holdfast-fallback; fwd=stale; fwd-status=503; ttl=-30; detail=stale-if-error"
        );
        assert_eq!(miss(Some(500)), "holdfast-fallback; fwd=miss; fwd-status=500");
    }

    #[test]
    fn given_no_answer_then_none_is_told() {
        assert_eq!(
            stale(None, 0),
            "holdfast-fallback; fwd=stale; ttl=0; detail=stale-if-error"
        );
        assert_eq!(miss(None), "holdfast-fallback; fwd=miss");
    }
}
