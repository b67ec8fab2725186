//! Decisions through a real `ORDERS`, take-over, fencing.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use futures::StreamExt;
use futures::stream;
use holdfast_contracts::subjects;
use holdfast_inventory::ledger::Ledger;
use holdfast_inventory::receipts::Role;
use holdfast_inventory::writer::{Error, Ports, Writer};
use holdfast_inventory_core::{Decision, Line, Receipt};
use holdfast_platform::clock::SystemClock;
use holdfast_platform::journal::{Journal, Revision};
use holdfast_platform::lane::Lane;
use serde_json::json;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::support::{Replica, World, api, declared, reserve, within};

#[tokio::test(flavor = "multi_thread")]
async fn reservations_are_made_given_back_and_sold() {
    let world = World::start().await;
    let replica = world.replica().await;
    replica.receive("r", "a", 10).await;
    let first = world.reserve(1, "a", 3).await;
    let second = world.reserve(2, "a", 4).await;
    world.reserve(3, "a", 5).await;
    replica.shows("a", 3, 7).await;
    world.commit(1, first, json!([{"releaseInventory": {}}])).await;
    world
        .commit(
            2,
            second,
            json!([{"chargePayment": {"attempt": 1}}, {"commitInventory": {}}]),
        )
        .await;
    let decisions = world.decisions(5).await;
    let kinds: Vec<_> = decisions.iter().map(|entry| &entry.decision).collect();
    let order = Uuid::from_u128;
    assert!(matches!(kinds[0], Decision::Reserved { order_id, .. } if *order_id == order(1)));
    assert!(matches!(kinds[1], Decision::Reserved { order_id, .. } if *order_id == order(2)));
    assert!(
        matches!(kinds[2], Decision::NotAvailable { order_id, skus } if *order_id == order(3) && *skus == ["a"])
    );
    assert_eq!(kinds[3], &Decision::Released { order_id: order(1) });
    assert_eq!(kinds[4], &Decision::Committed { order_id: order(2) });
    assert_eq!(decisions[0].cause.unwrap().order_sequence, first.0);
    replica.shows("a", 6, 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_cannot_be_read_is_a_dead_letter_and_the_next_is_decided() {
    let world = World::start().await;
    let replica = world.replica().await;
    replica.receive("r", "a", 10).await;
    let poison = world.commit_raw(1, Revision::NONE, "{".into()).await;
    world.reserve(2, "a", 1).await;
    world.decisions(1).await;
    assert_eq!(dead_letter(&world).await, [poison.to_string(), "1".into()]);
    drop(replica);
}

/// Sequence and attempts of the last dead letter, awaited.
async fn dead_letter(world: &World) -> [String; 2] {
    let dead_letters = world.nats.jetstream().get_stream("DLQ").await.unwrap();
    let letter = within(async {
        loop {
            if let Ok(letter) = dead_letters
                .get_last_raw_message_by_subject("dlq.inventory.inventory.>")
                .await
            {
                return letter;
            }
        }
    })
    .await;
    ["Holdfast-Dlq-Sequence", "Holdfast-Dlq-Attempts"]
        .map(|name| letter.headers.get(name).unwrap().as_str().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_and_died_in_a_predecessors_hands_is_a_dead_letter() {
    let world = World::start().await;
    let lane = Lane::new(&world.nats, "inventory", subjects::ORDERS, "inventory").group("writer");
    world.reserve(1, "a", 1).await;
    let poison = world.commit_raw(2, Revision::NONE, "{".into()).await;
    let predecessor = lane.pull(CancellationToken::new()).take(2);
    let taken: Vec<_> = within(predecessor.collect()).await;
    assert_eq!(taken[1].delivery.record.revision, poison);
    lane.unpin(Duration::from_secs(5)).await;

    let replica = world.replica().await;
    // The first delivery leaves a gap: what the predecessor was given comes again only much later.
    let last = world.reserve(3, "a", 1).await;
    let decided: Vec<_> = world.decisions(2).await.iter().map(|entry| entry.cause).collect();
    assert_eq!(decided[1].unwrap().order_sequence, last.0);
    everything_is_acknowledged_up_to(&world, last).await;
    assert_eq!(dead_letter(&world).await, [poison.to_string(), "0".into()]);
    assert_eq!(dead_letters(&world).await, 1);
    drop(replica);
}

async fn dead_letters(world: &World) -> u64 {
    let mut stream = world.nats.jetstream().get_stream("DLQ").await.unwrap();
    stream.info().await.unwrap().state.messages
}

async fn ack_floor(world: &World) -> u64 {
    let info = api(&world.nats, "CONSUMER.INFO.ORDERS.inventory", json!({})).await;
    info["ack_floor"]["stream_seq"].as_u64().unwrap()
}

async fn everything_is_acknowledged_up_to(world: &World, sequence: Revision) {
    within(async {
        while ack_floor(world).await < sequence.0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_letter_outlives_an_outage_of_its_queue_and_its_writer() {
    let world = World::start().await;
    let replica = world.replica().await;
    replica.receive("r", "a", 10).await;
    api(&world.nats, "STREAM.DELETE.DLQ", json!({})).await;
    let poison = world.commit_raw(1, Revision::NONE, "{".into()).await;
    world.reserve(2, "a", 1).await;
    world.decisions(1).await;
    world.reserve(3, "a", 1).await;
    world.decisions(2).await;
    assert!(
        ack_floor(&world).await < poison.0,
        "nothing covers the poison yet"
    );
    replica.kill().await;

    let replica = world.replica().await;
    let last = world.reserve(4, "a", 1).await;
    world.decisions(3).await;
    assert!(ack_floor(&world).await < poison.0, "the successor knows of it");
    api(&world.nats, "STREAM.CREATE.DLQ", declared("streams/dlq.json")).await;
    everything_is_acknowledged_up_to(&world, last).await;
    assert_eq!(dead_letters(&world).await, 1);
    replica.kill().await;

    let replica = world.replica().await;
    let last = world.reserve(5, "a", 1).await;
    everything_is_acknowledged_up_to(&world, last).await;
    assert_eq!(dead_letters(&world).await, 1);
    drop(replica);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_letter_is_stored_as_soon_as_its_queue_is_back() {
    let world = World::start().await;
    let replica = world.replica().await;
    replica.receive("r", "a", 10).await;
    api(&world.nats, "STREAM.DELETE.DLQ", json!({})).await;
    let poison = world.commit_raw(1, Revision::NONE, "{".into()).await;
    world.reserve(2, "a", 1).await;
    world.decisions(1).await;
    api(&world.nats, "STREAM.CREATE.DLQ", declared("streams/dlq.json")).await;
    everything_is_acknowledged_up_to(&world, Revision(poison.0 + 1)).await;
    assert_eq!(dead_letters(&world).await, 1);
    drop(replica);
}

async fn reserve_all(world: &World, orders: std::ops::Range<u128>) {
    stream::iter(orders)
        .for_each_concurrent(64, async |order| {
            world.reserve(order, "a", 1).await;
        })
        .await;
}

/// How often each order was decided.
async fn decided(world: &World, count: usize) -> (HashMap<Uuid, usize>, usize) {
    let (mut times, mut reserved) = (HashMap::new(), 0);
    for entry in world.decisions(count).await {
        let order_id = match entry.decision {
            Decision::Reserved { order_id, .. } => {
                reserved += 1;
                order_id
            }
            Decision::NotAvailable { order_id, .. } => order_id,
            other => panic!("{other:?}"),
        };
        *times.entry(order_id).or_default() += 1;
    }
    (times, reserved)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hot_sku_is_never_oversold() {
    let world = World::start().await;
    let replica = world.replica().await;
    replica.receive("r", "a", 300).await;
    reserve_all(&world, 0..1000).await;
    let (times, reserved) = decided(&world, 1000).await;
    assert_eq!((times.len(), reserved), (1000, 300));
    replica.shows("a", 0, 300).await;
}

async fn the_writer_of(mut replicas: [Replica; 2]) -> (Replica, Replica) {
    let is_second = {
        let [first, second] = &mut replicas;
        tokio::select! {
            () = first.becomes(Role::Writer) => false,
            () = second.becomes(Role::Writer) => true,
        }
    };
    let [first, second] = replicas;
    if is_second {
        (second, first)
    } else {
        (first, second)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standby_takes_over_from_a_killed_writer_and_nothing_is_lost_or_doubled() {
    let world = World::start().await;
    let first = world.replica().await;
    first.receive("r", "a", 10_000).await;
    let second = world.replica().await;
    world.reserve(0, "a", 1).await;
    world.decisions(1).await;
    let (writer, mut standby) = the_writer_of([first, second]).await;
    let kill = async {
        world.decisions(300).await;
        writer.kill().await;
        Instant::now()
    };
    let ((), killed_at) = tokio::join!(reserve_all(&world, 1..1000), kill);
    standby.becomes(Role::Writer).await;
    println!("taken over {:?} after the kill", killed_at.elapsed());
    let (times, _) = decided(&world, 1000).await;
    assert_eq!(times.len(), 1000);
    assert!(times.values().all(|times| *times == 1));
    standby.shows("a", 9000, 1000).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_that_drains_is_followed_without_a_wait() {
    let world = World::start().await;
    let first = world.replica().await;
    first.receive("r", "a", 100).await;
    world.reserve(0, "a", 1).await;
    world.decisions(1).await;
    let mut second = world.replica().await;
    first.drain().await;
    let drained_at = Instant::now();
    world.reserve(1, "a", 1).await;
    world.decisions(2).await;
    println!("taken over {:?} after the drain", drained_at.elapsed());
    assert!(
        drained_at.elapsed().as_secs_f64() < 2.5,
        "the group waited for the time-out of a dead client"
    );
    second.becomes(Role::Writer).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_writers_the_superseded_one_is_fenced() {
    let world = World::start().await;
    let ports = || Ports {
        inventory: world.inventory.clone(),
        orders: world.orders.clone(),
        clock: SystemClock,
    };
    let mut old = Writer::recover(ports(), 0, Ledger::default()).await.unwrap();
    let goods = |id: &str| Receipt {
        receipt_id: id.into(),
        line: Line {
            sku: "a".into(),
            quantity: 5,
        },
    };
    old.decide_batch(vec![], vec![goods("r")]).await.unwrap();
    let mut new = Writer::recover(ports(), 0, Ledger::default()).await.unwrap();
    world.reserve(1, "a", 1).await;
    let delivered = world.commit(2, Revision::NONE, reserve("a", 2)).await;
    let subject = subjects::order(crate::support::USER, Uuid::from_u128(2));
    let commits = world.orders.read(&subject, delivered).await.unwrap();

    let outcome = new.decide_batch(commits.iter().collect(), vec![]).await.unwrap();
    assert_eq!(
        outcome.filled, 1,
        "the commit before the delivered one is read from the stream"
    );
    let error = old
        .decide_batch(commits.iter().collect(), vec![])
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Superseded { .. }), "{error}");
    assert_eq!(world.decisions(2).await.len(), 2);
    let recovered = Writer::recover(ports(), 0, Ledger::default()).await.unwrap();
    assert_eq!(recovered.ledger(), new.ledger());
    recovered.ledger().stock.check().unwrap();
}

/// The pin runs out after 2 s unless it is renewed; with so little traffic only pulls of its holder renew it.
#[tokio::test(flavor = "multi_thread")]
async fn a_writer_that_lives_stays_the_writer() {
    let world = World::start().await;
    let mut first = world.replica().await;
    first.receive("r", "a", 100).await;
    first.becomes(Role::Writer).await;
    let second = world.replica().await;
    for order in 0..10 {
        world.reserve(order, "a", 1).await;
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    first.shows("a", 90, 10).await;
    assert!(!first.role.has_changed().unwrap() && !second.role.has_changed().unwrap());
}
