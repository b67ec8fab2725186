//! A message of the log that nobody can read, and an operator who gives it up.

use axum::http::StatusCode;
use holdfast_inventory::config::Settings;
use holdfast_inventory::service::Service;
use holdfast_inventory::skip::{Error, Skip};
use holdfast_inventory_core::Decision;
use holdfast_platform::journal::Revision;

use crate::support::{Replica, World, within};

fn skipping(revision: Revision) -> Settings {
    Settings {
        skip: revision.to_string().parse().unwrap(),
        ..Settings::default()
    }
}

async fn answers(replica: &Replica, path: &str) -> crate::support::Answer {
    within(async {
        loop {
            let answer = replica.get(path).await;
            if answer.status != StatusCode::SERVICE_UNAVAILABLE {
                return answer;
            }
            tokio::task::yield_now().await;
        }
    })
    .await
}

/// Ten units, one of them reserved, garbage, and an order that waits.
async fn broken_world(with_snapshot: bool) -> (World, Revision) {
    let world = World::start().await;
    let replica = world.replica().await;
    replica.receive("r", "a", 10).await;
    world.reserve(1, "a", 1).await;
    replica.shows("a", 9, 1).await;
    match with_snapshot {
        true => replica.drain().await,
        false => replica.kill().await,
    }
    let garbage = world.corrupt_log().await;
    world.reserve(2, "a", 2).await;
    (world, garbage)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_with_an_unreadable_message_serves_what_is_before_it_as_stale() {
    for with_snapshot in [false, true] {
        let (world, _) = broken_world(with_snapshot).await;
        let replica = world.starting_replica(Settings::default()).await;
        let answer = answers(&replica, "/v1/stock/a").await;
        assert_eq!(
            (answer.status, &answer.body["available"]),
            (StatusCode::OK, &9.into())
        );
        assert!(
            answer.header("cache-status").contains("fwd=stale"),
            "{:?}",
            answer.headers
        );
        assert!(!*replica.ready.borrow());
        replica.kill().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_skipped_message_lets_waiting_orders_go_on_and_stays_skipped_over_snapshots() {
    let (world, garbage) = broken_world(false).await;
    let replica = world.replica_with(skipping(garbage)).await;
    replica.shows("a", 7, 3).await;
    replica.drain().await;

    world.reserve(3, "a", 1).await;
    let replica = world.replica_with(skipping(garbage)).await;
    replica.shows("a", 6, 4).await;
    let answer = replica.get("/v1/stock/a").await;
    assert_eq!(answer.header("cache-status"), "");
    replica.kill().await;

    // The snapshot knows what was skipped: without that it counts for nothing.
    let replica = world.starting_replica(Settings::default()).await;
    let answer = answers(&replica, "/v1/stock/a").await;
    assert_eq!(answer.body["available"], 9);
    assert!(!*replica.ready.borrow());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_that_meets_garbage_stops_and_a_successor_that_skips_it_decides_once() {
    let world = World::start().await;
    let replica = world.replica().await;
    replica.receive("r", "a", 10).await;
    let garbage = world.corrupt_log().await;
    world.reserve(1, "a", 1).await;
    let mut ready = replica.ready.clone();
    within(ready.wait_for(|ready| !ready)).await.unwrap();
    replica.kill().await;
    let successor = world.replica_with(skipping(garbage)).await;
    successor.shows("a", 9, 1).await;
    let decisions = world.decisions_but(1, &[garbage]).await;
    assert!(matches!(&decisions[0].decision, Decision::Reserved { .. }));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_be_read_or_is_not_there_is_not_skipped() {
    let (world, garbage) = broken_world(true).await;
    let nats = world.server.connect_as("inventory").await;
    let check = async |text: &str| {
        let settings = Settings {
            skip: text.parse::<Skip>().unwrap(),
            ..Settings::default()
        };
        Service::new(&nats, settings).check_skip().await
    };
    check("").await.unwrap();
    check(&garbage.to_string()).await.unwrap();
    assert!(matches!(
        check(&format!("1,{garbage}")).await,
        Err(Error::Readable(1))
    ));
    // The snapshot is in the stream, but not in the log.
    let snapshot = garbage.0 - 1;
    assert!(
        matches!(check(&snapshot.to_string()).await, Err(Error::NotInLog { sequence, .. }) if sequence == snapshot)
    );
    let error = check("4711").await.unwrap_err().to_string();
    assert_eq!(
        error,
        "HOLDFAST_INVENTORY_SKIP: 4711 is no message of inventory.log.0"
    );
}
