//! Declarations applied to real servers.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a panic here is a failed assertion with a line number"
)]

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
