//! What `realtime` reads in the commits of `order`.

use holdfast_realtime_core::commit::Commit;
use holdfast_realtime_core::status::{Event, Reason};
use holdfast_tests_pacts::Contract;
use pact_consumer::builders::MessageInteractionBuilder;
use pact_consumer::patterns::JsonPattern;
use pact_consumer::{json_pattern, json_pattern_internal, matching_regex};

use super::super::{TIME, UUID, id, payload};

fn version(example: &str) -> JsonPattern {
    json_pattern!(matching_regex!("^[1-9][0-9]*$", example))
}

fn expect(contract: &mut Contract, description: &str, events: JsonPattern) {
    let commit = json_pattern!({
        "orderId": matching_regex!(UUID, id(1).to_string()),
        "userId": matching_regex!(UUID, id(0xc).to_string()),
        "time": matching_regex!(TIME, "2026-11-23T12:00:00+00:00"),
        "events": events,
    });
    let message = |mut message: MessageInteractionBuilder| {
        message.metadata("ce-type", "holdfast.order.v1.OrderCommit");
        message.json_body(commit);
        message
    };
    contract.builder().message_interaction(description, message);
}

#[test]
fn what_becomes_of_an_order_is_understood() {
    let mut contract = Contract::between("realtime", "order-status");
    expect(
        &mut contract,
        "taken",
        json_pattern!([{"version": version("1"), "orderCreated": {}}]),
    );
    expect(
        &mut contract,
        "completed",
        json_pattern!([
            {"version": version("4"), "paymentSucceeded": {}},
            {"version": version("5"), "orderCompleted": {}},
        ]),
    );
    expect(
        &mut contract,
        "out of stock",
        json_pattern!([
            {"version": version("2"), "inventoryNotAvailable": {}},
            {"version": version("3"), "orderCancelled": {"reason": "CANCEL_REASON_OUT_OF_STOCK"}},
        ]),
    );
    expect(
        &mut contract,
        "declined",
        json_pattern!([
            {"version": version("5"), "inventoryReleased": {}},
            {"version": version("6"), "orderCancelled": {"reason": "CANCEL_REASON_PAYMENT_DECLINED"}},
        ]),
    );
    contract.deliver(|message| {
        let commit = Commit::read(&payload(message)).expect("a commit");
        assert_eq!((commit.order, commit.user), (id(1), id(0xc)));
        let (version, last) = match message.description.as_str() {
            "taken" => (1, Event::OrderCreated),
            "completed" => (5, Event::OrderCompleted),
            "out of stock" => (3, Event::OrderCancelled(Some(Reason::OutOfStock))),
            _ => (6, Event::OrderCancelled(Some(Reason::PaymentDeclined))),
        };
        assert_eq!(commit.last_version(), version);
        assert_eq!(commit.events.last().map(|numbered| numbered.event), Some(last));
    });
}
