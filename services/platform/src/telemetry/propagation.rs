//! `traceparent` and `tracestate` across HTTP and the journal, and the spans of what they lead to.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::Context;
use opentelemetry::propagation::{Extractor, TextMapPropagator};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

use super::trace_context::{TRACEPARENT, TRACESTATE, TraceContext};
use crate::journal::{Delivery, Headers};

/// Adds the current trace to the headers of a request.
pub fn inject_http(headers: &mut HeaderMap) {
    let Some(context) = TraceContext::current() else {
        return;
    };
    let parent = (TRACEPARENT, Some(context.traceparent()));
    for (name, value) in [parent, (TRACESTATE, context.tracestate())] {
        if let Some(Ok(value)) = value.map(HeaderValue::from_str) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
}

/// Adds the current trace to the headers of a record, unless it has one.
pub fn inject(headers: &mut Headers) {
    if !headers.contains_key(TRACEPARENT)
        && let Some(context) = TraceContext::current()
    {
        context.stamp(headers);
    }
}

/// Adds the current trace to a message of NATS.
pub fn inject_nats(headers: &mut async_nats::HeaderMap) {
    let Some(context) = TraceContext::current() else {
        return;
    };
    headers.insert(TRACEPARENT, context.traceparent());
    if let Some(state) = context.tracestate() {
        headers.insert(TRACESTATE, state);
    }
}

/// The span of one HTTP request, in the caller's trace.
#[must_use]
pub fn request_span(method: &str, route: &str, origin: Option<&TraceContext>) -> Span {
    let span = tracing::info_span!(
        "request",
        otel.name = format!("{method} {route}"),
        otel.kind = "server",
        http.request.method = method,
        http.route = route,
        http.response.status_code = tracing::field::Empty,
    );
    continue_from(&span, origin);
    span
}

/// The span of one delivery's handling, in the trace of whoever appended the record.
#[must_use]
pub fn delivery_span(consumer: &str, delivery: &Delivery) -> Span {
    let span = tracing::info_span!(
        "handle",
        otel.name = format!("handle {consumer}"),
        otel.kind = "consumer",
        messaging.system = "nats",
        messaging.destination.name = delivery.record.subject,
        messaging.message.id = delivery.record.revision.0,
        messaging.delivery.attempt = delivery.attempt,
    );
    continue_from(&span, TraceContext::of_record(&delivery.record.headers).as_ref());
    span
}

fn continue_from(span: &Span, origin: Option<&TraceContext>) {
    if let Some(origin) = origin {
        let parent = TraceContextPropagator::new().extract_with_context(&Context::new(), &Carrier(origin));
        // Fails only where no trace layer is installed: then there is nothing to continue.
        let _ = span.set_parent(parent);
    }
}

struct Carrier<'a>(&'a TraceContext);

impl Extractor for Carrier<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        match key {
            TRACEPARENT => Some(self.0.traceparent()),
            TRACESTATE => self.0.tracestate(),
            _ => None,
        }
    }

    fn keys(&self) -> Vec<&str> {
        vec![TRACEPARENT, TRACESTATE]
    }
}
