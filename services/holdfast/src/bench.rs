//! Closed-loop load: each client posts an order, waits until it has ended, and posts the next.
//!
//! The end is seen on a core-NATS subscription to the republished commits, so that waiting costs the platform
//! nothing that it would not do anyway. Everything counts: CPU time is summed over all processes of the
//! platform, nats-server and this load generator.

mod client;
mod endings;
mod people;
pub(crate) mod report;
mod restart;
mod storm;
mod usage;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use holdfast_platform::nats::NatsConfig;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

pub use people::{Person, register};
pub use report::{Latency, ProcessUsage, Report, Run};
pub use restart::{Restart, measure as measure_restart};

use crate::local::{Process, Sync};
pub use storm::Logins;

use client::{Client, Counts, Customer};
use endings::Endings;
use storm::Storm;
use usage::Usage;

/// Why a benchmark could not be run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// NATS cannot be reached or refuses the subscription.
    #[error("NATS at {url}: {detail}")]
    Nats {
        /// Where it was expected.
        url: String,
        /// What was seen.
        detail: String,
    },
    /// The order service cannot be reached.
    #[error("the order service at {address}: {detail}")]
    Orders {
        /// Where it was expected.
        address: String,
        /// What was seen.
        detail: String,
    },
    /// The user service does not take people who should order or log in.
    #[error("accounts at {url}: {detail}")]
    Accounts {
        /// Where they were to be.
        url: String,
        /// What was seen.
        detail: String,
    },
    /// Not one order has ended in the measured window.
    #[error("no order has ended with {clients} clients: {detail}")]
    NothingEnded {
        /// How many clients there were.
        clients: usize,
        /// What was seen.
        detail: String,
    },
    /// A process that was killed did not come back.
    #[error("{process} was killed and is not ready again: its log tells why")]
    NotReady {
        /// Its name.
        process: &'static str,
    },
    /// The report cannot be written.
    #[error("{path}: {source}")]
    Report {
        /// Where it should go.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

/// What is put under load.
#[derive(Clone, Debug)]
pub struct Target {
    /// Where NATS listens.
    pub nats: NatsConfig,
    /// `host:port` of the order service, or of the gateway.
    pub orders: String,
    /// Who has an account, if that matters.
    pub accounts: Option<Accounts>,
    /// Whether orders come in through the gateway, each of an account's owner.
    pub through_gateway: bool,
    /// The processes whose CPU time and memory are counted, besides this one.
    pub processes: Vec<Process>,
    /// What the platform was started with; told in the report.
    pub sync: Option<Sync>,
}

/// Accounts of a platform.
#[derive(Clone, Debug)]
pub struct Accounts {
    /// Where they log in.
    pub entrance: String,
    /// Whose they are.
    pub people: Arc<[Person]>,
}

/// How much load.
#[derive(Clone, Debug)]
pub struct Load {
    /// How many clients, each with one order at a time.
    pub clients: usize,
    /// What they order, one piece at a time, at random.
    pub skus: Arc<[String]>,
    /// Per cent of the orders whose card is declined.
    pub declined_percent: u32,
    /// How many people log in all the time beside them.
    pub logins: usize,
    /// Not counted.
    pub warm_up: Duration,
    /// Counted.
    pub window: Window,
}

/// When a measured window ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// After this time.
    Time(Duration),
    /// When this many orders have ended in it.
    Orders(u64),
}

/// How often it is looked whether enough orders have ended.
const COUNT_EVERY: Duration = Duration::from_millis(50);
/// A window of orders ends when none has ended for so long.
const STALLED_AFTER: Duration = Duration::from_secs(30);

impl Window {
    async fn pass(self, counts: &Counts) {
        match self {
            Self::Time(time) => tokio::time::sleep(time).await,
            Self::Orders(orders) => wait_for(orders, counts).await,
        }
    }
}

async fn wait_for(orders: u64, counts: &Counts) {
    let (mut ended, mut since) = (0, Instant::now());
    while ended < orders && since.elapsed() < STALLED_AFTER {
        tokio::time::sleep(COUNT_EVERY).await;
        let now = counts.ended();
        if now > ended {
            (ended, since) = (now, Instant::now());
        }
    }
}

/// Runs one load and tells what it did.
///
/// # Errors
/// When NATS or the order service cannot be reached, or no order ends at all.
pub async fn run(target: &Target, load: &Load) -> Result<Run, Error> {
    let endings = Endings::subscribe(&target.nats).await?;
    let stop = CancellationToken::new();
    let counts = Arc::<Counts>::default();
    let mut clients = JoinSet::new();
    let people = target.accounts.iter().flat_map(|accounts| accounts.people.iter());
    let mut people = people.filter(|_| target.through_gateway);
    for _ in 0..load.clients {
        let customer = people.next().map_or_else(Customer::unknown, Customer::of);
        let client = Client::connect(&target.orders, customer, load, (&endings, &counts)).await?;
        clients.spawn(client.run(stop.clone()));
    }
    let storm = match (&target.accounts, load.logins) {
        (Some(accounts), people @ 1..) => Some(Storm::begin(accounts, people)?),
        _ => None,
    };
    tokio::time::sleep(load.warm_up).await;
    let logins = storm.as_ref().map(Storm::look);
    let before = Usage::of(&target.processes);
    counts.begin();
    let begun = Instant::now();
    load.window.pass(&counts).await;
    let elapsed = begun.elapsed();
    let measured = counts.end();
    let logins = storm
        .zip(logins)
        .map(|(storm, before)| storm.since(before, elapsed));
    let after = Usage::of(&target.processes);
    stop.cancel();
    while clients.join_next().await.is_some() {}
    if measured.ended() == 0 {
        return Err(Error::NothingEnded {
            clients: load.clients,
            detail: measured.detail(),
        });
    }
    let used = usage::difference(&before, &after);
    let run = Run::new(target, load, elapsed, &measured, &used);
    Ok(Run { logins, ..run })
}
