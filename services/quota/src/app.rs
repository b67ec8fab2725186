//! Puts the parts of the service together.

use holdfast_contracts::subjects::QUOTA_BUCKET;
use holdfast_platform::clock::SystemClock;
use holdfast_platform::journal::jetstream::{JetStreamJournal, JournalConfig};
use holdfast_platform::service::{Context, Error};

use crate::args::QuotaArgs;
use crate::grpc::router;
use crate::ledger::Ledger;

/// Serves leases until shutdown.
///
/// # Errors
/// [`Error`] if it cannot start or its server fails.
pub async fn serve(context: Context, args: QuotaArgs) -> Result<(), Error> {
    let nats = context.nats().await?;
    let config = JournalConfig {
        deadline: args.deadline,
        try_timeout: args.deadline,
        ..JournalConfig::default()
    };
    let journal = JetStreamJournal::new(&nats, &format!("KV_{QUOTA_BUCKET}"), config);
    let ledger = Ledger::new(journal, SystemClock, args);
    context.serve_http(router(ledger)).await
}
