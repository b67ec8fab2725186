//! How much of a request's target its caller can have made up. Who sends names of his own invention takes places from
//! others' inventions, never from the resources that the upstream really has.

/// Which places a copy competes for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A path that can be written in one way only: there are as many as the upstream has resources.
    Plain,
    /// It has a query, or a path that can be written otherwise: there are as many as somebody cares to send.
    Open,
}

/// `None` when the target has a parameter that is none of `parameters`: no copies are kept of such.
pub(crate) fn kind(target: &[u8], parameters: &[String]) -> Option<Kind> {
    if target.contains(&b'#') {
        return None;
    }
    let mut parts = target.splitn(2, |&byte| byte == b'?');
    let path = parts.next()?;
    match parts.next() {
        Some(query) => query
            .split(|&byte| byte == b'&')
            .all(|parameter| is_named(parameter, parameters))
            .then_some(Kind::Open),
        None if is_plain(path) => Some(Kind::Plain),
        None => Some(Kind::Open),
    }
}

fn is_named(parameter: &[u8], parameters: &[String]) -> bool {
    let name = parameter.split(|&byte| byte == b'=').next();
    parameters.iter().any(|known| name == Some(known.as_bytes()))
}

/// No segment is empty, a step up, or has what could be encoded, decoded or left out.
fn is_plain(path: &[u8]) -> bool {
    let byte = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,=:@".contains(byte);
    let segment = |segment: &[u8]| !matches!(segment, b"" | b"." | b"..") && segment.iter().all(byte);
    path.strip_prefix(b"/")
        .is_some_and(|path| path.split(|&byte| byte == b'/').all(segment))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn kind_of(target: &str) -> Option<Kind> {
        kind(target.as_bytes(), &["sku".into(), "limit".into()])
    }

    #[test]
    fn given_a_path_of_one_spelling_then_it_is_plain() {
        for target in ["/v1/stock", "/v1/stock/tea-sencha.100~x", "/a/b:c@d,e"] {
            assert_eq!(kind_of(target), Some(Kind::Plain), "{target}");
        }
    }

    #[test]
    fn given_a_path_that_could_be_written_otherwise_then_it_is_open() {
        for target in [
            "//v1/stock",
            "/v1//stock",
            "/v1/stock/",
            "/v1/./stock",
            "/v1/x/../stock",
            "/v1/stock/..",
            "/v1/st%6fck",
            "/v1%2Fstock",
            "/v1/stock;v=1",
            "/v1\\stock",
            "/v1/stöck",
            "*",
        ] {
            assert_eq!(kind_of(target), Some(Kind::Open), "{target}");
        }
    }

    #[test]
    fn given_a_query_then_only_named_parameters_have_copies() {
        for target in ["/x?sku=1", "/x?sku=1&sku=2&limit=3", "/x?limit"] {
            assert_eq!(kind_of(target), Some(Kind::Open), "{target}");
        }
        for target in [
            "/x?",
            "/x?a=1",
            "/x?sku=1&a",
            "/x?sku=1&",
            "/x?SKU=1",
            "/x?s%6bu=1",
            "/x#sku",
        ] {
            assert_eq!(kind_of(target), None, "{target}");
        }
        assert_eq!(kind(b"/x?sku=1", &[]), None);
    }

    proptest! {
        #[test]
        fn nothing_can_be_put_into_a_plain_target_without_naming_something_else(
            target in "(/[a-z0-9.-]{1,4}){1,3}", at in any::<prop::sample::Index>(),
            more in prop::sample::select(vec!["?", "#", "//", "/./", ";a", "%61", "?x=1", "\u{7f}"]),
        ) {
            let at = at.index(target.len() + 1);
            let (head, tail) = target.split_at(at);
            let changed = [head, more, tail].concat();
            prop_assert_ne!(kind_of(&changed), Some(Kind::Plain));
        }
    }
}
