//! The surroundings of payment: a sandbox and the service itself on real sockets.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use holdfast_payment::http::{Api, router};
use holdfast_payment::provider::sandbox::Sandbox;
use holdfast_payment::service::Payments;
use holdfast_payment::signature::Secrets;
use holdfast_payment::work::Work;
use holdfast_platform::clock::SystemClock;
use holdfast_platform::http::{HttpOptions, client, serve_knowing};
use holdfast_platform::journal::Journal;
use holdfast_platform::lifecycle::Shutdown;
use holdfast_sandbox::connection::{Cuttable, CuttableListener};
use holdfast_sandbox::post::PostOffice;
use holdfast_sandbox::provider::Provider as SandboxProvider;
use holdfast_sandbox::store::Store;
use holdfast_sandbox::token::Delays;
use holdfast_sandbox::webhook::Webhooks;
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use uuid::Uuid;

pub const SECRET: &str = "whsec_test";

/// A router on a free port, with connections that its handlers can cut.
pub async fn serve(router: Router) -> String {
    serve_on(TcpListener::bind("127.0.0.1:0").await.unwrap(), router)
}

fn serve_on(listener: TcpListener, router: Router) -> String {
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(serve_knowing(
        router,
        CuttableListener(listener),
        HttpOptions::default(),
        Shutdown::new(),
        Cuttable::add_lifeline,
    ));
    url
}

/// A running sandbox with short delays.
pub struct RunningSandbox {
    pub url: String,
    folder: TempDir,
}

impl RunningSandbox {
    /// Webhooks go to payment at `payment_url`, if there is one.
    pub async fn start(payment_url: Option<&str>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (store, known) = Store::open(&folder.path().join("charges.jsonl")).unwrap();
        let ms = Duration::from_millis;
        let delays = Delays {
            slow: ms(300),
            outage: ms(300),
            webhook: ms(100),
        };
        let webhooks = payment_url
            .map(|url| Webhooks::new(format!("{url}/v1/payments/webhooks/sandbox"), SECRET.into()).unwrap());
        let provider = SandboxProvider::start(store, known, delays, webhooks);
        Self {
            url: serve(holdfast_sandbox::http::router(provider, PostOffice::default())).await,
            folder,
        }
    }

    /// A client with this time-out.
    pub fn client(&self, timeout: Duration) -> Sandbox {
        let client = client(timeout, None).unwrap();
        Sandbox::new(client, &self.url, Secrets::parse(SECRET).unwrap())
    }

    /// What really happened to the card of an order: the only charge there may be.
    pub async fn truth(&self, order_id: Uuid) -> Value {
        let url = format!("{}/sandbox/charges?order_id={order_id}", self.url);
        let list: Value = Client::new().get(url).send().await.unwrap().json().await.unwrap();
        assert!(
            list["items"].as_array().unwrap().len() <= 1,
            "more than one charge: {list}"
        );
        assert!(self.folder.path().exists());
        list["totals"].clone()
    }
}

/// Payment over a journal and a sandbox, on a real socket.
pub struct World {
    pub sandbox: RunningSandbox,
    pub router: Router,
    pub url: String,
    pub client: Client,
    pub work: Work,
}

impl World {
    pub async fn start<J: Journal>(journal: J) -> Self {
        Self::start_patient(journal, Duration::from_secs(5)).await
    }

    /// As `start`, with a time-out of calls to the provider.
    pub async fn start_patient<J: Journal>(journal: J, timeout: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let sandbox = RunningSandbox::start(Some(&url)).await;
        let (provider, clock) = (Arc::new(sandbox.client(timeout)), Arc::new(SystemClock));
        let payments = Payments::new(journal, Arc::clone(&provider), Arc::clone(&clock));
        let work = Work::new(100, Duration::from_secs(20));
        let router = router(Api {
            payments,
            provider,
            clock,
            work: work.clone(),
        });
        serve_on(listener, router.clone());
        Self {
            sandbox,
            router,
            url,
            client: Client::new(),
            work,
        }
    }

    pub fn charge_request(&self, order_id: Uuid, token: &str, attempt: u32) -> RequestBuilder {
        let amount = json!({"amount": 1999, "currency": "EUR"});
        let user_id = Uuid::from_u128(7);
        self.client
            .post(format!("{}/v1/charges", self.url))
            .header("Idempotency-Key", order_id.to_string())
            .json(&json!({"user_id": user_id, "amount": amount, "payment_token": token, "attempt": attempt}))
    }

    pub async fn charge(&self, order_id: Uuid, token: &str, attempt: u32) -> (StatusCode, Value) {
        read(self.charge_request(order_id, token, attempt)).await
    }

    pub async fn get(&self, order_id: Uuid) -> (StatusCode, Value) {
        read(self.client.get(format!("{}/v1/charges/{order_id}", self.url))).await
    }

    pub async fn refund(&self, order_id: Uuid) -> (StatusCode, Value) {
        let body = json!({"order_id": order_id, "user_id": Uuid::from_u128(7)});
        read(self.client.post(format!("{}/v1/refunds", self.url)).json(&body)).await
    }
}

pub async fn read(request: RequestBuilder) -> (StatusCode, Value) {
    let answer = request.send().await.unwrap();
    let status = answer.status();
    let body = answer.bytes().await.unwrap();
    (
        status,
        if body.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&body).unwrap()
        },
    )
}

/// Asks again and again for what comes by itself.
pub async fn until<F: Future<Output = bool>>(what: &str, mut done: impl FnMut() -> F) {
    let waiting = async {
        while !done().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(20), waiting).await;
    assert!(waited.is_ok(), "timed out waiting until {what}");
}

/// Totals of a card that was charged once, and given back or not.
pub fn totals(captured: i64, refunded: i64) -> Value {
    json!({"charges": 1, "captured": captured, "refunded": refunded})
}
