//! The binary against a real server: what it prints and how it ends.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a panic here is a failed assertion with a line number"
)]

#[path = "commands/dlq.rs"]
mod dlq;
#[path = "commands/ops.rs"]
mod ops;

use std::process::{Output, Stdio};
use std::sync::Arc;

use holdfast::provision::{Declarations, Options, apply};
use holdfast_contracts::subjects;
use holdfast_order::codec::{Commit, encode};
use holdfast_order_core::{Event, Line, Money, OrderId, Quantity, Sku, UserId};
use holdfast_platform::nats::Nats;
use holdfast_platform::testing::NatsServer;
use jiff::Timestamp;
use prost::Message as _;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;
use uuid::Uuid;

const USER: Uuid = Uuid::from_u128(7);
/// More than one page of the reader.
const ORDERS: u128 = 1_500;

fn holdfast(server: &NatsServer, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_holdfast"));
    command
        .args(arguments)
        .env("HOLDFAST_NATS_URL", server.url())
        .env("NO_COLOR", "1")
        .kill_on_drop(true);
    command
}

async fn run(server: &NatsServer, arguments: &[&str]) -> (i32, String) {
    let Output { status, stdout, .. } = holdfast(server, arguments).output().await.unwrap();
    (status.code().unwrap(), String::from_utf8(stdout).unwrap())
}

async fn provisioned() -> (NatsServer, Nats) {
    let server = NatsServer::start().await;
    let nats = server.connect("test").await;
    apply(
        nats.client(),
        &Declarations::built_in().unwrap(),
        Options::default(),
    )
    .await
    .unwrap();
    (server, nats)
}

async fn create_order(nats: &Nats, id: u128) {
    let price = Money {
        amount: 100,
        currency: "EUR".to_owned(),
    };
    let line = Line {
        sku: Sku::parse("A").unwrap(),
        quantity: Quantity::new(1).unwrap(),
        unit_price: price.clone(),
    };
    let created = Event::OrderCreated {
        lines: Arc::from([line]),
        total: price,
        payment_token: "tok_ok".to_owned(),
        limited_stock: false,
        fingerprint: String::new(),
    };
    let (order, user) = (OrderId(Uuid::from_u128(id)), UserId(USER));
    let time = Timestamp::now();
    let commit = Commit {
        order,
        user,
        time,
        first_version: 1,
        events: vec![created],
        effects: Vec::new(),
    };
    let payload = encode(&commit).unwrap();
    let published = nats
        .jetstream()
        .publish(subjects::order(USER, order.0), payload.into())
        .await
        .unwrap();
    published.await.unwrap();
}

#[tokio::test]
async fn audit_reads_all_of_a_log_and_ends_with_what_it_found() {
    let (server, nats) = provisioned().await;
    for id in 1..=ORDERS {
        create_order(&nats, id).await;
    }
    let (status, report) = run(&server, &["audit", "--json"]).await;
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!((status, &report["clean"]), (0, &Value::Bool(true)), "{report}");
    assert_eq!(report["totals"]["open"], ORDERS as u64);

    let (status, report) = run(&server, &["audit", "--json", "--grace", "0s"]).await;
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!(status, 1);
    let violations = report["violations"].as_array().unwrap();
    assert_eq!(violations.len() as u128, ORDERS);
    assert!(violations.iter().all(|violation| violation["invariant"] == "I3"));
}

#[tokio::test]
async fn audit_without_streams_could_not_check() {
    let server = NatsServer::start().await;
    assert_eq!(run(&server, &["audit"]).await, (2, String::new()));
}

#[tokio::test]
async fn stuck_orders_are_listed_oldest_first() {
    let (server, nats) = provisioned().await;
    assert_eq!(
        run(&server, &["orders", "stuck", "--older-than", "0s"]).await,
        (0, String::new())
    );
    create_order(&nats, 2).await;
    create_order(&nats, 1).await;
    let (status, listed) = run(&server, &["orders", "stuck", "--older-than", "0s", "--json"]).await;
    let listed: Value = serde_json::from_str(&listed).unwrap();
    let ids: Vec<_> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|order| order["order_id"].clone())
        .collect();
    assert_eq!(status, 1);
    assert_eq!(
        ids,
        [Uuid::from_u128(2).to_string(), Uuid::from_u128(1).to_string()]
    );
}

#[tokio::test]
async fn an_order_with_a_broken_log_is_stuck_however_young() {
    let (server, nats) = provisioned().await;
    let order = Uuid::from_u128(3);
    let published = nats.jetstream().publish(subjects::order(USER, order), "{".into());
    published.await.unwrap().await.unwrap();
    let (status, listed) = run(&server, &["orders", "stuck", "--json"]).await;
    let listed: Value = serde_json::from_str(&listed).unwrap();
    assert_eq!((status, listed.as_array().unwrap().len()), (1, 1), "{listed}");
    assert_eq!(listed[0]["order_id"], order.to_string());
    assert_eq!(
        (&listed[0]["status"], &listed[0]["sequence"]),
        (&"broken".into(), &1.into())
    );
    let fault = listed[0]["fault"].as_str().unwrap();
    let (status, listed) = run(&server, &["orders", "stuck"]).await;
    assert_eq!(status, 1);
    assert!(
        listed.contains("broken") && listed.contains(fault) && listed.contains("#1"),
        "{listed}"
    );
}

#[tokio::test]
async fn events_since_the_beginning_end_at_the_newest() {
    let (server, nats) = provisioned().await;
    create_order(&nats, 1).await;
    create_order(&nats, 2).await;
    let order = Uuid::from_u128(2).to_string();
    let tail = [
        "events",
        "tail",
        "--since",
        "0s",
        "--no-follow",
        "--json",
        "--order",
        &order,
    ];
    let (status, lines) = run(&server, &tail).await;
    assert_eq!(status, 0);
    let event: Value = serde_json::from_str(lines.trim()).unwrap();
    assert_eq!(
        (&event["type"], &event["sequence"]),
        (&Value::from("OrderCreated"), &Value::from(2))
    );
    let (_, none) = run(
        &server,
        &[
            "events",
            "tail",
            "--since",
            "0s",
            "--no-follow",
            "--type",
            "SagaParked",
        ],
    )
    .await;
    assert_eq!(none, "");
}

#[tokio::test]
async fn events_are_shown_as_they_happen() {
    let (server, nats) = provisioned().await;
    create_order(&nats, 1).await;
    let mut tail = holdfast(&server, &["events", "tail", "--since", "1h"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(tail.stdout.take().unwrap()).lines();
    for id in 1..=2 {
        let line = lines.next_line().await.unwrap().unwrap();
        assert!(line.contains(&Uuid::from_u128(id).to_string()), "{line}");
        create_order(&nats, id + 1).await;
    }
}

#[tokio::test]
async fn a_time_in_the_future_begins_at_the_end() {
    let (server, nats) = provisioned().await;
    create_order(&nats, 1).await;
    let tail = ["events", "tail", "--since", "2100-01-01T00:00:00Z", "--no-follow"];
    assert_eq!(run(&server, &tail).await, (0, String::new()));
}

/// What a command that must write to a full disk ends with.
async fn to_a_full_disk(server: &NatsServer, arguments: &[&str]) -> i32 {
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let status = holdfast(server, arguments).stdout(full).status();
    status.await.unwrap().code().unwrap()
}

#[tokio::test]
async fn what_could_not_be_written_is_an_error() {
    let (server, nats) = provisioned().await;
    create_order(&nats, 1).await;
    let commands: [&[&str]; 7] = [
        &["audit"],
        &["orders", "stuck", "--older-than", "0s"],
        &["events", "tail", "--since", "0s"],
        &["nats", "apply", "--dry-run"],
        &["completions", "bash"],
        &["--help"],
        &["--version"],
    ];
    for arguments in commands {
        assert_eq!(to_a_full_disk(&server, arguments).await, 2, "{arguments:?}");
    }
}

#[tokio::test]
async fn a_reader_that_went_away_is_no_error_and_ends_the_tail() {
    let (server, nats) = provisioned().await;
    create_order(&nats, 1).await;
    let mut tail = holdfast(&server, &["events", "tail", "--since", "0s"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(tail.stdout.take().unwrap()).lines();
    lines.next_line().await.unwrap().unwrap();
    drop(lines);
    create_order(&nats, 2).await;
    assert_eq!(tail.wait().await.unwrap().code(), Some(0));
}

#[tokio::test]
async fn what_a_list_cannot_show_is_named() {
    let server = NatsServer::start().await;
    let page = r#"{"items":[],"omitted":[{"id":"0190-x","reason":"unreadable"},{"id":"0190-y","reason":"unavailable"}]}"#;
    let app = axum::Router::new().route(
        "/v1/orders",
        axum::routing::get(move || async move { ([("content-type", "application/json")], page) }),
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    let (status, listed) = run(&server, &["orders", "list", "--orders-url", &url]).await;
    assert_eq!(status, 0);
    let lines: Vec<_> = listed.lines().collect();
    assert!(lines[0].starts_with("0190-x  unreadable"), "{listed}");
    assert!(lines[1].starts_with("0190-y  unavailable"), "{listed}");
}

#[tokio::test]
async fn many_orders_are_cancelled_by_what_they_have_in_common_and_each_result_is_told() {
    let (server, nats) = provisioned().await;
    for id in 1..=3 {
        create_order(&nats, id).await;
    }
    let cancel = async |axum::extract::Path(id): axum::extract::Path<Uuid>| match id.as_u128() {
        2 => (axum::http::StatusCode::CONFLICT, r#"{"title":"too late"}"#),
        _ => (axum::http::StatusCode::ACCEPTED, "{}"),
    };
    let app = axum::Router::new().route("/v1/orders/{id}/cancel", axum::routing::post(cancel));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    let command = |flags: &[&'static str]| {
        let fixed = ["orders", "cancel", "--json", "--orders-url", &url];
        [fixed.as_slice(), flags]
            .concat()
            .into_iter()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let run = async |flags: &[&'static str]| {
        let command = command(flags);
        let command: Vec<_> = command.iter().map(String::as_str).collect();
        run(&server, &command).await
    };
    assert_eq!(run(&[]).await.0, 1, "which?");
    assert_eq!(
        run(&["--older-than", "0s", "--dry-run"]).await,
        (0, "{\"total\":3}\n".to_owned())
    );
    assert_eq!(
        run(&["--status", "parked", "--dry-run"]).await.1,
        "{\"total\":0}\n"
    );
    let (status, results) = run(&["--older-than", "0s"]).await;
    assert_eq!(status, 1);
    let (done, left_alone) = (
        results.matches(r#""done""#).count(),
        results.matches("too late").count(),
    );
    assert_eq!((done, left_alone), (3, 1), "two results and the tally: {results}");
}

#[tokio::test]
async fn an_unreadable_message_of_the_stock_is_a_violation_until_it_is_skipped_and_then_named() {
    let (server, nats) = provisioned().await;
    create_order(&nats, 1).await;
    let garbage = nats.jetstream().publish("inventory.log.0", "garbage".into());
    garbage.await.unwrap().await.unwrap();
    let (status, report) = run(&server, &["audit", "--json"]).await;
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!(status, 1);
    let violations = report["violations"].as_array().unwrap();
    assert_eq!(
        (violations.len(), &violations[0]["sequences"]),
        (1, &serde_json::json!([1])),
        "{report}"
    );

    let (status, report) = run(&server, &["audit", "--json", "--skip", "1"]).await;
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!(
        (status, &report["skipped"], &report["totals"]["stock_batches"]),
        (0, &serde_json::json!([1]), &0.into())
    );
    let (_, shown) = run(&server, &["audit", "--skip", "1"]).await;
    assert!(
        shown.contains("skipped INVENTORY [1]: unreadable, not counted"),
        "{shown}"
    );
}

/// What is built in, with one field of the order commits taken away.
fn without_a_field() -> tempfile::NamedTempFile {
    let mut files = prost_types::FileDescriptorSet::decode(holdfast_contracts::DESCRIPTORS).unwrap();
    let messages = files.file.iter_mut().flat_map(|file| &mut file.message_type);
    let commit = messages
        .into_iter()
        .find(|message| message.name() == "OrderCommit")
        .unwrap();
    commit.field.retain(|field| field.name() != "commands");
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), files.encode_to_vec()).unwrap();
    file
}

#[tokio::test]
async fn contracts_are_registered_once_and_never_broken() {
    let server = NatsServer::start().await;
    assert_eq!(
        run(&server, &["schemas", "list"]).await,
        (2, String::new()),
        "no bucket"
    );
    let (status, applied) = run(&server, &["nats", "apply"]).await;
    assert_eq!(status, 0, "{applied}");
    assert!(applied.contains("+ schema holdfast.order.v1"), "{applied}");
    let (_, again) = run(&server, &["nats", "apply"]).await;
    assert!(
        again.contains("  schema holdfast.order.v1") && !again.contains("+ schema"),
        "{again}"
    );

    let (status, list) = run(&server, &["schemas", "list", "--json"]).await;
    let list: Value = serde_json::from_str(&list).unwrap();
    let packages: Vec<_> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["package"].clone())
        .collect();
    assert!(
        status == 0 && packages.contains(&"holdfast.order.v1".into()),
        "{list}"
    );

    let broken = without_a_field();
    let file = broken.path().to_str().unwrap();
    for verb in ["check", "push"] {
        let (status, said) = run(&server, &["schemas", verb, "--file", file]).await;
        assert_eq!(status, 1, "{said}");
        let told = "refused: holdfast.order.v1.OrderCommit.commands: field 5 is gone \
                    (FIELD_NO_DELETE_UNLESS_NUMBER_RESERVED); reserve its number";
        assert!(said.contains(told), "{said}");
    }
    let (_, shown) = run(&server, &["schemas", "show", "holdfast.order.v1", "OrderCommit"]).await;
    assert!(
        shown.contains("  repeated holdfast.order.v1.OrderCommand commands = 5;"),
        "{shown}"
    );
    let (status, _) = run(&server, &["schemas", "show", "holdfast.nothing.v1"]).await;
    assert_eq!(status, 1);
}

#[tokio::test]
async fn a_program_that_was_rolled_back_to_is_known_and_changes_nothing() {
    let (server, _nats) = provisioned().await;
    let older = without_a_field();
    let file = older.path().to_str().unwrap();
    let push = async |arguments: &[&str]| {
        let (status, said) = run(&server, &[&["schemas", "push", "--json"], arguments].concat()).await;
        let said: Value = serde_json::from_str(&said).unwrap();
        let order = said
            .as_array()
            .unwrap()
            .iter()
            .find(|one| one["package"] == "holdfast.order.v1");
        (status, order.unwrap()["standing"].as_str().unwrap().to_owned())
    };
    assert_eq!(push(&["--file", file]).await, (0, "new".to_owned()));
    assert_eq!(push(&[]).await, (0, "compatible".to_owned()), "a field more");
    assert_eq!(push(&["--file", file]).await, (0, "older".to_owned()));
    assert_eq!(push(&[]).await, (0, "same".to_owned()));
    let (_, versions) = run(
        &server,
        &["schemas", "show", "holdfast.order.v1", "--versions", "--json"],
    )
    .await;
    let versions: Value = serde_json::from_str(&versions).unwrap();
    assert_eq!(versions.as_array().unwrap().len(), 2);
}
