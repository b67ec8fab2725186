//! Snapshot and log tail.

use std::ops::Range;
use std::time::{Duration, Instant};

use holdfast_contracts::subjects;
use holdfast_inventory::codec::{self, Batch, Cause, Entry};
use holdfast_inventory::config::Settings;
use holdfast_inventory::ledger::Ledger;
use holdfast_inventory::skip::Skip;
use holdfast_inventory::snapshot;
use holdfast_inventory_core::{Decision, Line, Receipt};
use holdfast_platform::journal::{Append, Headers, Journal, Revision};
use jiff::Timestamp;
use uuid::Uuid;

use crate::support::{World, within};

async fn snapshot_exists(world: &World) -> Ledger {
    within(async {
        loop {
            let ledger = snapshot::load(&world.inventory, 0, &Skip::default())
                .await
                .unwrap();
            if ledger.log_revision > Revision::NONE {
                return ledger;
            }
        }
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_replica_starts_from_the_snapshot_and_the_log_after_it() {
    let world = World::start().await;
    let settings = Settings {
        snapshot_every: 50,
        ..Settings::default()
    };
    let replica = world.replica_with(settings.clone()).await;
    replica.receive("r", "a", 500).await;
    for order in 0..120 {
        world.reserve(order, "a", 1).await;
    }
    replica.shows("a", 380, 120).await;
    let ledger = snapshot_exists(&world).await;
    ledger.stock.check().unwrap();
    replica.kill().await;

    world.reserve(200, "a", 1).await;
    let replica = world.replica_with(settings).await;
    replica.shows("a", 379, 121).await;
    replica.receive("r", "a", 500).await;
    replica.shows("a", 379, 121).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drained_writer_leaves_a_snapshot() {
    let world = World::start().await;
    let replica = world.replica().await;
    replica.receive("r", "a", 5).await;
    replica.shows("a", 5, 0).await;
    replica.drain().await;
    assert_eq!(
        snapshot_exists(&world).await.stock.level("a").unwrap().available,
        5
    );
}

/// How long a start takes with a million decisions behind it, 20,000 of them after the snapshot. Run with
/// `--release -- --ignored --nocapture`.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement; takes a minute to fill the log"]
async fn a_start_with_a_million_decisions_behind_it() {
    let world = World::start().await;
    let stocked = append(&world, Revision::NONE, receipts()).await;
    let filled = fill(&world, stocked, 0..490_000).await;
    println!("no snapshot: ready after {:?}", time_of_start(&world).await);
    let (ledger, _) = Ledger::default()
        .catch_up(&world.inventory, &subjects::inventory_log(0))
        .await
        .unwrap();
    snapshot::store(&world.inventory, 0, &ledger).await.unwrap();
    fill(&world, filled, 490_000..500_000).await;
    let took = time_of_start(&world).await;
    println!("with a snapshot: ready after {took:?}");
    assert!(took < Duration::from_secs(2));
}

async fn time_of_start(world: &World) -> Duration {
    let started = Instant::now();
    let replica = world.replica().await;
    let took = started.elapsed();
    replica.kill().await;
    took
}

const SKUS: u128 = 1000;

fn line(n: u128, quantity: u32) -> Line {
    Line {
        sku: format!("SKU-{}", n % SKUS),
        quantity,
    }
}

fn receipts() -> Vec<Entry> {
    let receipt = |n: u128| Receipt {
        receipt_id: n.to_string(),
        line: line(n, 1_000_000),
    };
    (0..SKUS)
        .map(|n| Entry {
            cause: None,
            decision: Decision::Received(receipt(n)),
        })
        .collect()
}

/// Each order reserves and commits: two decisions, a hundred in a batch.
async fn fill(world: &World, mut expected: Revision, orders: Range<u128>) -> Revision {
    for from in orders.step_by(50) {
        let entries = (from..from + 50).flat_map(|n| {
            let (order_id, cause) = (
                Uuid::from_u128(n),
                Cause {
                    user_id: Uuid::max(),
                    order_sequence: 1,
                },
            );
            let reserved = Decision::Reserved {
                order_id,
                lines: vec![line(n, 1)],
            };
            [reserved, Decision::Committed { order_id }].map(|decision| Entry {
                cause: Some(cause),
                decision,
            })
        });
        expected = append(world, expected, entries.collect()).await;
    }
    expected
}

async fn append(world: &World, expected: Revision, entries: Vec<Entry>) -> Revision {
    let batch = Batch {
        time: Timestamp::now(),
        orders_sequence: 0,
        entries,
    };
    let append = Append {
        subject: subjects::inventory_log(0),
        expected,
        message_id: String::new(),
        headers: Headers::new(),
        payload: codec::encode_batch(&batch).unwrap().into(),
    };
    world.inventory.append(append).await.unwrap()
}
