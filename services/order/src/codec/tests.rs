use holdfast_order_core::{OrderId, PaymentOutcome, UserId};
use holdfast_platform::journal::Revision;
use proptest::prelude::*;
use serde_json::json;
use uuid::Uuid;

use super::*;

proptest! {
    #[test]
    fn every_commit_reads_back(commit in arbitrary::commit()) {
        let payload = encode(&commit).expect("encoded");
        prop_assert_eq!(&decode(&payload).expect("decoded"), &commit);
        let events = decode_events(&payload).expect("decoded");
        prop_assert_eq!(events.events, commit.events);
        prop_assert!(events.effects.is_empty());
    }
}

fn user() -> UserId {
    UserId(Uuid::from_u128(1))
}

fn order() -> OrderId {
    OrderId(Uuid::from_u128(2))
}

fn commit(events: serde_json::Value, commands: serde_json::Value) -> Vec<u8> {
    json!({
        "orderId": order().to_string(), "userId": user().to_string(), "time": "2026-11-23T10:00:00Z",
        "events": events, "commands": commands, "addedLater": 1,
    })
    .to_string()
    .into_bytes()
}

fn error(payload: &[u8]) -> String {
    decode(payload).expect_err("not readable").to_string()
}

#[test]
fn an_event_without_content_is_unknown_and_named_by_its_version() {
    let payload = commit(json!([{"version": "4", "orderTeleported": {}}]), json!([]));
    assert_eq!(
        decode(&payload),
        Err(Error::Unknown("the event of version 4".to_owned()))
    );
}

#[test]
fn an_unknown_command_matters_only_to_whoever_wants_commands() {
    let payload = commit(
        json!([{"version": "2", "inventoryReserved": {}}]),
        json!([{"teleport": {}}]),
    );
    assert_eq!(error(&payload), "unknown to this version: a command");
    assert_eq!(decode_events(&payload).expect("readable").last_version(), 2);
}

#[test]
fn what_is_missing_or_out_of_range_is_named() {
    let one = |event: serde_json::Value| error(&commit(json!([event]), json!([])));
    assert_eq!(error(b"not json").split(':').next(), Some("malformed"));
    assert_eq!(
        error(&commit(json!([]), json!([]))),
        "malformed: events is missing"
    );
    assert_eq!(
        one(json!({"version": "2", "paymentSucceeded": {}})),
        "malformed: amount is missing"
    );
    assert_eq!(
        one(json!({"version": "2", "orderCreated": {}})),
        "malformed: lines is missing"
    );
    assert_eq!(
        one(json!({"version": "2", "orderCancelled": {}})),
        "unknown to this version: cancel reason 0"
    );
    let gap = json!([{"version": "2", "inventoryReserved": {}}, {"version": "4", "orderCompleted": {}}]);
    assert!(error(&commit(gap, json!([]))).contains("ascend"));
}

#[test]
fn a_timer_reads_back() {
    let timer = Timer {
        order: order(),
        user: user(),
        step: SagaStep::Refund,
        attempt: 3,
    };
    assert_eq!(decode_timer(&encode_timer(&timer).expect("encoded")), Ok(timer));
    assert!(decode_timer(b"{}").is_err());
}

#[test]
fn only_decisions_that_a_saga_waits_for_are_read_from_a_batch() {
    let cause = json!({"orderId": order().to_string(), "userId": user().to_string(), "orderSequence": "7"});
    let batch = json!({"decisions": [
        {"reserved": {"cause": cause}},
        {"notAvailable": {"cause": cause, "skus": ["tea"]}},
        {"released": {"cause": cause}},
        {"committed": {"cause": cause}},
        {"received": {"receiptId": "r"}},
        {"teleported": {}},
    ]});
    let decisions = stock_decisions(batch.to_string().as_bytes()).expect("a batch");
    assert_eq!(decisions.readable.len(), 3);
    assert_eq!(decisions.readable[0].cause, Revision(7));
    assert_eq!(decisions.readable[2].kind, StockDecisionKind::Released);
    assert_eq!(
        decisions.unreadable,
        Some(Error::Unknown("a stock decision".to_owned()))
    );
}

#[test]
fn the_last_definite_event_of_a_payment_counts() {
    let read = |events: serde_json::Value| {
        let commit = json!({"orderId": order().to_string(), "userId": user().to_string(), "events": events});
        payment_outcome(commit.to_string().as_bytes())
    };
    let money = json!({"amount": "5", "currency": "EUR"});
    let pending = json!({"version": "1", "chargePending": {"chargeId": "c", "amount": money}});
    let succeeded = json!({"version": "2", "chargeSucceeded": {"chargeId": "c", "amount": money}});
    let refunded = json!({"version": "3", "chargeRefunded": {"refundId": "r", "amount": money}});
    assert_eq!(read(json!([pending])), Ok((order(), user(), None)));
    let outcome = |events| read(events).expect("readable").2;
    assert!(matches!(
        outcome(json!([pending, succeeded])),
        Some(PaymentOutcome::Succeeded { .. })
    ));
    let stray = json!({"version": "2", "chargeSucceeded": {"chargeId": "c", "amount": money, "stray": true}});
    assert!(matches!(
        outcome(json!([stray])),
        Some(PaymentOutcome::Stray { .. })
    ));
    assert!(matches!(
        outcome(json!([succeeded, refunded])),
        Some(PaymentOutcome::Refunded { .. })
    ));
    assert!(matches!(read(json!([{"version": "1"}])), Err(Error::Unknown(_))));
}
