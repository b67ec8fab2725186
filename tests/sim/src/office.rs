//! The order processes: the real orchestrator over its four lanes.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use holdfast_order::codec::decode_timer;
use holdfast_order::ports::{Jitter, Payment, PaymentAnswer, Payments};
use holdfast_order::replay::OrderKey;
use holdfast_order::saga::{Orchestrator, Settings};
use holdfast_order::store::Store;
use holdfast_order_core::{Money as OrderMoney, PaymentOutcome, Phase, Policy};
use holdfast_payment::provider::ChargeRequest;
use holdfast_payment::service::Error as PaymentError;
use holdfast_payment::state::{Money, State as PaymentState};
use holdfast_platform::journal::{Delivery, Disposition, Record};

use crate::bank::{Bank, SimPayments};
use crate::broker::Consumer;
use crate::executor::{Host, Process, Sim, lock};
use crate::rpc::Route;
use crate::signal::Signal;
use crate::stream::{SimClock, SimJournal, SimStream};
use crate::timers::{Clockwork, SimTimers};

/// The caller of a payment gives up after this time, whoever tries again in between.
const CHARGE_DEADLINE: Duration = Duration::from_secs(6);
/// At most this many deliveries of a lane are handled at once.
const CONCURRENCY: usize = 8;
const CACHE: u64 = 1000;

/// The orchestrator of one process.
pub type SimOrchestrator = Orchestrator<SimJournal, SimPaymentClient, SimTimers, SimClock, SimJitter>;

/// A bug that is planted, to prove that the simulation finds it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sabotage {
    /// None: the product as it is.
    #[default]
    None,
    /// The card is charged before the order's commit with the command is appended.
    EffectBeforeAppend,
    /// A delivery is acknowledged before it is handled.
    AckBeforeAppend,
    /// An order that is cancelled counts as done: a charge command that is delivered again, and the timer that
    /// looks for a late charge, are passed over.
    SkipCancelled,
    /// The writer of the stock does not say which message it expects to follow.
    UnfencedWriter,
}

/// The durable consumers of the orchestrator.
#[derive(Clone)]
pub struct Lanes {
    /// Payment commands, of `ORDERS`.
    pub payment: Consumer,
    /// Stock decisions, of `INVENTORY`.
    pub inventory: Consumer,
    /// Payment results, of `PAYMENTS`.
    pub payments: Consumer,
    /// Fired timers, of `TIMERS`.
    pub timers: Consumer,
}

/// What an order process works on.
#[derive(Clone)]
pub struct Office {
    /// Stream `ORDERS`.
    pub orders: SimStream,
    /// The durable consumers.
    pub lanes: Lanes,
    /// The payment service.
    pub bank: Bank,
    /// The schedules.
    pub clockwork: Clockwork,
    /// A planted bug.
    pub sabotage: Sabotage,
    /// The processes.
    pub replicas: Vec<Process>,
    live: Arc<Mutex<BTreeMap<Process, Arc<SimOrchestrator>>>>,
}

/// The times of the saga, short enough that a run sees all of them pass.
#[must_use]
pub fn settings() -> Settings {
    Settings {
        policy: Policy {
            payment_deadline: Duration::from_secs(60),
            charge_retry_base: Duration::from_secs(2),
            charge_retry_cap: Duration::from_secs(15),
            parked_retry_after: Duration::from_secs(90),
            charge_in_flight: Duration::from_secs(120),
        },
        payment_attempts: 5,
        retry_cap: Duration::from_secs(20),
        ..Settings::default()
    }
}

impl Office {
    /// A service with no process running yet.
    #[must_use]
    pub fn new(
        (orders, lanes): (SimStream, Lanes),
        bank: Bank,
        clockwork: Clockwork,
        sabotage: Sabotage,
        replicas: Vec<Process>,
    ) -> Self {
        Self {
            orders,
            lanes,
            bank,
            clockwork,
            sabotage,
            replicas,
            live: Arc::default(),
        }
    }

    /// Starts a process.
    pub fn boot(&self, host: &Host) {
        let mut journal = self.orders.port(host);
        if self.sabotage == Sabotage::EffectBeforeAppend {
            journal.charge_first = Some(self.bank.clone());
        }
        let payments = SimPaymentClient {
            bank: self.bank.clone(),
            host: host.clone(),
        };
        let orchestrator = Arc::new(Orchestrator::new(
            Store::new(journal, CACHE),
            (payments, self.clockwork.port(host)),
            (SimClock(host.sim.clone()), SimJitter(host.sim.clone())),
            settings(),
        ));
        lock(&self.live).insert(host.process, orchestrator.clone());
        for lane in 0..4 {
            let (office, local, orchestrator) = (self.clone(), host.clone(), orchestrator.clone());
            host.spawn(async move { office.work(local, orchestrator, lane).await });
        }
    }

    /// The replica that a request reaches now.
    #[must_use]
    pub fn reach(&self, sim: &Sim) -> Option<(Process, Arc<SimOrchestrator>)> {
        let up: Vec<Process> = self
            .replicas
            .iter()
            .copied()
            .filter(|process| sim.is_up(*process))
            .collect();
        let process = *sim.pick(&up)?;
        lock(&self.live)
            .get(&process)
            .map(|orchestrator| (process, orchestrator.clone()))
    }

    /// Works off a lane: a bounded number of deliveries at once.
    async fn work(self, host: Host, orchestrator: Arc<SimOrchestrator>, lane: u8) {
        let consumer = self.consumer(lane).clone();
        let (running, finished) = (Arc::new(AtomicUsize::new(0)), Signal::default());
        loop {
            let seen = finished.version();
            if running.load(Ordering::Relaxed) >= CONCURRENCY {
                finished.after(seen).await;
                continue;
            }
            let delivery = consumer.next(&host).await;
            running.fetch_add(1, Ordering::Relaxed);
            let (office, local, orchestrator) = (self.clone(), host.clone(), orchestrator.clone());
            let (running, finished) = (running.clone(), finished.clone());
            host.spawn(async move {
                office.work_on(&local, &orchestrator, (lane, delivery)).await;
                running.fetch_sub(1, Ordering::Relaxed);
                finished.raise();
            });
        }
    }

    fn consumer(&self, lane: u8) -> &Consumer {
        match lane {
            0 => &self.lanes.payment,
            1 => &self.lanes.inventory,
            2 => &self.lanes.payments,
            _ => &self.lanes.timers,
        }
    }

    async fn work_on(&self, host: &Host, orchestrator: &SimOrchestrator, (lane, delivery): (u8, Delivery)) {
        let consumer = self.consumer(lane);
        if self.sabotage == Sabotage::AckBeforeAppend {
            consumer.settle(&delivery, Disposition::Ack);
        }
        let disposition = if self.skips(orchestrator, &delivery, lane).await {
            Disposition::Ack
        } else {
            handle(orchestrator, lane, delivery.clone()).await
        };
        host.note("settle", delivery.record.revision.0, || {
            format!("lane {lane} {disposition:?}")
        });
        host.crash_point(self.bank.faults.crash_rate(&host.sim), "settle")
            .await;
        consumer.settle(&delivery, disposition);
    }

    async fn skips(&self, orchestrator: &SimOrchestrator, delivery: &Delivery, lane: u8) -> bool {
        if self.sabotage != Sabotage::SkipCancelled {
            return false;
        }
        let is_about_money = match lane {
            0 => delivery.attempt > 1,
            _ => lane == 3,
        };
        let Some(key) = order_of(&delivery.record).filter(|_| is_about_money) else {
            return false;
        };
        let order = orchestrator.store().newest(&key).await;
        let phase = order
            .ok()
            .and_then(|order| Some(order.state.order()?.phase.clone()));
        matches!(phase, Some(Phase::Cancelled { .. } | Phase::Releasing { .. }))
    }
}

fn order_of(record: &Record) -> Option<OrderKey> {
    let timer = || decode_timer(&record.payload).ok();
    OrderKey::of_subject(&record.subject).or_else(|| {
        timer().map(|timer| OrderKey {
            user: timer.user,
            order: timer.order,
        })
    })
}

async fn handle(orchestrator: &SimOrchestrator, lane: u8, delivery: Delivery) -> Disposition {
    match lane {
        0 => orchestrator.handle_commit(delivery).await,
        1 => orchestrator.handle_inventory_batch(delivery).await,
        2 => orchestrator.handle_payment_commit(delivery).await,
        _ => orchestrator.handle_timer(delivery).await,
    }
}

/// Jitter from the seed.
pub struct SimJitter(pub Sim);

impl Jitter for SimJitter {
    fn spread(&self, delay: Duration) -> Duration {
        delay / 2 + self.0.up_to(delay / 2)
    }
}

/// The payment service as an order process reaches it.
pub struct SimPaymentClient {
    bank: Bank,
    host: Host,
}

enum Ask {
    Charge(ChargeRequest, u32),
    Resolve,
    Refund,
}

impl SimPaymentClient {
    async fn ask(&self, payment: &Payment, ask: Ask) -> PaymentAnswer {
        let unreachable = |detail: &str| PaymentAnswer::Unreachable {
            detail: detail.to_owned(),
        };
        let Some((to, payments)) = self.bank.reach(&self.host.sim) else {
            return unreachable("no replica");
        };
        let label = match ask {
            Ask::Charge(..) => "charge",
            Ask::Resolve => "resolve",
            Ask::Refund => "refund",
        };
        let route = Route {
            to,
            deadline: CHARGE_DEADLINE,
            label,
            faults: self.bank.faults.clone(),
        };
        let (payment, ask) = (payment.clone(), Arc::new(ask));
        let answer = route.call(&self.host, move || {
            let (payments, payment, ask) = (payments.clone(), payment.clone(), ask.clone());
            Box::pin(async move { serve(&payments, &payment, &ask).await })
        });
        answer.await.unwrap_or_else(|_| unreachable("no answer"))
    }
}

/// What the payment service does with a request and answers, as its HTTP API does.
async fn serve(payments: &SimPayments, payment: &Payment, ask: &Ask) -> PaymentAnswer {
    let (order, user) = (payment.order.0, payment.user.0);
    let settled = match ask {
        Ask::Charge(request, attempt) => payments.charge(request, *attempt).await,
        Ask::Refund => payments.refund(order, user).await,
        Ask::Resolve => payments.void(order, user).await,
    };
    match settled {
        Ok(state) => answer(state),
        Err(error @ PaymentError::OtherAmount(_)) => PaymentAnswer::Rejected {
            detail: error.to_string(),
        },
        Err(error) => PaymentAnswer::Unreachable {
            detail: error.to_string(),
        },
    }
}

fn answer(state: PaymentState) -> PaymentAnswer {
    let outcome = match state {
        PaymentState::Unseen | PaymentState::Pending(_) | PaymentState::Stray(_) => {
            return PaymentAnswer::Pending;
        }
        PaymentState::Succeeded(charge) => PaymentOutcome::Succeeded {
            charge_id: charge.charge_id,
            amount: money(charge.amount),
        },
        PaymentState::Declined(code) => PaymentOutcome::Declined { code },
        PaymentState::Voided => PaymentOutcome::Voided,
        PaymentState::Refunded(refund) => PaymentOutcome::Refunded {
            refund_id: refund.refund_id,
            amount: money(refund.amount),
        },
    };
    PaymentAnswer::Known(outcome)
}

fn money(Money { amount, currency }: Money) -> OrderMoney {
    OrderMoney { amount, currency }
}

impl Payments for SimPaymentClient {
    async fn charge(&self, payment: &Payment, payment_token: &str, attempt: u32) -> PaymentAnswer {
        let request = charge_request(payment, payment_token);
        self.ask(payment, Ask::Charge(request, attempt)).await
    }

    async fn resolve(&self, payment: &Payment) -> PaymentAnswer {
        self.ask(payment, Ask::Resolve).await
    }

    async fn refund(&self, payment: &Payment) -> PaymentAnswer {
        self.ask(payment, Ask::Refund).await
    }
}

fn charge_request(payment: &Payment, payment_token: &str) -> ChargeRequest {
    let OrderMoney { amount, currency } = payment.amount.clone();
    ChargeRequest {
        order_id: payment.order.0,
        user_id: payment.user.0,
        amount: Money { amount, currency },
        payment_token: payment_token.to_owned(),
    }
}
