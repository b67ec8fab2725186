//! One run: everything is built from a seed, goes wrong for a while, comes to rest, and is checked.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use holdfast_order_core::{Phase, State};
use holdfast_platform::journal::Record;

use uuid::Uuid;

use crate::bank::{Bank, PROVIDER};
use crate::broker::{Consumer, Settings};
use crate::check::{self, Orders, Stock};
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

    fn judge(&self, seed: u64, rested: bool) -> Outcome {
        self.look_back(Orders::replay(&self.office.orders.records()));
        let records = self.office.orders.records();
        let orders = Orders::replay(&records);
        let stock = Stock::replay(&self.warehouse.inventory.records());
        let books = self.office.bank.provider.books(self.sim.elapsed());
        let stuck = |order: &Uuid| {
            self.receipts
                .wish(*order)
                .is_some_and(|wish| wish.may_stay_parked())
        };
        let mut violations = orders.violations.clone();
        violations.extend(stock.violations.iter().cloned());
        violations.extend(stock.disagreements(&orders));
        violations.extend(check::money(&orders, &books, stuck));
        violations.extend(check::ends(&orders, stuck));
        violations.extend(self.parked_without_reason(&orders));
        violations.extend(check::payments(&self.office.bank.stream.records()));
        violations.extend(self.receipts.complaints());
        violations.extend(self.dead_letters());
        if !rested {
            let what = self.unfinished().unwrap_or_default();
            violations.push(format!(
                "not at rest ({what}) after {:?}, {} steps",
                self.sim.elapsed(),
                self.sim.steps()
            ));
        }
        Outcome {
            seed,
            violations,
            hash: self.sim.trace_hash(),
            seen: self.sights(&orders, &records),
            transcript: self.sim.transcript(),
        }
    }

    fn parked_without_reason(&self, orders: &Orders) -> Vec<String> {
        let parked = orders.states.iter().filter(|(order, state)| {
            let stuck = self
                .receipts
                .wish(**order)
                .is_some_and(|wish| wish.may_stay_parked());
            matches!(state.order().map(|order| &order.phase), Some(Phase::Parked(_))) && !stuck
        });
        parked
            .map(|(order, _)| format!("I3: {order} is parked though nothing is broken any more"))
            .collect()
    }

    fn dead_letters(&self) -> Vec<String> {
        let lanes = &self.office.lanes;
        [&lanes.payment, &lanes.inventory, &lanes.payments, &lanes.timers]
            .into_iter()
            .flat_map(Consumer::dead_letters)
            .map(|dead| {
                let (at, reason, detail) = (dead.record.revision, dead.reason, dead.detail);
                format!("{} gave up on {at}: {reason:?}: {detail}", dead.consumer)
            })
            .collect()
    }

    fn sights(&self, orders: &Orders, records: &[Record]) -> BTreeMap<&'static str, u64> {
        let mut seen = self.sim.counts();
        seen.extend([
            ("steps", self.sim.steps()),
            ("seconds", self.sim.elapsed().as_secs()),
        ]);
        seen.insert("stray charge", check::strays(&self.office.bank.stream.records()));
        for name in records.iter().flat_map(check::event_names) {
            *seen.entry(name).or_default() += 1;
        }
        for state in orders.states.values().filter_map(State::order) {
            if let Some(reason) = state.reason() {
                *seen.entry(reason.as_str()).or_default() += 1;
            }
        }
        seen
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
