//! The trace that a piece of work belongs to ([W3C Trace Context](https://www.w3.org/TR/trace-context/)), whether or not
//! this process exports spans.
//!
//! It is taken from the headers of a request or a record, kept beside the task that works on it, and put on what that
//! sends. Where nothing is exported no span is made for it: the text that came is the text that goes.

use std::fmt::Display;
use std::future::Future;
use std::sync::Arc;

use axum::http::HeaderMap;
use opentelemetry::trace::TraceContextExt;
use tokio::task::futures::TaskLocalFuture;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

use super::exporting;
use crate::journal::Headers;

/// The header that names trace and parent.
pub const TRACEPARENT: &str = "traceparent";
/// The header with what tracing systems add.
pub const TRACESTATE: &str = "tracestate";

/// What the specification asks to be passed on. A longer `tracestate` is left out as a whole.
const TRACESTATE_LIMIT: usize = 512;
/// `00-<trace id>-<parent id>-<flags>`.
const LENGTH: usize = 55;

tokio::task_local! {
    static ORIGIN: Option<TraceContext>;
}

/// Where a trace stands: its id, the id of the span that asks, and whether it is sampled. Clones are cheap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceContext {
    parent: Arc<str>,
    state: Option<Arc<str>>,
}

impl TraceContext {
    /// Reads the two headers; `None` if `traceparent` is malformed. A `tracestate` that cannot be passed on is left out.
    #[must_use]
    pub fn parse(traceparent: &str, tracestate: Option<&str>) -> Option<Self> {
        Some(Self {
            parent: parent(traceparent)?,
            state: tracestate.filter(|state| is_passed_on(state)).map(Arc::from),
        })
    }

    /// The context of an HTTP request.
    #[must_use]
    pub fn of_http(headers: &HeaderMap) -> Option<Self> {
        let mut parents = headers.get_all(TRACEPARENT).iter();
        let parent = parents.next()?.to_str().ok()?;
        if parents.next().is_some() {
            return None;
        }
        let states = headers.get_all(TRACESTATE).iter();
        let states: Result<Vec<_>, _> = states.map(|state| state.to_str()).collect();
        let states = states.ok().filter(|states| !states.is_empty());
        Self::parse(parent, states.map(|states| states.join(",")).as_deref())
    }

    /// The context of a record.
    #[must_use]
    pub fn of_record(headers: &Headers) -> Option<Self> {
        let state = headers.get(TRACESTATE).map(String::as_str);
        Self::parse(headers.get(TRACEPARENT)?, state)
    }

    /// The context of a span that is exported, or might be.
    pub(crate) fn of_span(span: &Span) -> Option<Self> {
        let context = span.context();
        let span = context.span().span_context().clone();
        let (trace, id, flags) = (span.trace_id(), span.span_id(), span.trace_flags().to_u8());
        span.is_valid().then(|| {
            let state = Some(span.trace_state().header()).filter(|state| is_passed_on(state));
            Self {
                parent: format!("00-{trace}-{id}-{flags:02x}").into(),
                state: state.map(Arc::from),
            }
        })
    }

    /// What is sent from here belongs to this: the current span, or else what the work came with.
    #[must_use]
    pub fn current() -> Option<Self> {
        match exporting() {
            true => Self::of_span(&Span::current()).or_else(Self::origin),
            false => Self::origin(),
        }
    }

    /// What the work that is being done came with: the context of its request or its record.
    #[must_use]
    pub fn origin() -> Option<Self> {
        ORIGIN.try_with(Clone::clone).ok().flatten()
    }

    /// The id of the trace: 32 lower-case hexadecimal digits.
    #[must_use]
    pub fn trace_id(&self) -> &str {
        self.parent.get(3..35).unwrap_or_default()
    }

    /// The value of `traceparent`.
    #[must_use]
    pub fn traceparent(&self) -> &str {
        &self.parent
    }

    /// The value of `tracestate`, if there is one.
    #[must_use]
    pub fn tracestate(&self) -> Option<&str> {
        self.state.as_deref()
    }

    /// Adds the context to the headers of a record.
    pub fn stamp(&self, headers: &mut Headers) {
        headers.insert(TRACEPARENT.to_owned(), self.parent.as_ref().to_owned());
        if let Some(state) = &self.state {
            headers.insert(TRACESTATE.to_owned(), state.as_ref().to_owned());
        }
    }
}

impl Display for TraceContext {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.parent)
    }
}

/// Does work that came with `origin`.
pub fn within<F: Future>(origin: Option<TraceContext>, work: F) -> TaskLocalFuture<Option<TraceContext>, F> {
    ORIGIN.scope(origin, work)
}

/// Does work on behalf of the work that is being done here: for tasks, which do not know who spawned them.
pub fn inherit<F: Future>(work: F) -> TaskLocalFuture<Option<TraceContext>, F> {
    within(TraceContext::origin(), work)
}

/// The parent as this version of the specification writes it; later ones may only add to it.
fn parent(text: &str) -> Option<Arc<str>> {
    let (known, rest) = text.split_at_checked(LENGTH)?;
    let mut fields = known.split('-');
    let mut field = |length: usize| {
        let field = fields.next()?;
        (field.len() == length && field.bytes().all(is_lower_hex)).then_some(field)
    };
    let (version, trace, span, flags) = (field(2)?, field(32)?, field(16)?, field(2)?);
    if version == "ff" || is_zero(trace) || is_zero(span) {
        return None;
    }
    match version {
        "00" => rest.is_empty().then(|| known.into()),
        _ if !rest.is_empty() && !rest.starts_with('-') => None,
        _ => {
            let is_sampled = u8::from_str_radix(flags, 16).ok()? & 1;
            Some(format!("00-{trace}-{span}-{is_sampled:02x}").into())
        }
    }
}

fn is_lower_hex(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

fn is_zero(id: &str) -> bool {
    id.bytes().all(|byte| byte == b'0')
}

fn is_passed_on(state: &str) -> bool {
    (1..=TRACESTATE_LIMIT).contains(&state.len()) && state.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

    fn valid() -> String {
        format!("00-{TRACE}-b7ad6b7169203331-01")
    }

    #[test]
    fn what_is_well_formed_is_passed_on_as_it_came() {
        let context = TraceContext::parse(&valid(), Some("vendor=1")).unwrap();
        assert_eq!(context.trace_id(), TRACE);
        let mut headers = Headers::new();
        context.stamp(&mut headers);
        assert_eq!(headers[TRACEPARENT], valid());
        assert_eq!(headers[TRACESTATE], "vendor=1");
        assert_eq!(TraceContext::of_record(&headers), Some(context));
    }

    #[test]
    fn what_is_malformed_is_no_context() {
        let zeros = |count| "0".repeat(count);
        for malformed in [
            String::new(),
            "00".into(),
            valid().to_uppercase(),
            format!("{}-00", valid()),
            format!("ff-{TRACE}-b7ad6b7169203331-01"),
            format!("00-{}-b7ad6b7169203331-01", zeros(32)),
            format!("00-{TRACE}-{}-01", zeros(16)),
            format!("00-{TRACE}-b7ad6b7169203331_01"),
            format!("00-{TRACE}-b7ad6b716920333-001"),
            format!("cc-{TRACE}-b7ad6b7169203331-01x"),
        ] {
            assert_eq!(TraceContext::parse(&malformed, None), None, "{malformed:?}");
        }
    }

    #[test]
    fn a_later_version_is_read_as_far_as_it_is_known() {
        let later = format!("cc-{TRACE}-b7ad6b7169203331-0b-more");
        let context = TraceContext::parse(&later, None).unwrap();
        assert_eq!(context.traceparent(), valid());
    }

    #[test]
    fn a_tracestate_is_bounded_and_never_worth_more_than_its_parent() {
        let states = [
            ("x".repeat(512), true),
            ("x".repeat(513), false),
            ("a\r\nb".into(), false),
        ];
        for (state, is_kept) in states {
            let context = TraceContext::parse(&valid(), Some(&state)).unwrap();
            assert_eq!(context.tracestate().is_some(), is_kept, "{}", state.len());
        }
        assert_eq!(TraceContext::parse("?", Some("vendor=1")), None);
    }

    #[test]
    fn a_request_has_one_parent_and_may_have_its_state_in_parts() {
        let mut headers = HeaderMap::new();
        assert_eq!(TraceContext::of_http(&headers), None);
        headers.append(TRACEPARENT, valid().parse().unwrap());
        headers.append(TRACESTATE, HeaderValue::from_static("a=1"));
        headers.append(TRACESTATE, HeaderValue::from_static("b=2"));
        let context = TraceContext::of_http(&headers).unwrap();
        assert_eq!(context.tracestate(), Some("a=1,b=2"));
        headers.append(TRACEPARENT, valid().parse().unwrap());
        assert_eq!(TraceContext::of_http(&headers), None);
    }

    #[tokio::test]
    async fn a_task_inherits_what_its_spawner_came_with() {
        let context = TraceContext::parse(&valid(), None);
        let origin = within(context.clone(), async {
            let task = tokio::spawn(inherit(async { TraceContext::current() }));
            task.await.unwrap()
        });
        assert_eq!(origin.await, context);
        assert_eq!(TraceContext::current(), None);
    }

    proptest! {
        #[test]
        fn nothing_that_is_received_is_a_fault(parent in "\\PC*", state in "\\PC*") {
            if let Some(context) = TraceContext::parse(&parent, Some(&state)) {
                prop_assert_eq!(context.traceparent().len(), LENGTH);
            }
        }
    }
}
