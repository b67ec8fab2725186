//! The loop around the writer: takes what is ready, has it decided, settles it.

mod burials;
mod snapshots;
mod work;

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::StreamExt;
use holdfast_platform::clock::Clock;
use holdfast_platform::journal::{Journal, Revision, Scan};
use holdfast_platform::lane::{Lane, Receipt};
use holdfast_platform::nats::{Nats, jittered};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::{CancellationToken, DropGuard};
use tracing::Instrument;

use crate::metrics::WorkerMetrics;
use crate::receipts::{self, Request, Role};
use crate::view::View;
use crate::writer::{BatchOutcome, Error, Ports, Writer};
use burials::Burials;
pub use snapshots::Snapshots;
use work::{Work, newest};

/// How many commits are decided at once at most.
const MAX_COMMITS: usize = 512;
/// What a worker works with.
pub struct Worker<J, O, C> {
    /// The streams and the clock.
    pub ports: Ports<J, O, C>,
    /// Which shard.
    pub shard: u32,
    /// How long to finish what is under way and to hand over, each.
    pub drain_deadline: Duration,
    /// For core NATS.
    pub nats: Nats,
    /// Where order commits come from.
    pub lane: Lane,
    /// The stock as this replica sees it: what a new writer starts from.
    pub view: Arc<View>,
    /// Takes the snapshots.
    pub snapshots: Snapshots<J>,
    /// Tells the role of this replica.
    pub role: watch::Sender<Role>,
    /// Receipts to be decided here, and where others hand in more.
    pub requests: (mpsc::Sender<Request>, mpsc::Receiver<Request>),
}

struct Running<J, O, C> {
    parts: Worker<J, O, C>,
    metrics: WorkerMetrics,
    /// While there is a writer: what it cannot read.
    deciding: Option<(Writer<J, O, C>, Burials)>,
    /// While this replica is the writer: serves other replicas.
    serving: Option<DropGuard>,
}

impl<J, O, C> Worker<J, O, C>
where
    J: Journal + Scan,
    O: Scan,
    C: Clock + Clone,
{
    /// Works until `shutdown`, then hands over: takes a snapshot and lets go of the consumer.
    pub async fn run(self, shutdown: CancellationToken) {
        let running = Running {
            parts: self,
            metrics: WorkerMetrics::default(),
            deciding: None,
            serving: None,
        };
        running.run(shutdown).await;
    }
}

impl<J, O, C> Running<J, O, C>
where
    J: Journal + Scan,
    O: Scan,
    C: Clock + Clone,
{
    async fn run(mut self, shutdown: CancellationToken) {
        self.set_role(Role::Standby);
        let mut caught_up = self.parts.view.caught_up();
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = caught_up.wait_for(|caught_up| *caught_up) => {}
        }
        let deadline = self.parts.drain_deadline;
        self.take_work(&shutdown).await;
        if tokio::time::timeout(deadline, self.hand_over()).await.is_err() {
            tracing::warn!("no time to hand over; the next writer waits for the pin to run out");
        }
    }

    async fn take_work(&mut self, shutdown: &CancellationToken) {
        let deadline = self.parts.drain_deadline;
        let mut followed = self.parts.view.followed();
        let mut deliveries = std::pin::pin!(self.parts.lane.pull(shutdown.clone()).ready_chunks(MAX_COMMITS));
        loop {
            let mut work = Work::default();
            tokio::select! {
                biased;
                chunk = deliveries.next() => match chunk {
                    Some(chunk) => work.deliveries = chunk,
                    None => return,
                },
                () = due(self.deciding.as_ref()) => {
                    self.settle_up_to(None).await;
                    continue;
                }
                Some(request) = self.parts.requests.1.recv() => work.requests.push(request),
                Ok(()) = followed.changed() => {
                    let newest = *followed.borrow_and_update();
                    self.notice(newest);
                    continue;
                }
            }
            work.add_waiting(&mut self.parts.requests.1);
            tokio::select! {
                () = self.work_off(work) => {}
                () = overdue(shutdown, deadline) => return,
            }
        }
    }

    /// A log message that is not from our writer: there is another one.
    fn notice(&mut self, newest: Revision) {
        if self
            .deciding
            .as_ref()
            .is_some_and(|(writer, _)| newest > writer.ledger().log_revision)
        {
            tracing::info!(shard = self.parts.shard, "another replica has become the writer");
            self.stand_by();
        }
    }

    /// Has the work decided, however often that takes, and settles it.
    async fn work_off(&mut self, mut work: Work) {
        let mut failures = 0;
        loop {
            work.forget_requests_given_up();
            let started = Instant::now();
            match self.decide(&work).await {
                Ok(outcome) => {
                    let pending = work.deliveries.last().map(|pulled| pulled.receipt.pending());
                    self.metrics.decided(&outcome, started.elapsed(), pending);
                    return self.settle(work, outcome).await;
                }
                Err(error) => self.fail(&error),
            }
            tokio::time::sleep(jittered(Duration::from_millis(20), failures)).await;
            failures += 1;
        }
    }

    async fn decide(&mut self, work: &Work) -> Result<BatchOutcome, Error> {
        let (writer, _) = match &mut self.deciding {
            Some(deciding) => deciding,
            None => {
                let (ports, base) = (self.parts.ports.clone(), self.parts.view.ledger());
                let writer = Writer::recover(ports, self.parts.shard, base).await?;
                let (lane, orders) = (&self.parts.lane, &self.parts.ports.orders);
                let burials = Burials::recover(lane, orders, writer.position()).await?;
                self.deciding.insert((writer, burials))
            }
        };
        writer
            .decide_batch(work.commits(), work.receipts())
            .instrument(work.span())
            .await
    }

    fn fail(&mut self, error: &Error) {
        self.metrics.failed();
        let shard = self.parts.shard;
        if error.is_retryable() {
            tracing::warn!(shard, "starting anew from the log: {error}");
        } else {
            tracing::error!(shard, "cannot decide: {error}");
        }
        self.stand_by();
    }

    async fn settle(&mut self, work: Work, outcome: BatchOutcome) {
        let Work { deliveries, requests } = work;
        self.parts.view.apply_own(&outcome.appended);
        if let Some((_, burials)) = &mut self.deciding {
            burials.add(outcome.poison);
            burials.count(&deliveries);
        }
        self.settle_up_to(newest(deliveries)).await;
        let mut outcomes = outcome.receipts.into_iter();
        for Request { receipts, reply } in requests {
            // Whoever gave up waiting does not need to know.
            let _ = reply.send(outcomes.by_ref().take(receipts.len()).collect());
        }
        self.take_role();
        self.parts
            .snapshots
            .take_if_due(&self.parts.view, self.metrics.snapshot_seconds());
    }

    async fn settle_up_to(&mut self, newest: Option<Receipt>) {
        if let Some((_, burials)) = &mut self.deciding {
            burials.settle(&self.parts.lane, newest).await;
        }
    }

    fn take_role(&mut self) {
        if self.serving.is_some() {
            return;
        }
        let stop = CancellationToken::new();
        let client = self.parts.nats.client().clone();
        let serve = receipts::serve(client, self.parts.shard, self.parts.requests.0.clone());
        tokio::spawn(stop.clone().run_until_cancelled_owned(async {
            if let Err(error) = serve.await {
                tracing::warn!("cannot take receipts from other replicas: {error}");
            }
        }));
        self.serving = Some(stop.drop_guard());
        self.set_role(Role::Writer);
    }

    fn stand_by(&mut self) {
        self.deciding = None;
        self.serving = None;
        self.set_role(Role::Standby);
    }

    fn set_role(&self, role: Role) {
        self.metrics.role(role);
        if self
            .parts
            .role
            .send_if_modified(|before| std::mem::replace(before, role) != role)
        {
            tracing::info!(shard = self.parts.shard, ?role, "role");
        }
    }

    async fn hand_over(mut self) {
        let was_writer = self.serving.is_some();
        let deadline = self.parts.drain_deadline;
        self.stand_by();
        if let Err(error) = self.parts.nats.flush(deadline).await {
            tracing::warn!("{error}; what was acknowledged last will come again");
        }
        if was_writer {
            self.parts.lane.unpin(deadline).await;
            self.parts.snapshots.take_last(&self.parts.view).await;
        }
    }
}

async fn due<W>(deciding: Option<&(W, Burials)>) {
    match deciding {
        Some((_, burials)) => burials.due().await,
        None => std::future::pending().await,
    }
}

/// Shutdown was asked for, and the time to finish what is under way is up.
async fn overdue(shutdown: &CancellationToken, deadline: Duration) {
    shutdown.cancelled().await;
    tokio::time::sleep(deadline).await;
}
