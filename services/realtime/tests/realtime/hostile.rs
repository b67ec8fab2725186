//! Clients that mean harm, and those beside them that must not feel it.

use std::time::Duration;

use serde_json::json;
use tokio::time::{Instant, timeout};
use uuid::Uuid;

use crate::protocol::{Heard, Wire, frame};
use crate::support::{ANNA, BERT, COMMITS, PATIENCE, Replica, World, update};

const TEXT: u8 = 0x81;

/// What this process has in memory that is its own, in bytes.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: u64 = status.split(' ').nth(1).unwrap().parse().unwrap();
    pages * 4096
}

/// An order is placed and goes through all its steps, and its owner sees them at once.
async fn is_well(world: &World, replica: &Replica) {
    let order = world.order(BERT, 1).await;
    let mut client = replica.connect(BERT).await;
    client.subscribe(order).await;
    assert_eq!(client.update().await, update("snapshot", "created", 1));
    world.commit(BERT, order, COMMITS[1]).await;
    let steps = timeout(Duration::from_secs(5), async {
        [client.update().await.2, client.update().await.2]
    });
    assert_eq!(steps.await.expect("within five seconds"), [2, 3]);
}

#[tokio::test]
async fn random_bytes_end_only_the_stream_that_they_come_by() {
    let world = World::start().await;
    let replica = world.replica_with(10_000, 10_000).await;
    // The numbers of a test are the same each time.
    let mut seed = 0x9e37_79b9_7f4a_7c15u64;
    let mut random = || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed
    };
    for round in 0..300 {
        let mut wire = Wire::open(&replica).await;
        let length = usize::try_from(random() % 200).unwrap();
        let noise: Vec<u8> = (0..length).map(|_| random().to_le_bytes()[0]).collect();
        // Of frames that can be read, too.
        match round % 3 {
            0 => wire.write(&noise).await,
            1 => wire.send(TEXT, &noise).await,
            _ => {
                let mut bytes = frame(TEXT, br#"{"type":"subscribe_all"}"#);
                let place = usize::try_from(random()).unwrap_or_default() % bytes.len();
                bytes[place] ^= random().to_le_bytes()[0];
                wire.write(&bytes).await;
            }
        }
    }
    is_well(&world, &replica).await;
}

#[tokio::test]
async fn given_ten_thousand_subscriptions_a_second_of_one_client_nobody_else_feels_it() {
    let world = World::start().await;
    let replica = world.replica().await;
    let order = world.order(ANNA, 1).await;
    let mut wire = Wire::open(&replica).await;
    let text = |kind: &str, order: Uuid| {
        frame(
            TEXT,
            json!({"type": kind, "order_id": order}).to_string().as_bytes(),
        )
    };
    let before = memory();
    let flood = async {
        let started = Instant::now();
        for second in 0..3 {
            for number in 0..5_000u128 {
                let order = if number % 2 == 0 {
                    order
                } else {
                    Uuid::from_u128(number)
                };
                let both = [text("subscribe", order), text("unsubscribe", order)].concat();
                // What the server does not read stays with the client.
                if timeout(Duration::from_millis(1), wire.write(&both))
                    .await
                    .is_err()
                {
                    break;
                }
            }
            tokio::time::sleep_until(started + Duration::from_secs(second + 1)).await;
        }
    };
    let others = async {
        for _ in 0..5 {
            is_well(&world, &replica).await;
        }
    };
    tokio::join!(flood, others);
    assert!(
        memory() < before + 50_000_000,
        "{before} bytes have become {}",
        memory()
    );
    is_well(&world, &replica).await;
}

#[tokio::test]
async fn given_a_client_that_does_not_read_its_updates_are_dropped_and_the_others_come() {
    let world = World::start().await;
    let replica = world.replica().await;
    let orders: Vec<Uuid> = futures::future::join_all((0..50).map(|_| world.order(ANNA, 1))).await;
    let (mut slow, mut quick) = (replica.connect_narrowly(ANNA).await, replica.connect(ANNA).await);
    for client in [&mut slow, &mut quick] {
        client.say(json!({"type": "subscribe_all"})).await;
        for _ in &orders {
            assert_eq!(client.update().await.0, "snapshot");
        }
    }
    // So many that neither the buffer nor those of the system have room for them.
    let rounds = 40u64;
    {
        for round in 0..rounds {
            let all = orders
                .iter()
                .map(|order| world.commit(ANNA, *order, (2 + round, 2 + round)));
            futures::future::join_all(all).await;
            let last = 2 + round;
            for _ in &orders {
                // The quick one misses nothing.
                assert_eq!(quick.update().await.2, last);
            }
        }
    }
    let mut last = std::collections::BTreeMap::new();
    let mut dropped = 0;
    while last.len() < orders.len() || last.values().any(|version| *version < rounds + 1) {
        let message = slow.next().await;
        match message["type"].as_str() {
            Some("dropped") => dropped += message["count"].as_u64().unwrap(),
            Some("status" | "snapshot") => {
                let (order, version) = (
                    message["order_id"].to_string(),
                    message["version"].as_u64().unwrap(),
                );
                assert!(last.insert(order, version) < Some(version), "an update went back");
            }
            other => panic!("{other:?}: {message}"),
        }
    }
    assert!(dropped > 0, "the client was too fast for this test");
}

#[tokio::test]
async fn given_clients_that_send_half_a_frame_or_nothing_the_others_do_not_wait() {
    let world = World::start().await;
    let replica = world.replica_with(1000, 1000).await;
    let mut slow = Vec::new();
    for bytes in 0..200 {
        let mut wire = Wire::open(&replica).await;
        let whole = frame(TEXT, br#"{"type":"subscribe_all"}"#);
        wire.write(&whole[..bytes % whole.len()]).await;
        slow.push(wire);
    }
    is_well(&world, &replica).await;
    // A frame that comes to its end is understood.
    let rest = frame(TEXT, br#"{"type":"ping"}"#);
    let mut late = Wire::open(&replica).await;
    for byte in rest {
        late.write(&[byte]).await;
        tokio::task::yield_now().await;
    }
    assert!(matches!(
        timeout(PATIENCE, late.hear()).await.unwrap(),
        Heard::Frame(..)
    ));
}

#[tokio::test]
async fn given_clients_that_vanish_their_places_are_free_again() {
    let world = World::start().await;
    let replica = world.replica_with(1000, 50).await;
    for _ in 0..3 {
        let mut wires = Vec::new();
        while wires.len() < 50 {
            let answer = replica
                .connect_with("", &[("x-holdfast-user", &ANNA.to_string())])
                .await;
            match answer {
                Ok(client) => wires.push(client),
                Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
            }
        }
        // Without a word: the connection is reset.
        for client in wires {
            let _ = client.0.get_ref().set_zero_linger();
            drop(client);
        }
    }
}
