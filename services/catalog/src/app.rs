//! Puts the parts of the catalogue together.

use holdfast_contracts::subjects::CATALOG_BUCKET;
use holdfast_platform::clock::SystemClock;
use holdfast_platform::service::{Context, Error};

use crate::http::router;
use crate::view::View;

/// Serves the catalogue until shutdown. Ready once all products were seen, and from then on whatever happens to
/// NATS.
///
/// # Errors
/// [`Error`] if it cannot start or its server fails.
pub async fn serve(context: Context) -> Result<(), Error> {
    let nats = context.nats().await?;
    let feed = context.journal(&nats, &format!("KV_{CATALOG_BUCKET}"));
    let view = View::default();
    let loaded = context.readiness.register("products");
    let (following, shutdown) = (view.clone(), context.shutdown.clone());
    context.spawn("products", async move {
        let followed = following.follow(feed, SystemClock, || loaded.ready());
        let _ = shutdown.run_until_cancelled(followed).await;
    });
    context.serve_http(router(view, SystemClock)).await
}
