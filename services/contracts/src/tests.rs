//! The document of the events (`docs/api/asyncapi.json`) against the types and subjects that services use.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use uuid::Uuid;

use crate::{decode, encode, events, inventory, notification, ops, order, payment, subjects};

fn document() -> Value {
    let text = include_bytes!("../../../docs/api/asyncapi.json");
    serde_json::from_slice(text).unwrap()
}

/// Whether the type reads all of a payload, and writes the same.
fn is_whole<M: DeserializeOwned + Serialize>(payload: &Value) -> bool {
    let message: M = decode(payload.to_string().as_bytes()).unwrap();
    let written: Value = serde_json::from_slice(&encode(&message).unwrap()).unwrap();
    written == *payload
}

#[test]
fn every_example_is_what_the_types_read_and_write() {
    let document = document();
    let messages = document["components"]["messages"].as_object().unwrap().values();
    let mut seen = 0;
    for message in messages.filter(|message| message.get("name").is_some()) {
        for example in message["examples"].as_array().unwrap() {
            let is_whole = match message["name"].as_str().unwrap() {
                events::ORDER_COMMIT => is_whole::<order::v1::OrderCommit>,
                events::TIMER => is_whole::<order::v1::Timer>,
                events::INVENTORY_BATCH => is_whole::<inventory::v1::InventoryBatch>,
                events::INVENTORY_SNAPSHOT => is_whole::<inventory::v1::InventorySnapshot>,
                events::PAYMENT_COMMIT => is_whole::<payment::v1::PaymentCommit>,
                "holdfast.ops.v1.OpsEvent" => is_whole::<ops::v1::OpsEvent>,
                "holdfast.ops.v1.OperatorAction" => is_whole::<ops::v1::OperatorAction>,
                "holdfast.notification.v1.Notice" => is_whole::<notification::v1::Notice>,
                unknown => panic!("{unknown} has no type here"),
            };
            assert!(is_whole(&example["payload"]), "{example:#}");
            seen += 1;
        }
    }
    assert!(seen >= 8, "{seen} examples");
}

#[test]
fn every_subject_is_documented_as_it_is() {
    let document = document();
    let id = Uuid::from_u128(7);
    for (channel, subject) in [
        ("orders", subjects::order(id, id)),
        ("status", subjects::order_status(id, id)),
        ("inventoryLog", subjects::inventory_log(0)),
        ("inventorySnapshots", subjects::inventory_snapshot(0)),
        ("payments", subjects::payment(id)),
        ("timers", subjects::timer(id, "charge")),
        ("firedTimers", subjects::timer_fired(id)),
        ("notices", subjects::notice(("email", "bulk"), id, 3)),
        ("laterNotices", subjects::later_notice(("email", "bulk"), id, 3)),
    ] {
        let address = document["channels"][channel]["address"].as_str().unwrap();
        let filled = address
            .replace("{user}", &id.to_string())
            .replace("{order}", &id.to_string())
            .replace("{shard}", "0")
            .replace("{step}", "charge")
            .replace("{channel}", "email")
            .replace("{class}", "bulk")
            .replace("{version}", "3");
        assert_eq!(filled, subject, "{channel}");
    }
}
