//! `holdfast dlq` and `holdfast streams`.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::sync::Mutex;
use std::time::Duration;

use async_nats::HeaderMap;
use futures::StreamExt as _;
use holdfast_platform::dead_letter::{About, Failure, Letter};
use holdfast_platform::journal::{DeadLetterReason, Disposition, Record, Revision};
use holdfast_platform::lane::Lane;
use holdfast_platform::nats::Nats;
use holdfast_platform::testing::NatsServer;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{USER, create_order, holdfast, provisioned, run};

/// A letter of `consumer` about the order `n`.
pub fn letter(consumer: &str, n: u64, reason: DeadLetterReason) -> Letter {
    let order = Uuid::from_u128(n.into()).to_string();
    let original = Record {
        subject: format!("orders.{USER}.{order}"),
        revision: Revision(n),
        time: Timestamp::now(),
        headers: [("ce-type".to_owned(), "holdfast.order.v1.OrderCommit".to_owned())].into(),
        payload: "{}".into(),
    };
    let about = About {
        user: Some(USER.to_string()),
        entity: Some(order),
    };
    let failure = Failure::now("it went wrong");
    Letter::new(("order", consumer, "ORDERS"), original, about).given_up(reason, 1, (None, failure))
}

pub async fn store(nats: &Nats, letters: impl IntoIterator<Item = Letter>) {
    let stored = futures::stream::iter(letters).map(async |letter| {
        let mut headers = HeaderMap::new();
        letter
            .to_headers()
            .into_iter()
            .for_each(|(name, value)| headers.insert(name, value));
        let sent = nats
            .jetstream()
            .publish_with_headers(letter.subject(), headers, letter.payload);
        sent.await.unwrap().await.unwrap();
    });
    stored.buffered(500).for_each(|()| std::future::ready(())).await;
}

pub async fn left(nats: &Nats, stream: &str) -> u64 {
    nats.jetstream()
        .get_stream(stream)
        .await
        .unwrap()
        .cached_info()
        .state
        .messages
}

async fn json_lines(server: &NatsServer, arguments: &[&str]) -> (i32, Vec<Value>) {
    let (status, lines) = run(server, arguments).await;
    let lines = lines.lines().map(|line| serde_json::from_str(line).unwrap());
    (status, lines.collect())
}

#[tokio::test]
async fn letters_are_found_by_what_they_are_about_and_shown_with_their_story() {
    let (server, nats) = provisioned().await;
    let (malformed, refused) = (DeadLetterReason::Malformed, DeadLetterReason::Refused);
    store(
        &nats,
        [
            letter("order-payment", 1, malformed),
            letter("order-timers", 2, refused),
        ],
    )
    .await;
    store(&nats, [letter("order-payment", 3, refused)]).await;
    let order = Uuid::from_u128(3).to_string();
    for (flags, letters) in [
        (vec![], vec![1, 2, 3]),
        (vec!["--consumer", "order-payment"], vec![1, 3]),
        (vec!["--reason", "refused", "--service", "order"], vec![2, 3]),
        (vec!["--order", &order], vec![3]),
        (
            vec!["--type", "OrderCommit", "--younger-than", "1h"],
            vec![1, 2, 3],
        ),
        (vec!["--type", "Timer"], vec![]),
        (vec!["--older-than", "1h"], vec![]),
        (vec!["2", "--reason", "refused"], vec![2]),
    ] {
        let command = [vec!["dlq", "list", "--json"], flags.clone()].concat();
        let (status, found) = json_lines(&server, &command).await;
        let found: Vec<_> = found
            .iter()
            .map(|letter| letter["letter"].as_u64().unwrap())
            .collect();
        assert_eq!((status, found), (0, letters), "{flags:?}");
    }
    let (_, counted) = json_lines(&server, &["dlq", "list", "--count", "--json"]).await;
    assert_eq!(
        (
            &counted[0]["total"],
            counted[0]["kinds"].as_array().unwrap().len()
        ),
        (&json!(3), 3)
    );

    let (status, shown) = json_lines(&server, &["dlq", "show", "3", "--json"]).await;
    assert_eq!((status, &shown[0]["source"]["sequence"]), (0, &json!(3)));
    assert_eq!(
        (&shown[0]["payload"], &shown[0]["last_error"]["error"]),
        (&json!("{}"), &json!("it went wrong"))
    );
    assert_eq!(run(&server, &["dlq", "show", "4"]).await, (1, String::new()));
}

#[tokio::test]
async fn what_comes_back_too_often_is_sent_only_by_force_and_what_nobody_takes_is_left_alone() {
    let (server, nats) = provisioned().await;
    let refused = DeadLetterReason::Refused;
    let often = Letter {
        redrives: 3,
        ..letter("order-payment", 1, refused)
    };
    store(
        &nats,
        [
            often,
            letter("nobody", 2, refused),
            letter("order-payment", 3, refused),
        ],
    )
    .await;

    assert_eq!(run(&server, &["dlq", "redrive"]).await.0, 1, "which?");
    let (status, dry) = json_lines(&server, &["dlq", "redrive", "--all", "--dry-run", "--json"]).await;
    assert_eq!(
        (status, &dry[0]["total"], left(&nats, "REDRIVE").await),
        (0, &json!(3), 0)
    );

    let (status, results) = json_lines(&server, &["dlq", "redrive", "--all", "--json"]).await;
    assert_eq!(status, 1);
    let result = |item: &str| results.iter().find(|result| result["item"] == item).unwrap()["result"].clone();
    assert_eq!(
        [result("1"), result("2"), result("3")],
        ["skipped", "skipped", "done"]
    );
    let (status, _) = run(&server, &["dlq", "redrive", "1", "--force", "--by", "kim"]).await;
    assert_eq!(
        (status, left(&nats, "DLQ").await, left(&nats, "REDRIVE").await),
        (0, 1, 2)
    );

    let (status, _) = run(
        &server,
        &["dlq", "discard", "--consumer", "nobody", "--rate", "100"],
    )
    .await;
    assert_eq!((status, left(&nats, "DLQ").await), (0, 0));
    let (_, history) = json_lines(&server, &["dlq", "history", "--json"]).await;
    let told: Vec<_> = history
        .iter()
        .map(|one| (&one["command"], &one["done"], &one["skipped"]))
        .collect();
    let (redrive, discard) = (json!("dlq redrive"), json!("dlq discard"));
    let (one, none, two) = (json!(1), json!(0), json!(2));
    assert_eq!(
        told,
        [
            (&discard, &one, &none),
            (&redrive, &one, &none),
            (&redrive, &one, &two)
        ]
    );
    assert_eq!(
        (&history[1]["actor"], &history[1]["status"]),
        (&json!("kim"), &json!("ended"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn five_thousand_are_sent_back_once_though_the_command_was_killed_in_the_middle() {
    const LETTERS: u64 = 5_000;
    let (server, nats) = provisioned().await;
    store(
        &nats,
        (1..=LETTERS).map(|n| letter("order-payment", n, DeadLetterReason::Refused)),
    )
    .await;
    let mut killed = holdfast(&server, &["dlq", "redrive", "--all"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(killed.stdout.take().unwrap()).lines();
    for _ in 0..LETTERS / 3 {
        lines.next_line().await.unwrap().unwrap();
    }
    // SIGKILL.
    killed.kill().await.unwrap();
    let rest = left(&nats, "DLQ").await;
    assert!((1..LETTERS).contains(&rest), "{rest}");
    // What comes later is not meant.
    store(
        &nats,
        [letter("order-payment", LETTERS + 1, DeadLetterReason::Refused)],
    )
    .await;

    let (_, history) = json_lines(&server, &["dlq", "history", "--json"]).await;
    assert_eq!(history[0]["status"], "running");
    let operation = history[0]["id"].as_str().unwrap();
    let (status, told) = run(&server, &["dlq", "redrive", "--resume", operation, "--quiet"]).await;
    assert_eq!(
        (status, left(&nats, "DLQ").await, left(&nats, "REDRIVE").await),
        (0, 1, LETTERS),
        "{told}"
    );

    let handled = Mutex::new(BTreeMap::<Revision, u64>::new());
    let shutdown = CancellationToken::new();
    let lane = Lane::new(&nats, "order", "ORDERS", "order-payment")
        .concurrency(64)
        .takes_redriven();
    let work = lane.run(shutdown.clone(), |delivery| {
        *handled
            .lock()
            .unwrap()
            .entry(delivery.record.revision)
            .or_default() += 1;
        std::future::ready(Disposition::Ack)
    });
    let watch = async {
        let stream = nats.jetstream().get_stream("REDRIVE").await.unwrap();
        loop {
            let info = stream.consumer_info("order-payment").await.unwrap();
            if (info.num_pending, info.num_ack_pending) == (0, 0) {
                return shutdown.cancel();
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let both = Box::pin(async { futures::join!(work, watch) });
    tokio::time::timeout(Duration::from_secs(60), both).await.unwrap();
    let handled = handled.into_inner().unwrap();
    assert_eq!(handled.len() as u64, LETTERS, "none is lost");
    assert!(handled.values().all(|times| *times == 1), "none is doubled");
}

#[tokio::test]
async fn a_consumer_that_is_behind_is_told_of_and_makes_an_exit_status() {
    let (server, nats) = provisioned().await;
    assert_eq!(run(&server, &["streams"]).await.0, 0);
    create_order(&nats, 1).await;
    let (status, shown) = run(&server, &["streams", "ORDERS", "--max-pending", "0", "--json"]).await;
    let shown: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(status, 1);
    let names: Vec<_> = shown
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["consumer"])
        .collect();
    assert_eq!(names, ["inventory", "notification", "order-payment"]);
    assert!(
        shown[0]["pending"] == 1 && shown[0]["lag"] == 1 && shown[0]["oldest_seconds"].is_u64(),
        "{shown}"
    );
    assert_eq!(
        run(&server, &["streams", "ORDERS"]).await.0,
        0,
        "a single young message is no trouble"
    );
}

#[tokio::test]
async fn the_manual_has_a_page_for_each_command() {
    let server = NatsServer::start().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    assert_eq!(run(&server, &["man", "--dir", path]).await.0, 0);
    let page = std::fs::read_to_string(folder.path().join("holdfast-dlq-redrive.1")).unwrap();
    assert!(page.contains("Exit status"), "{page}");
    let (status, page) = run(&server, &["man"]).await;
    assert!(status == 0 && page.contains(".TH holdfast"), "{page}");
}
