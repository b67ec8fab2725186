//! Serving HTTP, and calling it.
//!
//! Every request has a deadline, a metric by route, and its caller's trace: with a span in it when traces are exported.
//! There are no retries, breakers or rate limits here: the mesh has them.

use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request};
use axum::http::Method;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tracing::Instrument;

use crate::lifecycle::Shutdown;
use crate::problem::{self, BODY_LIMIT, Problem, TIMEOUT};
use crate::telemetry::trace_context::within;
use crate::telemetry::{TraceContext, exporting, propagation};

/// How to serve.
#[derive(Clone, Copy, Debug)]
pub struct HttpOptions {
    /// How long a handler may take before the request is answered with a time-out.
    pub request_deadline: Duration,
    /// How long requests under way may go on after shutdown.
    pub drain_deadline: Duration,
}

impl Default for HttpOptions {
    /// Ten seconds each.
    fn default() -> Self {
        Self {
            request_deadline: Duration::from_secs(10),
            drain_deadline: Duration::from_secs(10),
        }
    }
}

/// Serves HTTP/1.1 and HTTP/2 (prior knowledge) until `shutdown`, then finishes what is under way, then stops.
///
/// # Errors
/// If the listener fails.
pub async fn serve(
    router: Router,
    listener: TcpListener,
    options: HttpOptions,
    shutdown: Shutdown,
) -> std::io::Result<()> {
    let deadline = options.request_deadline;
    let router = problem::with_fallbacks(router)
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(from_fn(move |request, next| guard(deadline, request, next)));
    let listener = listener.tap_io(|connection| {
        if let Err(error) = connection.set_nodelay(true) {
            tracing::debug!("TCP_NODELAY: {error}");
        }
    });
    let serving = axum::serve(listener, router).with_graceful_shutdown(shutdown.clone().cancelled_owned());
    let overdue = async {
        shutdown.cancelled().await;
        tokio::time::sleep(options.drain_deadline).await;
    };
    tokio::select! {
        served = serving.into_future() => served,
        () = overdue => {
            tracing::warn!("requests cut off: they were not done within {:?}", options.drain_deadline);
            Ok(())
        }
    }
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
/// follows no redirect. Make one and clone it.
///
/// # Errors
/// If the client cannot be set up.
pub fn client(total: Duration) -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder()
        .connect_timeout(Duration::from_secs(1))
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
