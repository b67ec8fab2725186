//! The inventory process: the real writer, fed by a pinned durable consumer, with goods that come in.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use holdfast_inventory::skip::Skip;
use holdfast_inventory::snapshot;
use holdfast_inventory::writer::{Ports, Writer};
use holdfast_inventory_core::Receipt;
use holdfast_platform::journal::{Delivery, Disposition, Record};

use crate::broker::Consumer;
use crate::executor::{Host, lock};
use crate::stream::{SimClock, SimJournal, SimStream};

/// The only shard.
pub const SHARD: u32 = 0;
const MAX_BATCH: u64 = 16;
/// A replica that has nothing to do looks for goods that came in this often.
const IDLE: Duration = Duration::from_secs(3);

type SimWriter = Writer<SimJournal, SimJournal, SimClock>;

/// Goods on their way in, each counted once although they may be handed in more often.
#[derive(Clone, Default)]
pub struct Dock(Arc<Mutex<Vec<(Duration, Receipt)>>>);

impl Dock {
    /// Goods that arrive at a moment of the simulation.
    pub fn expect(&self, due: Duration, receipt: Receipt) {
        lock(&self.0).push((due, receipt));
    }

    fn arrived(&self, now: Duration) -> Vec<Receipt> {
        lock(&self.0)
            .iter()
            .filter(|(due, _)| *due <= now)
            .map(|(_, receipt)| receipt.clone())
            .collect()
    }

    fn confirm(&self, receipts: &[Receipt]) {
        lock(&self.0).retain(|(_, receipt)| !receipts.contains(receipt));
    }

    /// Whether all were counted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        lock(&self.0).is_empty()
    }
}

/// What an inventory process works on.
#[derive(Clone)]
pub struct Warehouse {
    /// Stream `ORDERS`.
    pub orders: SimStream,
    /// Stream `INVENTORY`.
    pub inventory: SimStream,
    /// The pinned consumer of `ORDERS`.
    pub commands: Consumer,
    /// Goods on their way in.
    pub dock: Dock,
    /// Plants the bug of a writer that does not expect anything when it appends.
    pub unfenced: bool,
}

impl Warehouse {
    /// Works until the process dies.
    pub async fn run(self, host: Host) {
        let mut inventory = self.inventory.port(&host);
        inventory.unfenced = self.unfenced;
        let clock = SimClock(host.sim.clone());
        let ports = Ports {
            inventory,
            orders: self.orders.port(&host),
            clock,
        };
        let mut waiting = Vec::new();
        loop {
            match recover(&ports).await {
                Some(writer) => waiting = self.work(&host, &ports, writer, waiting).await,
                None => host.sim.sleep(IDLE).await,
            }
        }
    }

    /// Decides batches until one fails; returns the deliveries that were not acknowledged.
    async fn work(
        &self,
        host: &Host,
        ports: &Ports<SimJournal, SimJournal, SimClock>,
        mut writer: SimWriter,
        mut waiting: Vec<Delivery>,
    ) -> Vec<Delivery> {
        loop {
            self.gather(host, &mut waiting).await;
            let commits: Vec<&Record> = waiting.iter().map(|delivery| &delivery.record).collect();
            let receipts = self.dock.arrived(host.sim.elapsed());
            if commits.is_empty() && receipts.is_empty() {
                continue;
            }
            match writer.decide_batch(commits, receipts.clone()).await {
                Ok(outcome) => {
                    let (appended, filled) = (outcome.appended.len(), outcome.filled);
                    host.note("batch", appended as u64, || format!("{filled} filled"));
                    self.dock.confirm(&receipts);
                    waiting
                        .drain(..)
                        .for_each(|done| self.commands.settle(&done, Disposition::Ack));
                }
                Err(error) => {
                    host.note("writer failed", 0, || error.to_string());
                    // Either is allowed: to hand the same deliveries to the next writer, or to let them come again.
                    waiting.retain(|_| host.sim.chance(500));
                    return waiting;
                }
            }
            if host.sim.chance(100) {
                // Without a snapshot only the next start takes longer.
                let _ = snapshot::store(&ports.inventory, SHARD, writer.ledger()).await;
            }
        }
    }

    async fn gather(&self, host: &Host, waiting: &mut Vec<Delivery>) {
        if waiting.is_empty() {
            waiting.extend(host.sim.timeout(IDLE, self.commands.next(host)).await);
        }
        for _ in 0..host.sim.below(MAX_BATCH) {
            waiting.extend(self.commands.try_next(host));
        }
        waiting.sort_by_key(|delivery| delivery.record.revision);
    }
}

async fn recover(ports: &Ports<SimJournal, SimJournal, SimClock>) -> Option<SimWriter> {
    let base = snapshot::load(&ports.inventory, SHARD, &Skip::default())
        .await
        .ok()?;
    Writer::recover(ports.clone(), SHARD, base).await.ok()
}
