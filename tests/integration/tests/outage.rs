//! NATS away, and a service that is told to stop, as customers of the whole platform see it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::Duration;

use futures::{StreamExt as _, stream};
use holdfast_tests_integration::{Answer, Order, Platform, Shop, books, eventually, send};
use nix::sys::signal::Signal;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::time::Instant;
use uuid::Uuid;

const PATIENCE: Duration = Duration::from_secs(120);
const WRITE_WITHIN: Duration = Duration::from_secs(4);
const SKU: &str = "tea-sencha-100";
const STOCK: u64 = 1000;
const ORDERS_UNDER_SIGTERM: usize = 120;
const AT_ONCE: usize = 16;

fn an_order(token: &str) -> Value {
    json!({"lines": [{"sku": SKU, "quantity": 1}], "payment_token": token})
}

async fn completed(shop: &Shop, id: Uuid) -> Order {
    eventually(PATIENCE, async || {
        let body = shop.get(&format!("/{id}")).await?.body;
        let order: Order = serde_json::from_value(body).map_err(|error| error.to_string())?;
        order
            .is_completed()
            .then_some(order)
            .ok_or_else(|| format!("{id} is not completed"))
    })
    .await
}

/// Reads until the answer is as wanted.
async fn reads(shop: &Shop, url: &str, wanted: impl Fn(&Answer) -> bool) -> Answer {
    eventually(PATIENCE, async || {
        let answer = shop.get_url(url).await?;
        if answer.status == StatusCode::OK && wanted(&answer) {
            return Ok(answer);
        }
        Err(format!("{url}: {answer:?}"))
    })
    .await
}

/// The same for one's own orders.
async fn reads_own(shop: &Shop, path: &str, wanted: impl Fn(&Answer) -> bool) -> Answer {
    eventually(PATIENCE, async || {
        let answer = shop.get(path).await?;
        if answer.status == StatusCode::OK && wanted(&answer) {
            return Ok(answer);
        }
        Err(format!("{path}: {answer:?}"))
    })
    .await
}

fn is_stale(answer: &Answer) -> bool {
    !answer.header("cache-status").is_empty() && !answer.header("age").is_empty()
}

fn is_fresh(answer: &Answer) -> bool {
    answer.header("cache-status").is_empty()
}

/// The first reader of a product does not wait for inventory.
fn knows_what_is_in_stock(products: &Answer) -> bool {
    products.body["items"].as_array().is_some_and(|items| {
        items
            .iter()
            .all(|item| item["availability"]["status"] != "unknown")
    })
}

/// Within the time that the gateway gives a try.
async fn is_told_to_come_again(request: reqwest::RequestBuilder) {
    let asked = Instant::now();
    let answer = send(request).await.unwrap();
    assert!(
        asked.elapsed() < WRITE_WITHIN,
        "{:?}: {answer:?}",
        asked.elapsed()
    );
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{answer:?}");
    assert_eq!(
        answer.header("content-type"),
        "application/problem+json",
        "{answer:?}"
    );
    assert!(answer.header("retry-after").parse::<u32>().is_ok(), "{answer:?}");
    assert!(answer.header("location").starts_with("/v1/orders/"), "{answer:?}");
}

/// Reads go on and say that they are old, nothing is taken, and afterwards the same request is one order.
async fn nats_hangs(platform: &Platform, shop: &Shop) -> Vec<Order> {
    let before = shop.insist(shop.order("before", &an_order("tok_ok"))).await.id();
    completed(shop, before).await;
    let stock = format!("{}/v1/stock/{SKU}", platform.url("inventory"));
    let products = format!("{}/v1/products", platform.url("catalog"));
    let own = format!("/{before}");
    reads_own(shop, &own, is_fresh).await;
    reads_own(shop, "", is_fresh).await;
    let trail = format!("{own}/events");
    let told = reads_own(shop, &trail, is_fresh).await.body;
    let level = reads(shop, &stock, is_fresh).await.body;
    let sold = reads(shop, &products, |answer| {
        answer.header("age").is_empty() && knows_what_is_in_stock(answer)
    })
    .await
    .body;

    assert!(platform.signal("nats-server", Signal::SIGSTOP));
    assert_eq!(reads_own(shop, &own, is_stale).await.body["status"], "completed");
    assert_eq!(
        reads_own(shop, "", is_stale).await.body["items"][0]["id"],
        before.to_string()
    );
    assert_eq!(reads(shop, &stock, is_stale).await.body, level);
    assert_eq!(
        reads(shop, &products, |answer| !answer.header("age").is_empty())
            .await
            .body,
        sold
    );
    assert_eq!(reads_own(shop, &trail, is_stale).await.body, told);
    let during = || shop.order("during", &an_order("tok_ok"));
    is_told_to_come_again(during()).await;
    is_told_to_come_again(during()).await;
    is_told_to_come_again(shop.request(Method::POST, &format!("/{before}/cancel"))).await;

    assert!(platform.signal("nats-server", Signal::SIGCONT));
    let taken = shop.insist(during()).await;
    assert!(taken.status.is_success(), "{taken:?}");
    assert_eq!(shop.insist(during()).await.id(), taken.id());
    let orders = vec![completed(shop, taken.id()).await, completed(shop, before).await];
    reads_own(shop, &own, is_fresh).await;
    reads(shop, &stock, is_fresh).await;
    reads(shop, &products, |answer| answer.header("age").is_empty()).await;
    let listed = shop.get("").await.unwrap().body;
    assert_eq!(listed["items"].as_array().unwrap().len(), 2, "{listed:#}");
    orders
}

/// Whoever insists gets each order once, and each is completed.
async fn order_is_stopped_under_load(platform: &Platform, shop: &Shop) -> Vec<Order> {
    let requests = (0..ORDERS_UNDER_SIGTERM).map(|n| async move {
        let order = shop.order(&format!("load-{n}"), &an_order("tok_ok"));
        shop.insist(order).await
    });
    let mut taken = stream::iter(requests).buffer_unordered(AT_ONCE);
    let mut ids = Vec::new();
    while let Some(answer) = taken.next().await {
        assert!(answer.status.is_success(), "{answer:?}");
        ids.push(answer.id());
        if ids.len() == ORDERS_UNDER_SIGTERM / 3 {
            assert!(platform.signal("order", Signal::SIGTERM));
        }
    }
    let mut orders = Vec::new();
    for id in ids {
        orders.push(completed(shop, id).await);
    }
    orders
}

#[tokio::test]
async fn an_outage_of_nats_and_a_stop_of_order_lose_and_double_nothing() {
    let stock = STOCK.to_string();
    let platform = Platform::start(&["--stock", &stock], &[]).await;
    let shop = Shop::of(&platform, Uuid::from_u128(0xd));
    let mut orders = nats_hangs(&platform, &shop).await;
    let loaded = Shop::of(&platform, Uuid::from_u128(0xe));
    orders.extend(order_is_stopped_under_load(&platform, &loaded).await);
    let ids: Vec<Uuid> = orders.iter().map(|order| order.id).collect();
    eventually(PATIENCE, async || books(&platform, &shop, &orders, STOCK).await).await;
    eventually(PATIENCE, async || platform.audit(&ids).await).await;
}
