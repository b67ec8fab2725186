//! Snapshot and log tail.

use std::time::Instant;

use futures::StreamExt;
use futures::stream;
use holdfast_contracts::subjects;
use holdfast_inventory::codec::{self, Batch, Cause, Entry};
use holdfast_inventory::ledger::Ledger;
use holdfast_inventory::service::Settings;
use holdfast_inventory::snapshot;
use holdfast_inventory_core::{Decision, Line, Receipt};
use holdfast_platform::journal::{Append, Headers, Journal, Revision};
use jiff::Timestamp;
use uuid::Uuid;

use crate::support::{World, within};

async fn snapshot_exists(world: &World) -> Ledger {
    within(async {
        loop {
            let ledger = snapshot::load(&world.inventory, 0).await.unwrap();
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

/// How long a start takes with a million decisions behind it. Run with `--release -- --ignored --nocapture`.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement; takes a minute to fill the log"]
async fn a_start_with_a_million_decisions_behind_it() {
    const DECISIONS: u128 = 1_000_000;
    const PER_BATCH: u128 = 100;
    const SKUS: u128 = 1000;
    let world = World::start().await;
    fill(&world, DECISIONS / 2, PER_BATCH, SKUS).await;
    for snapshot in [false, true] {
        if snapshot {
            let ledger = Ledger::default()
                .catch_up(&world.inventory, &subjects::inventory_log(0))
                .await;
            snapshot::store(&world.inventory, 0, &ledger.unwrap().0)
                .await
                .unwrap();
        }
        let started = Instant::now();
        let replica = world.replica().await;
        let took = started.elapsed();
        println!("{DECISIONS} decisions, snapshot: {snapshot}: ready after {took:?}");
        assert!(!snapshot || took.as_secs_f64() < 2.0);
        replica.kill().await;
    }
}

/// Each order reserves and commits.
async fn fill(world: &World, orders: u128, per_batch: u128, skus: u128) {
    let subject = subjects::inventory_log(0);
    let line = |n: u128, quantity| Line {
        sku: format!("SKU-{n}"),
        quantity,
    };
    let received = (0..skus).map(|n| {
        let receipt = Receipt {
            receipt_id: n.to_string(),
            line: line(n, 1_000_000),
        };
        Entry {
            cause: None,
            decision: Decision::Received(receipt),
        }
    });
    let mut batches = vec![received.collect::<Vec<_>>()];
    for from in (0..orders).step_by(per_batch as usize) {
        let entries = (from..from + per_batch).flat_map(|n| {
            let (order_id, cause) = (
                Uuid::from_u128(n),
                Cause {
                    user_id: Uuid::max(),
                    order_sequence: 1,
                },
            );
            let reserved = Decision::Reserved {
                order_id,
                lines: vec![line(n % skus, 1)],
            };
            [reserved, Decision::Committed { order_id }].map(|decision| Entry {
                cause: Some(cause),
                decision,
            })
        });
        batches.push(entries.collect());
    }
    let appended = stream::iter(batches).fold(Revision::NONE, async |expected, entries| {
        let batch = Batch {
            time: Timestamp::now(),
            orders_sequence: 0,
            entries,
        };
        let append = Append {
            subject: subject.clone(),
            expected,
            message_id: String::new(),
            headers: Headers::new(),
            payload: codec::encode_batch(&batch).unwrap().into(),
        };
        world.inventory.append(append).await.unwrap()
    });
    appended.await;
}
