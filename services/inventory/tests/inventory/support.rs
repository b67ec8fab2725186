//! A real nats-server with the declared streams, replicas of the service on it, and orders.

use std::path::Path;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use futures::StreamExt;
use holdfast_contracts::subjects;
use holdfast_inventory::codec::{self, Entry};
use holdfast_inventory::config::Settings;
use holdfast_inventory::receipts::Role;
use holdfast_inventory::service::Service;
use holdfast_platform::journal::jetstream::{JetStreamJournal, JournalConfig};
use holdfast_platform::journal::{Append, Feed, Headers, Journal, Revision, Tail};
use holdfast_platform::nats::Nats;
use holdfast_platform::testing::{NatsServer, ServerOptions};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;
use uuid::Uuid;

pub const USER: Uuid = Uuid::from_u128(7);
const PATIENCE: Duration = Duration::from_secs(60);

pub struct World {
    pub server: NatsServer,
    pub nats: Nats,
    pub orders: JetStreamJournal,
    pub inventory: JetStreamJournal,
}

impl World {
    pub async fn start() -> Self {
        let server = NatsServer::start_with(ServerOptions::with_users()).await;
        let nats = server.connect("test").await;
        for (file, name) in [("orders", "ORDERS"), ("inventory", "INVENTORY"), ("dlq", "DLQ")] {
            api(
                &nats,
                &format!("STREAM.CREATE.{name}"),
                declared(&format!("streams/{file}.json")),
            )
            .await;
        }
        let consumer = declared("consumers/inventory.json");
        api(&nats, "CONSUMER.CREATE.ORDERS.inventory", consumer).await;
        let journal = |stream| JetStreamJournal::new(&nats, stream, JournalConfig::default());
        let (orders, inventory) = (journal(subjects::ORDERS), journal(subjects::INVENTORY));
        Self {
            server,
            nats,
            orders,
            inventory,
        }
    }

    /// A running replica that can answer reads.
    pub async fn replica(&self) -> Replica {
        self.replica_with(Settings::default()).await
    }

    pub async fn replica_with(&self, settings: Settings) -> Replica {
        let mut replica = self.starting_replica(settings).await;
        within(replica.ready.wait_for(|ready| *ready)).await.unwrap();
        replica
    }

    /// A replica that may never be ready.
    pub async fn starting_replica(&self, settings: Settings) -> Replica {
        let nats = self.server.connect_as("inventory").await;
        let service = Service::new(&nats, settings);
        let (router, role, ready) = (service.router(), service.role(), service.ready());
        let shutdown = CancellationToken::new();
        let task = tokio::spawn(service.run(shutdown.clone()));
        Replica {
            router,
            role,
            ready,
            shutdown,
            task,
        }
    }

    /// Appends a commit of an order to `ORDERS`.
    pub async fn commit(&self, order: u128, expected: Revision, commands: Value) -> Revision {
        let payload = json!({"orderId": Uuid::from_u128(order), "commands": commands});
        self.commit_raw(order, expected, payload.to_string()).await
    }

    /// Appends to the log of stock decisions what nobody can read, and tells its sequence.
    pub async fn corrupt_log(&self) -> Revision {
        let ack = self
            .nats
            .jetstream()
            .publish(subjects::inventory_log(0), "garbage".into());
        Revision(ack.await.unwrap().await.unwrap().sequence)
    }

    pub async fn commit_raw(&self, order: u128, expected: Revision, payload: String) -> Revision {
        let append = Append {
            subject: subjects::order(USER, Uuid::from_u128(order)),
            expected,
            message_id: format!("{order}.{expected}"),
            headers: Headers::new(),
            payload: payload.into(),
        };
        self.orders.append(append).await.unwrap()
    }

    pub async fn reserve(&self, order: u128, sku: &str, quantity: u32) -> Revision {
        self.commit(order, Revision::NONE, reserve(sku, quantity)).await
    }

    /// The first `count` decisions about orders in the log, awaited.
    pub async fn decisions(&self, count: usize) -> Vec<Entry> {
        self.decisions_but(count, &[]).await
    }

    /// The same of a log with messages that cannot be read.
    pub async fn decisions_but(&self, count: usize, unreadable: &[Revision]) -> Vec<Entry> {
        let mut tail = std::pin::pin!(self.inventory.tail(&subjects::inventory_log(0), Revision::NONE));
        let mut decisions = Vec::new();
        within(async {
            while decisions.len() < count {
                if let Some(Tail::Record(record)) = tail.next().await
                    && !unreadable.contains(&record.revision)
                {
                    let batch = codec::decode_batch(&record.payload).unwrap();
                    decisions.extend(batch.entries.into_iter().filter(|entry| entry.cause.is_some()));
                }
            }
        })
        .await;
        decisions
    }
}

pub fn reserve(sku: &str, quantity: u32) -> Value {
    json!([{"reserveInventory": {"lines": [{"sku": sku, "quantity": quantity}]}}])
}

/// Awaits something that must happen.
pub async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future)
        .await
        .expect("it happens in time")
}

pub fn declared(file: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../nats")
        .join(file);
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

pub async fn api(nats: &Nats, call: &str, request: Value) -> Value {
    let reply = nats
        .client()
        .request(format!("$JS.API.{call}"), request.to_string().into())
        .await
        .unwrap();
    let reply: Value = serde_json::from_slice(&reply.payload).unwrap();
    assert!(reply.get("error").is_none(), "{call}: {reply}");
    reply
}

pub struct Replica {
    pub router: Router,
    pub role: watch::Receiver<Role>,
    pub ready: watch::Receiver<bool>,
    shutdown: CancellationToken,
    task: JoinHandle<()>,
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
    pub async fn get(&self, path: &str) -> Answer {
        self.ask(Request::get(path).body(Body::empty()).unwrap()).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        let request = Request::builder().method(Method::POST).uri(path);
        let request = request.header(header::CONTENT_TYPE, "application/json");
        self.ask(request.body(Body::from(body.to_string())).unwrap())
            .await
    }

    pub async fn ask(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
        Answer {
            status,
            headers,
            body: serde_json::from_slice(&body).unwrap_or_default(),
        }
    }

    pub async fn receive(&self, id: &str, sku: &str, quantity: u32) {
        let body = json!({"quantity": quantity, "receipt_id": id});
        let answer = self.post(&format!("/v1/stock/{sku}/receipts"), body).await;
        assert!(answer.status.is_success(), "{}", answer.body);
    }

    /// Waits until the view shows so many units.
    pub async fn shows(&self, sku: &str, available: u64, reserved: u64) {
        let wanted = (json!(available), json!(reserved));
        let shown = async {
            loop {
                let stock = self.get(&format!("/v1/stock/{sku}")).await.body;
                if (stock["available"].clone(), stock["reserved"].clone()) == wanted {
                    return;
                }
                tokio::task::yield_now().await;
            }
        };
        within(shown).await;
    }

    pub async fn becomes(&mut self, role: Role) {
        within(self.role.wait_for(|now| *now == role)).await.unwrap();
    }

    /// Ends at once, whatever it is doing.
    pub async fn kill(self) {
        self.task.abort();
        let _ = self.task.await;
    }

    /// Shuts down in order.
    pub async fn drain(self) {
        self.shutdown.cancel();
        within(self.task).await.unwrap();
    }
}
