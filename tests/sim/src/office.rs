//! The order processes: the real orchestrator over its four lanes.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use holdfast_order::api::{Api, Wiring, router};
use holdfast_order::codec::decode_timer;
use holdfast_order::index::UserIndex;
use holdfast_order::link::Link;
use holdfast_order::ports::{Availability, Jitter, Prices, Stock, Unanswered};
use holdfast_order::replay::OrderKey;
use holdfast_order::saga::{Orchestrator, Settings};
use holdfast_order::store::Store;
use holdfast_order::trails::Trails;
use holdfast_order_core::{Money, Phase, Policy, Sku};
use holdfast_platform::journal::{Delivery, Disposition, Record};

use crate::bank::Bank;
use crate::broker::Consumer;
use crate::executor::{Host, Process, Sim, lock};
use crate::plan::PRODUCTS;
use crate::sabotage::Sabotage;
use crate::signal::Signal;
use crate::stream::{SimClock, SimJournal, SimStream};
use crate::teller::SimPaymentClient;
use crate::timers::{Clockwork, SimTimers};

/// At most this many deliveries of a lane are handled at once.
const CONCURRENCY: usize = 8;
const CACHE: u64 = 1000;

/// The orchestrator of one process.
pub type SimOrchestrator = Orchestrator<SimJournal, SimPaymentClient, SimTimers, SimClock, SimJitter>;

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
    live: Arc<Mutex<BTreeMap<Process, Router>>>,
}

/// The times of the saga, short enough that a run sees all of them pass.
#[must_use]
pub fn settings() -> Settings {
    Settings {
        policy: Policy {
            payment_deadline: Duration::from_secs(30),
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
            sabotage: self.sabotage,
        };
        let orchestrator = Arc::new(Orchestrator::new(
            Store::new(journal, CACHE),
            (payments, self.clockwork.port(host)),
            (SimClock(host.sim.clone()), SimJitter(host.sim.clone())),
            settings(),
        ));
        let api = Api::<SimWiring> {
            saga: orchestrator.clone(),
            index: UserIndex::new(self.orders.port(host), CACHE),
            trails: Trails::new(1 << 20, SimClock(host.sim.clone())),
            prices: SimPrices(host.clone()),
            stock: SimStock(host.sim.clone()),
            link: Link::default(),
        };
        lock(&self.live).insert(host.process, router(Arc::new(api)));
        for lane in 0..4 {
            let (office, local, orchestrator) = (self.clone(), host.clone(), orchestrator.clone());
            host.spawn(async move { office.work(local, orchestrator, lane).await });
        }
    }

    /// The API of the replica that a request reaches now.
    #[must_use]
    pub fn reach(&self, sim: &Sim) -> Option<(Process, Router)> {
        let up: Vec<Process> = self
            .replicas
            .iter()
            .copied()
            .filter(|process| sim.is_up(*process))
            .collect();
        let process = *sim.pick(&up)?;
        lock(&self.live)
            .get(&process)
            .map(|router| (process, router.clone()))
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

    async fn work_on(
        &self,
        host: &Host,
        orchestrator: &SimOrchestrator,
        (lane, mut delivery): (u8, Delivery),
    ) {
        let consumer = self.consumer(lane);
        if self.sabotage == Sabotage::AckBeforeAppend {
            consumer.settle(&delivery, Disposition::Ack);
        }
        if self.sabotage == Sabotage::StrayAsPayment {
            let payload = String::from_utf8_lossy(&delivery.record.payload).replace(",\"stray\":true", "");
            delivery.record.payload = payload.into();
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

/// What an order process is made of here.
pub struct SimWiring;

impl Wiring for SimWiring {
    type Journal = SimJournal;
    type Payments = SimPaymentClient;
    type Timers = SimTimers;
    type Clock = SimClock;
    type Jitter = SimJitter;
    type Prices = SimPrices;
    type Stock = SimStock;
}

/// The catalogue, which now and then does not answer.
pub struct SimPrices(Host);

impl Prices for SimPrices {
    async fn prices(&self, skus: &[Sku]) -> Result<Vec<Option<Money>>, Unanswered> {
        self.0.sim.yield_now().await;
        if self.0.sim.chance(20) {
            return Err(Unanswered {
                service: "catalog",
                detail: "by chance".to_owned(),
            });
        }
        let price = |sku: &Sku| {
            let (_, amount) = PRODUCTS.iter().find(|(name, _)| *name == sku.as_str())?;
            Some(Money {
                amount: *amount,
                currency: "EUR".to_owned(),
            })
        };
        Ok(skus.iter().map(price).collect())
    }
}

/// The availability of stock, known or not by chance.
pub struct SimStock(Sim);

impl Stock for SimStock {
    async fn availability(&self, _: &[Sku]) -> Availability {
        self.0.yield_now().await;
        if self.0.chance(200) {
            Availability::Stale
        } else {
            Availability::Current
        }
    }
}
