//! The sandbox over real connections, as a merchant and a sender of messages see it.

#![allow(
    clippy::unwrap_used,
    reason = "a panic here is a failed assertion with a line number"
)]

mod post;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use holdfast_platform::http::{HttpOptions, serve_knowing};
use holdfast_platform::lifecycle::Shutdown;
use holdfast_sandbox::connection::{Cuttable, CuttableListener};
use holdfast_sandbox::post::PostOffice;
use holdfast_sandbox::provider::Provider;
use holdfast_sandbox::store::Store;
use holdfast_sandbox::token::Delays;
use holdfast_sandbox::webhook::{Webhooks, signature};
use jiff::Timestamp;
use reqwest::Client;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

const SECRET: &str = "whsec_test";

fn short() -> Delays {
    let ms = Duration::from_millis;
    Delays {
        slow: ms(200),
        outage: ms(200),
        webhook: ms(50),
    }
}

struct Sandbox {
    url: String,
    client: Client,
    server: JoinHandle<()>,
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Sandbox {
    async fn start(folder: &Path, webhook_url: Option<String>) -> Self {
        Self::start_with(folder, webhook_url, PostOffice::default()).await
    }

    async fn start_with(folder: &Path, webhook_url: Option<String>, office: PostOffice) -> Self {
        let (store, known) = Store::open(&folder.join("charges.jsonl")).unwrap();
        let webhooks = webhook_url.map(|url| Webhooks::new(url, SECRET.into()).unwrap());
        let provider = Provider::start(store, known, short(), webhooks);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = tokio::spawn(serve_knowing(
            holdfast_sandbox::http::router(provider, office),
            CuttableListener(listener),
            HttpOptions::default(),
            Shutdown::new(),
            Cuttable::add_lifeline,
        ));
        Self {
            url,
            client: Client::new(),
            server,
        }
    }

    fn request(&self, key: &str, token: &str) -> reqwest::RequestBuilder {
        let amount = json!({"amount": 1999, "currency": "EUR"});
        self.client
            .post(format!("{}/v1/charges", self.url))
            .header("Idempotency-Key", key)
            .json(&json!({"order_id": "o1", "amount": amount, "payment_token": token}))
    }

    async fn charge(&self, key: &str, token: &str) -> (StatusCode, Value) {
        read(self.request(key, token)).await
    }

    async fn get(&self, path: &str) -> (StatusCode, Value) {
        read(self.client.get(format!("{}{path}", self.url))).await
    }

    async fn post(&self, path: &str, key: &str) -> (StatusCode, Value) {
        read(
            self.client
                .post(format!("{}{path}", self.url))
                .header("Idempotency-Key", key),
        )
        .await
    }
}

async fn read(request: reqwest::RequestBuilder) -> (StatusCode, Value) {
    let answer = request.send().await.unwrap();
    (answer.status(), answer.json().await.unwrap())
}

type Received = mpsc::Receiver<(HeaderMap, Bytes)>;

/// A merchant that refuses the first `refusals` webhooks.
async fn merchant(refusals: usize) -> (String, Received) {
    let (sender, received) = mpsc::channel(16);
    let left = Arc::new(std::sync::atomic::AtomicUsize::new(refusals));
    let take = |State((left, sender)): State<(Arc<std::sync::atomic::AtomicUsize>, mpsc::Sender<_>)>,
                headers: HeaderMap,
                body: Bytes| async move {
        use std::sync::atomic::Ordering::SeqCst;
        if left.fetch_update(SeqCst, SeqCst, |n| n.checked_sub(1)).is_ok() {
            return StatusCode::SERVICE_UNAVAILABLE;
        }
        sender.send((headers, body)).await.unwrap();
        StatusCode::NO_CONTENT
    };
    let router = Router::new()
        .route("/hook", post(take))
        .with_state((left, sender));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (url, received)
}

#[tokio::test]
async fn a_lost_response_was_charged_and_is_found_by_its_key() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start(folder.path(), None).await;
    let lost = sandbox.request("k1", "tok_lost_response").send().await;
    assert!(
        lost.is_err(),
        "the connection is closed without an answer: {lost:?}"
    );
    let (status, charge) = sandbox.get("/v1/charges/by-key/k1").await;
    assert_eq!((status, &charge["captured"]), (StatusCode::OK, &json!(1999)));
    let (status, again) = sandbox.charge("k1", "tok_lost_response").await;
    assert_eq!(
        (status, &again["charge_id"]),
        (StatusCode::OK, &charge["charge_id"])
    );
    let (_, list) = sandbox.get("/sandbox/charges?order_id=o1").await;
    assert_eq!(
        list["totals"],
        json!({"charges": 1, "captured": 1999, "refunded": 0})
    );
    assert_eq!(list["items"][0]["attempts"], 2);
}

#[tokio::test]
async fn a_slow_charge_is_captured_also_when_the_caller_hangs_up() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start(folder.path(), None).await;
    let impatient = sandbox
        .request("k1", "tok_slow")
        .timeout(Duration::from_millis(50))
        .send()
        .await;
    assert!(impatient.unwrap_err().is_timeout());
    assert_eq!(
        sandbox.get("/v1/charges?idempotency_key=k1").await.0,
        StatusCode::ACCEPTED
    );
    let (status, patient) = sandbox.charge("k1", "tok_slow").await;
    assert_eq!(
        (status, &patient["status"]),
        (StatusCode::OK, &json!("succeeded"))
    );
}

#[tokio::test]
async fn an_outage_ends_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start(folder.path(), None).await;
    assert_eq!(
        sandbox.charge("k1", "tok_error").await.0,
        StatusCode::INTERNAL_SERVER_ERROR
    );
    assert_eq!(
        sandbox.get("/v1/charges/by-key/k1").await.0,
        StatusCode::INTERNAL_SERVER_ERROR
    );
    tokio::time::sleep(short().outage).await;
    assert_eq!(sandbox.charge("k1", "tok_error").await.1["status"], "succeeded");
}

#[tokio::test]
async fn a_webhook_is_signed_and_repeated_until_it_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let (url, mut received) = merchant(1).await;
    let sandbox = Sandbox::start(folder.path(), Some(url)).await;
    let (status, pending) = sandbox.charge("k1", "tok_webhook_twice").await;
    assert_eq!(
        (status, &pending["status"]),
        (StatusCode::ACCEPTED, &json!("pending"))
    );
    for _ in 0..2 {
        let (headers, body) = received.recv().await.unwrap();
        let event: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(
            (&event["type"], &event["data"]["captured"]),
            (&json!("charge.succeeded"), &json!(1999))
        );
        let header = headers["holdfast-signature"].to_str().unwrap();
        let time: i64 = header
            .strip_prefix("t=")
            .unwrap()
            .split(',')
            .next()
            .unwrap()
            .parse()
            .unwrap();
        let expected = signature(SECRET.as_bytes(), Timestamp::from_second(time).unwrap(), &body);
        assert_eq!(header, expected);
    }
}

#[tokio::test]
async fn a_killed_sandbox_still_captures_and_tells_what_it_promised() {
    let folder = tempfile::tempdir().unwrap();
    let (url, mut received) = merchant(0).await;
    let first = Sandbox::start(folder.path(), None).await;
    first.charge("paid", "tok_ok").await;
    first.charge("k1", "tok_webhook_only").await;
    drop(first);
    let second = Sandbox::start(folder.path(), Some(url)).await;
    let (_, body) = received.recv().await.unwrap();
    let event: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(event["data"]["idempotency_key"], "k1");
    assert_eq!(
        second.get("/sandbox/charges").await.1["totals"]["captured"],
        2 * 1999
    );
}

#[tokio::test]
async fn void_and_refund_are_idempotent() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start(folder.path(), None).await;
    for _ in 0..2 {
        assert_eq!(
            sandbox.post("/v1/charges/by-key/k1/void", "-").await.1["status"],
            "voided"
        );
    }
    assert_eq!(sandbox.charge("k1", "tok_ok").await.1["status"], "voided");
    let id = sandbox.charge("k2", "tok_ok").await.1["charge_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let refunds = format!("/v1/charges/{id}/refunds");
    let (status, refund) = sandbox.post(&refunds, "r2").await;
    assert_eq!((status, &refund["amount"]), (StatusCode::OK, &json!(1999)));
    assert_eq!(sandbox.post(&refunds, "r2").await.1, refund);
    assert_eq!(
        sandbox.post(&refunds, "other").await.0,
        StatusCode::UNPROCESSABLE_ENTITY
    );
}

#[tokio::test]
async fn bad_requests_are_told_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start(folder.path(), None).await;
    let no_key = sandbox
        .client
        .post(format!("{}/v1/charges", sandbox.url))
        .json(&json!({
            "order_id": "o1", "amount": {"amount": 1, "currency": "EUR"}, "payment_token": "tok_ok"
        }));
    assert_eq!(read(no_key).await.0, StatusCode::BAD_REQUEST);
    let negative = sandbox.request("k1", "tok_ok").json(&json!({
        "order_id": "o1", "amount": {"amount": -1, "currency": "EUR"}, "payment_token": "tok_ok"
    }));
    let (status, problem) = read(negative).await;
    assert_eq!(
        (status, &problem["errors"][0]["field"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!("amount.amount"))
    );
    assert_eq!(
        sandbox.get("/v1/charges/by-key/none").await.0,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn the_page_for_people_shows_charges() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start(folder.path(), None).await;
    sandbox.charge("k1", "tok_declined").await;
    let page = sandbox
        .client
        .get(format!("{}/sandbox", sandbox.url))
        .send()
        .await
        .unwrap();
    assert!(page.text().await.unwrap().contains("tok_declined"));
}
