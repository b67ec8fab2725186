//! The running provider: the ledger, and what happens by and by.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use holdfast_platform::telemetry::trace_context::inherit;
use jiff::Timestamp;
use tokio_util::task::TaskTracker;

use crate::charge::{Charge, ChargeRequest, Status};
use crate::ledger::{Admission, Error, Ledger, Page, Totals};
use crate::store::Store;
use crate::token::{Behaviour, Delays};
use crate::webhook::Webhooks;

/// The provider. Clones share it.
#[derive(Clone)]
pub struct Provider(Arc<Inner>);

struct Inner {
    ledger: Mutex<Ledger<Store>>,
    delays: Delays,
    webhooks: Option<Webhooks>,
    tasks: TaskTracker,
}

impl Provider {
    /// A provider that remembers `known` charges and goes on with what they still need. Without `webhooks`
    /// nobody is told about anything.
    ///
    /// Must be called inside a Tokio runtime.
    #[must_use]
    pub fn start(store: Store, known: Vec<Charge>, delays: Delays, webhooks: Option<Webhooks>) -> Self {
        let ledger = Mutex::new(Ledger::new(store, known));
        let provider = Self(Arc::new(Inner {
            ledger,
            delays,
            webhooks,
            tasks: TaskTracker::new(),
        }));
        let unfinished: Vec<_> = provider.ledger().unfinished().cloned().collect();
        for charge in unfinished {
            provider.0.tasks.spawn(provider.clone().finish(charge));
        }
        provider
    }

    /// Takes a charge, as its token wants it, and gives the charge as it stands, or none if the connection is
    /// to be cut. The capture goes on when the caller hangs up.
    ///
    /// # Errors
    /// As [`Ledger::charge`].
    pub async fn charge(&self, key: &str, request: ChargeRequest) -> Result<Option<Charge>, Error> {
        let admission = self
            .ledger()
            .charge(key, request, &self.0.delays, Timestamp::now())?;
        match admission {
            Admission::New(charge) => match Behaviour::of(&charge.token) {
                Behaviour::LoseResponse => Ok(None),
                Behaviour::CaptureSlowly => {
                    self.wait(self.0.tasks.spawn(inherit(self.clone().finish(charge))))
                        .await
                }
                Behaviour::TellByWebhook(_) => {
                    self.0.tasks.spawn(inherit(self.clone().finish(charge.clone())));
                    Ok(Some(charge))
                }
                _ => Ok(Some(charge)),
            },
            Admission::Known(charge)
                if charge.status == Status::Pending
                    && Behaviour::of(&charge.token) == Behaviour::CaptureSlowly =>
            {
                self.settle_when_due(&charge).await.map(Some)
            }
            Admission::Known(charge) => Ok(Some(charge)),
        }
    }

    /// As [`Ledger::find`].
    ///
    /// # Errors
    /// As there.
    pub fn find(&self, key: &str) -> Result<Charge, Error> {
        self.ledger().find(key, &self.0.delays, Timestamp::now())
    }

    /// As [`Ledger::void`].
    ///
    /// # Errors
    /// As there.
    pub fn void(&self, key: &str, order_id: Option<&str>) -> Result<Charge, Error> {
        self.ledger()
            .void((key, order_id), &self.0.delays, Timestamp::now())
    }

    /// As [`Ledger::refund`].
    ///
    /// # Errors
    /// As there.
    pub fn refund(&self, charge_id: &str, refund_key: &str) -> Result<Charge, Error> {
        self.ledger().refund(charge_id, refund_key)
    }

    /// As [`Ledger::page`].
    #[must_use]
    pub fn page(&self, order_id: Option<&str>, from: usize, limit: usize) -> Page {
        self.ledger().page(order_id, from, limit)
    }

    /// The newest charges first, at most `limit`, and the sums over all.
    #[must_use]
    pub fn newest(&self, limit: usize) -> (Vec<Charge>, Totals) {
        let ledger = self.ledger();
        (ledger.newest(limit).cloned().collect(), ledger.totals())
    }

    async fn wait(
        &self,
        task: tokio::task::JoinHandle<Result<Charge, Error>>,
    ) -> Result<Option<Charge>, Error> {
        match task.await {
            Ok(settled) => settled.map(Some),
            Err(_) => Ok(None),
        }
    }

    /// Captures a charge when it is due, then tells the merchant as often as its token wants.
    async fn finish(self, charge: Charge) -> Result<Charge, Error> {
        let settled = self.settle_when_due(&charge).await?;
        let Some(webhooks) = &self.0.webhooks else {
            return Ok(settled);
        };
        let mut due = settled.webhooks_due;
        while due > 0 && webhooks.deliver(&settled).await {
            due = self.ledger().webhook_delivered(&settled.idempotency_key)?;
        }
        Ok(settled)
    }

    async fn settle_when_due(&self, charge: &Charge) -> Result<Charge, Error> {
        if let Some(due) = charge.settles_at {
            let wait = Duration::try_from(due.duration_since(Timestamp::now())).unwrap_or_default();
            tokio::time::sleep(wait).await;
        }
        self.ledger().settle(&charge.idempotency_key)
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger<Store>> {
        self.0.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
