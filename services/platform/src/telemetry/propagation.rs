//! `traceparent` ([W3C Trace Context](https://www.w3.org/TR/trace-context/)) across HTTP and the journal.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::Context;
use opentelemetry::propagation::{Extractor, Injector, TextMapPropagator};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

use super::exporting;
use crate::journal::{Delivery, Headers};

/// Adds the current trace to the headers of a request. Does nothing unless traces are exported.
pub fn inject_http(headers: &mut HeaderMap) {
    if exporting() {
        TraceContextPropagator::new().inject_context(&Span::current().context(), &mut Http(headers));
    }
}

/// Adds the current trace to the headers of a record, unless it has one. Does nothing unless traces are exported.
pub fn inject(headers: &mut Headers) {
    if exporting() && !headers.contains_key("traceparent") {
        TraceContextPropagator::new().inject_context(&Span::current().context(), &mut Record(headers));
    }
}

/// The span of one HTTP request, in the caller's trace.
#[must_use]
pub fn request_span(method: &str, route: &str, headers: &HeaderMap) -> Span {
    let span = tracing::info_span!(
        "request",
        otel.name = format!("{method} {route}"),
        otel.kind = "server",
        http.request.method = method,
        http.route = route,
        http.response.status_code = tracing::field::Empty,
    );
    continue_from(&span, &ReadHttp(headers));
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
    continue_from(&span, &ReadRecord(&delivery.record.headers));
    span
}

fn continue_from(span: &Span, carrier: &dyn Extractor) {
    let parent = TraceContextPropagator::new().extract_with_context(&Context::new(), carrier);
    // Fails only where no trace layer is installed: then there is nothing to continue.
    let _ = span.set_parent(parent);
}

struct Http<'a>(&'a mut HeaderMap);

impl Injector for Http<'_> {
    fn set(&mut self, key: &str, value: String) {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(key), HeaderValue::try_from(value)) {
            self.0.insert(name, value);
        }
    }
}

struct ReadHttp<'a>(&'a HeaderMap);

impl Extractor for ReadHttp<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(HeaderName::as_str).collect()
    }
}

struct Record<'a>(&'a mut Headers);

impl Injector for Record<'_> {
    fn set(&mut self, key: &str, value: String) {
        if !value.is_empty() {
            self.0.insert(key.to_owned(), value);
        }
    }
}

struct ReadRecord<'a>(&'a Headers);

impl Extractor for ReadRecord<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(String::as_str).collect()
    }
}
