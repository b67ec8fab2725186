//! Catalogue, inventory and payment, as far as the order service sees them.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use axum::{Json, Router};
use futures::StreamExt;
use holdfast_contracts::subjects;
use holdfast_platform::journal::jetstream::JetStreamJournal;
use holdfast_platform::journal::{Append, Feed, Headers, Journal, Record, Revision, Tail};
use serde_json::{Value, json};
use tokio::sync::Notify;
use uuid::Uuid;

pub async fn serve(router: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

/// Sells everything for 450 cents.
pub fn catalog() -> Router {
    let product = async |Path(sku): Path<String>| {
        let price = json!({"amount": 450, "currency": "EUR"});
        (
            [("cache-control", "max-age=60")],
            Json(json!({"sku": sku, "price": price})),
        )
    };
    Router::new().route("/v1/products/{sku}", get(product))
}

/// Payment: tells by the token what becomes of a charge.
#[derive(Clone, Default)]
pub struct Payment {
    ledger: Arc<Mutex<Ledger>>,
    stuck: Arc<Notify>,
}

#[derive(Default)]
struct Ledger {
    charges: HashMap<String, u32>,
    captured: HashMap<String, u32>,
    traces: HashMap<String, Vec<String>>,
    void: HashSet<String>,
    refuses_refunds: bool,
}

impl Payment {
    pub fn charges(&self, order: &str) -> u32 {
        self.ledger
            .lock()
            .unwrap()
            .charges
            .get(order)
            .copied()
            .unwrap_or_default()
    }

    /// The `traceparent` of each charge that came with one.
    pub fn traces(&self, order: &str) -> Vec<String> {
        self.ledger
            .lock()
            .unwrap()
            .traces
            .get(order)
            .cloned()
            .unwrap_or_default()
    }

    pub fn captured(&self, order: &str) -> u32 {
        self.ledger
            .lock()
            .unwrap()
            .captured
            .get(order)
            .copied()
            .unwrap_or_default()
    }

    /// Until a charge hangs.
    pub async fn is_stuck(&self) {
        self.stuck.notified().await;
    }

    pub fn refuse_refunds(&self, refuse: bool) {
        self.ledger.lock().unwrap().refuses_refunds = refuse;
    }

    pub fn router(&self) -> Router {
        Router::new()
            .route("/v1/charges", post(charge))
            .route("/v1/voids", post(void))
            .route("/v1/refunds", post(refund))
            .with_state(self.clone())
    }
}

fn outcome(value: Value) -> (StatusCode, Json<Value>) {
    (StatusCode::OK, Json(value))
}

fn pending() -> (StatusCode, Json<Value>) {
    (StatusCode::ACCEPTED, Json(json!({"status": "payment-pending"})))
}

async fn charge(
    State(payment): State<Payment>,
    headers: HeaderMap,
    Json(request): Json<Value>,
) -> (StatusCode, Json<Value>) {
    match payment.charge(&headers, &request) {
        Some(answer) => answer,
        None => {
            payment.stuck.notify_one();
            std::future::pending().await
        }
    }
}

impl Payment {
    /// The answer to a charge; `None` if there never is one.
    fn charge(&self, headers: &HeaderMap, request: &Value) -> Option<(StatusCode, Json<Value>)> {
        let order = headers["idempotency-key"].to_str().unwrap().to_owned();
        let mut ledger = self.ledger.lock().unwrap();
        if ledger.void.contains(&order) {
            return Some(outcome(json!({"status": "voided"})));
        }
        if let Some(trace) = headers.get("traceparent") {
            let traces = ledger.traces.entry(order.clone()).or_default();
            traces.push(trace.to_str().unwrap().to_owned());
        }
        let charges = ledger.charges.entry(order.clone()).or_default();
        *charges += 1;
        Some(match (request["payment_token"].as_str().unwrap(), *charges) {
            ("tok_declined", _) => outcome(json!({"status": "declined", "code": "card_declined"})),
            ("tok_stuck_once", 1) => return None,
            ("tok_pending", _) | ("tok_pending_once", 1) => pending(),
            _ => {
                // Idempotent: a second charge finds the first.
                ledger.captured.insert(order.clone(), 1);
                outcome(
                    json!({"status": "succeeded", "charge_id": format!("ch_{order}"), "amount": request["amount"]}),
                )
            }
        })
    }
}

async fn void(State(payment): State<Payment>, Json(request): Json<Value>) -> (StatusCode, Json<Value>) {
    let order = request["order_id"].as_str().unwrap().to_owned();
    let mut ledger = payment.ledger.lock().unwrap();
    match ledger.captured.get(&order) {
        Some(_) => outcome(json!({"status": "succeeded", "charge_id": format!("ch_{order}")})),
        None => {
            ledger.void.insert(order);
            outcome(json!({"status": "voided"}))
        }
    }
}

async fn refund(State(payment): State<Payment>, Json(request): Json<Value>) -> (StatusCode, Json<Value>) {
    let order = request["order_id"].as_str().unwrap().to_owned();
    let mut ledger = payment.ledger.lock().unwrap();
    if ledger.refuses_refunds {
        return (StatusCode::BAD_GATEWAY, Json(Value::Null));
    }
    match ledger.captured.remove(&order) {
        Some(_) => outcome(json!({"status": "refunded", "refund_id": format!("re_{order}")})),
        None => {
            ledger.void.insert(order);
            outcome(json!({"status": "voided"}))
        }
    }
}

/// A batch bears the trace of the first order that it was decided for.
const OF_ANOTHER_ORDER: &str = "00-11111111111111111111111111111111-2222222222222222-01";

/// The writer of stock decisions: has everything until it is sold out.
#[derive(Clone, Default)]
pub struct Stock {
    sold_out: Arc<AtomicBool>,
    decisions: Arc<Mutex<HashMap<String, Vec<&'static str>>>>,
}

impl Stock {
    pub fn sell_out(&self) {
        self.sold_out.store(true, Ordering::Relaxed);
    }

    pub fn decisions(&self, order: &str) -> Vec<&'static str> {
        self.decisions
            .lock()
            .unwrap()
            .get(order)
            .cloned()
            .unwrap_or_default()
    }

    pub fn router() -> Router {
        Router::new().route(
            "/v1/stock",
            get(async || ([("cache-control", "max-age=1")], Json(json!({"items": []})))),
        )
    }

    /// Decides what is asked for in `ORDERS`, for ever.
    pub async fn run(self, orders: JetStreamJournal, inventory: JetStreamJournal) {
        let mut tail = std::pin::pin!(orders.tail("orders.*.*", Revision::NONE));
        while let Some(next) = tail.next().await {
            let Tail::Record(record) = next else { continue };
            if let Some(decision) = self.decide(&record) {
                append(&inventory, &decision).await;
            }
        }
    }

    fn decide(&self, record: &Record) -> Option<Value> {
        let commands = record.headers.get("Holdfast-Commands")?;
        let sold_out = self.sold_out.load(Ordering::Relaxed);
        let kind = commands.split(',').find_map(|command| match command {
            "reserve_inventory" if sold_out => Some("notAvailable"),
            "reserve_inventory" => Some("reserved"),
            "release_inventory" => Some("released"),
            _ => None,
        })?;
        let (user, order) = subjects::parse_order(&record.subject)?;
        self.decisions
            .lock()
            .unwrap()
            .entry(order.to_string())
            .or_default()
            .push(kind);
        let cause = json!({"userId": user, "orderId": order, "orderSequence": record.revision.0.to_string()});
        Some(json!({"decisions": [{ kind: {"cause": cause} }]}))
    }
}

async fn append(inventory: &JetStreamJournal, batch: &Value) {
    let subject = subjects::inventory_log(0);
    loop {
        let expected = match inventory.last(&subject).await {
            Ok(last) => last.map_or(Revision::NONE, |record| record.revision),
            Err(_) => continue,
        };
        let append = Append {
            subject: subject.clone(),
            expected,
            message_id: Uuid::new_v4().to_string(),
            headers: Headers::from([("traceparent".to_owned(), OF_ANOTHER_ORDER.to_owned())]),
            payload: batch.to_string().into(),
        };
        if inventory.append(append).await.is_ok() {
            return;
        }
    }
}
