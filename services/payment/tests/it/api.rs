//! What the API answers to requests that are wrong, and to webhooks, good and bad.

use axum::http::StatusCode;
use holdfast_payment::http::documents;
use holdfast_payment::provider::sandbox::Sandbox;
use holdfast_platform::clock::SystemClock;
use holdfast_platform::journal::memory::MemoryJournal;
use holdfast_platform::openapi::testing::assert_described;
use holdfast_sandbox::webhook::{SIGNATURE_HEADER, signature};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::world::{SECRET, World, read};

async fn world() -> (World, MemoryJournal) {
    let journal = MemoryJournal::default();
    (World::start(journal.clone()).await, journal)
}

#[tokio::test]
async fn a_charge_that_is_wrong_is_refused_by_field() {
    let (world, journal) = world().await;
    let good = json!({"user_id": Uuid::nil(), "amount": {"amount": 1, "currency": "EUR"}, "payment_token": "tok_ok"});
    for (field, value, named) in [
        ("amount", json!({"amount": 0, "currency": "EUR"}), "amount.amount"),
        (
            "amount",
            json!({"amount": -5, "currency": "EUR"}),
            "amount.amount",
        ),
        (
            "amount",
            json!({"amount": 1, "currency": "eur"}),
            "amount.currency",
        ),
        (
            "amount",
            json!({"amount": 1.5, "currency": "EUR"}),
            "amount.amount",
        ),
        ("payment_token", json!(""), "payment_token"),
        ("attempt", json!(0), "attempt"),
        ("user_id", json!("somebody"), "user_id"),
    ] {
        let mut body = good.clone();
        body[field] = value;
        let request = world.charge_request(Uuid::nil(), "tok_ok", 1).json(&body);
        let (status, problem) = read(request).await;
        assert_eq!(
            (status.as_u16(), &problem["errors"][0]["field"]),
            (422, &json!(named)),
            "{problem}"
        );
        assert!(problem["trace_id"].is_string());
    }
    assert!(journal.is_empty());
}

#[tokio::test]
async fn a_key_that_is_no_order_id_is_refused() {
    let (world, _) = world().await;
    let body =
        json!({"user_id": Uuid::nil(), "amount": {"amount": 1, "currency": "EUR"}, "payment_token": "t"});
    let post = world.client.post(format!("{}/v1/charges", world.url)).json(&body);
    let (status, problem) = read(post.try_clone().unwrap()).await;
    assert_eq!(
        (status.as_u16(), &problem["errors"][0]["field"]),
        (400, &json!("Idempotency-Key"))
    );
    assert_eq!(read(post.header("Idempotency-Key", "1234")).await.0.as_u16(), 400);
}

#[tokio::test]
async fn an_order_that_was_never_charged_is_not_found_and_a_malformed_id_is_refused() {
    let (world, _) = world().await;
    assert_eq!(world.get(Uuid::new_v4()).await.0.as_u16(), 404);
    let malformed = world.client.get(format!("{}/v1/charges/not-a-uuid", world.url));
    assert_eq!(read(malformed).await.0.as_u16(), 400);
}

#[tokio::test]
async fn another_amount_under_the_same_order_is_refused() {
    let (world, _) = world().await;
    let order = Uuid::new_v4();
    world.charge(order, "tok_ok", 1).await;
    let body = json!({"user_id": Uuid::nil(), "amount": {"amount": 1, "currency": "EUR"}, "payment_token": "tok_ok"});
    assert_eq!(
        read(world.charge_request(order, "tok_ok", 1).json(&body))
            .await
            .0
            .as_u16(),
        422
    );
}

fn event(order: Uuid) -> Vec<u8> {
    let charge = json!({
        "charge_id": format!("ch_{order}"), "idempotency_key": order, "order_id": order, "amount": 1999,
        "currency": "EUR", "status": "succeeded", "metadata": {"user_id": Uuid::from_u128(7)},
    });
    serde_json::to_vec(&json!({"id": "evt_1", "type": "charge.succeeded", "data": charge})).unwrap()
}

async fn webhook(world: &World, signature: Option<String>, body: Vec<u8>) -> (StatusCode, Value) {
    let post = world
        .client
        .post(format!("{}/v1/payments/webhooks/sandbox", world.url))
        .body(body);
    read(match signature {
        Some(signature) => post.header(SIGNATURE_HEADER, signature),
        None => post,
    })
    .await
}

fn sign(body: &[u8], age_seconds: i64) -> Option<String> {
    let time = Timestamp::now() - SignedDuration::from_secs(age_seconds);
    Some(signature(SECRET.as_bytes(), time, body))
}

#[tokio::test]
async fn a_signed_webhook_is_recorded_and_its_duplicate_changes_nothing() {
    let (world, journal) = world().await;
    let body = event(Uuid::new_v4());
    for _ in 0..2 {
        assert_eq!(
            webhook(&world, sign(&body, 0), body.clone()).await.0,
            StatusCode::NO_CONTENT
        );
    }
    assert_eq!(journal.len(), 1);
}

#[tokio::test]
async fn webhooks_that_are_not_ours_are_refused() {
    let (world, journal) = world().await;
    let body = event(Uuid::new_v4());
    let forged = Some(signature(b"guessed", Timestamp::now(), &body));
    for (what, signature) in [
        ("unsigned", None),
        ("nonsense", Some("nonsense".to_owned())),
        ("forged", forged),
        ("of another body", sign(b"{}", 0)),
        ("replayed after six minutes", sign(&body, 360)),
        ("from six minutes ahead", sign(&body, -360)),
    ] {
        let (status, problem) = webhook(&world, signature, body.clone()).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{what}: {problem}");
    }
    assert!(journal.is_empty());
}

#[tokio::test]
async fn a_signed_webhook_that_cannot_be_read_is_malformed() {
    let (world, _) = world().await;
    for body in [b"not json".to_vec(), b"{}".to_vec()] {
        assert_eq!(
            webhook(&world, sign(&body, 0), body).await.0,
            StatusCode::BAD_REQUEST
        );
    }
}

#[tokio::test]
async fn a_webhook_about_somebody_elses_charge_is_taken_and_ignored() {
    let (world, journal) = world().await;
    let body = json!({"data": {"charge_id": "ch_x", "idempotency_key": "x", "amount": 1, "currency": "EUR",
        "status": "succeeded"}});
    let body = serde_json::to_vec(&body).unwrap();
    assert_eq!(
        webhook(&world, sign(&body, 0), body).await.0,
        StatusCode::NO_CONTENT
    );
    assert!(journal.is_empty());
}

#[tokio::test]
async fn webhooks_of_another_provider_are_not_taken_here() {
    let (world, _) = world().await;
    let post = world
        .client
        .post(format!("{}/v1/payments/webhooks/stripe", world.url))
        .body("{}");
    assert_eq!(read(post).await.0.as_u16(), 404);
}

#[tokio::test]
async fn a_webhook_too_large_or_at_a_path_that_cannot_be_read_is_a_problem() {
    let (world, journal) = world().await;
    let (status, problem) = webhook(&world, None, vec![b' '; 256 * 1024 + 1]).await;
    assert_eq!((status.as_u16(), &problem["status"]), (413, &413.into()));
    let post = world
        .client
        .post(format!("{}/v1/payments/webhooks/%ff", world.url))
        .body("{}");
    let (status, problem) = read(post).await;
    assert_eq!(
        (status.as_u16(), &problem["errors"][0]["field"]),
        (400, &"provider".into())
    );
    assert!(journal.is_empty());
}

#[tokio::test]
async fn the_documents_describe_the_router() {
    let (world, _) = world().await;
    let documents = documents::<MemoryJournal, Sandbox, SystemClock>();
    assert_described(world.router.clone(), &documents).await;
}
