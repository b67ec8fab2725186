//! What `istio/breaker.yaml` promises: a host of whose answers three of ten are failures is left alone for a while, and
//! asked again.

use std::time::Duration;

use holdfast_envoy_harness::{Script, Upstream};
use holdfast_tests_mesh::Mesh;
use holdfast_tests_mesh::tokens::{KEYS, USER_TOKEN};
use tokio::time::{Instant, sleep};

const ORDER_PROXY: u16 = 15201;
const PAYMENT: u16 = 8104;
const GATEWAY: u16 = 8080;
const ORDER: u16 = 8101;
/// The interval is 2 s, the time out of service 5 s.
const DEADLINE: Duration = Duration::from_secs(20);
const BETWEEN_CHARGES: Duration = Duration::from_millis(20);
const EJECTIONS: &str = "outlier_detection.ejections_active";

async fn mesh(payment: &Upstream) -> Mesh {
    let builder = Mesh::builder().at(PAYMENT, payment.address);
    builder.envoy("payment").envoy("order").start().await
}

/// One charge, which the fallback answers with 202 when it fails.
async fn charge(mesh: &Mesh) -> u16 {
    let headers = [
        ("host", "payment.holdfast.svc.cluster.local"),
        ("idempotency-key", "0198"),
    ];
    let answer = mesh
        .client(ORDER_PROXY)
        .send("POST", "/v1/charges", &headers)
        .await;
    answer.status.as_u16()
}

async fn is_open(mesh: &Mesh) -> bool {
    is_open_at(mesh, "order").await
}

async fn is_open_at(mesh: &Mesh, envoy: &str) -> bool {
    let ejections = mesh.envoy(envoy).stats(EJECTIONS).await;
    ejections.iter().any(|(_, count)| *count > 0)
}

/// The status of each charge: one of `period` fails, or none. It is not tried again, so that each charge is one request.
fn statuses(period: Option<usize>) -> impl Iterator<Item = u16> {
    (0..).map(move |charge: usize| match period {
        Some(period) if charge.is_multiple_of(period) => 500,
        _ => 200,
    })
}

/// Charges until the breaker is as wanted.
async fn charge_until(mesh: &Mesh, payment: &Upstream, period: Option<usize>, open: bool) {
    let deadline = Instant::now() + DEADLINE;
    for status in statuses(period) {
        payment.script(Script::answer(status, &[], "{}"));
        charge(mesh).await;
        if is_open(mesh).await == open {
            return;
        }
        let wanted = if open { "open" } else { "closed" };
        assert!(Instant::now() < deadline, "the breaker is not {wanted}");
        sleep(BETWEEN_CHARGES).await;
    }
}

#[tokio::test]
#[ignore = "make test-mesh"]
async fn given_one_of_three_charges_fails_then_payment_is_left_alone_and_asked_again_later() {
    let payment = Upstream::start().await;
    let mesh = mesh(&payment).await;
    charge_until(&mesh, &payment, Some(3), true).await;
    let asked = payment.requests();
    payment.script(Script::answer(200, &[], "{}"));
    let since = Instant::now();
    assert_eq!(charge(&mesh).await, 202);
    assert!(
        since.elapsed() < Duration::from_millis(1500),
        "no host is no reason to wait"
    );
    assert_eq!(payment.requests(), asked, "payment has its rest");
    charge_until(&mesh, &payment, None, false).await;
    assert_eq!(charge(&mesh).await, 200);
    mesh.assert_accepted().await;
}

#[tokio::test]
#[ignore = "make test-mesh"]
async fn given_one_of_five_charges_fails_then_payment_stays_in_service() {
    let payment = Upstream::start().await;
    let mesh = mesh(&payment).await;
    // Two intervals and more.
    let until = Instant::now() + Duration::from_secs(5);
    for status in statuses(Some(5)).take_while(|_| Instant::now() < until) {
        payment.script(Script::answer(status, &[], "{}"));
        assert_eq!(charge(&mesh).await, if status == 500 { 202 } else { 200 });
        sleep(BETWEEN_CHARGES).await;
    }
    assert!(!is_open(&mesh).await);
}

async fn edge(order: &Upstream) -> Mesh {
    let builder = Mesh::builder().resources(KEYS).at(ORDER, order.address);
    builder.envoy("order").envoy("gateway").start().await
}

async fn read_order(mesh: &Mesh) -> u16 {
    let bearer = format!("Bearer {USER_TOKEN}");
    let client = mesh.client(GATEWAY);
    let headers = [("authorization", bearer.as_str())];
    client.send("GET", "/v1/orders/7", &headers).await.status.as_u16()
}

#[tokio::test]
#[ignore = "make test-mesh"]
async fn given_order_says_by_itself_that_it_cannot_then_the_gateway_goes_on_asking_it() {
    let order = Upstream::start().await;
    let mesh = edge(&order).await;
    for status in [500, 503] {
        order.script(Script::answer(status, &[], "{}"));
        // Two intervals and more.
        let until = Instant::now() + Duration::from_secs(5);
        while Instant::now() < until {
            let asked = order.requests();
            assert_eq!(read_order(&mesh).await, status);
            assert!(order.requests() > asked, "order is left alone after {status}");
            sleep(Duration::from_millis(20)).await;
        }
        assert!(!is_open_at(&mesh, "gateway").await, "after {status}");
    }
    order.script(Script::answer(200, &[], "{}"));
    assert_eq!(read_order(&mesh).await, 200);
    mesh.assert_accepted().await;
}

#[tokio::test]
#[ignore = "make test-mesh"]
async fn given_order_answers_nothing_then_the_gateway_leaves_it_alone_and_asks_it_again_later() {
    const AT_ONCE: usize = 30;
    let order = Upstream::start().await;
    order.script(Script::Hang);
    let mesh = edge(&order).await;
    let deadline = Instant::now() + DEADLINE;
    while !is_open_at(&mesh, "gateway").await {
        assert!(Instant::now() < deadline, "the breaker is not open");
        let bearer = format!("Bearer {USER_TOKEN}");
        let reads = (0..AT_ONCE).map(|_| {
            let (client, bearer) = (mesh.client(GATEWAY), bearer.clone());
            tokio::spawn(async move {
                let headers = [("authorization", bearer.as_str())];
                client.send("GET", "/v1/orders/7", &headers).await
            })
        });
        for read in reads.collect::<Vec<_>>() {
            let answer = read.await.unwrap();
            let told = (answer.status.as_u16(), answer.header("retry-after"));
            assert!(matches!(told, (503 | 504, Some(_))), "{answer:?}");
        }
    }
    order.script(Script::answer(200, &[], "{}"));
    while read_order(&mesh).await != 200 {
        assert!(Instant::now() < deadline, "the breaker is not closed");
        sleep(Duration::from_millis(20)).await;
    }
    mesh.assert_accepted().await;
}
