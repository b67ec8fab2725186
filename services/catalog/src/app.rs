//! Puts the parts of the catalogue together.

use std::time::Duration;

use holdfast_contracts::subjects::CATALOG_BUCKET;
use holdfast_platform::clock::SystemClock;
use holdfast_platform::http::client;
use holdfast_platform::service::{self, Context};

use crate::http::router;
use crate::stock::{Inventory, join};
use crate::view::View;

/// How long the inventory may take; its sidecar gives up before.
const INVENTORY_DEADLINE: Duration = Duration::from_secs(2);

/// What the catalogue is told beside what all services are.
#[derive(Clone, Debug, clap::Args)]
pub struct CatalogArgs {
    /// The bucket that reads come from: catalog, or its mirror in this region, such as catalog-replica
    #[arg(long, env = "HOLDFAST_CATALOG_READ_BUCKET", default_value = CATALOG_BUCKET)]
    pub read_bucket: String,
    /// Where availability is asked for: http://host:port; none: it is unknown
    #[arg(long, env = "HOLDFAST_INVENTORY_URL")]
    pub inventory_url: Option<String>,
}

/// Why the catalogue cannot run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It cannot start, or its server fails.
    #[error(transparent)]
    Service(#[from] service::Error),
    /// The client for the inventory cannot be set up.
    #[error("the HTTP client cannot be set up: {0}")]
    Client(#[from] reqwest::Error),
}

/// Serves the catalogue until shutdown. Ready once all products were seen, and from then on whatever happens to
/// NATS.
///
/// # Errors
/// [`Error`] if it cannot start or its server fails.
pub async fn serve(context: Context, args: CatalogArgs) -> Result<(), Error> {
    let nats = context.nats().await?;
    let feed = context.journal(&nats, &format!("KV_{}", args.read_bucket));
    let journal = context.journal(&nats, &format!("KV_{CATALOG_BUCKET}"));
    let view = View::default();
    let loaded = context.readiness.register("products");
    let (following, shutdown) = (view.clone(), context.shutdown.clone());
    context.spawn("products", async move {
        let followed = following.follow(feed, SystemClock, || loaded.ready());
        let _ = shutdown.run_until_cancelled(followed).await;
    });
    if let Some(base) = args.inventory_url {
        let client = client(INVENTORY_DEADLINE, context.args.http_proxy.as_ref())?;
        let base = base.trim_end_matches('/').to_owned();
        let (joining, shutdown) = (view.clone(), context.shutdown.clone());
        context.spawn("availability", async move {
            let joined = join(joining, Inventory { client, base }, SystemClock);
            let _ = shutdown.run_until_cancelled(joined).await;
        });
    }
    Ok(context.serve_http(router(view, SystemClock, journal)).await?)
}
