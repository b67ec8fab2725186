//! One run: everything is built from a seed, goes wrong for a while, comes to rest, and is checked.

mod verdict;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use holdfast_platform::journal::Record;

use crate::bank::{Bank, PROVIDER};
use crate::broker::{Consumer, Settings};
use crate::check::Orders;
use crate::customers::{Customers, Receipts};
use crate::executor::{Host, Process, Sim, lock};
use crate::faults::Faults;
use crate::office::{Lanes, Office};
use crate::plan::Plan;
use crate::runner::Outcome;
use crate::sabotage::Sabotage;
use crate::stream::{SERVER, SimStream};
use crate::timers::Clockwork;
use crate::warehouse::{Dock, Warehouse};

const CUSTOMERS: Process = Process(2);
const SUPERVISOR: Process = Process(3);
const ORDER: [Process; 2] = [Process(10), Process(11)];
const INVENTORY: [Process; 2] = [Process(20), Process(21)];
const PAYMENT: [Process; 2] = [Process(30), Process(31)];

/// A run that is not over by then never will be.
const LONGEST: Duration = Duration::from_secs(3600);
const MAX_STEPS: u64 = 3_000_000;
/// After everything has come to rest, this much more time must change nothing.
const AFTERMATH: Duration = Duration::from_secs(120);

/// How a seed is run.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Keeps the whole trace in words.
    pub verbose: bool,
    /// Plants a bug.
    pub sabotage: Sabotage,
    /// Nothing goes wrong.
    pub calm: bool,
    /// Most charges are long on their way: for bugs that need just that.
    pub late_charges: bool,
}

/// Runs one seed.
#[must_use]
pub fn run(seed: u64, options: Options) -> Outcome {
    // Services may set time-outs of their own; nothing turns this runtime, so they never pass.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build();
    let _entered = runtime.as_ref().map(tokio::runtime::Runtime::enter);
    let sim = Sim::new(seed, options.verbose);
    let mut plan = Plan::draw(&sim);
    if options.late_charges {
        plan.faults = plan.faults.with_late_charges();
    }
    if options.calm {
        plan.faults = Faults::none();
    }
    let world = World::build(&sim, plan, options.sabotage);
    let rested = world.run();
    let outcome = world.judge(seed, rested);
    sim.shut_down();
    outcome
}

struct World {
    sim: Sim,
    faults: Arc<Faults>,
    plan: Plan,
    office: Office,
    warehouse: Warehouse,
    clockwork: Clockwork,
    receipts: Receipts,
}

fn consumer(
    sim: &Sim,
    faults: &Arc<Faults>,
    stream: &SimStream,
    (name, filter): (&'static str, &'static str),
) -> Consumer {
    let settings = Settings {
        name,
        filter,
        ack_wait: Duration::from_secs(if name == "order-payment" { 60 } else { 30 }),
        max_ack_pending: 4096,
        pinned: name == "inventory",
    };
    Consumer::new(settings, stream, sim, faults)
}

impl World {
    fn build(sim: &Sim, plan: Plan, sabotage: Sabotage) -> Self {
        let faults = Arc::new(plan.faults.clone());
        let stream = || SimStream::new(sim, &faults);
        let (orders, inventory, payments, timers) = (stream(), stream(), stream(), stream());
        let consume = |stream: &SimStream, name, filter| consumer(sim, &faults, stream, (name, filter));
        let lanes = Lanes {
            payment: consume(&orders, "order-payment", "orders.>"),
            inventory: consume(&inventory, "order-inventory", "inventory.log.*"),
            payments: consume(&payments, "order-payments", "payments.*"),
            timers: consume(&timers, "order-timers", "timers.fired.*"),
        };
        let dock = Dock::default();
        plan.goods
            .iter()
            .for_each(|(due, receipt)| dock.expect(*due, receipt.clone()));
        let warehouse = Warehouse {
            commands: consume(&orders, "inventory", "orders.>"),
            orders: orders.clone(),
            inventory,
            dock,
            unfenced: sabotage == Sabotage::UnfencedWriter,
        };
        let clockwork = Clockwork::new(timers, &faults);
        let bank = Bank::new(payments, &faults, PAYMENT.to_vec());
        let office = Office::new((orders, lanes), bank, clockwork.clone(), sabotage, ORDER.to_vec());
        let (sim, receipts) = (sim.clone(), Receipts::default());
        Self {
            sim,
            faults,
            plan,
            office,
            warehouse,
            clockwork,
            receipts,
        }
    }

    fn run(&self) -> bool {
        self.start();
        let rest = |world: &Self| world.sim.elapsed() >= world.faults.until && world.is_at_rest();
        let rested = self.sim.run(LONGEST, MAX_STEPS, || rest(self)) && rest(self);
        let until = self.sim.elapsed() + AFTERMATH;
        self.sim.run(until, MAX_STEPS, || false);
        rested
    }

    fn start(&self) {
        let server = self.sim.boot_immortal(SERVER, "nats");
        let clockwork = self.clockwork.clone();
        let local = server.clone();
        server.spawn(async move { clockwork.run(local).await });
        let provider = self.sim.boot_immortal(PROVIDER, "provider");
        let (bank, local) = (self.office.bank.clone(), provider.clone());
        provider.spawn(async move { bank.announce(local).await });
        let boot = Boot {
            sim: self.sim.clone(),
            office: self.office.clone(),
            warehouse: self.warehouse.clone(),
        };
        ORDER
            .into_iter()
            .chain(INVENTORY)
            .chain(PAYMENT)
            .for_each(|process| boot.boot(process));
        self.supervise(boot);
        self.customers()
            .come(&self.sim.boot_immortal(CUSTOMERS, "customers"), &self.plan.wishes);
    }

    fn customers(&self) -> Customers {
        Customers {
            office: self.office.clone(),
            faults: self.faults.clone(),
            receipts: self.receipts.clone(),
        }
    }

    /// Asks the API for all that was promised, and waits for the answers.
    fn look_back(&self, orders: Orders) {
        let (customers, host) = (self.customers(), self.sim.boot_immortal(CUSTOMERS, "customers"));
        let done = Arc::new(Mutex::new(false));
        let finished = done.clone();
        let local = host.clone();
        host.spawn(async move {
            customers.look_back(&local, &orders).await;
            *lock(&finished) = true;
        });
        self.sim.run(LONGEST + 2 * AFTERMATH, MAX_STEPS, || *lock(&done));
    }

    /// Starts again what crashed, after a while.
    fn supervise(&self, boot: Boot) {
        let host = self.sim.boot_immortal(SUPERVISOR, "supervisor");
        let (sim, within) = (self.sim.clone(), self.faults.restart_within);
        let local = host.clone();
        host.spawn(async move {
            loop {
                let crashed = sim.next_crash().await;
                let (sim, boot, pause) = (sim.clone(), boot.clone(), sim.up_to(within));
                local.spawn(async move {
                    sim.sleep(pause).await;
                    boot.boot(crashed);
                });
            }
        });
    }

    fn is_at_rest(&self) -> bool {
        self.unfinished().is_none()
    }

    /// What is still under way.
    fn unfinished(&self) -> Option<String> {
        let lanes = &self.office.lanes;
        let consumers = [
            &self.warehouse.commands,
            &lanes.payment,
            &lanes.inventory,
            &lanes.payments,
            &lanes.timers,
        ];
        let backlog = consumers
            .into_iter()
            .find_map(|consumer| consumer.backlog(|record| self.is_stuck(record)));
        let waiting = [
            (!self.receipts.all_done(), "a customer waits"),
            (!self.warehouse.dock.is_empty(), "goods are not counted"),
            (!self.only_stuck_timers(), "a timer is set"),
        ];
        let waiting = waiting
            .into_iter()
            .find(|(is, _)| *is)
            .map(|(_, what)| what.to_owned());
        backlog.or(waiting)
    }

    fn is_stuck(&self, record: &Record) -> bool {
        let order = holdfast_contracts::subjects::parse_order(&record.subject);
        order.is_some_and(|(_, order)| {
            self.receipts
                .wish(order)
                .is_some_and(|wish| wish.may_stay_parked())
        })
    }

    /// Orders whose money the provider never gives back are retried for ever.
    fn only_stuck_timers(&self) -> bool {
        let stuck = |order| {
            self.receipts
                .wish(order)
                .is_some_and(|wish| wish.may_stay_parked())
        };
        self.clockwork.armed().into_iter().all(stuck)
    }
}

/// Starts processes.
#[derive(Clone)]
struct Boot {
    sim: Sim,
    office: Office,
    warehouse: Warehouse,
}

impl Boot {
    fn boot(&self, process: Process) {
        let boot = |name| self.sim.boot(process, name);
        match process.0 {
            10 => self.office.boot(&boot("order-a")),
            11 => self.office.boot(&boot("order-b")),
            20 => self.open(&boot("inventory-a")),
            21 => self.open(&boot("inventory-b")),
            30 => self.office.bank.boot(&boot("payment-a")),
            _ => self.office.bank.boot(&boot("payment-b")),
        }
    }

    fn open(&self, host: &Host) {
        let (warehouse, local) = (self.warehouse.clone(), host.clone());
        host.spawn(async move { warehouse.run(local).await });
    }
}
