//! The process `ops` with the permissions that it has: what operators hear, and what they do over HTTP.

use std::process::Stdio;
use std::time::Duration;

use async_nats::Subscriber;
use async_nats::jetstream::consumer::{AckPolicy, PullConsumer, pull};
use axum::Json;
use futures::StreamExt as _;
use holdfast::provision::{Declarations, Options, apply};
use holdfast_contracts::ops::v1::{OpsEvent, ops_event::Event};
use holdfast_contracts::subjects;
use holdfast_order::codec::{Timer, encode_timer};
use holdfast_order_core::{OrderId, SagaStep, UserId};
use holdfast_platform::journal::DeadLetterReason;
use holdfast_platform::lane::Lane;
use holdfast_platform::nats::Nats;
use holdfast_platform::testing::{NatsServer, ServerOptions, free_port};
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use tokio::process::{Child, Command};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::dlq::{left, letter, store};
use super::{USER, create_order};

const PATIENCE: Duration = Duration::from_secs(30);

struct World {
    url: String,
    heard: Subscriber,
    nats: Nats,
    _ops: Child,
    _server: NatsServer,
}

impl World {
    /// With one Envoy, whose breaker for payment is open.
    async fn start() -> Self {
        let server = NatsServer::start_with(ServerOptions::with_users()).await;
        let operator = server.connect_as("holdfast").await;
        let declared = Declarations::built_in().unwrap();
        apply(operator.client(), &declared, Options::default())
            .await
            .unwrap();
        let heard = operator.client().subscribe("ops.>").await.unwrap();
        operator.flush(PATIENCE).await.unwrap();
        let address = format!("127.0.0.1:{}", free_port());
        let ops = Command::new(env!("CARGO_BIN_EXE_holdfast-ops"))
            .env("HOLDFAST_NATS_URL", server.url())
            .env("HOLDFAST_NATS_USER", "ops")
            .env("HOLDFAST_NATS_PASSWORD", "ops")
            .env("HOLDFAST_HTTP_ADDR", &address)
            .env("HOLDFAST_ADMIN_ADDR", format!("127.0.0.1:{}", free_port()))
            .env("HOLDFAST_OPS_PROXIES", format!("order={}", envoy().await))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let world = Self {
            url: format!("http://{address}"),
            heard,
            nats: server.connect("test").await,
            _ops: ops,
            _server: server,
        };
        world
            .until("it serves", async || {
                world.ask(Method::GET, "/consumers", None).await.is_ok()
            })
            .await;
        world
    }

    async fn until(&self, what: &str, mut is_so: impl AsyncFnMut() -> bool) {
        let so = async {
            while !is_so().await {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        let so = tokio::time::timeout(PATIENCE, so).await;
        assert!(so.is_ok(), "not within {PATIENCE:?}: {what}");
    }

    /// The next event whose subject begins so.
    async fn hears(&mut self, subject: &str) -> Event {
        let heard = async {
            loop {
                let message = self.heard.next().await.unwrap();
                if message.subject.starts_with(subject) {
                    assert_eq!(
                        message.headers.unwrap().get("ce-type").unwrap().as_str(),
                        "holdfast.ops.v1.OpsEvent"
                    );
                    let event: OpsEvent = holdfast_contracts::decode(&message.payload).unwrap();
                    return event.event.unwrap();
                }
            }
        };
        tokio::time::timeout(PATIENCE, heard).await.unwrap()
    }

    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Result<Response, reqwest::Error> {
        self.ask_as("staff", method, path, body).await
    }

    async fn ask_as(
        &self,
        role: &str,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<Response, reqwest::Error> {
        let request = reqwest::Client::new()
            .request(method, format!("{}/v1/ops{path}", self.url))
            .header("x-holdfast-user", USER.to_string())
            .header("x-holdfast-roles", role);
        match body {
            Some(body) => request.json(&body).send().await,
            None => request.send().await,
        }
    }

    async fn get(&self, path: &str) -> Value {
        self.ask(Method::GET, path, None)
            .await
            .unwrap()
            .json()
            .await
            .unwrap()
    }
}

/// An Envoy's admin port.
async fn envoy() -> String {
    let name = "cluster.outbound|80||payment.holdfast.svc.cluster.local.outlier_detection.ejections_active";
    let stats = json!({"stats": [{"name": name, "value": 1}]});
    let app = axum::Router::new().route("/stats", axum::routing::get(move || async move { Json(stats) }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    url
}

#[tokio::test]
async fn operators_hear_of_breakers_letters_parked_sagas_and_writers() {
    let mut world = World::start().await;
    let Event::BreakerOpened(breaker) = world.hears("ops.breaker_opened.order.payment").await else {
        panic!("another event");
    };
    assert_eq!(breaker.ejected, 1);

    store(
        &world.nats,
        [letter("order-payment", 7, DeadLetterReason::Refused)],
    )
    .await;
    let Event::DeadLetter(told) = world.hears("ops.dead_letter.order.order-payment.refused").await else {
        panic!("another event");
    };
    assert_eq!(
        (told.sequence, told.source_sequence, told.error.as_str()),
        (1, 7, "it went wrong")
    );

    let order = Uuid::from_u128(9);
    let timer = Timer {
        order: OrderId(order),
        user: UserId(USER),
        step: SagaStep::Refund,
        attempt: 2,
    };
    let timer = encode_timer(&timer).unwrap();
    let set = world
        .nats
        .jetstream()
        .publish(subjects::timer(order, "parked"), timer.into());
    set.await.unwrap().await.unwrap();
    let Event::SagaParked(parked) = world.hears("ops.saga_parked").await else {
        panic!("another event");
    };
    assert_eq!((parked.order_id, parked.attempt), (order.to_string(), 2));

    let writer = Lane::new(&world.nats, "inventory", "ORDERS", "inventory").group("writer");
    let mut pull = Box::pin(writer.pull(CancellationToken::new()));
    let pin = async { pull.next().await };
    create_order(&world.nats, 1).await;
    tokio::time::timeout(PATIENCE, pin).await.unwrap().unwrap();
    let Event::WriterChanged(writer) = world.hears("ops.writer_changed.ORDERS.inventory").await else {
        panic!("another event");
    };
    assert!(!writer.pin_id.is_empty());
}

#[tokio::test]
async fn what_runs_out_of_deliveries_becomes_a_dead_letter() {
    let mut world = World::start().await;
    let config = pull::Config {
        durable_name: Some("foreign-reader".into()),
        ack_policy: AckPolicy::Explicit,
        ack_wait: Duration::from_millis(200),
        max_deliver: 1,
        ..pull::Config::default()
    };
    let reader: PullConsumer = world
        .nats
        .jetstream()
        .create_consumer_on_stream(config, "ORDERS")
        .await
        .unwrap();
    create_order(&world.nats, 3).await;
    let mut given = reader.fetch().max_messages(1).messages().await.unwrap();
    given.next().await.unwrap().unwrap();
    // The server notices when somebody asks for more.
    let again = async {
        loop {
            let mut more = reader.fetch().max_messages(1).messages().await.unwrap();
            assert!(more.next().await.is_none(), "it is not delivered again");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let told = tokio::select! {
        told = world.hears("ops.dead_letter.foreign.foreign-reader.max_deliveries") => told,
        () = again => panic!("it never ends"),
    };
    let Event::DeadLetter(told) = told else {
        panic!("another event")
    };
    assert_eq!(
        (told.source_sequence, told.entity_id),
        (1, Uuid::from_u128(3).to_string())
    );
    let letters = world.get("/letters?consumer=foreign-reader").await;
    assert_eq!(letters["items"][0]["attempts"], 1);
}

#[tokio::test]
async fn staff_finds_sends_back_and_discards_letters_over_http_and_nobody_else() {
    let world = World::start().await;
    let refused = DeadLetterReason::Refused;
    store(&world.nats, (1..=20).map(|n| letter("order-payment", n, refused))).await;
    store(&world.nats, [letter("order-timers", 21, refused)]).await;
    let customer = world
        .ask_as("customer", Method::GET, "/letters", None)
        .await
        .unwrap();
    assert_eq!(customer.status(), StatusCode::FORBIDDEN);

    let page = world.get("/letters?consumer=order-payment&limit=15").await;
    assert_eq!(
        (page["items"].as_array().unwrap().len(), &page["next_after"]),
        (15, &json!(15))
    );
    let rest = world
        .get("/letters?consumer=order-payment&limit=15&after=15")
        .await;
    assert_eq!(
        (rest["items"].as_array().unwrap().len(), &rest["next_after"]),
        (5, &Value::Null)
    );
    assert_eq!(world.get("/letters/21").await["payload"], "{}");
    assert_eq!(world.get("/letters/count").await["total"], 21);

    let all = world
        .ask(Method::POST, "/redrives", Some(json!({})))
        .await
        .unwrap();
    assert_eq!(all.status(), StatusCode::UNPROCESSABLE_ENTITY, "which letters?");
    let which = json!({"filter": {"consumer": "order-payment"}, "dry_run": true});
    let dry: Value = world
        .ask(Method::POST, "/redrives", Some(which))
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(
        (&dry["total"], left(&world.nats, "REDRIVE").await),
        (&json!(20), 0)
    );

    let which = json!({"filter": {"consumer": "order-payment"}});
    let accepted = world.ask(Method::POST, "/redrives", Some(which)).await.unwrap();
    assert_eq!(accepted.status(), StatusCode::ACCEPTED);
    let location = accepted.headers()["location"].to_str().unwrap().to_owned();
    let operation = location.strip_prefix("/v1/ops").unwrap();
    world
        .until("it has ended", async || {
            world.get(operation).await["status"] == "ended"
        })
        .await;
    let ended = world.get(operation).await;
    assert_eq!(
        (&ended["done"], &ended["actor"], &ended["via"]),
        (&json!(20), &json!(USER.to_string()), &json!("api"))
    );
    assert_eq!(
        (left(&world.nats, "DLQ").await, left(&world.nats, "REDRIVE").await),
        (1, 20)
    );

    let again = world
        .ask(Method::POST, &format!("{operation}/resume"), None)
        .await
        .unwrap();
    assert_eq!(
        again.status(),
        StatusCode::ACCEPTED,
        "there is nothing left to do, and it is done"
    );
    let discard = json!({"filter": {"sequences": [21]}});
    assert_eq!(
        world
            .ask(Method::POST, "/discards", Some(discard))
            .await
            .unwrap()
            .status(),
        StatusCode::ACCEPTED
    );
    world
        .until("it is gone", async || left(&world.nats, "DLQ").await == 0)
        .await;
    let consumers = world.get("/consumers").await;
    assert!(
        consumers["items"]
            .as_array()
            .unwrap()
            .iter()
            .any(|one| one["consumer"] == "order-payment")
    );
}
