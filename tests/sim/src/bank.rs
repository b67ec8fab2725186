//! The payment processes, and the provider's webhooks to them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use holdfast_order_core::Effect;
use holdfast_payment::provider::{ChargeRequest, Found, Notification, Provider};
use holdfast_payment::service::Payments;
use holdfast_payment::state::Money;
use holdfast_platform::journal::Append;
use uuid::Uuid;

use crate::executor::{Host, Process, Sim, lock};
use crate::faults::{Faults, within};
use crate::provider::{Announcement, CardProvider, SimProvider, key};
use crate::rpc::Route;
use crate::stream::{SimClock, SimJournal, SimStream};

/// The process that stands for the card provider, which never dies.
pub const PROVIDER: Process = Process(1);
/// The provider tries a webhook so often before it gives up.
const WEBHOOK_TRIES: u32 = 12;
const WEBHOOK_PAUSE: Duration = Duration::from_secs(5);

/// The payment service of one process.
pub type SimPayments = Payments<SimJournal, SimProvider, SimClock>;

/// The payment service: several processes behind one address.
#[derive(Clone)]
pub struct Bank {
    /// Stream `PAYMENTS`.
    pub stream: SimStream,
    /// Whoever really has the money.
    pub provider: CardProvider,
    /// What goes wrong.
    pub faults: Arc<Faults>,
    /// The processes.
    pub replicas: Vec<Process>,
    live: Arc<Mutex<BTreeMap<Process, SimPayments>>>,
}

impl Bank {
    /// A service with no process running yet.
    #[must_use]
    pub fn new(stream: SimStream, faults: &Arc<Faults>, replicas: Vec<Process>) -> Self {
        let (provider, faults) = (CardProvider::default(), faults.clone());
        Self {
            stream,
            provider,
            faults,
            replicas,
            live: Arc::default(),
        }
    }

    /// Starts a process.
    pub fn boot(&self, host: &Host) {
        let (journal, provider) = (self.stream.port(host), self.provider.port(host, &self.faults));
        let payments = Payments::new(journal, Arc::new(provider), Arc::new(SimClock(host.sim.clone())));
        lock(&self.live).insert(host.process, payments);
    }

    /// The replica that a request reaches now; none while the service is away.
    #[must_use]
    pub fn reach(&self, sim: &Sim) -> Option<(Process, SimPayments)> {
        if within(&self.faults.payment_outages, sim.elapsed()) {
            return None;
        }
        let up: Vec<Process> = self
            .replicas
            .iter()
            .copied()
            .filter(|process| sim.is_up(*process))
            .collect();
        let process = *sim.pick(&up)?;
        lock(&self.live)
            .get(&process)
            .map(|payments| (process, payments.clone()))
    }

    /// Plants a bug: charges for a commit that is not appended yet.
    pub(crate) async fn charge_early(&self, host: &Host, commit: &Append) {
        let Ok(commit) = holdfast_order::codec::decode(&commit.payload) else {
            return;
        };
        for effect in commit.effects {
            let Effect::ChargePayment {
                amount,
                payment_token,
                ..
            } = effect
            else {
                continue;
            };
            let amount = Money {
                amount: amount.amount,
                currency: amount.currency,
            };
            let (order_id, user_id) = (commit.order.0, commit.user.0);
            let request = ChargeRequest {
                order_id,
                user_id,
                amount,
                payment_token,
            };
            // Whether it worked is what the commit's consumer finds out.
            let _ = self.provider.port(host, &self.faults).charge(&request).await;
        }
    }

    /// Sends webhooks for ever.
    pub async fn announce(self, host: Host) {
        loop {
            let seen = self.provider.announced.version();
            let due = std::mem::take(&mut *lock(&self.provider.announcements));
            for announcement in due {
                let twice = self.faults.strikes(&host.sim, self.faults.webhook_twice);
                for _ in 0..1 + u32::from(twice) {
                    let (bank, local) = (self.clone(), host.clone());
                    host.spawn(async move { bank.send_webhook(local, announcement).await });
                }
            }
            self.provider.announced.after(seen).await;
        }
    }

    async fn send_webhook(self, host: Host, announcement: Announcement) {
        let Announcement { order, user, due } = announcement;
        host.sim.sleep_until(due).await;
        for _ in 0..WEBHOOK_TRIES {
            if self.try_webhook(&host, order, user).await {
                return;
            }
            host.sim
                .sleep(WEBHOOK_PAUSE + host.sim.up_to(WEBHOOK_PAUSE))
                .await;
        }
        host.note("webhook given up", key(order), || order.to_string());
    }

    async fn try_webhook(&self, host: &Host, order: Uuid, user: Uuid) -> bool {
        let Some((to, payments)) = self.reach(&host.sim) else {
            return false;
        };
        let Some(outcome) = self.provider.look_up(order, host.sim.elapsed()) else {
            return true;
        };
        let route = Route {
            to,
            deadline: Duration::from_secs(5),
            label: "webhook",
            faults: self.faults.clone(),
        };
        // Some webhooks only say that something has happened.
        let told = host.sim.chance(700);
        let answer = route.call(host, move || {
            let payments = payments.clone();
            let found = Found {
                outcome: outcome.clone(),
                user_id: Some(user),
            };
            let notification = Notification {
                order_id: order,
                found: told.then_some(found),
            };
            Box::pin(async move { payments.apply(notification).await.is_ok() })
        });
        answer.await == Ok(true)
    }
}
