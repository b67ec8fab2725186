//! Answers in place of a failed upstream's.

use crate::cache_status;
use crate::config::{Body, Respond};
use crate::entry::Entry;
use crate::policy::Usable;
use std::borrow::Cow;

/// A header field: its name in lower case, and its value.
pub type Field<'a> = (Cow<'a, [u8]>, Cow<'a, [u8]>);

/// An answer for the proxy to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply<'a> {
    /// HTTP status; a proxy sends 200 to a gRPC caller whatever is here.
    pub status: u16,
    /// Beside `:status` and `content-length`.
    pub headers: Vec<Field<'a>>,
    /// The content; for a gRPC caller, the message, not yet percent-encoded.
    pub body: Cow<'a, [u8]>,
    /// For a gRPC caller.
    pub grpc_status: Option<u32>,
    /// For access logs: which rule answered, and with what.
    pub details: String,
}

/// What is known about a failure when it is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    /// The status that the upstream has sent; `None` when the proxy itself has failed.
    pub upstream: Option<u16>,
    /// 32 hex digits of the request's trace.
    pub trace_id: Option<String>,
}

/// The rule's own answer. `missed`: a copy was wanted and there was none.
pub(crate) fn fixed<'a>(rule: &str, respond: &'a Respond, failure: &Failure, missed: bool) -> Reply<'a> {
    let borrowed = |(name, value): &'a (String, String)| (name.as_bytes().into(), value.as_bytes().into());
    let mut headers: Vec<_> = respond.headers.iter().map(borrowed).collect();
    if missed {
        headers.push((
            b"cache-status".into(),
            cache_status::miss(failure.upstream).into_bytes().into(),
        ));
    }
    let body = match &respond.body {
        Body::Plain(bytes) => bytes.as_slice().into(),
        Body::Problem(open) => close(open, failure.trace_id.as_deref()).into(),
    };
    Reply {
        status: respond.status,
        headers,
        body,
        grpc_status: None,
        details: details("static", rule, failure),
    }
}

/// The rule's answer as a status for a gRPC caller.
pub(crate) fn grpc<'a>(rule: &str, respond: &'a Respond, failure: &Failure) -> Reply<'a> {
    Reply {
        status: 200,
        headers: Vec::new(),
        body: respond.grpc.message.as_bytes().into(),
        grpc_status: Some(respond.grpc.status),
        details: details("static", rule, failure),
    }
}

/// A stored copy. What earlier caches have said in `Cache-Status` stays in front.
pub(crate) fn copy(rule: &str, entry: Entry, usable: Usable, failure: &Failure) -> Reply<'static> {
    let owned = |(name, value): (Vec<u8>, Vec<u8>)| (Cow::Owned(name), Cow::Owned(value));
    let mut headers: Vec<Field<'_>> = entry.headers.0.into_iter().map(owned).collect();
    headers.push((b"age".into(), usable.age.to_string().into_bytes().into()));
    let status = cache_status::stale(failure.upstream, usable.staleness);
    headers.push((b"cache-status".into(), status.into_bytes().into()));
    Reply {
        status: 200,
        headers,
        body: entry.body.into(),
        grpc_status: None,
        details: details("stale", rule, failure),
    }
}

fn close(open: &[u8], trace_id: Option<&str>) -> Vec<u8> {
    let end = match trace_id {
        Some(id) => format!(",\"trace_id\":\"{id}\"}}"),
        None => "}".into(),
    };
    [open, end.as_bytes()].concat()
}

fn details(kind: &str, rule: &str, failure: &Failure) -> String {
    let cause = if failure.upstream.is_some() {
        "upstream"
    } else {
        "local"
    };
    format!("fallback_{kind}{{{rule},{cause}}}")
}

/// The trace id of a `traceparent` (W3C Trace Context), if it is one.
pub(crate) fn trace_id(traceparent: &[u8]) -> Option<String> {
    let id = traceparent.split(|&byte| byte == b'-').nth(1)?;
    let valid = id.len() == 32 && id.iter().all(u8::is_ascii_hexdigit) && id.iter().any(|&byte| byte != b'0');
    valid.then(|| String::from_utf8_lossy(id).to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_a_traceparent_then_its_id_and_nothing_else() {
        let id = "4bf92f3577b34da6a3ce929d0e0e4736";
        assert_eq!(
            trace_id(format!("00-{id}-00f067aa0ba902b7-01").as_bytes()).as_deref(),
            Some(id)
        );
        for text in [
            "",
            "00",
            "00-xyz-00-01",
            "00-00000000000000000000000000000000-1-01",
            "00-\"}-1",
        ] {
            assert_eq!(trace_id(text.as_bytes()), None, "{text}");
        }
    }
}
