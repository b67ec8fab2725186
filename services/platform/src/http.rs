//! Serving HTTP, and calling it.
//!
//! Every request has a deadline, a metric by route, and its caller's trace: with a span in it when traces are exported.
//! There are no retries, breakers or rate limits here: the mesh has them.

mod connections;

use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request};
use axum::http::Method;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::serve::{Listener, ListenerExt};
use tokio::net::TcpListener;
use tracing::Instrument;

use crate::lifecycle::Shutdown;
use crate::problem::{self, BODY_LIMIT, Problem, TIMEOUT};
use crate::telemetry::trace_context::within;
use crate::telemetry::{TraceContext, exporting, propagation};

/// How long a client keeps a connection that it does not use: less than servers do, so that none is closed on a
/// request.
const IDLE: Duration = Duration::from_secs(20);

/// How to serve.
#[derive(Clone, Copy, Debug)]
pub struct HttpOptions {
    /// How long the head of a request may take: from the connection's first moment or, on one that is kept alive, from
    /// the last answer. So it is also how long an idle connection is kept; who calls us keeps it for a shorter time.
    pub header_deadline: Duration,
    /// How long a handler may take before the request is answered with a time-out, its body included, which has
    /// [`BODY_DEADLINE`](problem::BODY_DEADLINE) of it.
    pub request_deadline: Duration,
    /// How long requests under way may go on after shutdown.
    pub drain_deadline: Duration,
}

impl Default for HttpOptions {
    /// Ten seconds each, and thirty for a head.
    fn default() -> Self {
        Self {
            header_deadline: Duration::from_secs(30),
            request_deadline: Duration::from_secs(10),
            drain_deadline: Duration::from_secs(10),
        }
    }
}

/// Serves HTTP/1.1 and HTTP/2 (prior knowledge) until `shutdown`, then finishes what is under way, then stops.
///
/// A connection that only holds a place, without a whole request in time, is closed.
pub async fn serve<L: Listener>(router: Router, listener: L, options: HttpOptions, shutdown: Shutdown) {
    serve_knowing(router, listener, options, shutdown, |_| |_: &mut Request| {}).await;
}

/// As [`serve`]; `know` makes, from a connection, what is added to each request that comes by it.
pub async fn serve_knowing<L, K, A>(
    router: Router,
    listener: L,
    options: HttpOptions,
    shutdown: Shutdown,
    know: K,
) where
    L: Listener,
    K: Fn(&L::Io) -> A,
    A: Fn(&mut Request) + Clone + Send + 'static,
{
    let deadline = options.request_deadline;
    let router = problem::with_fallbacks(router)
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(from_fn(move |request, next| guard(deadline, request, next)));
    connections::serve(router, listener, options, shutdown, know).await;
}

/// Connections that send what they are given at once.
pub fn without_delay(listener: TcpListener) -> impl Listener {
    listener.tap_io(|connection| {
        if let Err(error) = connection.set_nodelay(true) {
            tracing::debug!("TCP_NODELAY: {error}");
        }
    })
}

async fn guard(deadline: Duration, request: Request, next: Next) -> Response {
    let since = Instant::now();
    let method = method(request.method());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map_or("unmatched", MatchedPath::as_str);
    let origin = TraceContext::of_http(request.headers());
    let response = if exporting() {
        let span = propagation::request_span(method, route, origin.as_ref());
        let answer = within(TraceContext::of_span(&span), answer(deadline, request, next));
        let response = answer.instrument(span.clone()).await;
        span.record("http.response.status_code", response.status().as_u16());
        response
    } else {
        within(origin, answer(deadline, request, next)).await
    };
    let labels = [
        ("method", method.to_owned()),
        ("route", route.to_owned()),
        ("status", response.status().as_str().to_owned()),
    ];
    metrics::histogram!("holdfast_http_request_seconds", &labels).record(since.elapsed().as_secs_f64());
    response
}

async fn answer(deadline: Duration, request: Request, next: Next) -> Response {
    let answer = tokio::time::timeout(deadline, next.run(request)).await;
    answer.unwrap_or_else(|_| {
        Problem::new(&TIMEOUT)
            .detail(format!("not answered within {deadline:?}"))
            .into_response()
    })
}

/// A label from a closed set, whatever a client sends.
fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// The client for calls to other services: connects within 1 s, answers within `total`, never retries by itself and
/// follows no redirect. Make one and clone it. It goes by `proxy` and never by one that the environment names for
/// other programs.
///
/// # Errors
/// If the client cannot be set up.
pub fn client(total: Duration, proxy: Option<&reqwest::Proxy>) -> Result<reqwest::Client, reqwest::Error> {
    let builder = reqwest::Client::builder().no_proxy();
    let builder = match proxy {
        Some(proxy) => builder.proxy(proxy.clone()),
        None => builder,
    };
    builder
        .connect_timeout(Duration::from_secs(1))
        .pool_idle_timeout(IDLE)
        .timeout(total)
        .retry(reqwest::retry::never())
        .redirect(reqwest::redirect::Policy::none())
        .tcp_nodelay(true)
        .build()
}

/// Makes a call part of the current trace.
pub fn traced(request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
    let mut headers = http::HeaderMap::new();
    propagation::inject_http(&mut headers);
    match headers.is_empty() {
        true => request,
        false => request.headers(headers),
    }
}

#[cfg(test)]
mod tests;
