//! Running a service, so that its `main` is a handful of lines:
//!
//! ```no_run
//! use clap::Parser;
//! use holdfast_platform::config::{self, ServiceArgs};
//! use holdfast_platform::service::{self, Context};
//!
//! #[derive(Parser)]
//! struct Args {
//!     #[command(flatten)]
//!     service: ServiceArgs,
//! }
//!
//! fn main() -> std::process::ExitCode {
//!     let args: Args = config::parse_or_exit();
//!     service::run("greeter", &args.service, |context: Context| async move {
//!         let router = axum::Router::new().route("/", axum::routing::get(async || "hello"));
//!         context.serve_http(router).await
//!     })
//! }
//! ```
//!
//! The process ends when it is told to (SIGTERM, SIGINT), when the service's future ends, or when one of its background
//! tasks does: crash-only, a supervisor starts it again. Ending means: not ready, stop taking work, finish what is
//! under way up to the drain deadline. A second signal ends it at once.

use std::fmt::Display;
use std::future::Future;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;
use tokio_util::task::TaskTracker;

use crate::admin::{self, Admin};
use crate::config::ServiceArgs;
use crate::http::{self, HttpOptions};
use crate::journal::jetstream::JetStreamJournal;
use crate::lane::Lane;
use crate::lifecycle::{Readiness, ReadinessGuard, Shutdown, stop_signal};
use crate::nats::{self, Nats, NatsConfig};
use crate::telemetry::{self, Telemetry};

/// A quarter of a service's CPU time went into the C library's allocator (many small headers and messages); this one
/// takes a fraction of it (ARCHITECTURE: "Decisions").
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What lanes and servers need to flush after their own drain deadline.
const SLACK: Duration = Duration::from_secs(1);

/// Why a service cannot run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An address cannot be listened on.
    #[error("{variable}={address}: {source}")]
    Bind {
        /// The variable that holds it.
        variable: &'static str,
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// Logs or traces cannot be set up.
    #[error(transparent)]
    Telemetry(#[from] telemetry::Error),
    /// Metrics cannot be set up.
    #[error(transparent)]
    Admin(#[from] admin::Error),
    /// The NATS configuration cannot be used.
    #[error("HOLDFAST_NATS_URL: {0}")]
    Nats(#[from] nats::Error),
    /// The runtime or the signals cannot be set up.
    #[error("cannot start: {0}")]
    Start(#[source] std::io::Error),
}

/// What a service is given. Clones are the same service.
#[derive(Clone)]
pub struct Context {
    /// The name of the service.
    pub name: &'static str,
    /// What every service is told.
    pub args: ServiceArgs,
    /// Cancelled when the service is to stop.
    pub shutdown: Shutdown,
    /// Whether it can take work.
    pub readiness: Readiness,
    /// Vouches for the API, which is there from the start: the admin port answers before the service has registered
    /// its parts, and would call it ready.
    api: Arc<ReadinessGuard>,
    tasks: TaskTracker,
    failed: Arc<AtomicBool>,
}

impl Context {
    fn new(name: &'static str, args: &ServiceArgs) -> Self {
        let readiness = Readiness::default();
        Self {
            name,
            args: args.clone(),
            shutdown: Shutdown::new(),
            api: Arc::new(readiness.register("api")),
            readiness,
            tasks: TaskTracker::new(),
            failed: Arc::default(),
        }
    }

    /// Runs a part of the service in the background until shutdown, after which it must end by itself. If it ends
    /// earlier or panics, the service ends.
    pub fn spawn(&self, part: &'static str, future: impl Future<Output = ()> + Send + 'static) {
        let context = self.clone();
        let running = tokio::spawn(future);
        self.tasks.spawn(async move {
            let ended = running.await;
            if let Err(error) = &ended {
                tracing::error!(part, "failed: {error}");
            } else if !context.shutdown.is_cancelled() {
                tracing::error!(part, "ended by itself");
            }
            if ended.is_err() || !context.shutdown.is_cancelled() {
                context.failed.store(true, Ordering::Relaxed);
                context.shutdown.cancel();
            }
        });
    }

    /// Connects to NATS. The service becomes ready when the connection is up for the first time, and stays so: what it
    /// can do without NATS it goes on doing.
    ///
    /// # Errors
    /// [`Error::Nats`] if the URL cannot be used; a server that is away is waited for in the background.
    pub async fn nats(&self) -> Result<Nats, Error> {
        let config = NatsConfig::new(&self.args.nats_url, self.name).with(self.args.nats_credentials());
        let nats = nats::connect(&config).await?;
        let (guard, mut connected) = (self.readiness.register("nats"), nats.connected());
        let shutdown = self.shutdown.clone();
        self.spawn("nats", async move {
            let up = connected.wait_for(|up| *up).await.is_ok();
            guard.set(up);
            shutdown.cancelled().await;
        });
        Ok(nats)
    }

    /// The journal of `stream`, as configured.
    #[must_use]
    pub fn journal(&self, nats: &Nats, stream: &str) -> JetStreamJournal {
        JetStreamJournal::new(nats, stream, self.args.journal())
    }

    /// A lane of this service, as configured.
    #[must_use]
    pub fn lane(&self, nats: &Nats, stream: &str, consumer: &str) -> Lane {
        Lane::new(nats, self.name, stream, consumer).drain_deadline(self.args.drain_deadline)
    }

    /// Says that the API listens, for services that serve it by themselves.
    pub fn listens(&self) {
        self.api.ready();
    }

    /// Serves the API on the configured address until shutdown.
    ///
    /// # Errors
    /// [`Error`] if the address is taken.
    pub async fn serve_http(&self, router: Router) -> Result<(), Error> {
        self.serve_http_with(router, HttpOptions::default()).await
    }

    /// As [`Context::serve_http`], with other options; the drain deadline is the configured one.
    ///
    /// # Errors
    /// As there.
    pub async fn serve_http_with(&self, router: Router, options: HttpOptions) -> Result<(), Error> {
        let listener = bind("HOLDFAST_HTTP_ADDR", self.args.http_addr).await?;
        self.listens();
        if let Ok(address) = listener.local_addr() {
            tracing::info!(service = self.name, %address, "serving");
        }
        let options = HttpOptions {
            drain_deadline: self.args.drain_deadline,
            ..options
        };
        let listener = http::without_delay(listener);
        http::serve(router, listener, options, self.shutdown.clone()).await;
        Ok(())
    }
}

/// Runs a service until its end.
pub fn run<F, Fut, E>(name: &'static str, args: &ServiceArgs, serve: F) -> ExitCode
where
    F: FnOnce(Context) -> Fut,
    Fut: Future<Output = Result<(), E>> + Send + 'static,
    E: Display + Send + 'static,
{
    let context = Context::new(name, args);
    let ended = runtime(args).map_err(Error::Start).and_then(|runtime| {
        let ended = runtime.block_on(live(context, serve));
        // What was cut off is not waited for.
        runtime.shutdown_background();
        ended
    });
    match ended {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{name}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn runtime(args: &ServiceArgs) -> std::io::Result<Runtime> {
    match args.worker_threads {
        Some(1) => Builder::new_current_thread().enable_all().build(),
        Some(threads) => Builder::new_multi_thread()
            .worker_threads(threads.into())
            .enable_all()
            .build(),
        None => Builder::new_multi_thread().enable_all().build(),
    }
}

async fn live<F, Fut, E>(context: Context, serve: F) -> Result<bool, Error>
where
    F: FnOnce(Context) -> Fut,
    Fut: Future<Output = Result<(), E>> + Send + 'static,
    E: Display + Send + 'static,
{
    let telemetry = telemetry::start(context.name, &context.args)?;
    let admin_ended = Shutdown::new();
    serve_admin(&context, &telemetry, admin_ended.clone()).await?;
    let service = tokio::spawn(serve(context.clone()));
    let well = supervise(&context, service).await;
    admin_ended.cancel();
    let _ = tokio::task::spawn_blocking(move || telemetry.shut_down(SLACK)).await;
    Ok(well)
}

async fn serve_admin(context: &Context, telemetry: &Telemetry, ended: Shutdown) -> Result<(), Error> {
    let listener = bind("HOLDFAST_ADMIN_ADDR", context.args.admin_addr).await?;
    let readiness = context.readiness.clone();
    let admin = Admin {
        readiness,
        metrics: admin::record_metrics()?,
        level: telemetry.level.clone(),
    };
    tokio::spawn(async move {
        if let Err(error) = admin.serve(listener, ended).await {
            tracing::error!("the admin port failed: {error}");
        }
    });
    Ok(())
}

/// Waits for a reason to stop, stops, and tells whether all went well.
async fn supervise<E: Display>(context: &Context, mut service: JoinHandle<Result<(), E>>) -> bool {
    let mut result = None;
    tokio::select! {
        signal = stop_signal() => tracing::info!(signal = signal.unwrap_or("none"), "stopping"),
        () = context.shutdown.cancelled() => {}
        ended = &mut service => result = Some(ended),
    }
    context.shutdown.cancel();
    context.readiness.stop();
    context.tasks.close();
    let finish = async {
        let result = match result {
            Some(result) => result,
            None => service.await,
        };
        context.tasks.wait().await;
        result
    };
    let finished = tokio::select! {
        finished = tokio::time::timeout(context.args.drain_deadline + SLACK, finish) => finished.ok(),
        _ = stop_signal() => None,
    };
    match finished {
        Some(Ok(Ok(()))) => !context.failed.load(Ordering::Relaxed),
        Some(Ok(Err(error))) => {
            tracing::error!("{error}");
            false
        }
        Some(Err(error)) => {
            tracing::error!("failed: {error}");
            false
        }
        None => {
            tracing::warn!("stopped with work under way");
            false
        }
    }
}

async fn bind(variable: &'static str, address: SocketAddr) -> Result<TcpListener, Error> {
    TcpListener::bind(address).await.map_err(|source| Error::Bind {
        variable,
        address,
        source,
    })
}

#[cfg(test)]
mod tests;
