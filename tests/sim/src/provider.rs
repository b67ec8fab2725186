//! The card provider as the payment service reaches it: its ledger behind a network, cards that misbehave, and
//! webhooks.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::channel::oneshot;
use holdfast_payment::provider::{ChargeRequest, Error, Found, Provider};
use holdfast_payment::state::{Charge, Money, Outcome, Refund};
use uuid::Uuid;

use crate::bank::PROVIDER;
use crate::executor::{Host, lock};
use crate::faults::Faults;
use crate::ledger::{Card, Entry, Ledger, Standing};

/// After this the payment service gives up on one call.
const DEADLINE: Duration = Duration::from_millis(1500);
/// A request that was sent arrives within this time, or never.
const LONGEST_TRIP: Duration = Duration::from_secs(10);

const CHARGE: &str = "provider charge";

/// The provider itself. It never crashes and never forgets.
#[derive(Clone, Default)]
pub struct CardProvider {
    ledger: Arc<Mutex<Ledger>>,
    /// Orders whose owner the provider was told, and whose capture it still has to announce, with its time.
    pub(crate) announcements: Arc<Mutex<Vec<Announcement>>>,
    /// Raised for each new announcement.
    pub(crate) announced: crate::signal::Signal,
}

/// A webhook that is due.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Announcement {
    pub order: Uuid,
    pub user: Uuid,
    pub due: Duration,
}

impl CardProvider {
    /// The books, for checks.
    #[must_use]
    pub fn books(&self, now: Duration) -> Ledger {
        let mut ledger = lock(&self.ledger);
        ledger.find(Uuid::nil(), now);
        ledger.clone()
    }

    /// What the provider would tell about an order now.
    pub(crate) fn look_up(&self, order: Uuid, now: Duration) -> Option<Outcome> {
        lock(&self.ledger)
            .find(order, now)
            .map(|entry| outcome(order, &entry))
    }

    fn announce(&self, order: Uuid, user: Uuid, due: Duration) {
        let mut announcements = lock(&self.announcements);
        announcements.push(Announcement { order, user, due });
        drop(announcements);
        self.announced.raise();
    }

    /// The port of one process.
    #[must_use]
    pub fn port(&self, host: &Host, faults: &Arc<Faults>) -> SimProvider {
        SimProvider {
            provider: self.clone(),
            host: host.clone(),
            faults: faults.clone(),
        }
    }
}

/// The provider as one process reaches it.
pub struct SimProvider {
    provider: CardProvider,
    host: Host,
    faults: Arc<Faults>,
}

impl SimProvider {
    /// One call: `effect` happens at the provider at most once, maybe after the caller gave up or died.
    async fn call<A: Send + 'static>(
        &self,
        label: &'static str,
        order: Uuid,
        effect: impl FnOnce(&mut Ledger, Duration) -> (A, Duration) + Send + 'static,
    ) -> Result<A, Error> {
        let (sim, faults) = (&self.host.sim, &*self.faults);
        self.host.crash_point(faults.crash_rate(sim), label).await;
        if faults.strikes(sim, faults.request_lost) {
            return self.time_out(label).await;
        }
        let (send, receive) = oneshot::channel();
        let (clock, host, ledger) = (sim.clone(), self.host.clone(), self.provider.ledger.clone());
        let (there, back) = (self.trip(label), faults.latency(sim));
        sim.spawn(PROVIDER, async move {
            clock.sleep(there).await;
            let (answer, wait) = effect(&mut lock(&ledger), clock.elapsed());
            host.note(label, key(order), || format!("{order}"));
            clock.sleep(wait + back).await;
            // The caller may have given up.
            let _ = send.send(answer);
        });
        let answer_lost = faults.strikes(sim, faults.answer_lost);
        match sim.timeout(DEADLINE, receive).await {
            Some(Ok(answer)) if !answer_lost => {
                self.host.crash_point(faults.crash_rate(sim), label).await;
                Ok(answer)
            }
            _ => self.time_out(label).await,
        }
    }

    /// How long a request travels to the provider.
    fn trip(&self, label: &'static str) -> Duration {
        let (sim, faults) = (&self.host.sim, &*self.faults);
        if label == CHARGE && faults.strikes(sim, faults.charge_slow) {
            return sim.up_to(LONGEST_TRIP);
        }
        faults.latency(sim).min(LONGEST_TRIP)
    }

    async fn time_out<A>(&self, label: &'static str) -> Result<A, Error> {
        self.host.note("provider silent", 0, || label.to_owned());
        self.host
            .crash_point(self.faults.crash_rate(&self.host.sim), label)
            .await;
        Err(Error::TimedOut)
    }

    fn check_outage(&self, card: Card) -> Result<(), Error> {
        match card {
            Card::Broken(until) if self.host.sim.elapsed() < until => Err(Error::Unknown("500".to_owned())),
            _ => Ok(()),
        }
    }
}

impl Provider for SimProvider {
    fn name(&self) -> &'static str {
        "simulated"
    }

    async fn charge(&self, request: &ChargeRequest) -> Result<Outcome, Error> {
        let card = card(&request.payment_token);
        self.check_outage(card)?;
        let (request, provider) = (request.clone(), self.provider.clone());
        self.call(CHARGE, request.order_id, move |ledger, now| {
            let ChargeRequest {
                order_id: order,
                user_id: user,
                amount,
                ..
            } = request;
            let is_new = ledger.find(order, now).is_none();
            let entry = ledger.charge(order, amount.amount, &amount.currency, card, now);
            if let (Card::Later(after), true) = (card, is_new) {
                provider.announce(order, user, now + after);
            }
            (outcome(order, &entry), patience(card, is_new))
        })
        .await
    }

    async fn find(&self, order_id: Uuid) -> Result<Option<Found>, Error> {
        let entry = self
            .call("provider find", order_id, move |ledger, now| {
                (ledger.find(order_id, now), Duration::ZERO)
            })
            .await?;
        Ok(entry.map(|entry| Found {
            outcome: outcome(order_id, &entry),
            user_id: None,
        }))
    }

    async fn void(&self, order_id: Uuid) -> Result<Outcome, Error> {
        let entry = self
            .call("provider void", order_id, move |ledger, now| {
                (ledger.void(order_id, now), Duration::ZERO)
            })
            .await?;
        Ok(entry.map_or(Outcome::Voided, |entry| outcome(order_id, &entry)))
    }

    async fn refund(&self, order_id: Uuid, charge: &Charge) -> Result<Refund, Error> {
        let entry = self
            .call("provider refund", order_id, move |ledger, now| {
                (ledger.refund(order_id, now), Duration::ZERO)
            })
            .await?;
        match entry {
            Some(entry) if entry.refunded => Ok(refund(order_id, charge)),
            _ => Err(Error::Refused("nothing was captured".to_owned())),
        }
    }
}

/// How long the provider keeps the caller waiting.
fn patience(card: Card, is_new: bool) -> Duration {
    match card {
        Card::Slow(wait) => wait,
        Card::Mute if is_new => 2 * DEADLINE,
        _ => Duration::ZERO,
    }
}

/// The card behind a token. Times are milliseconds: `later:3000`.
fn card(token: &str) -> Card {
    let (kind, millis) = token.split_once(':').unwrap_or((token, "0"));
    let time = Duration::from_millis(millis.parse().unwrap_or_default());
    match kind {
        "good" => Card::Good,
        "slow" => Card::Slow(time),
        "later" => Card::Later(time),
        "mute" => Card::Mute,
        "stuck" => Card::Stuck,
        "broken" => Card::Broken(time),
        _ => Card::Bad,
    }
}

fn outcome(order: Uuid, entry: &Entry) -> Outcome {
    let amount = Money {
        amount: entry.amount,
        currency: entry.currency.clone(),
    };
    let charge = Charge {
        charge_id: format!("ch_{order}"),
        amount,
    };
    match entry.standing {
        Standing::Pending(_) => Outcome::Pending(charge),
        Standing::Captured if entry.refunded => {
            let refund = refund(order, &charge);
            Outcome::Refunded(charge, refund)
        }
        Standing::Captured => Outcome::Succeeded(charge),
        Standing::Declined => Outcome::Declined("card_declined".to_owned()),
        Standing::Voided => Outcome::Voided,
    }
}

fn refund(order: Uuid, charge: &Charge) -> Refund {
    Refund {
        charge_id: charge.charge_id.clone(),
        refund_id: format!("re_{order}"),
        amount: charge.amount.clone(),
    }
}

/// A short name of an order for the hash of the trace.
#[must_use]
pub fn key(order: Uuid) -> u64 {
    order.as_u64_pair().1
}
