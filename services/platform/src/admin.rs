//! The admin port: `/livez`, `/readyz`, `/metrics`, `PUT /loglevel`. Never reachable from outside.

use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, put};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tokio::net::TcpListener;

use crate::lifecycle::{Readiness, Shutdown};
use crate::problem::{self, INVALID_REQUEST, Problem};
use crate::telemetry::LogLevel;

/// How often recorded values are folded, so that a process that nobody scrapes does not grow.
const UPKEEP: Duration = Duration::from_secs(5);

const SECONDS: [f64; 14] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];
const SIZES: [f64; 9] = [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0];

/// Why the admin port cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Metrics cannot be recorded.
    #[error("metrics cannot be recorded: {0}")]
    Metrics(#[from] metrics_exporter_prometheus::BuildError),
}

/// Records the metrics of the whole process from now on.
///
/// # Errors
/// [`Error::Metrics`] on a second call.
pub fn record_metrics() -> Result<PrometheusHandle, Error> {
    let builder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &SECONDS)?
        .set_buckets_for_metric(Matcher::Suffix("_size".into()), &SIZES)?;
    Ok(builder.install_recorder()?)
}

/// What the admin port tells and changes.
#[derive(Clone)]
pub struct Admin {
    /// For `/readyz`.
    pub readiness: Readiness,
    /// For `/metrics`.
    pub metrics: PrometheusHandle,
    /// For `/loglevel`.
    pub level: LogLevel,
}

impl Admin {
    /// The routes.
    pub fn router(self) -> Router {
        let router = Router::new()
            .route("/livez", get(async || "ok\n"))
            .route("/readyz", get(readyz))
            .route(
                "/metrics",
                get(async |State(admin): State<Self>| admin.metrics.render()),
            )
            .route("/loglevel", put(loglevel))
            .with_state(self);
        problem::with_fallbacks(router)
    }

    /// Serves the routes until `shutdown`.
    ///
    /// # Errors
    /// If the listener fails.
    pub async fn serve(self, listener: TcpListener, shutdown: Shutdown) -> std::io::Result<()> {
        let metrics = self.metrics.clone();
        let upkeep = async move {
            loop {
                tokio::time::sleep(UPKEEP).await;
                metrics.run_upkeep();
            }
        };
        tokio::select! {
            served = axum::serve(listener, self.router()) => served,
            () = upkeep => Ok(()),
            () = shutdown.cancelled() => Ok(()),
        }
    }
}

async fn readyz(State(admin): State<Admin>) -> (StatusCode, String) {
    let missing = admin.readiness.missing();
    if missing.is_empty() {
        return (StatusCode::OK, "ready\n".into());
    }
    (
        StatusCode::SERVICE_UNAVAILABLE,
        format!("not ready: {}\n", missing.join(", ")),
    )
}

async fn loglevel(State(admin): State<Admin>, directives: String) -> Result<String, Problem> {
    let directives = directives.trim();
    admin
        .level
        .set(directives)
        .map_err(|error| Problem::new(&INVALID_REQUEST).field("body", directives, error.to_string()))?;
    tracing::info!(directives, "log level changed");
    Ok(format!("{directives}\n"))
}
