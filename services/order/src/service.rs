//! The service on NATS and HTTP: its adapters, its routes and its lanes.

use std::sync::Arc;

use axum::Router;
use futures::future::BoxFuture;
use holdfast_contracts::{events, subjects};
use holdfast_platform::clock::SystemClock;
use holdfast_platform::dead_letter::About;
use holdfast_platform::http;
use holdfast_platform::journal::Record;
use holdfast_platform::journal::jetstream::JetStreamJournal;
use holdfast_platform::lane::Lane;
use holdfast_platform::lifecycle::Shutdown;
use holdfast_platform::nats::Nats;
use tokio::sync::watch;

use crate::adapters::{HttpPayments, HttpPrices, HttpStock, NatsTimers, RandomJitter};
use crate::api::{self, Api, Saga, Wiring};
use crate::config::{Bounds, Config};
use crate::index::UserIndex;
use crate::link::{self, Link};
use crate::saga::Orchestrator;
use crate::store::Store;
use crate::trails::Trails;

/// The adapters of the running service.
pub struct Live;

impl Wiring for Live {
    type Journal = JetStreamJournal;
    type Payments = HttpPayments;
    type Timers = NatsTimers;
    type Clock = SystemClock;
    type Jitter = RandomJitter;
    type Prices = HttpPrices<SystemClock>;
    type Stock = HttpStock<SystemClock>;
}

/// The order service, put together but not running.
pub struct Service {
    saga: Arc<Saga<Live>>,
    router: Router,
    bounds: Bounds,
    connected: watch::Receiver<bool>,
    down: Arc<watch::Sender<bool>>,
}

/// Whom and what a message of any of the lanes is about.
fn about(record: &Record) -> About {
    let (user, order) = subjects::concerned(&record.subject, &record.payload);
    About {
        user: user.map(|id| id.to_string()),
        entity: order.map(|id| id.to_string()),
    }
}

/// One lane: the name of its consumer, and its work until shutdown.
pub type RunningLane = (&'static str, BoxFuture<'static, ()>);

impl Service {
    /// The service over the journal `orders` (the stream `ORDERS`).
    ///
    /// # Errors
    /// If an HTTP client cannot be set up.
    pub fn new(nats: &Nats, orders: JetStreamJournal, config: &Config) -> Result<Self, reqwest::Error> {
        let (upstreams, bounds) = (&config.upstreams, config.bounds.clone());
        let (pay, read) = (upstreams.payment_timeout, upstreams.read_timeout);
        // A client, and so a pool of connections, for each service that is called.
        let client = |deadline| http::client(deadline, config.service.http_proxy.as_ref());
        let payments = HttpPayments::new(client(pay)?, &upstreams.payment_url, pay);
        let prices = HttpPrices::new(client(read)?, &upstreams.catalog_url, read, SystemClock);
        let stock = HttpStock::new(client(read)?, &upstreams.inventory_url, read, SystemClock);
        let timers = NatsTimers::new(nats, config.service.journal_deadline);
        let store = Store::new(orders.clone(), bounds.cached_orders);
        let shell = (SystemClock, RandomJitter);
        let saga = Arc::new(Orchestrator::new(
            store,
            (payments, timers),
            shell,
            config.settings(),
        ));
        let index = UserIndex::new(orders, bounds.cached_lists);
        let down = Arc::new(watch::Sender::new(false));
        let api: Api<Live> = Api {
            saga: Arc::clone(&saga),
            index,
            trails: Trails::new(bounds.cached_trails, SystemClock),
            prices,
            stock,
            link: Link::new(&down),
        };
        Ok(Self {
            saga,
            router: api::router(Arc::new(api)),
            bounds,
            connected: nats.connected(),
            down,
        })
    }

    /// The routes.
    pub fn router(&self) -> Router {
        self.router.clone()
    }

    fn watch_link(&self, shutdown: &Shutdown) -> RunningLane {
        let (connected, down) = (self.connected.clone(), Arc::clone(&self.down));
        let shutdown = shutdown.clone();
        let work = async move {
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = link::observe(connected, &down) => {}
            }
        };
        ("connection", Box::pin(work))
    }

    /// The lanes, which `lane` makes from the names of a stream and a consumer. Their attempts are not limited: the
    /// handlers themselves dead-letter what can never succeed, and an outage, however long, must not do it. With them
    /// comes the watch over the connection, by which requests fail fast; the lanes are patient.
    pub fn lanes(&self, lane: impl Fn(&str, &str) -> Lane, shutdown: &Shutdown) -> [RunningLane; 5] {
        let lane = |stream, consumer, concurrency: u16| {
            let lane = lane(stream, consumer).about(about).takes_redriven();
            lane.concurrency(concurrency.into())
        };
        let Bounds {
            lane_payment,
            lane_inventory,
            lane_payments,
            lane_timers,
            ..
        } = self.bounds;
        macro_rules! run {
            ($consumer:literal, $stream:expr, $event:expr, $concurrency:expr, $handler:ident) => {{
                let (saga, shutdown) = (Arc::clone(&self.saga), shutdown.clone());
                let lane = lane($stream, $consumer, $concurrency).reads($event);
                let work = async move {
                    let saga = &saga;
                    lane.run(shutdown, |delivery| saga.$handler(delivery)).await;
                };
                ($consumer, Box::pin(work) as BoxFuture<'static, ()>)
            }};
        }
        [
            run!(
                "order-payment",
                subjects::ORDERS,
                events::ORDER_COMMIT,
                lane_payment,
                handle_commit
            ),
            run!(
                "order-inventory",
                subjects::INVENTORY,
                events::INVENTORY_BATCH,
                lane_inventory,
                handle_inventory_batch
            ),
            run!(
                "order-payments",
                subjects::PAYMENTS,
                events::PAYMENT_COMMIT,
                lane_payments,
                handle_payment_commit
            ),
            run!(
                "order-timers",
                subjects::TIMERS,
                events::TIMER,
                lane_timers,
                handle_timer
            ),
            self.watch_link(shutdown),
        ]
    }
}
