//! Puts the parts of the sandbox together.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use holdfast_platform::config::{ServiceArgs, duration};
use holdfast_platform::http::{HttpOptions, serve_knowing};
use holdfast_platform::service::Context;
use tokio::net::TcpListener;

use crate::connection::{Cuttable, CuttableListener};
use crate::http::router;
use crate::post::{Account, PostOffice};
use crate::provider::Provider;
use crate::smtp;
use crate::store::{self, Store};
use crate::token::Delays;
use crate::webhook::Webhooks;

/// Providers of cards, mail and SMS that misbehave on request
#[derive(Parser)]
#[command(name = "holdfast-sandbox", version)]
pub struct Args {
    /// What every service is told; NATS is not used.
    #[command(flatten)]
    pub service: ServiceArgs,
    /// Folder that charges are kept in
    #[arg(long, env = "HOLDFAST_SANDBOX_DATA", default_value = ".holdfast/data/sandbox")]
    pub data: PathBuf,
    /// Where webhooks go; none: nobody is told
    #[arg(long, env = "HOLDFAST_SANDBOX_WEBHOOK_URL", requires = "webhook_secret")]
    pub webhook_url: Option<String>,
    /// What webhooks are signed with
    #[arg(long, env = "HOLDFAST_SANDBOX_WEBHOOK_SECRET", hide_env_values = true)]
    pub webhook_secret: Option<String>,
    /// Where mail is taken, by SMTP: address:port; none: nowhere
    #[arg(long, env = "HOLDFAST_SANDBOX_SMTP_ADDR")]
    pub smtp_addr: Option<SocketAddr>,
    /// User of SMTP and account of the SMS API; none: anybody may send
    #[arg(long, env = "HOLDFAST_SANDBOX_ACCOUNT", requires = "account_password")]
    pub account: Option<String>,
    /// Its password, or token
    #[arg(long, env = "HOLDFAST_SANDBOX_ACCOUNT_PASSWORD", hide_env_values = true)]
    pub account_password: Option<String>,
    /// How long tok_slow takes, such as 8s
    #[arg(long, env = "HOLDFAST_SANDBOX_SLOW", default_value = "8s", value_parser = duration)]
    pub slow: Duration,
    /// How long tok_error fails, such as 5s
    #[arg(long, env = "HOLDFAST_SANDBOX_OUTAGE", default_value = "5s", value_parser = duration)]
    pub outage: Duration,
    /// How long a tok_webhook_* charge takes, such as 3s
    #[arg(long, env = "HOLDFAST_SANDBOX_WEBHOOK", default_value = "3s", value_parser = duration)]
    pub webhook: Duration,
}

/// How long a request may take, beside what `tok_slow` is told to take.
const REQUEST: Duration = Duration::from_secs(10);

/// Why the sandbox cannot run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Its file cannot be used.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The client for webhooks cannot be set up.
    #[error("the HTTP client cannot be set up: {0}")]
    Client(#[from] reqwest::Error),
    /// The address cannot be listened on.
    #[error("{0}: {1}")]
    Serve(&'static str, #[source] std::io::Error),
}

/// Serves the sandbox until shutdown.
///
/// # Errors
/// [`Error`] if it cannot start.
pub async fn serve(context: Context, args: Args) -> Result<(), Error> {
    let (store, known) = Store::open(&args.data.join("charges.jsonl"))?;
    let webhooks = args.webhook_url.zip(args.webhook_secret);
    let webhooks = webhooks
        .map(|(url, secret)| Webhooks::new(url, secret))
        .transpose()?;
    let delays = Delays {
        slow: args.slow,
        outage: args.outage,
        webhook: args.webhook,
    };
    let provider = Provider::start(store, known, delays, webhooks);
    let account = args.account.zip(args.account_password);
    let office = PostOffice::new(account.map(|(user, password)| Account { user, password }));
    if let Some(address) = args.smtp_addr {
        let listener = bind("HOLDFAST_SANDBOX_SMTP_ADDR", address).await?;
        context.spawn(
            "smtp",
            smtp::serve(listener, office.clone(), context.shutdown.clone()),
        );
    }
    let listener = CuttableListener(bind("HOLDFAST_HTTP_ADDR", args.service.http_addr).await?);
    context.listens();
    tracing::info!(service = context.name, address = %args.service.http_addr, "serving");
    let options = HttpOptions {
        request_deadline: REQUEST + args.slow,
        drain_deadline: args.service.drain_deadline,
        ..HttpOptions::default()
    };
    let shutdown = context.shutdown.clone();
    serve_knowing(
        router(provider, office),
        listener,
        options,
        shutdown,
        Cuttable::add_lifeline,
    )
    .await;
    Ok(())
}

async fn bind(variable: &'static str, address: SocketAddr) -> Result<TcpListener, Error> {
    let listener = TcpListener::bind(address).await;
    listener.map_err(|error| Error::Serve(variable, error))
}
