//! What a `path_prefix` means, the same in every filter.

/// Whether `target`, the `:path` of a request, is `prefix` or lies below it. A prefix ends at a segment: `/v1/stock` is for
/// `/v1/stock`, `/v1/stock/7` and `/v1/stock?sku=7`, not for `/v1/stocks`; with a `/` at its end it is for what lies below only.
/// Bytes are compared as they are: the proxy has normalised the path, or nobody has.
#[must_use]
pub fn is_under(prefix: &str, target: &[u8]) -> bool {
    target.strip_prefix(prefix.as_bytes()).is_some_and(|rest| {
        prefix.is_empty() || prefix.ends_with('/') || matches!(rest.first(), None | Some(b'/' | b'?' | b'#'))
    })
}

#[cfg(test)]
mod tests {
    use super::is_under;
    use proptest::prelude::*;

    #[test]
    fn a_prefix_ends_at_a_segment() {
        for target in [
            "/v1/stock",
            "/v1/stock/7",
            "/v1/stock?sku=7",
            "/v1/stock#x",
            "/v1/stock/",
        ] {
            assert!(is_under("/v1/stock", target.as_bytes()), "{target}");
        }
        for target in [
            "/v1/stocks",
            "/v1",
            "/",
            "",
            "/?/v1/stock",
            "/V1/stock",
            "/v1/stock%2f7",
        ] {
            assert!(!is_under("/v1/stock", target.as_bytes()), "{target}");
        }
        assert!(is_under("/v1/", b"/v1/stock") && !is_under("/v1/", b"/v1"));
        assert!(is_under("/", b"/\xff") && is_under("", b"*"));
    }

    proptest! {
        #[test]
        fn what_lies_below_lies_below_whatever_follows(prefix in "(/[a-z]{1,3}){1,3}", rest in "(/[a-z]{0,3}){0,2}", query in "([?#][ -~]{0,9})?") {
            let target = |end: &str| [&prefix, end, &rest, &query].concat().into_bytes();
            prop_assert!(is_under(&prefix, &target("")));
            prop_assert!(!is_under(&prefix, &target("x")));
        }
    }
}
