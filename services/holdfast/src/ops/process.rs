//! The process `ops`: watches, tells operators, and serves the API.

use clap::Args;
use holdfast_contracts::subjects;
use holdfast_platform::service::{self, Context};

use super::api;
use super::watch::{Advisories, Breakers, Proxy, told_of_letter, told_of_parking};

/// What only this process is told.
#[derive(Clone, Debug, Args)]
pub struct OpsArgs {
    /// Envoys whose breakers are watched, comma-separated: <service>=http://<admin address>; none: nobody's
    #[arg(long, env = "HOLDFAST_OPS_PROXIES", value_delimiter = ',')]
    pub proxies: Vec<Proxy>,
}

/// Why it cannot run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What every service needs is not there.
    #[error(transparent)]
    Platform(#[from] service::Error),
    /// The proxies cannot be asked.
    #[error("an HTTP client cannot be set up: {0}")]
    Client(#[from] reqwest::Error),
}

/// Watches and serves until shutdown.
///
/// # Errors
/// [`Error`] if it cannot start.
pub async fn serve(context: Context, args: OpsArgs) -> Result<(), Error> {
    let nats = context.nats().await?;
    let lane = |stream, consumer| context.lane(&nats, stream, consumer).concurrency(16);
    let shutdown = &context.shutdown;
    let (letters, connection, until) = (lane(subjects::DLQ, "ops-letters"), nats.clone(), shutdown.clone());
    context.spawn("letters", async move {
        letters
            .run(until, |delivery| told_of_letter(&connection, delivery))
            .await;
    });
    let (parked, connection, until) = (
        lane(subjects::TIMERS, "ops-parked"),
        nats.clone(),
        shutdown.clone(),
    );
    context.spawn("parked", async move {
        parked
            .run(until, |delivery| told_of_parking(&connection, delivery))
            .await;
    });
    let (heard, advisories, until) = (
        lane(subjects::ADVISORIES, "ops-advisories"),
        Advisories::new(&nats),
        shutdown.clone(),
    );
    context.spawn("advisories", async move {
        heard.run(until, |delivery| advisories.hear(delivery)).await;
    });
    let breakers = Breakers::new(&nats, args.proxies)?;
    context.spawn("breakers", breakers.run(shutdown.clone()));
    context.serve_http(api::router(&nats, shutdown)).await?;
    Ok(())
}
