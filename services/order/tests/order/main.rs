//! The service on a real nats-server, with services around it that do what a test tells them to.

// Helpers of tests are not seen as tests: they may unwrap.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod neighbours;
mod support;
mod traces;

use axum::http::StatusCode;
use holdfast_platform::journal::{Journal, Revision};
use serde_json::json;

use support::World;

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_completed_and_its_request_is_idempotent() {
    let world = World::start().await;
    let shop = world.replica(&[]).await;
    let taken = shop.order("k1", "tok_ok").await;
    assert_eq!(taken.status, StatusCode::CREATED, "{}", taken.body);
    let id = taken.body["id"].as_str().unwrap().to_owned();
    world.reaches(&shop, &id, "completed").await;
    let again = shop.order("k1", "tok_ok").await;
    assert_eq!(
        (again.status, &again.body["id"], &again.body["status"]),
        (StatusCode::OK, &json!(id), &json!("completed"))
    );
    assert_eq!(
        shop.order("k1", "tok_declined").await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    assert_eq!(world.payment.charges(&id), 1);
    let trail = shop.get(&format!("/v1/orders/{id}/events")).await.body;
    let told: Vec<_> = trail["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["type"].clone())
        .collect();
    assert_eq!(
        told,
        [
            "OrderCreated",
            "InventoryReserved",
            "PaymentPending",
            "PaymentSucceeded",
            "OrderCompleted"
        ]
    );
    assert_eq!(shop.get("/v1/orders").await.body["items"][0]["id"], json!(id));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_carries_its_cloud_event_and_its_commands() {
    let world = World::start().await;
    let shop = world.replica(&[]).await;
    let id = shop.create("k1", "tok_ok").await;
    world.reaches(&shop, &id, "completed").await;
    let records = world
        .orders
        .read(&support::subject(&id), Revision::NONE)
        .await
        .unwrap();
    let headers: Vec<_> = records.iter().map(|record| &record.headers).collect();
    assert_eq!(headers.len(), 3);
    assert_eq!(headers[1]["ce-id"], format!("{id}.3"));
    assert_eq!(headers[1]["ce-type"], "holdfast.order.v1.OrderCommit");
    assert_eq!(headers[1]["Holdfast-Commands"], "charge_payment");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_declined_card_gives_the_stock_back() {
    let world = World::start().await;
    let shop = world.replica(&[]).await;
    let id = shop.create("k1", "tok_declined").await;
    let order = world.reaches(&shop, &id, "cancelled").await;
    assert_eq!(order["reason"], "payment_declined");
    assert_eq!(world.stock.decisions(&id), ["reserved", "released"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_stock_ends_the_order_without_a_charge() {
    let world = World::start().await;
    let shop = world.replica(&[]).await;
    world.stock.sell_out();
    let id = shop.create("k1", "tok_ok").await;
    let order = world.reaches(&shop, &id, "cancelled").await;
    assert_eq!(order["reason"], "out_of_stock");
    assert_eq!(world.payment.charges(&id), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pending_charge_is_tried_again_when_its_timer_fires() {
    let world = World::start().await;
    let shop = world.replica(&["--charge-retry-base", "100ms"]).await;
    let id = shop.create("k1", "tok_pending_once").await;
    world.reaches(&shop, &id, "completed").await;
    assert_eq!(world.payment.charges(&id), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_replica_that_dies_with_a_charge_in_flight_the_order_is_completed_before_its_deadline() {
    let world = World::start().await;
    let flags = ["--payment-deadline", "20s"];
    let victim = world.replica(&flags).await;
    let id = victim.create("k1", "tok_stuck_once").await;
    world.payment.is_stuck().await;
    victim.die().await;
    let survivor = world.replica(&flags).await;
    world.reaches(&survivor, &id, "completed").await;
    assert_eq!(world.payment.charges(&id), 2, "asked again, and captured once");
    assert_eq!(world.payment.captured(&id), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pending_charge_is_completed_by_its_record() {
    let world = World::start().await;
    let shop = world.replica(&[]).await;
    let id = shop.create("k1", "tok_pending").await;
    world.reaches(&shop, &id, "payment_pending").await;
    world.payment_succeeds(&id).await;
    world.reaches(&shop, &id, "completed").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_the_deadline_a_charge_without_an_outcome_is_voided() {
    let world = World::start().await;
    let shop = world
        .replica(&["--charge-retry-base", "100ms", "--payment-deadline", "0s"])
        .await;
    let id = shop.create("k1", "tok_pending").await;
    let order = world.reaches(&shop, &id, "cancelled").await;
    assert_eq!(order["reason"], "payment_timeout");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_that_fails_parks_the_order_until_it_works() {
    let world = World::start().await;
    let shop = world
        .replica(&["--payment-attempts", "1", "--parked-retry", "300ms"])
        .await;
    let id = shop.create("k1", "tok_pending").await;
    world.reaches(&shop, &id, "payment_pending").await;
    world.payment.refuse_refunds(true);
    assert_eq!(
        shop.post(&format!("/v1/orders/{id}/cancel")).await.status,
        StatusCode::ACCEPTED
    );
    world.reaches(&shop, &id, "parked").await;
    world.payment.refuse_refunds(false);
    let order = world.reaches(&shop, &id, "cancelled").await;
    assert_eq!(order["reason"], "cancelled_by_customer");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_replicas_complete_every_order_once() {
    let world = World::start().await;
    let (one, two) = (world.replica(&[]).await, world.replica(&[]).await);
    let mut ids = Vec::new();
    for n in 0..40 {
        let shop = if n % 2 == 0 { &one } else { &two };
        ids.push(
            shop.create(
                &format!("k{n}"),
                if n % 5 == 0 { "tok_declined" } else { "tok_ok" },
            )
            .await,
        );
    }
    for (n, id) in ids.iter().enumerate() {
        let (shop, status) = (
            if n % 2 == 0 { &two } else { &one },
            if n % 5 == 0 { "cancelled" } else { "completed" },
        );
        world.reaches(shop, id, status).await;
        assert_eq!(world.payment.captured(id), u32::from(status == "completed"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_goes_on_where_a_replica_left_it() {
    let world = World::start().await;
    let first = world.replica(&[]).await;
    let id = first.create("k1", "tok_pending").await;
    world.reaches(&first, &id, "payment_pending").await;
    first.stop().await;
    world.payment_succeeds(&id).await;
    let second = world.replica(&[]).await;
    world.reaches(&second, &id, "completed").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_nats_is_away_orders_are_shown_and_not_taken_and_then_all_goes_on() {
    let mut world = World::start().await;
    let shop = world.replica(&["--journal-deadline", "500ms"]).await;
    let id = shop.create("k1", "tok_pending").await;
    world.reaches(&shop, &id, "payment_pending").await;
    world.server.kill();
    let shown = shop.get(&format!("/v1/orders/{id}")).await;
    assert_eq!(
        (shown.status, &shown.body["status"]),
        (StatusCode::OK, &json!("payment_pending"))
    );
    assert!(
        shown
            .header("cache-status")
            .starts_with("holdfast-order; hit; ttl=-")
    );
    let refused = shop.order("k2", "tok_ok").await;
    assert_eq!(
        (refused.status, refused.header("retry-after")),
        (StatusCode::SERVICE_UNAVAILABLE, "2")
    );
    world.server.restart().await;
    world.payment_succeeds(&id).await;
    world.reaches(&shop, &id, "completed").await;
    let retried = shop.create_or_find("k2", "tok_ok").await;
    world.reaches(&shop, &retried, "completed").await;
}
