//! Which requests a rule is for.

use holdfast_filter_abi::path::is_under;

/// The conditions of a rule on a request. What is not given always holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RequestMatch {
    /// Upper-case methods; empty: any.
    pub(crate) methods: Vec<String>,
    pub(crate) authority: Option<Authority>,
    /// Starts with `/`.
    pub(crate) path_prefix: Option<String>,
}

impl RequestMatch {
    pub(crate) fn method(&self, method: &[u8]) -> bool {
        self.methods.is_empty() || self.methods.iter().any(|wanted| wanted.as_bytes() == method)
    }

    pub(crate) fn authority(&self, authority: &[u8]) -> bool {
        self.authority
            .as_ref()
            .is_none_or(|pattern| pattern.holds(authority))
    }

    pub(crate) fn path(&self, path: &[u8]) -> bool {
        self.path_prefix
            .as_ref()
            .is_none_or(|prefix| is_under(prefix, path))
    }
}

/// A host name, or one with a `*` at one end. Case does not count; the port only if the pattern has one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Authority {
    Exact(String),
    StartsWith(String),
    EndsWith(String),
}

impl Authority {
    /// `None` when there is a `*` anywhere but at one end, or nothing else.
    pub(crate) fn parse(pattern: &str) -> Option<Self> {
        let pattern = pattern.to_ascii_lowercase();
        let (parsed, fixed) = match (pattern.strip_suffix('*'), pattern.strip_prefix('*')) {
            (Some(start), _) => (Self::StartsWith(start.to_owned()), start),
            (None, Some(end)) => (Self::EndsWith(end.to_owned()), end),
            (None, None) => (Self::Exact(pattern.clone()), pattern.as_str()),
        };
        (!fixed.is_empty() && !fixed.contains('*')).then_some(parsed)
    }

    fn holds(&self, authority: &[u8]) -> bool {
        let lower = authority.to_ascii_lowercase();
        let seen = if self.names_port() {
            lower.as_slice()
        } else {
            without_port(&lower)
        };
        match self {
            Self::Exact(name) => seen == name.as_bytes(),
            Self::StartsWith(start) => seen.starts_with(start.as_bytes()),
            Self::EndsWith(end) => seen.ends_with(end.as_bytes()),
        }
    }

    fn names_port(&self) -> bool {
        let (Self::Exact(text) | Self::StartsWith(text) | Self::EndsWith(text)) = self;
        without_port(text.as_bytes()).len() != text.len()
    }
}

/// `[::1]:80` → `[::1]`, `a:80` → `a`.
fn without_port(authority: &[u8]) -> &[u8] {
    let colon = authority.iter().rposition(|&byte| byte == b':');
    let is_port = |at: &usize| authority.iter().skip(*at).all(|&byte| byte != b']');
    colon
        .filter(is_port)
        .and_then(|at| authority.get(..at))
        .unwrap_or(authority)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn authority(pattern: &str, authority: &str) -> bool {
        Authority::parse(pattern).unwrap().holds(authority.as_bytes())
    }

    #[test]
    fn given_a_star_at_an_end_then_the_rest_is_fixed() {
        assert!(authority("payment.*", "payment.holdfast.svc.cluster.local:8080"));
        assert!(authority("payment.*", "Payment.holdfast"));
        assert!(!authority("payment.*", "payments.holdfast"));
        assert!(authority("*.svc", "a.svc:80"));
        assert!(!authority("*.svc", "a.svcs"));
    }

    #[test]
    fn given_a_port_in_the_pattern_then_it_counts() {
        assert!(authority("payment:8080", "payment:8080"));
        assert!(!authority("payment:8080", "payment:8081"));
        assert!(authority("payment", "payment:8081"));
        assert!(authority("[::1]", "[::1]:80"));
        assert!(authority("[::1]", "[::1]"));
    }

    #[test]
    fn given_a_star_elsewhere_then_it_is_no_pattern() {
        for pattern in ["*", "a*b", "**", "*a*", ""] {
            assert_eq!(Authority::parse(pattern), None, "{pattern}");
        }
    }

    #[test]
    fn given_methods_then_only_those() {
        let rule = RequestMatch {
            methods: vec!["GET".into()],
            ..Default::default()
        };
        assert!(rule.method(b"GET"));
        assert!(!rule.method(b"POST"));
        assert!(RequestMatch::default().method(b"anything"));
    }
}
