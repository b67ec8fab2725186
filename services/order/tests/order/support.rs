//! A real nats-server with the declared streams, and replicas of the service on it.

use std::path::Path;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use futures::StreamExt;
use holdfast_contracts::{ids, subjects};
use holdfast_order::config::Config;
use holdfast_order::service::Service;
use holdfast_platform::config::parse_from;
use holdfast_platform::journal::jetstream::{JetStreamJournal, JournalConfig};
use holdfast_platform::journal::{Append, Headers, Journal, Revision};
use holdfast_platform::lane::Lane;
use holdfast_platform::lifecycle::Shutdown;
use holdfast_platform::nats::Nats;
use holdfast_platform::testing::{NatsServer, ServerOptions};
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tower::ServiceExt;
use uuid::Uuid;

use crate::neighbours::{Payment, Stock, catalog, serve};

pub const USER: Uuid = Uuid::from_u128(7);
const PATIENCE: Duration = Duration::from_secs(60);

pub struct World {
    pub server: NatsServer,
    pub nats: Nats,
    pub orders: JetStreamJournal,
    pub payments: JetStreamJournal,
    pub payment: Payment,
    pub stock: Stock,
    urls: [String; 3],
}

impl World {
    pub async fn start() -> Self {
        let server = NatsServer::start_with(ServerOptions::with_users()).await;
        let nats = server.connect("test").await;
        for file in ["orders", "inventory", "payments", "timers", "dlq", "redrive"] {
            let stream = declared(&format!("streams/{file}.json"));
            api(
                &nats,
                &format!("STREAM.CREATE.{}", stream["name"].as_str().unwrap()),
                &stream,
            )
            .await;
        }
        for file in [
            "order-payment",
            "order-inventory",
            "order-payments",
            "order-timers",
        ] {
            for path in [
                format!("consumers/{file}.json"),
                format!("consumers/redrive-{file}.json"),
            ] {
                let consumer = declared(&path);
                let stream = consumer["stream_name"].as_str().unwrap();
                api(&nats, &format!("CONSUMER.CREATE.{stream}.{file}"), &consumer).await;
            }
        }
        let journal = |stream| JetStreamJournal::new(&nats, stream, JournalConfig::default());
        let (payment, stock) = (Payment::default(), Stock::default());
        tokio::spawn(
            stock
                .clone()
                .run(journal(subjects::ORDERS), journal(subjects::INVENTORY)),
        );
        let urls = [
            serve(catalog()).await,
            serve(Stock::router()).await,
            serve(payment.router()).await,
        ];
        Self {
            orders: journal(subjects::ORDERS),
            payments: journal(subjects::PAYMENTS),
            server,
            nats,
            payment,
            stock,
            urls,
        }
    }

    /// A running replica with these flags.
    pub async fn replica(&self, flags: &[&str]) -> Replica {
        let nats = self.server.connect_as("order").await;
        let [catalog, inventory, payment] = &self.urls;
        let base = [
            "order",
            "--catalog-url",
            catalog,
            "--inventory-url",
            inventory,
            "--payment-url",
            payment,
        ];
        let config: Config = parse_from(base.iter().chain(flags)).unwrap();
        let journal = JetStreamJournal::new(&nats, subjects::ORDERS, config.service.journal());
        let service = Service::new(&nats, journal, &config).unwrap();
        let shutdown = Shutdown::new();
        let lanes = service.lanes(
            |stream, consumer| Lane::new(&nats, "order", stream, consumer),
            &shutdown,
        );
        let lanes = lanes.map(|(_, lane)| tokio::spawn(lane)).into();
        Replica {
            router: service.router(),
            shutdown,
            lanes,
        }
    }

    /// Awaits that an order has a status, and returns it. Looks whenever anything is appended to `ORDERS`.
    pub async fn reaches(&self, replica: &Replica, id: &str, status: &str) -> Value {
        let mut changes = self
            .nats
            .client()
            .subscribe(format!("status.{USER}.{id}"))
            .await
            .unwrap();
        // Answered after the server has taken note of the subscription, which a flush does not tell.
        self.nats.jetstream().query_account().await.unwrap();
        let reached = async {
            loop {
                let order = replica.get(&format!("/v1/orders/{id}")).await.body;
                if order["status"] == status {
                    return order;
                }
                changes.next().await.unwrap();
            }
        };
        within(reached).await
    }

    /// Records that a charge has succeeded, as payment does when its provider tells so.
    pub async fn payment_succeeds(&self, id: &str) {
        let amount = json!({"amount": "450", "currency": "EUR"});
        let event = json!({"version": "1", "chargeSucceeded": {"chargeId": "ch_late", "amount": amount}});
        let payload =
            json!({"orderId": id, "userId": USER, "time": "2026-11-23T10:00:00Z", "events": [event]});
        let append = Append {
            subject: subjects::payment(id.parse().unwrap()),
            expected: Revision::NONE,
            message_id: Uuid::new_v4().to_string(),
            headers: Headers::new(),
            payload: payload.to_string().into(),
        };
        self.payments.append(append).await.unwrap();
    }
}

pub fn subject(id: &str) -> String {
    subjects::order(USER, id.parse().unwrap())
}

async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future)
        .await
        .expect("it happens in time")
}

fn declared(file: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../nats")
        .join(file);
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

async fn api(nats: &Nats, call: &str, request: &Value) {
    let reply = nats
        .client()
        .request(format!("$JS.API.{call}"), request.to_string().into())
        .await
        .unwrap();
    let reply: Value = serde_json::from_slice(&reply.payload).unwrap();
    assert!(reply.get("error").is_none(), "{call}: {reply}");
}

pub struct Replica {
    router: Router,
    shutdown: Shutdown,
    lanes: Vec<JoinHandle<()>>,
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map(|value| value.to_str().unwrap())
            .unwrap_or_default()
    }
}

impl Replica {
    /// Dies with what it has in its hands.
    pub async fn die(mut self) {
        for lane in self.lanes.drain(..) {
            lane.abort();
            let _ = lane.await;
        }
    }

    /// Lets what is under way finish.
    pub async fn stop(mut self) {
        self.shutdown.cancel();
        for lane in self.lanes.drain(..) {
            within(lane).await.unwrap();
        }
    }

    pub fn router(&self) -> Router {
        self.router.clone()
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.ask(Request::get(path), Body::empty()).await
    }

    pub async fn post(&self, path: &str) -> Answer {
        self.ask(Request::post(path), Body::empty()).await
    }

    pub async fn order(&self, key: &str, token: &str) -> Answer {
        let body = json!({"lines": [{"sku": "tea", "quantity": 1}], "payment_token": token});
        let request = Request::post("/v1/orders").header("idempotency-key", key);
        self.ask(
            request.header("content-type", "application/json"),
            Body::from(body.to_string()),
        )
        .await
    }

    pub async fn create(&self, key: &str, token: &str) -> String {
        let answer = self.order(key, token).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
        answer.body["id"].as_str().unwrap().to_owned()
    }

    /// Repeats a request whose first try may or may not have been stored.
    pub async fn create_or_find(&self, key: &str, token: &str) -> String {
        let answer = self.order(key, token).await;
        assert!(answer.status.is_success(), "{}", answer.body);
        assert_eq!(answer.body["id"], json!(ids::order_id(USER, key)));
        ids::order_id(USER, key).to_string()
    }

    async fn ask(&self, request: axum::http::request::Builder, body: Body) -> Answer {
        let request = request
            .header("x-holdfast-user", USER.to_string())
            .body(body)
            .unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
        Answer {
            status,
            headers,
            body: serde_json::from_slice(&body).unwrap_or_default(),
        }
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}
