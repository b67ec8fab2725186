//! The platform as `make up` runs it: gateway, sidecars and services as processes, and what customers see while
//! services die. The policies themselves, on every kind of failure, are in tests/mesh.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod accounts;
mod keys;
mod readme;
mod streams;

use std::time::Duration;

use futures::{StreamExt as _, stream};
use holdfast_tests_integration::{Account, Answer, Platform, Shop, eventually, send};
use nix::sys::signal::Signal;
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

const PATIENCE: Duration = Duration::from_secs(120);
const SKU: &str = "tea-sencha-100";
/// How long a service is killed again and again.
const OUTAGE: Duration = Duration::from_secs(6);
/// Below what the gateway lets one user order.
const BETWEEN_ORDERS: Duration = Duration::from_millis(100);
const BETWEEN_KILLS: Duration = Duration::from_millis(20);
/// No order waits for a payment that hangs. (A charge is given up after 7 s.)
const AT_ONCE: Duration = Duration::from_secs(2);
/// So that the tests are short: how soon and how often a charge is tried again.
const IMPATIENT: [(&str, &str); 2] = [
    ("HOLDFAST_CHARGE_RETRY_BASE", "500ms"),
    ("HOLDFAST_CHARGE_RETRY_CAP", "2s"),
];

/// One platform at a time: it is many processes.
static TURN: Mutex<()> = Mutex::const_new(());

async fn platform() -> (Platform, MutexGuard<'static, ()>) {
    let turn = TURN.lock().await;
    (Platform::start_with_mesh(&IMPATIENT).await, turn)
}

async fn shop(platform: &Platform, who: &str) -> Shop {
    Shop::behind_gateway(platform, &platform.holdfast(&["token", who]).await)
}

fn an_order(token: &str) -> Value {
    json!({"lines": [{"sku": SKU, "quantity": 1}], "payment_token": token})
}

async fn order(shop: &Shop) -> Answer {
    order_with(shop, "tok_ok").await
}

async fn order_with(shop: &Shop, token: &str) -> Answer {
    send(shop.order(&Uuid::new_v4().to_string(), &an_order(token)))
        .await
        .unwrap()
}

fn is_problem(answer: &Answer, status: u16) {
    assert_eq!(answer.status.as_u16(), status, "{answer:?}");
    assert_eq!(
        answer.header("content-type"),
        "application/problem+json",
        "{answer:?}"
    );
    assert_eq!(answer.body["status"], status, "{answer:?}");
    assert!(
        answer.body["trace_id"].as_str().is_some_and(|id| !id.is_empty()),
        "{answer:?}"
    );
}

/// What a customer has seen of an outage.
struct Outage {
    orders: Vec<Answer>,
    /// The status of an order, as it was when the next one was placed.
    statuses: Vec<Value>,
}

/// Orders and reads while `service` is killed as soon as it is back. Nothing that a customer asks for may fail.
async fn order_while_killing(platform: &Platform, shop: &Shop, service: &str) -> Outage {
    let end = Instant::now() + OUTAGE;
    let kill = async {
        while Instant::now() < end {
            platform.signal(service, Signal::SIGKILL);
            sleep(BETWEEN_KILLS).await;
        }
    };
    let customer = async {
        let (mut orders, mut statuses) = (Vec::new(), Vec::new());
        while Instant::now() < end {
            let answer = order(shop).await;
            assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
            let id = answer.id();
            orders.push(answer);
            sleep(BETWEEN_ORDERS).await;
            statuses.push(status(shop, id).await.unwrap());
        }
        Outage { orders, statuses }
    };
    tokio::join!(kill, customer).1
}

async fn status(shop: &Shop, id: Uuid) -> Result<Value, String> {
    let answer = shop.get(&format!("/{id}")).await?;
    match answer.status {
        StatusCode::OK => Ok(answer.body["status"].clone()),
        _ => Err(format!("{answer:?}")),
    }
}

async fn all_complete(platform: &Platform, shop: &Shop, orders: &[Answer]) {
    for order in orders {
        let id = order.id();
        eventually(PATIENCE, async || match status(shop, id).await? {
            status if status == "completed" => Ok(()),
            other => Err(format!("{id} is {other}")),
        })
        .await;
    }
    let accepted: Vec<Uuid> = orders.iter().map(Answer::id).collect();
    eventually(PATIENCE, async || platform.audit(&accepted).await).await;
}

#[tokio::test]
async fn who_asks_is_whom_the_token_names_and_nobody_comes_in_without() {
    let (platform, _turn) = platform().await;
    let customer = shop(&platform, "customer").await;
    let staff = shop(&platform, "staff").await;

    let nobody = send(customer.anonymous(Method::GET, "")).await.unwrap();
    is_problem(&nobody, 401);
    assert_eq!(nobody.header("www-authenticate"), "Bearer");
    let forged = customer
        .anonymous(Method::GET, "")
        .header("x-holdfast-user", Uuid::from_u128(7).to_string());
    is_problem(&send(forged).await.unwrap(), 401);
    let mut token = platform.holdfast(&["token", "staff"]).await;
    let last = token.pop().unwrap();
    token.push(if last == 'A' { 'Q' } else { 'A' });
    let tampered = Shop::behind_gateway(&platform, &token);
    is_problem(&tampered.get("").await.unwrap(), 401);

    let placed = order(&customer).await;
    assert_eq!(placed.status, StatusCode::CREATED, "{placed:?}");
    let pretends = |request: reqwest::RequestBuilder| {
        let request = request.header("x-holdfast-user", Uuid::from_u128(7).to_string());
        request.header("X-Holdfast-Roles", "staff")
    };
    let own = send(pretends(customer.request(Method::GET, ""))).await.unwrap();
    assert_eq!(own.body["items"][0]["id"], placed.id().to_string(), "{own:?}");
    let receipt = json!({"quantity": 1, "receipt_id": "r"});
    let receipts = format!("/v1/stock/{SKU}/receipts");
    let refused = pretends(customer.at(Method::POST, &receipts).json(&receipt));
    is_problem(&send(refused).await.unwrap(), 403);
    let received = send(staff.at(Method::POST, &receipts).json(&receipt))
        .await
        .unwrap();
    assert_eq!(received.status, StatusCode::CREATED, "{received:?}");
    is_problem(&send(customer.at(Method::GET, "/admin")).await.unwrap(), 404);

    let past_the_gateway = Client::new().get(platform.url("order-sidecar") + "/v1/orders");
    let past_the_gateway = past_the_gateway.header("x-holdfast-user", Uuid::from_u128(7).to_string());
    assert!(
        send(past_the_gateway).await.is_err(),
        "a sidecar takes nobody without a certificate"
    );
}

#[tokio::test]
async fn every_proxy_is_ready_and_a_killed_gateway_comes_back_with_the_keys_of_the_tokens() {
    let (platform, _turn) = platform().await;
    let customer = shop(&platform, "customer").await;
    for proxy in [
        "gateway",
        "order-sidecar",
        "user-sidecar",
        "catalog-sidecar",
        "inventory-sidecar",
        "payment-sidecar",
    ] {
        let ready = Client::new()
            .get(platform.admin_url(proxy) + "/ready")
            .send()
            .await
            .unwrap();
        assert_eq!(ready.status(), StatusCode::OK, "{proxy}");
    }
    assert!(platform.signal("gateway", Signal::SIGKILL));
    eventually(PATIENCE, async || {
        let answer = customer.get("").await?;
        if answer.status == StatusCode::OK {
            Ok(())
        } else {
            Err(format!("{answer:?}"))
        }
    })
    .await;
}

#[tokio::test]
async fn while_payment_is_killed_every_order_is_taken_and_completes_when_it_is_back() {
    let (platform, _turn) = platform().await;
    let customer = shop(&platform, "customer").await;
    let Outage { orders, statuses } = order_while_killing(&platform, &customer, "payment").await;
    let pending = statuses
        .iter()
        .filter(|status| *status == "payment_pending")
        .count();
    assert!(pending * 2 > orders.len(), "{statuses:?}");
    all_complete(&platform, &customer, &orders).await;
}

#[tokio::test]
async fn while_inventory_is_killed_orders_are_taken_from_a_stale_copy_and_complete_when_it_is_back() {
    let (platform, _turn) = platform().await;
    let customer = shop(&platform, "customer").await;
    let before = order(&customer).await;
    assert_eq!(before.body["limited_stock"], false, "{before:?}");
    let mut orders = order_while_killing(&platform, &customer, "inventory")
        .await
        .orders;
    let limited = orders
        .iter()
        .filter(|order| order.body["limited_stock"] == true)
        .count();
    assert!(
        limited > 0,
        "none of {} orders was taken in limited-stock mode",
        orders.len()
    );
    orders.push(before);
    all_complete(&platform, &customer, &orders).await;
}

/// What order's sidecar counts, by the end of its name.
async fn count(platform: &Platform, statistic: &str) -> u64 {
    let url = format!(
        "{}/stats?filter={statistic}$",
        platform.admin_url("order-sidecar")
    );
    let text = Client::new().get(url).send().await.unwrap().text().await.unwrap();
    let counts = text
        .lines()
        .filter_map(|line| line.rsplit(": ").next()?.trim().parse::<u64>().ok());
    counts.sum()
}

#[tokio::test]
async fn while_payment_hangs_orders_are_taken_at_once_and_the_breaker_opens_and_closes() {
    let (platform, _turn) = platform().await;
    let customer = shop(&platform, "customer").await;
    assert!(platform.signal("payment", Signal::SIGSTOP));
    let mut orders = Vec::new();
    let is_open = async || count(&platform, "payment.*outlier_detection.ejections_active").await > 0;
    let deadline = Instant::now() + PATIENCE;
    while !is_open().await {
        assert!(
            Instant::now() < deadline,
            "the breaker is closed after {} orders",
            orders.len()
        );
        let asked = Instant::now();
        orders.push(order(&customer).await);
        assert!(asked.elapsed() < AT_ONCE, "an order took {:?}", asked.elapsed());
        sleep(BETWEEN_ORDERS).await;
    }
    assert!(
        orders.iter().all(|order| order.status == StatusCode::CREATED),
        "{orders:?}"
    );
    assert!(
        orders.iter().all(|order| order.body["limited_stock"] == false),
        "{orders:?}"
    );
    let answered = count(&platform, "fallback.payment-pending.static").await;
    assert!(answered > 0, "the fallback has answered for payment");

    assert!(platform.signal("payment", Signal::SIGCONT));
    all_complete(&platform, &customer, &orders).await;
    // They may complete on the tries that waited in payment's socket, while it has its rest.
    eventually(PATIENCE, async || match is_open().await {
        true => Err("the breaker is open".to_owned()),
        false => Ok(()),
    })
    .await;
    each_is_charged_once(&platform, &customer).await;
}

/// The provider was asked to charge once per order, however often payment was: everything else was a question.
async fn each_is_charged_once(platform: &Platform, shop: &Shop) {
    let url = format!("{}/sandbox/charges", platform.url("sandbox"));
    let charges = shop.get_url(&url).await.unwrap().body;
    for charge in charges["items"].as_array().unwrap() {
        assert_eq!(charge["attempts"], 1, "{charge:#}");
    }
}

#[tokio::test]
async fn a_charge_whose_answer_is_lost_or_late_is_asked_for_and_never_made_again() {
    let (platform, _turn) = platform().await;
    let customer = shop(&platform, "customer").await;
    let mut orders = Vec::new();
    for token in ["tok_lost_response", "tok_slow", "tok_slow"] {
        orders.push(order_with(&customer, token).await);
    }
    // What is in order's hands is given to its successor.
    assert!(platform.signal("order", Signal::SIGKILL));
    all_complete(&platform, &customer, &orders).await;
    each_is_charged_once(&platform, &customer).await;
}

/// Below the gateway's timeout of a write, and of a try of a read.
const WRITE_WITHIN: Duration = Duration::from_secs(10);
const READ_WITHIN: Duration = Duration::from_secs(2);

fn is_stale_copy(answer: &Answer) {
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    assert!(answer.header("age").parse::<u64>().is_ok(), "{answer:?}");
    let status = answer.header("cache-status");
    assert!(status.contains("journal-unavailable"), "{answer:?}");
}

async fn is_told_to_come_again(request: reqwest::RequestBuilder) -> Answer {
    let asked = Instant::now();
    let answer = send(request).await.unwrap();
    assert!(
        asked.elapsed() < WRITE_WITHIN,
        "{:?}: {answer:?}",
        asked.elapsed()
    );
    is_problem(&answer, 503);
    assert!(answer.header("retry-after").parse::<u32>().is_ok(), "{answer:?}");
    assert!(answer.header("location").starts_with("/v1/orders/"), "{answer:?}");
    assert!(
        answer.body["detail"]
            .as_str()
            .is_some_and(|detail| detail.contains("repeated")),
        "{answer:?}"
    );
    answer
}

#[tokio::test]
async fn while_nats_hangs_reads_go_on_for_everybody_and_writes_are_told_to_come_again() {
    const WRITES: usize = 40;
    const WRITES_AT_ONCE: usize = 20;
    let (platform, _turn) = platform().await;
    let (customer, other) = (
        shop(&platform, "customer").await,
        Account::new_shop(&platform).await,
    );
    let before = vec![order(&other).await];
    all_complete(&platform, &other, &before).await;
    let one = format!("/{}", before[0].id());
    let (trail, cancel) = (format!("{one}/events"), format!("{one}/cancel"));
    let read: [&str; 3] = [&one, "", &trail];
    for path in read {
        let answer = other.get(path).await.unwrap();
        assert_eq!(
            (answer.status, answer.header("cache-status")),
            (StatusCode::OK, ""),
            "{answer:?}"
        );
    }

    assert!(platform.signal("nats-server", Signal::SIGSTOP));
    let key = |n: usize| format!("hung-{n}");
    let body = an_order("tok_ok");
    let writing = async {
        let writes = (0..WRITES).map(|n| is_told_to_come_again(customer.order(&key(n), &body)));
        let told = stream::iter(writes).buffered(WRITES_AT_ONCE).collect::<Vec<_>>();
        let cancelled = is_told_to_come_again(other.request(Method::POST, &cancel));
        tokio::join!(told, cancelled)
    };
    let reading = async {
        loop {
            for path in read {
                let asked = Instant::now();
                is_stale_copy(&other.get(path).await.unwrap());
                assert!(asked.elapsed() < READ_WITHIN, "{path} took {:?}", asked.elapsed());
            }
        }
    };
    let (told, cancelled) = tokio::select! {
        told = writing => told,
        () = reading => unreachable!("reads go on"),
    };
    assert_eq!(cancelled.header("location"), format!("/v1/orders{one}"));

    assert!(platform.signal("nats-server", Signal::SIGCONT));
    let mut orders = Vec::new();
    for (n, told) in told.iter().enumerate() {
        let taken = customer.insist(customer.order(&key(n), &body)).await;
        assert!(taken.status.is_success(), "{taken:?}");
        assert_eq!(told.header("location"), format!("/v1/orders/{}", taken.id()));
        orders.push(taken);
        sleep(BETWEEN_ORDERS).await;
    }
    orders.extend(before);
    for order in &orders[..WRITES] {
        let id = order.id();
        eventually(PATIENCE, async || match status(&customer, id).await? {
            status if status == "completed" => Ok(()),
            other => Err(format!("{id} is {other}")),
        })
        .await;
    }
    let accepted: Vec<Uuid> = orders.iter().map(Answer::id).collect();
    eventually(PATIENCE, async || platform.audit(&accepted).await).await;
}

#[tokio::test]
async fn an_order_that_cannot_be_read_is_the_trouble_of_who_reads_it_and_of_nobody_else() {
    /// Several intervals of a breaker.
    const POLLED: Duration = Duration::from_secs(10);
    const BETWEEN_POLLS: Duration = Duration::from_millis(33);
    let (platform, _turn) = platform().await;
    let (customer, other) = (
        shop(&platform, "customer").await,
        Account::new_shop(&platform).await,
    );
    let (broken, sound) = (order(&customer).await, order(&other).await);
    all_complete(&platform, &customer, std::slice::from_ref(&broken)).await;
    let (user, id) = (broken.body["user_id"].as_str().unwrap(), broken.id());
    let subject = format!("orders.{user}.{id}");
    let nats = platform.nats_as("order").await;
    nats.publish(subject, "not a commit".into()).await.unwrap();
    nats.flush().await.unwrap();

    let until = Instant::now() + POLLED;
    let polling = async {
        while Instant::now() < until {
            for path in [format!("/{id}"), format!("/{id}/events")] {
                let answer = customer.get(&path).await.unwrap();
                is_problem(&answer, 500);
                assert!(answer.body["sequence"].as_u64().is_some(), "{answer:?}");
            }
            sleep(BETWEEN_POLLS).await;
        }
    };
    let others = async {
        while Instant::now() < until {
            let read = other.get(&format!("/{}", sound.id())).await.unwrap();
            assert_eq!(
                (read.status, read.header("age")),
                (StatusCode::OK, ""),
                "{read:?}"
            );
            assert_eq!(other.get("").await.unwrap().status, StatusCode::OK);
            assert_eq!(order(&other).await.status, StatusCode::CREATED);
            sleep(BETWEEN_ORDERS).await;
        }
    };
    tokio::join!(polling, others);
    let list = customer.get("").await.unwrap();
    assert_eq!(list.body["omitted"][0]["reason"], "unreadable", "{list:?}");
}
