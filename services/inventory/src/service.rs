//! The parts of the service, put together.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use holdfast_contracts::subjects;
use holdfast_platform::clock::SystemClock;
use holdfast_platform::dead_letter::About;
use holdfast_platform::journal::jetstream::JetStreamJournal;
use holdfast_platform::journal::{self, Journal, Record, Scan};
use holdfast_platform::lane::Lane;
use holdfast_platform::nats::{Nats, jittered};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::config::Settings;
use crate::http::{self, Api};
use crate::ledger::{self, Ledger};
use crate::receipts::{self, Desk, Request, Role};
use crate::skip::{self, Skip};
use crate::snapshot;
use crate::view::View;
use crate::worker::{Snapshots, Worker};
use crate::writer::Ports;

/// Why a replica cannot run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A log message that was to be skipped must not be.
    #[error(transparent)]
    Skip(#[from] skip::Error),
    /// What every service needs is not there.
    #[error(transparent)]
    Platform(#[from] holdfast_platform::service::Error),
}

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

    /// Checks what is to be skipped of the log; call it before anything is served. Waits while the log cannot be reached.
    ///
    /// # Errors
    /// [`skip::Error`]: it must not be skipped.
    pub async fn check_skip(&self) -> Result<(), skip::Error> {
        let log = JetStreamJournal::new(&self.nats, subjects::INVENTORY, self.settings.journal);
        self.settings.skip.check(&log, self.settings.shard).await
    }

    /// Runs until `shutdown`, then drains.
    pub async fn run(self, shutdown: CancellationToken) {
        let inventory = JetStreamJournal::new(&self.nats, subjects::INVENTORY, self.settings.journal);
        let until = shutdown.clone();
        let head_start = until.run_until_cancelled_owned(head_start(
            inventory.clone(),
            self.settings.shard,
            self.settings.skip.clone(),
        ));
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
            lane: Lane::new(&nats, "inventory", subjects::ORDERS, CONSUMER)
                .group(GROUP)
                .about(about),
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

fn about(commit: &Record) -> About {
    let (user, order) = subjects::concerned(&commit.subject, &commit.payload);
    About {
        user: user.map(|id| id.to_string()),
        entity: order.map(|id| id.to_string()),
    }
}

/// The newest snapshot and the log after it, as soon as the stream can be reached; and how many decisions are not
/// in the snapshot.
async fn head_start<J: Journal + Scan>(journal: J, shard: u32, skip: Skip) -> (Ledger, u64) {
    let mut failures = 0;
    loop {
        match try_head_start(&journal, shard, &skip).await {
            Ok(head_start) => return head_start,
            Err(error) => {
                tracing::warn!(shard, "cannot read the stock yet: {error}");
                failures += 1;
                tokio::time::sleep(jittered(Duration::from_millis(100), failures)).await;
            }
        }
    }
}

async fn try_head_start<J: Journal + Scan>(
    journal: &J,
    shard: u32,
    skip: &Skip,
) -> Result<(Ledger, u64), journal::Error> {
    let subject = subjects::inventory_log(shard);
    let snapshot = snapshot::load(journal, shard, skip).await?;
    match snapshot.catch_up(journal, &subject).await {
        Ok(head_start) => Ok(head_start),
        Err(ledger::Error::Journal(error)) => Err(error),
        Err(error @ ledger::Error::Ahead { .. }) => {
            tracing::warn!(shard, "reading the whole log instead: {error}");
            let empty = Ledger::skipping(skip.clone());
            match empty.clone().catch_up(journal, &subject).await {
                Err(ledger::Error::Journal(error)) => Err(error),
                caught_up => Ok(caught_up.unwrap_or((empty, 0))),
            }
        }
        // Following the log reads what can be read of it, and says where that ends.
        Err(_) => Ok((snapshot::load(journal, shard, skip).await?, 0)),
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
