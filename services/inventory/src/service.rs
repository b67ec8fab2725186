//! The parts of the service, put together.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use holdfast_contracts::subjects;
use holdfast_platform::clock::SystemClock;
use holdfast_platform::journal::jetstream::JetStreamJournal;
use holdfast_platform::journal::{self, Journal, Scan};
use holdfast_platform::lane::Lane;
use holdfast_platform::nats::{Nats, jittered};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::config::Settings;
use crate::http::{self, Api};
use crate::ledger::{self, Ledger};
use crate::receipts::{self, Desk, Request, Role};
use crate::snapshot;
use crate::view::View;
use crate::worker::{Snapshots, Worker};
use crate::writer::Ports;

/// The durable consumer of `ORDERS` whose pinned client is the writer.
const CONSUMER: &str = "inventory";
const GROUP: &str = "writer";

/// One replica of the service.
pub struct Service {
    settings: Settings,
    nats: Nats,
    view: Arc<View>,
    role: watch::Sender<Role>,
    requests: (mpsc::Sender<Request>, mpsc::Receiver<Request>),
}

impl Service {
    /// A replica that is not running yet.
    #[must_use]
    pub fn new(nats: &Nats, settings: Settings) -> Self {
        let view = Arc::new(View::new(settings.shard, settings.stale_after));
        let role = watch::Sender::new(Role::Standby);
        Self {
            settings,
            nats: nats.clone(),
            view,
            role,
            requests: mpsc::channel(receipts::QUEUE),
        }
    }

    /// The REST API.
    pub fn router(&self) -> Router {
        let client = self.nats.client().clone();
        let desk = Desk::new(self.requests.0.clone(), self.role(), client, self.settings.shard);
        let limited_up_to = self.settings.limited_up_to;
        http::router(Api {
            view: Arc::clone(&self.view),
            desk,
            limited_up_to,
        })
    }

    /// The role of this replica, to watch.
    #[must_use]
    pub fn role(&self) -> watch::Receiver<Role> {
        self.role.subscribe()
    }

    /// True while reads can be answered from a log that can be read: the service is ready.
    #[must_use]
    pub fn ready(&self) -> watch::Receiver<bool> {
        self.view.caught_up()
    }

    /// Runs until `shutdown`, then drains.
    pub async fn run(self, shutdown: CancellationToken) {
        let inventory = JetStreamJournal::new(&self.nats, subjects::INVENTORY, self.settings.journal);
        let until = shutdown.clone();
        let head_start = until.run_until_cancelled_owned(head_start(inventory.clone(), self.settings.shard));
        let Some((ledger, decisions)) = Box::pin(head_start).await else {
            return;
        };
        self.view.start_from(ledger, decisions);
        let follow = follow(Arc::clone(&self.view), inventory.clone());
        let follow = shutdown.clone().run_until_cancelled_owned(follow);
        let worker = self.worker(inventory);
        futures::join!(follow, worker.run(shutdown));
    }

    fn worker(self, inventory: JetStreamJournal) -> Worker<JetStreamJournal, JetStreamJournal, SystemClock> {
        let Self {
            settings,
            nats,
            view,
            role,
            requests,
        } = self;
        let orders = JetStreamJournal::new(&nats, subjects::ORDERS, settings.journal);
        Worker {
            shard: settings.shard,
            drain_deadline: settings.drain_deadline,
            lane: Lane::new(&nats, "inventory", subjects::ORDERS, CONSUMER).group(GROUP),
            snapshots: Snapshots::new(inventory.clone(), settings.shard, settings.snapshot_every),
            ports: Ports {
                inventory,
                orders,
                clock: SystemClock,
            },
            nats,
            view,
            role,
            requests,
        }
    }
}

/// The newest snapshot and the log after it, as soon as the stream can be reached; and how many decisions are not
/// in the snapshot.
async fn head_start<J: Journal + Scan>(journal: J, shard: u32) -> (Ledger, u64) {
    let mut failures = 0;
    loop {
        match try_head_start(&journal, shard).await {
            Ok(head_start) => return head_start,
            Err(ledger::Error::Journal(error)) => {
                tracing::warn!(shard, "cannot read the stock yet: {error}");
                failures += 1;
                tokio::time::sleep(jittered(Duration::from_millis(100), failures)).await;
            }
            // Following the log will say it again, and reads stay unavailable rather than wrong.
            Err(error) => {
                tracing::error!(shard, "{error}");
                return (Ledger::default(), 0);
            }
        }
    }
}

async fn try_head_start<J: Journal + Scan>(journal: &J, shard: u32) -> Result<(Ledger, u64), ledger::Error> {
    let subject = subjects::inventory_log(shard);
    let snapshot = snapshot::load(journal, shard).await?;
    match snapshot.catch_up(journal, &subject).await {
        Err(error @ ledger::Error::Ahead { .. }) => {
            tracing::warn!(shard, "reading the whole log instead: {error}");
            Ledger::default().catch_up(journal, &subject).await
        }
        other => other,
    }
}

async fn follow<F: journal::Feed>(view: Arc<View>, feed: F) {
    if let Err(error) = view.follow(&feed).await {
        let sequence = error.revision().map(|revision| revision.0);
        tracing::error!(
            sequence,
            "not ready: the stock stays as it was, and reads are stale: {error}"
        );
    }
}
