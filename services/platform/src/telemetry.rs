//! Logs and traces.
//!
//! Logs go to standard error, as text on a terminal and as JSON elsewhere, filtered by directives that can be changed
//! while the process runs. Spans are made and exported over OTLP only if an endpoint is configured. The trace that a
//! request or a record came with is passed on in any case ([`TraceContext`]).

pub mod propagation;
pub mod trace_context;

use std::io::IsTerminal;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::WithExportConfig;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry, fmt, reload};

use crate::config::{LogFormat, ServiceArgs};

pub use trace_context::TraceContext;

static EXPORTING: AtomicBool = AtomicBool::new(false);

/// Whether traces are exported.
#[must_use]
pub fn exporting() -> bool {
    EXPORTING.load(Ordering::Relaxed)
}

/// Why telemetry cannot start or change.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The log directives cannot be read.
    #[error("log directives {directives:?}: {reason}")]
    Directives {
        /// As given.
        directives: String,
        /// What is wrong with them.
        reason: String,
    },
    /// The configured log directives cannot be read.
    #[error("HOLDFAST_LOG: {0}")]
    Configured(Box<Error>),
    /// The exporter cannot be set up.
    #[error("OTEL_EXPORTER_OTLP_ENDPOINT: traces cannot be exported to {endpoint}: {source}")]
    Exporter {
        /// As configured.
        endpoint: String,
        /// What the exporter said.
        source: opentelemetry_otlp::ExporterBuildError,
    },
    /// Somebody else has set up logging already.
    #[error("logging is set up twice")]
    Twice,
}

/// What is logged, to be changed while the process runs.
#[derive(Clone)]
pub struct LogLevel(reload::Handle<EnvFilter, Registry>);

impl LogLevel {
    /// Logs by these directives from now on: `info`, `warn,holdfast_order=debug`.
    ///
    /// # Errors
    /// [`Error::Directives`] if they cannot be read; the old ones stay.
    pub fn set(&self, directives: &str) -> Result<(), Error> {
        let filter = filter(directives)?;
        self.0.reload(filter).map_err(|error| Error::Directives {
            directives: directives.to_owned(),
            reason: error.to_string(),
        })
    }
}

/// Running telemetry.
pub struct Telemetry {
    /// What is logged.
    pub level: LogLevel,
    provider: Option<SdkTracerProvider>,
}

impl Telemetry {
    /// Sends the spans that are still here. Blocks for up to `deadline`: call it where that does no harm.
    pub fn shut_down(self, deadline: Duration) {
        EXPORTING.store(false, Ordering::Relaxed);
        if let Some(Err(error)) = self
            .provider
            .map(|provider| provider.shutdown_with_timeout(deadline))
        {
            tracing::warn!("the last spans are lost: {error}");
        }
    }
}

/// Starts logging, and tracing if an endpoint is configured, for the whole process. Needs the runtime.
///
/// # Errors
/// [`Error`] if the directives or the endpoint cannot be used, or on a second call.
pub fn start(name: &str, args: &ServiceArgs) -> Result<Telemetry, Error> {
    let filter = filter(&args.log).map_err(|error| Error::Configured(Box::new(error)))?;
    let (filter, handle) = reload::Layer::new(filter);
    let provider = provider(name, &args.otlp_endpoint)?;
    let spans = provider.as_ref().map(|provider| {
        let tracer = provider.tracer("holdfast");
        tracing_opentelemetry::layer()
            .with_tracer(tracer)
            .with_filter(LevelFilter::INFO)
    });
    let human = match args.log_format {
        LogFormat::Human => true,
        LogFormat::Json => false,
        LogFormat::Auto => std::io::stderr().is_terminal(),
    };
    let lines = fmt::layer().with_writer(std::io::stderr);
    let lines = if human {
        lines.boxed()
    } else {
        lines.json().flatten_event(true).boxed()
    };
    let subscriber = Registry::default().with(lines.with_filter(filter)).with(spans);
    subscriber.try_init().map_err(|_| Error::Twice)?;
    EXPORTING.store(provider.is_some(), Ordering::Relaxed);
    Ok(Telemetry {
        level: LogLevel(handle),
        provider,
    })
}

fn filter(directives: &str) -> Result<EnvFilter, Error> {
    let parsed = EnvFilter::builder().parse(directives);
    parsed.map_err(|error| Error::Directives {
        directives: directives.to_owned(),
        reason: error.to_string(),
    })
}

fn provider(name: &str, endpoint: &str) -> Result<Option<SdkTracerProvider>, Error> {
    if endpoint.is_empty() {
        return Ok(None);
    }
    let exporter = opentelemetry_otlp::SpanExporter::builder()
        .with_tonic()
        .with_endpoint(endpoint)
        .with_timeout(Duration::from_secs(5))
        .build()
        .map_err(|source| Error::Exporter {
            endpoint: endpoint.to_owned(),
            source,
        })?;
    let resource = Resource::builder().with_service_name(name.to_owned()).build();
    Ok(Some(
        SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_resource(resource)
            .build(),
    ))
}
