//! What clients are told.

use std::time::Duration;

use futures::StreamExt as _;
use serde_json::{Value, json};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Error;
use uuid::Uuid;

use crate::support::{ANNA, BERT, COMMITS, Client, PATIENCE, Replica, World, update};

#[tokio::test]
async fn given_an_order_its_owner_sees_where_it_stands_and_then_every_step() {
    let world = World::start().await;
    let replica = world.replica().await;
    let order = world.order(ANNA, 1).await;
    let mut client = replica.connect(ANNA).await;
    client.subscribe(order).await;
    let snapshot = client.next().await;
    let expected = json!({
        "type": "snapshot", "order_id": order, "status": "created", "version": 1, "time": "2026-11-23T10:00:00Z",
        "event_id": format!("{order}.1"), "event": "OrderCreated",
    });
    assert_eq!(snapshot, expected);
    world.commit(ANNA, order, COMMITS[1]).await;
    assert_eq!(client.update().await, update("status", "inventory_reserved", 2));
    assert_eq!(client.update().await, update("status", "payment_pending", 3));
    // Another replica knows where this client has come to.
    let mut elsewhere = world.replica().await.connect(ANNA).await;
    let resume = json!({"type": "subscribe", "order_id": order, "event_id": format!("{order}.2")});
    elsewhere.say(resume).await;
    assert_eq!(elsewhere.update().await, update("status", "payment_pending", 3));
    client
        .say(json!({"type": "unsubscribe", "order_id": order}))
        .await;
    client.hears_nothing().await;
    world.commit(ANNA, order, COMMITS[2]).await;
    assert_eq!(elsewhere.update().await, update("status", "payment_succeeded", 4));
    assert_eq!(elsewhere.update().await, update("status", "completed", 5));
    client.hears_nothing().await;
}

#[tokio::test]
async fn given_anothers_order_there_is_none_except_for_staff() {
    let world = World::start().await;
    let replica = world.replica().await;
    let order = world.order(ANNA, 1).await;
    let mut bert = replica.connect(BERT).await;
    for id in [order, Uuid::new_v4()] {
        bert.subscribe(id).await;
        let refused = bert.next().await;
        assert_eq!(
            (&refused["type"], &refused["problem"]["status"]),
            (&json!("error"), &json!(404))
        );
        assert_eq!(refused["order_id"], json!(id));
    }
    let staff = [
        ("x-holdfast-user", BERT.to_string()),
        ("x-holdfast-roles", "staff".to_owned()),
    ];
    let staff = staff.each_ref().map(|(name, value)| (*name, value.as_str()));
    let mut staff = replica.connect_with("", &staff).await.unwrap();
    staff.subscribe(order).await;
    assert_eq!(staff.update().await, update("snapshot", "created", 1));
    world.commit(ANNA, order, COMMITS[1]).await;
    assert_eq!(staff.update().await, update("status", "inventory_reserved", 2));
    bert.hears_nothing().await;
}

#[tokio::test]
async fn given_somebody_who_watches_all_he_sees_what_is_under_way_and_what_is_new() {
    let world = World::start().await;
    let replica = world.replica().await;
    let (open, _ended) = (world.order(ANNA, 2).await, world.order(ANNA, 3).await);
    world.order(BERT, 1).await;
    let mut client = replica.connect(ANNA).await;
    client.say(json!({"type": "subscribe_all"})).await;
    assert_eq!(client.update().await, update("snapshot", "payment_pending", 3));
    let new = world.order(ANNA, 1).await;
    assert_eq!(client.update().await, update("snapshot", "created", 1));
    world.commit(ANNA, open, COMMITS[2]).await;
    world.commit(ANNA, new, COMMITS[1]).await;
    let versions = [
        client.update().await.2,
        client.update().await.2,
        client.update().await.2,
        client.update().await.2,
    ];
    assert_eq!(versions, [4, 5, 2, 3]);
}

#[tokio::test]
async fn what_cannot_be_understood_is_answered_and_the_stream_goes_on() {
    let world = World::start().await;
    let replica = world.replica().await;
    let mut client = replica.connect(ANNA).await;
    for (said, status) in [
        (json!({"type": "dance"}), 422),
        (json!([]), 422),
        (json!({"type": "subscribe", "order_id": 7}), 422),
    ] {
        client.say(said).await;
        assert_eq!(client.next().await["problem"]["status"], status);
    }
    for _ in 0..100 {
        client.subscribe(world.order(ANNA, 1).await).await;
        assert_eq!(client.update().await.0, "snapshot");
    }
    client.subscribe(Uuid::new_v4()).await;
    assert_eq!(client.next().await["problem"]["status"], 429);
}

#[tokio::test]
async fn a_ticket_is_good_once_on_any_replica() {
    let world = World::start().await;
    let (one, other) = (world.replica().await, world.replica().await);
    assert_eq!(one.send("POST", "/v1/stream/tickets", &[]).await.status(), 401);
    let answer = one
        .send(
            "POST",
            "/v1/stream/tickets",
            &[("x-holdfast-user", &ANNA.to_string())],
        )
        .await;
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["cache-control"]),
        (201, &"no-store".parse().unwrap())
    );
    let ticket: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    let query = format!("?ticket={}", ticket["ticket"].as_str().unwrap());
    let order = world.order(ANNA, 1).await;
    let attempts =
        futures::future::join_all([&one, &other, &one].map(|replica| replica.connect_with(&query, &[])))
            .await;
    let mut let_in: Vec<Client> = attempts.into_iter().filter_map(Result::ok).collect();
    assert_eq!(let_in.len(), 1);
    let_in[0].subscribe(order).await;
    assert_eq!(let_in[0].update().await.0, "snapshot");
    for query in ["", "?ticket=", "?ticket=x", query.as_str()] {
        assert_eq!(status(one.connect_with(query, &[]).await), 401, "{query}");
    }
}

fn status(attempt: Result<Client, Error>) -> u16 {
    match attempt.map(drop) {
        Err(Error::Http(response)) => response.status().as_u16(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn given_too_many_streams_a_token_is_told_429_and_a_ticket_4429() {
    let world = World::start().await;
    let replica = world.replica_with(2, 3).await;
    let user = ANNA.to_string();
    let anna = [("x-holdfast-user", user.as_str())];
    let first = replica.connect(ANNA).await;
    let _second = replica.connect(ANNA).await;
    assert_eq!(status(replica.connect_with("", &anna).await), 429);
    let order = world.order(ANNA, 1).await;
    let refused = replica
        .send("GET", &format!("/v1/orders/{order}/stream"), &anna)
        .await;
    assert_eq!(refused.status(), 429);
    assert!(refused.headers().contains_key("retry-after"));
    let _third = replica.connect(BERT).await;
    let ticket = replica
        .send(
            "POST",
            "/v1/stream/tickets",
            &[("x-holdfast-user", &BERT.to_string())],
        )
        .await;
    let ticket: Value = serde_json::from_str(&ticket.text().await.unwrap()).unwrap();
    let query = format!("?ticket={}", ticket["ticket"].as_str().unwrap());
    let mut by_ticket = replica.connect_with(&query, &[]).await.unwrap();
    assert_eq!(by_ticket.next().await, json!({"closed": 4429}));
    // A place that is left is free again.
    drop(first);
    let again = async {
        while replica.connect_with("", &anna).await.is_err() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, again).await.unwrap();
}

#[tokio::test]
async fn given_a_token_that_expires_its_stream_ends_so_that_it_can_be_renewed() {
    let world = World::start().await;
    let replica = world.replica().await;
    let soon = (jiff::Timestamp::now().as_second() + 1).to_string();
    let user = ANNA.to_string();
    let headers = [
        ("x-holdfast-user", user.as_str()),
        ("x-holdfast-token-expires", soon.as_str()),
    ];
    let mut client = replica.connect_with("", &headers).await.unwrap();
    let order = world.order(ANNA, 1).await;
    let events = events(&replica, order, &headers).await;
    assert_eq!(client.next().await, json!({"closed": 4401}));
    let last = events.collect::<Vec<String>>().await.pop().unwrap();
    assert!(
        last.starts_with("event: error\n") && last.contains("\"status\":401"),
        "{last}"
    );
}

#[tokio::test]
async fn given_a_shutdown_everybody_is_told_when_to_come_again() {
    let world = World::start().await;
    let Replica {
        address,
        shutdown,
        api,
        serving,
    } = world.replica().await;
    let replica = Replica {
        address,
        shutdown: shutdown.clone(),
        api: api.clone(),
        serving,
    };
    let mut client = replica.connect(ANNA).await;
    let order = world.order(ANNA, 1).await;
    let user = ANNA.to_string();
    let events = events(&replica, order, &[("x-holdfast-user", &user)]).await;
    client.hears_nothing().await;
    shutdown.cancel();
    let hint = client.next().await;
    assert_eq!(hint["type"], "reconnect");
    assert!(
        hint["after_ms"]
            .as_u64()
            .is_some_and(|after| (250..5000).contains(&after))
    );
    assert_eq!(client.next().await, json!({"closed": 1012}));
    let last = events.collect::<Vec<String>>().await.pop().unwrap();
    assert!(
        last.starts_with("retry: ") && last.contains("event: reconnect\n"),
        "{last}"
    );
    timeout(PATIENCE, replica.serving).await.unwrap().unwrap();
    api.streams.close();
    timeout(PATIENCE, api.streams.wait()).await.unwrap();
}

/// The events of a stream, one text each.
async fn events(
    replica: &Replica,
    order: Uuid,
    headers: &[(&str, &str)],
) -> impl futures::Stream<Item = String> + Unpin + use<> {
    let response = replica
        .send("GET", &format!("/v1/orders/{order}/stream"), headers)
        .await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let chunks = Box::pin(response.bytes_stream());
    let texts = chunks.map(|chunk| String::from_utf8(chunk.unwrap().to_vec()).unwrap());
    let events = texts.flat_map(|text| {
        let events: Vec<String> = text.split_inclusive("\n\n").map(str::to_owned).collect();
        futures::stream::iter(events)
    });
    Box::pin(events)
}

#[tokio::test]
async fn given_server_sent_events_a_client_goes_on_where_it_was() {
    let world = World::start().await;
    let replica = world.replica().await;
    let order = world.order(ANNA, 2).await;
    let user = ANNA.to_string();
    let anna = ("x-holdfast-user", user.as_str());
    let path = format!("/v1/orders/{order}/stream");
    assert_eq!(replica.send("GET", &path, &[]).await.status(), 401);
    assert_eq!(
        replica
            .send("GET", &path, &[("x-holdfast-user", &BERT.to_string())])
            .await
            .status(),
        404
    );
    let mut first = events(&replica, order, &[anna]).await;
    assert_eq!(first.next().await.unwrap(), "retry: 3000\n\n");
    let snapshot = first.next().await.unwrap();
    assert!(
        snapshot.starts_with(&format!(
            "event: snapshot\nid: {order}.3\ndata: {{\"type\":\"snapshot\""
        )),
        "{snapshot}"
    );
    drop(first);
    world.commit(ANNA, order, COMMITS[2]).await;
    for (seen, expected) in [
        (format!("{order}.3"), ["status 4", "status 5"]),
        (format!("{order}.4"), ["status 5", ""]),
        ("nonsense".to_owned(), ["snapshot 5", ""]),
    ] {
        let again = events(&replica, order, &[anna, ("last-event-id", &seen)]).await;
        let wanted = expected.iter().filter(|text| !text.is_empty()).count();
        let told: Vec<String> = timeout(PATIENCE, again.skip(1).take(wanted).collect())
            .await
            .unwrap();
        for (told, expected) in told.iter().zip(expected) {
            let (kind, version) = expected.split_once(' ').unwrap();
            assert!(
                told.starts_with(&format!("event: {kind}\nid: {order}.{version}\n")),
                "{told}"
            );
        }
    }
}

#[tokio::test]
async fn given_nats_is_away_clients_are_told_and_miss_nothing() {
    let mut world = World::start().await;
    let replica = world.replica().await;
    let order = world.order(ANNA, 1).await;
    let mut client = replica.connect(ANNA).await;
    client.subscribe(order).await;
    assert_eq!(client.update().await, update("snapshot", "created", 1));
    world.server.kill();
    assert_eq!(client.next().await, json!({"type": "stale"}));
    let mut late = replica.connect(ANNA).await;
    late.subscribe(order).await;
    assert_eq!(late.next().await, json!({"type": "stale"}));
    assert_eq!(late.update().await, update("snapshot", "created", 1));
    let path = format!("/v1/orders/{}/stream", Uuid::new_v4());
    let away = replica
        .send("GET", &path, &[("x-holdfast-user", &BERT.to_string())])
        .await;
    assert_eq!(away.status(), 503);
    world.server.restart().await;
    // What is stored before the service is back is read.
    world.commit(ANNA, order, COMMITS[1]).await;
    for client in [&mut client, &mut late] {
        let mut told = vec![
            client.update().await,
            client.update().await,
            client.update().await,
        ];
        told.retain(|(kind, ..)| kind != "live");
        assert_eq!(
            told,
            [
                update("status", "inventory_reserved", 2),
                update("status", "payment_pending", 3)
            ]
        );
    }
    world.commit(ANNA, order, COMMITS[2]).await;
    assert_eq!(client.update().await, update("status", "payment_succeeded", 4));
}

#[tokio::test]
async fn given_nobody_watches_nothing_is_listened_to() {
    let world = World::start().await;
    let replica = world.replica().await;
    let order = world.order(ANNA, 1).await;
    let mut client = replica.connect(ANNA).await;
    let subscriptions = async || {
        let asked = world
            .tester
            .client()
            .request(format!("status.{ANNA}.{order}"), "".into())
            .await;
        usize::from(asked.is_ok() || !asked.unwrap_err().to_string().contains("no responders"))
    };
    assert_eq!(subscriptions().await, 0);
    client.subscribe(order).await;
    assert_eq!(client.update().await.0, "snapshot");
    client
        .say(json!({"type": "unsubscribe", "order_id": order}))
        .await;
    client.hears_nothing().await;
    let gone = async {
        while subscriptions().await > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, gone).await.unwrap();
}

#[tokio::test]
async fn a_request_that_is_no_websocket_is_told_so() {
    let world = World::start().await;
    let replica = world.replica().await;
    let answer = replica
        .send("GET", "/v1/stream", &[("x-holdfast-user", &ANNA.to_string())])
        .await;
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["upgrade"]),
        (426, &"websocket".parse().unwrap())
    );
}

#[test]
fn a_stream_says_something_twice_before_the_gateway_takes_it_for_dead() {
    let edge = concat!(env!("CARGO_MANIFEST_DIR"), "/../../istio/edge.yaml");
    let edge = std::fs::read_to_string(edge).unwrap();
    let (_, rest) = edge.split_once("stream_idle_timeout: ").expect("it has one");
    let seconds = rest.split('s').next().unwrap().parse().unwrap();
    assert!(2 * holdfast_realtime_core::vital::HEARTBEAT <= Duration::from_secs(seconds));
}
