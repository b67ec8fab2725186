//! Reads from memory.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use holdfast_contracts::subjects;
use holdfast_inventory::http::documents;
use holdfast_platform::openapi::testing::assert_described;
use serde_json::json;

use crate::support::{World, within};

#[tokio::test(flavor = "multi_thread")]
async fn levels_are_read_from_memory_with_what_caches_need() {
    let world = World::start().await;
    let replica = world.replica().await;
    for (sku, quantity) in [("many", 100), ("few", 5), ("none", 1)] {
        replica.receive(&format!("r-{sku}"), sku, quantity).await;
    }
    world.reserve(1, "none", 1).await;
    replica.shows("none", 0, 1).await;

    let answer = replica.get("/v1/stock?sku=many&sku=few&sku=none&sku=never").await;
    let stock = |sku, available, reserved, status| json!({"sku": sku, "available": available, "reserved": reserved, "status": status});
    let items = [
        stock("many", 100, 0, "in_stock"),
        stock("few", 5, 0, "limited"),
        stock("none", 0, 1, "out_of_stock"),
        stock("never", 0, 0, "unknown"),
    ];
    assert_eq!(answer.body, json!({"items": items}));
    assert_eq!(
        answer.header("cache-control"),
        "max-age=1, stale-while-revalidate=30, stale-if-error=300"
    );
    assert!(answer.header("age").parse::<u64>().unwrap() <= 3);
    assert_eq!(answer.header("cache-status"), "");

    let one = replica.get("/v1/stock/many").await;
    assert_eq!(one.body, stock("many", 100, 0, "in_stock"));
    let request = Request::get("/v1/stock/many").header("if-none-match", one.header("etag"));
    let unchanged = replica.ask(request.body(Body::empty()).unwrap()).await;
    assert_eq!(unchanged.status, StatusCode::NOT_MODIFIED);
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_that_cannot_be_answered_say_why() {
    let world = World::start().await;
    let replica = world.replica().await;
    let unknown = replica.get("/v1/stock/never").await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    assert_eq!(unknown.header("content-type"), "application/problem+json");
    let too_many = (0..101).map(|n| format!("sku={n}")).collect::<Vec<_>>().join("&");
    for query in ["", "sku=a%20b", "sku=", "sku=a&other=b", &too_many] {
        let answer = replica.get(&format!("/v1/stock?{query}")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{query}: {}", answer.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_nats_reads_go_on_marked_stale_and_receipts_are_told_to_come_again() {
    let mut world = World::start().await;
    let replica = world.replica().await;
    replica.receive("r", "a", 9).await;
    replica.shows("a", 9, 0).await;
    world.server.kill();
    let stale = within(async {
        loop {
            let answer = replica.get("/v1/stock/a").await;
            assert_eq!(
                (answer.status, &answer.body["available"]),
                (StatusCode::OK, &json!(9))
            );
            if !answer.header("cache-status").is_empty() {
                return answer;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    })
    .await;
    assert!(
        stale
            .header("cache-status")
            .starts_with("holdfast-inventory; fwd=stale; ttl=-")
    );
    assert!(stale.header("age").parse::<u64>().unwrap() >= 3);
    let refused = replica
        .post("/v1/stock/a/receipts", json!({"quantity": 1, "receipt_id": "s"}))
        .await;
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(refused.header("retry-after").parse::<u64>().unwrap() > 0);

    world.server.restart().await;
    within(async {
        while !replica.get("/v1/stock/a").await.header("cache-status").is_empty() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    replica.receive("s", "a", 1).await;
    replica.shows("a", 10, 0).await;
    world.reserve(1, "a", 4).await;
    replica.shows("a", 6, 4).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_cannot_be_read_makes_the_replica_not_ready_and_its_reads_stale() {
    let world = World::start().await;
    let mut replica = world.replica().await;
    replica.receive("r", "a", 9).await;
    replica.shows("a", 9, 0).await;
    let subject = subjects::inventory_log(0);
    let published = world.nats.jetstream().publish(subject, "{".into()).await.unwrap();
    published.await.unwrap();
    within(replica.ready.wait_for(|ready| !*ready)).await.unwrap();
    let answer = replica.get("/v1/stock/a").await;
    assert_eq!(
        (answer.status, &answer.body["available"]),
        (StatusCode::OK, &json!(9))
    );
    assert_eq!(
        answer.header("cache-status"),
        "holdfast-inventory; fwd=stale; ttl=0"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_documents_describe_the_router() {
    let world = World::start().await;
    let replica = world.replica().await;
    assert_described(replica.router.clone(), &documents()).await;
}
