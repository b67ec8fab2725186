//! Puts the parts of payment together.

use std::sync::Arc;
use std::time::Duration;

use holdfast_contracts::subjects::PAYMENTS;
use holdfast_platform::clock::SystemClock;
use holdfast_platform::http::{HttpOptions, client};
use holdfast_platform::service::{self, Context};

use crate::config::{Adapter, Args, Missing};
use crate::http::{Api, router};
use crate::provider::measured::Measured;
use crate::provider::sandbox::Sandbox;
use crate::provider::stripe::Stripe;
use crate::provider::{Provider, Webhooks};
use crate::service::Payments;
use crate::work::Work;

/// Over the time-outs of a charge and of the question that follows when its answer was lost.
const RECORDING: Duration = Duration::from_secs(6);

/// Why payment cannot run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// As any service.
    #[error(transparent)]
    Service(#[from] service::Error),
    /// The HTTP client cannot be set up.
    #[error("the HTTP client cannot be set up: {0}")]
    Client(#[from] reqwest::Error),
    /// A setting that the chosen provider needs is missing.
    #[error(transparent)]
    Missing(#[from] Missing),
}

/// Serves payment until shutdown.
///
/// # Errors
/// [`Error`] if it cannot start or its server fails.
pub async fn serve(context: Context, args: Args) -> Result<(), Error> {
    let client = client(args.provider_timeout, args.service.http_proxy.as_ref())?;
    match args.adapter()? {
        Adapter::Sandbox(url, secrets) => run(context, &args, Sandbox::new(client, &url, secrets)).await,
        Adapter::Stripe(url, key, secrets) => {
            run(context, &args, Stripe::new(client, &url, key, secrets)).await
        }
    }
}

async fn run<P: Provider + Webhooks>(context: Context, args: &Args, provider: P) -> Result<(), Error> {
    let nats = context.nats().await?;
    let journal = context.journal(&nats, PAYMENTS);
    let (provider, clock) = (Arc::new(Measured(provider)), Arc::new(SystemClock));
    let payments = Payments::new(journal, Arc::clone(&provider), Arc::clone(&clock));
    let deadline = args.provider_timeout * 2 + RECORDING;
    let work = Work::new(args.max_in_flight, deadline);
    let options = HttpOptions {
        request_deadline: deadline,
        ..HttpOptions::default()
    };
    let router = router(Api {
        payments,
        provider,
        clock,
        work: work.clone(),
    });
    context.serve_http_with(router, options).await?;
    work.drain().await;
    Ok(())
}
