//! Declarations applied to real servers.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a panic here is a failed assertion with a line number"
)]

use std::path::Path;

use async_nats::Client;
use holdfast::provision::{Action, Declarations, Error, Options, apply, plan};
use holdfast_platform::testing::{NatsCluster, NatsServer};
use serde_json::{Value, json};

async fn request(client: &Client, subject: &str, body: Value) -> Value {
    let answer = client
        .request(subject.to_owned(), body.to_string().into())
        .await
        .unwrap();
    let answer: Value = serde_json::from_slice(&answer.payload).unwrap();
    assert_eq!(answer.get("error"), None, "{subject}");
    answer
}

async fn stream(client: &Client, name: &str) -> Value {
    request(client, &format!("$JS.API.STREAM.INFO.{name}"), json!({})).await["config"].take()
}

#[tokio::test]
async fn given_an_empty_server_when_applied_twice_then_all_is_created_once() {
    let server = NatsServer::start().await;
    let nats = server.connect("test").await;
    let declarations = Declarations::built_in().unwrap();
    let first = apply(nats.client(), &declarations, Options::default())
        .await
        .unwrap();
    assert!(
        first.iter().all(|step| step.action == Action::Create),
        "{first:#?}"
    );
    let second = apply(nats.client(), &declarations, Options::default())
        .await
        .unwrap();
    assert!(
        second.iter().all(|step| step.action == Action::Keep),
        "{second:#?}"
    );
}

#[tokio::test]
async fn given_a_dry_run_then_nothing_is_created() {
    let server = NatsServer::start().await;
    let nats = server.connect("test").await;
    let declarations = Declarations::built_in().unwrap();
    let dry = Options {
        dry_run: true,
        ..Options::default()
    };
    apply(nats.client(), &declarations, dry).await.unwrap();
    let still = plan(nats.client(), &declarations, dry).await.unwrap();
    assert!(still.iter().all(|step| step.action == Action::Create));
}

#[tokio::test]
async fn given_a_field_that_nobody_declares_when_another_is_updated_then_it_stays() {
    let server = NatsServer::start().await;
    let nats = server.connect("test").await;
    let declarations = Declarations::built_in().unwrap();
    apply(nats.client(), &declarations, Options::default())
        .await
        .unwrap();
    let mut config = stream(nats.client(), "ORDERS").await;
    config["description"] = json!("somebody was here");
    config["max_consumers"] = json!(-1);
    config["metadata"]["owner"] = json!("orders-team");
    request(nats.client(), "$JS.API.STREAM.UPDATE.ORDERS", config).await;

    let steps = apply(nats.client(), &declarations, Options::default())
        .await
        .unwrap();

    let updated: Vec<_> = steps.iter().filter(|step| step.action != Action::Keep).collect();
    assert!(
        matches!(&updated[..], [step] if step.resource.name == "ORDERS"),
        "{updated:#?}"
    );
    let config = stream(nats.client(), "ORDERS").await;
    assert_eq!(config["metadata"]["owner"], "orders-team");
    assert_ne!(config["description"], "somebody was here");
}

#[tokio::test]
async fn given_a_stream_that_keeps_more_than_is_declared_then_all_is_refused_and_nothing_changes() {
    let server = NatsServer::start().await;
    let nats = server.connect("test").await;
    let wider = json!({
        "name": "DLQ", "subjects": ["dlq.*.*", "letters.*"], "retention": "limits", "storage": "file",
        "discard": "old", "max_age": 0, "num_replicas": 1,
    });
    request(nats.client(), "$JS.API.STREAM.CREATE.DLQ", wider).await;
    let declarations = Declarations::built_in().unwrap();

    let refused = apply(nats.client(), &declarations, Options::default())
        .await
        .unwrap_err();

    let Error::Destructive(refusals) = refused else {
        panic!("{refused}")
    };
    let fields: Vec<_> = refusals
        .iter()
        .map(|refusal| refusal.change.field.as_str())
        .collect();
    assert_eq!(fields, ["max_age", "subjects"]);
    let streams = request(nats.client(), "$JS.API.STREAM.NAMES", json!({})).await;
    assert_eq!(
        streams["streams"],
        json!(["DLQ"]),
        "nothing else was created either"
    );
}

#[tokio::test]
async fn given_three_servers_then_streams_have_three_replicas_and_are_not_shrunk() {
    let cluster = NatsCluster::start().await;
    let nats = cluster.connect("test").await;
    let declarations = Declarations::built_in().unwrap();
    let three = Options {
        replicas: 3,
        ..Options::default()
    };
    apply(nats.client(), &declarations, three).await.unwrap();
    assert_eq!(stream(nats.client(), "ORDERS").await["num_replicas"], 3);
    let again = apply(nats.client(), &declarations, three).await.unwrap();
    assert!(again.iter().all(|step| step.action == Action::Keep), "{again:#?}");
    let shrunk = apply(nats.client(), &declarations, Options::default()).await;
    assert!(matches!(shrunk, Err(Error::Destructive(_))), "{shrunk:?}");
}

/// The declarations of the repository, with one field of one file changed.
fn declare(file: &str, field: &str, value: &Value) -> Declarations {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../nats");
    let dir = tempfile::tempdir().unwrap();
    for folder in ["streams", "buckets", "consumers"] {
        std::fs::create_dir(dir.path().join(folder)).unwrap();
    }
    let mut declared: Value = serde_json::from_slice(&std::fs::read(source.join(file)).unwrap()).unwrap();
    match declared.get("config") {
        Some(_) => declared["config"][field] = value.clone(),
        None => declared[field] = value.clone(),
    }
    std::fs::write(dir.path().join(file), declared.to_string()).unwrap();
    Declarations::load(dir.path()).unwrap()
}

#[tokio::test]
async fn given_a_change_that_is_not_known_to_be_safe_then_all_is_refused_and_nothing_changes() {
    let server = NatsServer::start().await;
    let nats = server.connect("test").await;
    let built_in = Declarations::built_in().unwrap();
    apply(nats.client(), &built_in, Options::default()).await.unwrap();
    let cases = [
        ("streams/payments.json", "sealed", json!(true)),
        ("streams/payments.json", "no_ack", json!(true)),
        ("streams/payments.json", "discard", json!("new")),
        ("streams/payments.json", "allow_msg_ttl", json!(true)),
        ("streams/payments.json", "allow_msg_schedules", json!(true)),
        ("streams/payments.json", "allow_atomic", json!(false)),
        ("streams/payments.json", "max_age", json!(3_600_000_000_000_i64)),
        ("streams/payments.json", "of_tomorrow", json!(1)),
        ("streams/orders.json", "republish", Value::Null),
        ("buckets/catalog.json", "per_key_ttl", json!(true)),
        (
            "consumers/order-payment.json",
            "inactive_threshold",
            json!(1_000_000_000),
        ),
        (
            "consumers/order-payment.json",
            "filter_subjects",
            json!(["orders.a.*"]),
        ),
    ];
    for (file, field, value) in cases {
        let refused = apply(nats.client(), &declare(file, field, &value), Options::default()).await;
        let Err(Error::Destructive(refusals)) = refused else {
            panic!("{field}: {refused:?}")
        };
        let text = refusals[0].to_string();
        for part in [
            field.trim_start_matches("per_key_"),
            &value.to_string(),
            "remedy: ",
        ] {
            assert!(text.contains(part), "{text}");
        }
    }
    let steps = plan(nats.client(), &built_in, Options::default()).await.unwrap();
    assert!(steps.iter().all(|step| step.action == Action::Keep), "{steps:#?}");
}

#[tokio::test]
async fn given_a_change_that_loses_nothing_then_it_is_made() {
    let server = NatsServer::start().await;
    let nats = server.connect("test").await;
    let built_in = Declarations::built_in().unwrap();
    apply(nats.client(), &built_in, Options::default()).await.unwrap();
    let cases = [
        ("streams/payments.json", "description", json!("of all times")),
        (
            "streams/user-keys.json",
            "subjects",
            json!(["userkeys.*", "receipts.*"]),
        ),
        ("streams/orders.json", "max_msg_size", json!(524_288)),
        (
            "streams/inventory.json",
            "duplicate_window",
            json!(20_000_000_000_i64),
        ),
        ("streams/dlq.json", "max_age", json!(0)),
        (
            "consumers/order-payment.json",
            "ack_wait",
            json!(6_000_000_000_i64),
        ),
        ("consumers/order-timers.json", "max_ack_pending", json!(-1)),
    ];
    for (file, field, value) in cases {
        let declarations = declare(file, field, &value);
        let steps = apply(nats.client(), &declarations, Options::default())
            .await
            .unwrap();
        assert!(
            matches!(&steps[..], [step] if matches!(step.action, Action::Update(_))),
            "{field}: {steps:#?}"
        );
        let again = plan(nats.client(), &declarations, Options::default())
            .await
            .unwrap();
        assert_eq!(again[0].action, Action::Keep, "{field}");
    }
}
