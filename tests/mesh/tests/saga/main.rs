//! Orders through the whole mesh, with the real services: whatever happens to payment or to inventory, an order that was
//! taken is kept, and completes when they are back.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "clippy knows tests by their attribute, not the functions that they call"
)]

mod gate;
mod platform;

use std::time::Duration;

use gate::Mode;
use holdfast_tests_mesh::tokens::{Key, STAFF_TOKEN, USER_TOKEN, claims};
use platform::{Platform, eventually};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

const ORDERS: usize = 4;
/// More than inventory says that its answers are fresh.
const FRESH: Duration = Duration::from_secs(20);
/// Below what one user may order.
const BETWEEN_ORDERS: Duration = Duration::from_millis(100);
/// More than the breaker needs within one of its intervals, with three tries each.
const MANY: usize = 30;

async fn orders(platform: &mut Platform, count: usize, payment_token: &str) -> Vec<Value> {
    let mut orders = Vec::new();
    for _ in 0..count {
        orders.push(platform.order(payment_token).await);
    }
    orders
}

async fn all(platform: &Platform, orders: &[Value], status: &str) {
    for order in orders {
        platform.wait(order, status).await;
    }
}

/// How often order's sidecar has answered in place of another service.
async fn answered(platform: &Platform, counter: &str) -> u64 {
    let envoy = platform.mesh.envoy("order");
    envoy.stat(&format!("wasmcustom.fallback.{counter}")).await
}

async fn answered_for_payment(platform: &Platform) {
    eventually("answer in payment's place", async || {
        let answered = answered(platform, "payment-pending.static").await;
        if answered > 0 {
            Ok(())
        } else {
            Err("none".to_owned())
        }
    })
    .await;
}

async fn is_open(platform: &Platform) -> bool {
    let stats = platform.mesh.envoy("order").stats("ejections_active").await;
    stats
        .iter()
        .any(|(name, count)| name.contains("payment.holdfast") && *count > 0)
}

#[tokio::test]
#[ignore = "make test-mesh"]
async fn given_payment_is_down_then_orders_wait_for_it_and_complete() {
    let mut platform = Platform::start().await;
    platform.kill("payment").await;
    let taken = orders(&mut platform, ORDERS, "tok_ok").await;
    all(&platform, &taken, "payment_pending").await;
    answered_for_payment(&platform).await;
    platform.restart("payment").await;
    all(&platform, &taken, "completed").await;
    platform.audit().await;
    platform.mesh.assert_accepted().await;
}

#[tokio::test]
#[ignore = "make test-mesh"]
async fn given_the_provider_is_slow_then_orders_wait_for_it_and_complete() {
    let mut platform = Platform::start().await;
    let slow = orders(&mut platform, ORDERS, "tok_slow").await;
    let quick = orders(&mut platform, ORDERS, "tok_ok").await;
    all(&platform, &slow, "payment_pending").await;
    // The slow ones hold up nobody else.
    all(&platform, &quick, "completed").await;
    all(&platform, &slow, "completed").await;
    platform.audit().await;
    platform.mesh.assert_accepted().await;
}

#[tokio::test]
#[ignore = "make test-mesh"]
async fn given_payments_connections_are_reset_then_orders_wait_for_it_and_complete() {
    let mut platform = Platform::start().await;
    platform.payment.set(Mode::Reset);
    let taken = orders(&mut platform, ORDERS, "tok_ok").await;
    all(&platform, &taken, "payment_pending").await;
    answered_for_payment(&platform).await;
    platform.payment.set(Mode::Open);
    all(&platform, &taken, "completed").await;
    platform.audit().await;
    platform.mesh.assert_accepted().await;
}

#[tokio::test]
#[ignore = "make test-mesh"]
async fn given_payment_is_stuck_until_the_breaker_opens_then_orders_complete_when_it_has_closed() {
    let mut platform = Platform::start().await;
    platform.payment.set(Mode::Stuck);
    let taken = orders(&mut platform, MANY, "tok_ok").await;
    eventually("open breaker", async || {
        if is_open(&platform).await {
            Ok(())
        } else {
            Err("it is closed".to_owned())
        }
    })
    .await;
    let meanwhile = orders(&mut platform, ORDERS, "tok_ok").await;
    all(&platform, &meanwhile, "payment_pending").await;
    platform.payment.set(Mode::Open);
    all(&platform, &taken, "completed").await;
    all(&platform, &meanwhile, "completed").await;
    eventually("closed breaker", async || {
        if is_open(&platform).await {
            Err("it is open".to_owned())
        } else {
            Ok(())
        }
    })
    .await;
    platform.audit().await;
    platform.mesh.assert_accepted().await;
}

#[tokio::test]
#[ignore = "make test-mesh"]
async fn given_inventory_is_down_then_orders_are_taken_by_a_stale_copy_and_complete() {
    let mut platform = Platform::start().await;
    let before = platform.order("tok_ok").await;
    assert_eq!(before["limited_stock"], false);
    platform.wait(&before, "completed").await;
    platform.kill("inventory").await;
    // A copy that is still fresh serves order itself.
    let mut taken = vec![platform.order("tok_ok").await];
    let deadline = Instant::now() + FRESH;
    while taken.last().is_some_and(|order| order["limited_stock"] == false) {
        assert!(
            Instant::now() < deadline,
            "no order was taken in limited-stock mode"
        );
        sleep(BETWEEN_ORDERS).await;
        taken.push(platform.order("tok_ok").await);
    }
    taken.extend(orders(&mut platform, ORDERS, "tok_ok").await);
    assert!(
        taken
            .iter()
            .rev()
            .take(ORDERS)
            .all(|order| order["limited_stock"] == true),
        "{taken:?}"
    );
    assert!(answered(&platform, "stale-availability.stale_hit").await > ORDERS as u64);
    platform.restart("inventory").await;
    all(&platform, &taken, "completed").await;
    platform.audit().await;
    platform.mesh.assert_accepted().await;
}

#[tokio::test]
#[ignore = "make test-mesh"]
async fn given_somebody_elses_order_then_it_is_not_there_unless_one_is_staff() {
    let mut platform = Platform::start().await;
    let order = platform.order("tok_ok").await;
    let path = format!("/v1/orders/{}", order["id"].as_str().expect("an id"));
    let stranger = Key::known().sign(&claims(&json!({"sub": "018f0000-0000-7000-8000-000000000bad"})));
    for (method, path) in [
        ("GET", path.clone()),
        ("HEAD", path.clone()),
        ("GET", format!("{path}/events")),
        ("POST", format!("{path}/cancel")),
        (
            "GET",
            format!("{path}/../{}", order["id"].as_str().expect("an id")),
        ),
    ] {
        let answer = platform.request(method, &path, &stranger, &Value::Null).await;
        assert_eq!(answer.status, 404, "{method} {path}: {answer:?}");
    }
    let list = platform
        .request("GET", "/v1/orders", &stranger, &Value::Null)
        .await;
    let list: Value = serde_json::from_slice(&list.body).expect("a list");
    assert_eq!(list["items"], json!([]));
    let resumed = platform
        .request("POST", &format!("{path}/resume"), &stranger, &Value::Null)
        .await;
    assert_eq!(resumed.status, 403);
    for token in [USER_TOKEN, STAFF_TOKEN] {
        let answer = platform.request("GET", &path, token, &Value::Null).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    platform.wait(&order, "completed").await;
}
