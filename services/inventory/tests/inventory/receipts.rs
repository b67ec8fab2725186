//! Goods that come in at any replica.

use axum::http::StatusCode;
use holdfast_inventory::receipts::Role;
use serde_json::json;

use crate::support::World;

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_counts_once_and_its_id_stands_for_one_content() {
    let world = World::start().await;
    let replica = world.replica().await;
    let receive = async |body| replica.post("/v1/stock/ROPE-10/receipts", body).await;
    let first = receive(json!({"quantity": 5, "receipt_id": "r"})).await;
    assert_eq!(first.status, StatusCode::CREATED);
    let again = receive(json!({"quantity": 5, "receipt_id": "r"})).await;
    assert_eq!((again.status, &again.body), (StatusCode::OK, &first.body));
    let other = receive(json!({"quantity": 6, "receipt_id": "r"})).await;
    assert_eq!(other.status, StatusCode::CONFLICT);
    assert_eq!(other.body["errors"][0]["field"], "receipt_id");
    replica.shows("ROPE-10", 5, 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn receipts_that_cannot_be_are_refused_by_field() {
    let world = World::start().await;
    let replica = world.replica().await;
    for (body, field) in [
        (json!({"quantity": 0, "receipt_id": "r"}), "quantity"),
        (json!({"quantity": 1_000_001, "receipt_id": "r"}), "quantity"),
        (json!({"quantity": -1, "receipt_id": "r"}), "quantity"),
        (json!({"quantity": 1, "receipt_id": ""}), "receipt_id"),
        (json!({"quantity": 1}), "receipt_id"),
        (
            json!({"quantity": 1, "receipt_id": "r", "surprise": 1}),
            "surprise",
        ),
    ] {
        let answer = replica.post("/v1/stock/a/receipts", body).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.body);
        assert_eq!(answer.body["errors"][0]["field"], field, "{}", answer.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_receipts_are_counted_each_by_itself() {
    let world = World::start().await;
    let replica = world.replica().await;
    let receipt = |sku: &str, id: usize| json!({"sku": sku, "quantity": 7, "receipt_id": id.to_string()});
    let mut receipts: Vec<_> = (0..400).map(|n| receipt(&format!("S-{n}"), n)).collect();
    receipts.push(receipt("S-0", 0));
    receipts.push(receipt("not a sku", 999));
    let answer = replica.post("/v1/receipts", json!({"receipts": receipts})).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let outcome = |n: usize| answer.body["items"][n]["outcome"].as_str().unwrap();
    assert_eq!(
        (outcome(399), outcome(400), outcome(401)),
        ("counted", "repeated", "refused")
    );
    replica.shows("S-399", 7, 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standby_takes_receipts_to_the_writer() {
    let world = World::start().await;
    let mut writer = world.replica().await;
    writer.receive("r", "a", 5).await;
    writer.becomes(Role::Writer).await;
    let standby = world.replica().await;
    standby.receive("s", "a", 2).await;
    writer.shows("a", 7, 0).await;
    standby.shows("a", 7, 0).await;
    assert_eq!(*standby.role.borrow(), Role::Standby);
    assert_eq!(*writer.role.borrow(), Role::Writer);
}
