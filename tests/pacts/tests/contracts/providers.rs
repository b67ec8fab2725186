//! The providers: a platform of real processes, and the messages that they wrote while orders went through it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use holdfast_platform::journal::jetstream::{JetStreamJournal, JournalConfig};
use holdfast_platform::journal::{Record, Revision, Scan as _};
use holdfast_platform::nats::{Credentials, NatsConfig, connect};
use holdfast_tests_integration::{Platform, Shop, eventually, send};
use holdfast_tests_pacts::{States, prepare, verify, verify_messages};
use nix::sys::signal::Signal;
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::id;

const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn providers_keep_their_contracts() {
    prepare();
    let platform = Arc::new(Platform::start(&[], &[]).await);
    trade(&platform).await;
    messages(&platform).await;
    let world: Arc<dyn States> = Arc::new(World {
        platform: Arc::clone(&platform),
        client: Client::new(),
    });
    let providers = [
        ("order", "payment"),
        ("order", "catalog"),
        ("notification", "user"),
        ("order", "inventory"),
    ];
    for (consumer, provider) in providers {
        let port = platform.port(provider);
        verify(consumer, provider, port, Arc::clone(&world)).await;
    }
}

/// Orders of each kind, so that there are messages of each kind.
async fn trade(platform: &Platform) {
    let shop = Shop::of(platform, id(0xc));
    for (quantity, token, status) in [
        (1, "tok_ok", "completed"),
        (1, "tok_declined", "cancelled"),
        (1000, "tok_ok", "cancelled"),
    ] {
        let lines = json!([{"sku": "tea-sencha-100", "quantity": quantity}]);
        let key = format!("{token}-{quantity}");
        let order = shop.order(&key, &json!({"lines": lines, "payment_token": token}));
        let order = shop.insist(order).await.id();
        eventually(PATIENCE, async || {
            let answer = shop.get(&format!("/{order}")).await?;
            (answer.body["status"] == status)
                .then_some(())
                .ok_or(format!("{answer:?}"))
        })
        .await;
    }
    let client = Client::new();
    let payment = platform.url("payment");
    charge(
        &client,
        &payment,
        &json!({"order": id(0xa1), "user": id(0xc), "token": "tok_ok"}),
        450,
    )
    .await
    .expect("charged");
    for (path, order) in [("refunds", id(0xa1)), ("voids", id(0xa2))] {
        let body = json!({"order_id": order, "user_id": id(0xc)});
        done(client.post(format!("{payment}/v1/{path}")).json(&body))
            .await
            .expect("settled");
    }
}

async fn messages(platform: &Platform) {
    let nats = NatsConfig::new(platform.url("nats-server").replace("http", "nats"), "holdfast");
    let nats = connect(&nats.with(Some(operator(platform)))).await.expect("NATS");
    let records = async |stream: &str, filter: &str| {
        let journal = JetStreamJournal::new(&nats, stream, JournalConfig::default());
        journal
            .scan(filter, Revision::NONE, Revision::NONE, 1000)
            .await
            .expect("records")
    };
    let orders = records("ORDERS", "orders.>").await;
    let commands = [
        ("reserve", "reserveInventory"),
        ("commit", "commitInventory"),
        ("release", "releaseInventory"),
    ];
    let commands = commands.map(|(description, name)| (description, format!("/commands/0/{name}")));
    verify_messages("inventory-commands", "order-commits", chosen(&orders, commands)).await;

    let status = [
        ("taken", "/events/0/orderCreated"),
        ("completed", "/events/1/orderCompleted"),
        ("out of stock", "/events/0/inventoryNotAvailable"),
        ("declined", "/events/0/inventoryReleased"),
    ];
    let status = status.map(|(description, place)| (description, place.to_owned()));
    verify_messages("realtime", "order-status", chosen(&orders, status.clone())).await;
    verify_messages("notification", "order-commits", chosen(&orders, status)).await;

    let log = records("INVENTORY", "inventory.log.*").await;
    let decisions = [
        ("reserved", "reserved"),
        ("not available", "notAvailable"),
        ("released", "released"),
    ];
    let decisions = decisions.map(|(description, name)| (description, format!("/decisions/0/{name}")));
    verify_messages("order-inventory", "inventory-log", chosen(&log, decisions)).await;

    let payments = records("PAYMENTS", "payments.*").await;
    let events = [
        ("succeeded", "chargeSucceeded"),
        ("declined", "chargeDeclined"),
        ("voided", "chargeVoided"),
        ("refunded", "chargeRefunded"),
    ];
    let events = events.map(|(description, name)| (description, format!("/events/0/{name}")));
    verify_messages("order-payments", "payment-events", chosen(&payments, events)).await;
}

fn operator(platform: &Platform) -> Credentials {
    let file = std::fs::read(platform.home().join("run/nats/operator.json")).expect("credentials");
    let kept: Value = serde_json::from_slice(&file).expect("credentials");
    let text = |name: &str| kept[name].as_str().expect("text").to_owned();
    Credentials {
        user: text("user"),
        password: text("password"),
    }
}

/// The first record that has something at the place, by description.
fn chosen<const N: usize>(records: &[Record], places: [(&str, String); N]) -> HashMap<String, Record> {
    let at = |place: &str| {
        let has = |record: &&Record| {
            let payload: Value = serde_json::from_slice(&record.payload).expect("JSON");
            payload.pointer(place).is_some()
        };
        records
            .iter()
            .find(has)
            .unwrap_or_else(|| panic!("no record has {place}"))
            .clone()
    };
    places
        .iter()
        .map(|(description, place)| ((*description).to_owned(), at(place)))
        .collect()
}

/// Brings the platform's services into the states that contracts name.
struct World {
    platform: Arc<Platform>,
    client: Client,
}

#[async_trait]
impl States for World {
    async fn change(&self, name: &str, parameters: &Value, enter: bool) -> Result<Value, String> {
        let payment = self.platform.url("payment");
        match (name, enter) {
            ("a charge", true) => charge(&self.client, &payment, parameters, 450).await,
            ("a charge of 9.99", true) => charge(&self.client, &payment, parameters, 999).await,
            ("somebody with a phone, who wants both", true) => self.somebody().await,
            ("a product", true) => self.product(parameters["sku"].as_str().unwrap_or_default()).await,
            ("the inventory has lost its log", true) => self.lose_log().await,
            ("the inventory has lost its log", false) => {
                self.platform.signal("nats-server", Signal::SIGCONT);
                Ok(Value::Null)
            }
            (_, false) => Ok(Value::Null),
            (unknown, true) => Err(format!("{unknown} is no state of this platform")),
        }
    }
}

impl World {
    async fn product(&self, sku: &str) -> Result<Value, String> {
        let product = json!({
            "sku": sku,
            "name": "Tea of the contract", "description": "", "price": {"amount": 450, "currency": "EUR"},
        });
        let url = format!("{}/v1/products", self.platform.url("catalog"));
        done(
            self.client
                .post(url)
                .header("x-holdfast-roles", "staff")
                .json(&product),
        )
        .await
    }

    async fn somebody(&self) -> Result<Value, String> {
        let person = json!({
            "email": "jo@example.org", "password": "correct horse battery staple", "name": "Jo", "phone": "+4915112345678",
            "notifications": {"email": true, "sms": true},
        });
        let answer = self
            .client
            .post(format!("{}/v1/users", self.platform.url("user")))
            .json(&person);
        let answer = send(answer).await?;
        let id = answer.body["id"].as_str().ok_or_else(|| format!("{answer:?}"))?;
        Ok(json!({"user": id}))
    }

    async fn lose_log(&self) -> Result<Value, String> {
        self.platform.signal("nats-server", Signal::SIGSTOP);
        let url = format!("{}/v1/stock?sku=tea-sencha-100", self.platform.url("inventory"));
        let noticed = async {
            loop {
                let answer = self.client.get(&url).send().await;
                if answer.is_ok_and(|answer| answer.headers().contains_key("cache-status")) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        };
        let noticed = tokio::time::timeout(PATIENCE, noticed).await;
        noticed
            .map(|()| Value::Null)
            .map_err(|_| "the stock is still current".to_owned())
    }
}

async fn charge(client: &Client, payment: &str, parameters: &Value, amount: u32) -> Result<Value, String> {
    let body = json!({
        "user_id": parameters["user"], "payment_token": parameters["token"], "attempt": 1,
        "amount": {"amount": amount, "currency": "EUR"},
    });
    let order: Uuid =
        serde_json::from_value(parameters["order"].clone()).map_err(|error| error.to_string())?;
    let request = client
        .post(format!("{payment}/v1/charges"))
        .header("idempotency-key", order.to_string());
    done(request.json(&body)).await
}

async fn done(request: RequestBuilder) -> Result<Value, String> {
    let answer = request.send().await.map_err(|error| error.to_string())?;
    match answer.status().is_success() {
        true => Ok(Value::Null),
        false => Err(format!(
            "{}: {}",
            answer.status(),
            answer.text().await.unwrap_or_default()
        )),
    }
}
