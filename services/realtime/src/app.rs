//! Puts the parts of the service together.

use std::sync::Arc;

use holdfast_contracts::subjects;
use holdfast_platform::journal::jetstream::{JetStreamJournal, JournalConfig};
use holdfast_platform::lifecycle::Shutdown;
use holdfast_platform::nats::Nats;
use holdfast_platform::service::{Context, Error};
use holdfast_realtime_core::limits::Places;
use tokio_util::task::TaskTracker;

use crate::args::RealtimeArgs;
use crate::http::{Api, router};
use crate::hub::{Hub, contact};
use crate::log::Log;
use crate::tickets::Tickets;

/// Serves streams until shutdown, and then tells every client when to come again.
///
/// # Errors
/// [`Error`] if it cannot start or its server fails.
pub async fn serve(context: Context, args: RealtimeArgs) -> Result<(), Error> {
    let nats = context.nats().await?;
    let api = api(&nats, context.args.journal(), context.shutdown.clone(), args);
    let streams = api.streams.clone();
    context.serve_http(router(api)).await?;
    streams.close();
    if tokio::time::timeout(context.args.drain_deadline, streams.wait())
        .await
        .is_err()
    {
        tracing::warn!("{} streams cut off", streams.len());
    }
    Ok(())
}

/// All that requests are answered from, until `shutdown`.
#[must_use]
pub fn api(nats: &Nats, journal: JournalConfig, shutdown: Shutdown, args: RealtimeArgs) -> Api {
    let stream = |name: &str| JetStreamJournal::new(nats, name, journal);
    let contact = contact(nats.connected());
    let log = Log::new(nats, stream(subjects::ORDERS));
    let places = Places::new(args.streams_per_user as usize, args.streams as usize);
    Api {
        hub: Arc::new(Hub::new(log, contact, places)),
        tickets: Tickets::new(stream(&format!("KV_{}", subjects::TICKETS_BUCKET))),
        streams: TaskTracker::new(),
        shutdown,
    }
}
