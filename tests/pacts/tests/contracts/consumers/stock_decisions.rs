//! What `order` reads in the log of `inventory`.

use holdfast_order::codec::{StockDecisionKind, stock_decisions};
use holdfast_order_core::{OrderId, Sku, UserId};
use holdfast_platform::journal::Revision;
use holdfast_tests_pacts::Contract;
use pact_consumer::builders::MessageInteractionBuilder;
use pact_consumer::patterns::JsonPattern;
use pact_consumer::{each_like, each_like_helper, json_pattern, json_pattern_internal, like, matching_regex};

use super::super::{UUID, id, payload};

fn cause() -> JsonPattern {
    json_pattern!({
        "orderId": matching_regex!(UUID, id(1).to_string()),
        "userId": matching_regex!(UUID, id(0xc).to_string()),
        "orderSequence": matching_regex!("^[1-9][0-9]*$", "7"),
    })
}

fn expect(contract: &mut Contract, description: &str, decision: JsonPattern) {
    let message = |mut message: MessageInteractionBuilder| {
        message.metadata("ce-type", "holdfast.inventory.v1.InventoryBatch");
        message.json_body(json_pattern!({"decisions": [decision]}));
        message
    };
    contract.builder().message_interaction(description, message);
}

#[test]
fn decisions_about_reservations_are_understood() {
    let mut contract = Contract::between("order-inventory", "inventory-log");
    expect(
        &mut contract,
        "reserved",
        json_pattern!({"reserved": {"cause": cause()}}),
    );
    let short = each_like!(json_pattern!(like!("cup-red")));
    let refused = json_pattern!({"notAvailable": {"cause": cause(), "skus": short}});
    expect(&mut contract, "not available", refused);
    expect(
        &mut contract,
        "released",
        json_pattern!({"released": {"cause": cause()}}),
    );
    contract.deliver(|message| {
        let decisions = stock_decisions(&payload(message)).expect("a batch");
        assert_eq!(decisions.unreadable, None);
        let [decision] = decisions.readable.as_slice() else {
            panic!("not one decision: {decisions:?}");
        };
        assert_eq!((decision.order, decision.user), (OrderId(id(1)), UserId(id(0xc))));
        assert_eq!(decision.cause, Revision(7));
        let expected = match message.description.as_str() {
            "reserved" => StockDecisionKind::Reserved,
            "released" => StockDecisionKind::Released,
            _ => StockDecisionKind::NotAvailable {
                skus: vec![Sku::parse("cup-red").expect("a SKU")],
            },
        };
        assert_eq!(decision.kind, expected);
    });
}
