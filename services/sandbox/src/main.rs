//! The sandbox provider as a process.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use holdfast_sandbox::connection::{CuttableListener, Lifeline};
use holdfast_sandbox::http::router;
use holdfast_sandbox::provider::Provider;
use holdfast_sandbox::store::Store;
use holdfast_sandbox::token::Delays;
use holdfast_sandbox::webhook::Webhooks;
use tokio::net::TcpListener;

#[derive(Parser)]
#[command(about, version)]
struct Options {
    /// Where to listen.
    #[arg(long, env = "HOLDFAST_HTTP_ADDR", default_value = "127.0.0.1:8090")]
    http_addr: SocketAddr,
    /// Folder that charges are kept in.
    #[arg(long, env = "HOLDFAST_SANDBOX_DATA", default_value = ".holdfast/data/sandbox")]
    data: PathBuf,
    /// Where webhooks go; without it nobody is told.
    #[arg(long, env = "HOLDFAST_SANDBOX_WEBHOOK_URL", requires = "webhook_secret")]
    webhook_url: Option<String>,
    /// What webhooks are signed with.
    #[arg(long, env = "HOLDFAST_SANDBOX_WEBHOOK_SECRET", hide_env_values = true)]
    webhook_secret: Option<String>,
    #[command(flatten)]
    delays: DelayOptions,
}

#[derive(clap::Args)]
struct DelayOptions {
    /// How long `tok_slow` takes, in milliseconds.
    #[arg(long, env = "HOLDFAST_SANDBOX_SLOW_MS", default_value_t = 8_000)]
    slow_ms: u64,
    /// How long `tok_error` fails, in milliseconds.
    #[arg(long, env = "HOLDFAST_SANDBOX_OUTAGE_MS", default_value_t = 5_000)]
    outage_ms: u64,
    /// How long a `tok_webhook_*` charge takes, in milliseconds.
    #[arg(long, env = "HOLDFAST_SANDBOX_WEBHOOK_MS", default_value_t = 3_000)]
    webhook_ms: u64,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Options::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("holdfast-sandbox: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: Options) -> Result<(), Box<dyn std::error::Error>> {
    let (store, known) = Store::open(&options.data.join("charges.jsonl"))?;
    let webhooks = options.webhook_url.zip(options.webhook_secret);
    let webhooks = webhooks
        .map(|(url, secret)| Webhooks::new(url, secret))
        .transpose()?;
    let provider = Provider::start(store, known, options.delays.into(), webhooks);
    let listener = CuttableListener(TcpListener::bind(options.http_addr).await?);
    let service = router(provider).into_make_service_with_connect_info::<Lifeline>();
    Ok(axum::serve(listener, service).await?)
}

impl From<DelayOptions> for Delays {
    fn from(options: DelayOptions) -> Self {
        let ms = std::time::Duration::from_millis;
        Self {
            slow: ms(options.slow_ms),
            outage: ms(options.outage_ms),
            webhook: ms(options.webhook_ms),
        }
    }
}
