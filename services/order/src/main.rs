//! Wires the order service: configuration, NATS, four lanes and the API.

use std::process::ExitCode;

use holdfast_contracts::subjects;
use holdfast_order::config::Config;
use holdfast_order::service::Service;
use holdfast_platform::config;
use holdfast_platform::service::{self, Context};

/// Why the service cannot run.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error(transparent)]
    Platform(#[from] service::Error),
    #[error("an HTTP client cannot be set up: {0}")]
    Client(#[from] reqwest::Error),
}

fn main() -> ExitCode {
    let config: Config = config::parse_or_exit();
    let args = config.service.clone();
    service::run("order", &args, |context| serve(context, config))
}

async fn serve(context: Context, config: Config) -> Result<(), Error> {
    let nats = context.nats().await?;
    let orders = context.journal(&nats, subjects::ORDERS);
    let service = Service::new(&nats, orders, &config)?;
    let lanes = service.lanes(
        |stream, consumer| context.lane(&nats, stream, consumer),
        &context.shutdown,
    );
    for (consumer, lane) in lanes {
        context.spawn(consumer, lane);
    }
    context.serve_http(service.router()).await?;
    Ok(())
}
