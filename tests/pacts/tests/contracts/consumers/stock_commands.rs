//! What `inventory` reads in the commits of `order`.

use holdfast_inventory::codec::{Cause, commands};
use holdfast_inventory_core::{Command, Line};
use holdfast_tests_pacts::Contract;
use pact_consumer::builders::MessageInteractionBuilder;
use pact_consumer::patterns::JsonPattern;
use pact_consumer::{each_like, each_like_helper, json_pattern, json_pattern_internal, like};

use super::super::{id, record};

const SUBJECT: &str = "orders.01900000-0000-7000-8000-00000000000c.01900000-0000-7000-8000-000000000001";

fn expect(contract: &mut Contract, description: &str, name: &str, command: JsonPattern) {
    let message = |mut message: MessageInteractionBuilder| {
        message.metadata("Holdfast-Commands", name);
        message.json_body(json_pattern!({"commands": [command]}));
        message
    };
    contract.builder().message_interaction(description, message);
}

#[test]
fn commands_for_the_stock_are_understood() {
    let mut contract = Contract::between("inventory-commands", "order-commits");
    let lines = each_like!(json_pattern!({"sku": like!("tea-sencha-100"), "quantity": like!(2)}));
    expect(
        &mut contract,
        "reserve",
        "reserve_inventory",
        json_pattern!({"reserveInventory": {"lines": lines}}),
    );
    expect(
        &mut contract,
        "commit",
        "commit_inventory",
        json_pattern!({"commitInventory": {}}),
    );
    expect(
        &mut contract,
        "release",
        "release_inventory",
        json_pattern!({"releaseInventory": {}}),
    );
    let order_id = id(1);
    contract.deliver(|message| {
        let (cause, commands) = commands(&record(SUBJECT, message)).expect("a commit");
        let asked_by = Cause {
            user_id: id(0xc),
            order_sequence: 7,
        };
        assert_eq!(cause, asked_by);
        let lines = vec![Line {
            sku: "tea-sencha-100".to_owned(),
            quantity: 2,
        }];
        let expected = match message.description.as_str() {
            "reserve" => Command::Reserve { order_id, lines },
            "commit" => Command::Commit { order_id },
            _ => Command::Release { order_id },
        };
        assert_eq!(commands, [expected]);
    });
}
