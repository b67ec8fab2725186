//! What `notification` reads in the commits of `order`.

use holdfast_notification::codec::decode_commit;
use holdfast_notification_core::{Amount, CancelReason, Change};
use holdfast_tests_pacts::Contract;
use pact_consumer::builders::MessageInteractionBuilder;
use pact_consumer::patterns::JsonPattern;
use pact_consumer::{json_pattern, json_pattern_internal, matching_regex};

use super::super::{TIME, UUID, id, record};

const SUBJECT: &str = "orders.01900000-0000-7000-8000-00000000000c.01900000-0000-7000-8000-000000000001";

fn version(example: &str) -> JsonPattern {
    json_pattern!(matching_regex!("^[1-9][0-9]*$", example))
}

fn money() -> JsonPattern {
    json_pattern!({"amount": matching_regex!("^[0-9]+$", "450"), "currency": matching_regex!("^[A-Z]{3}$", "EUR")})
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
fn what_customers_are_told_of_is_understood() {
    let mut contract = Contract::between("notification", "order-commits");
    let taken = json_pattern!([{"version": version("1"), "orderCreated": {"total": money()}}]);
    expect(&mut contract, "taken", taken);
    let completed = json_pattern!([
        {"version": version("4"), "paymentSucceeded": {"amount": money()}},
        {"version": version("5"), "orderCompleted": {}},
    ]);
    expect(&mut contract, "completed", completed);
    let declined = json_pattern!([
        {"version": version("5"), "inventoryReleased": {}},
        {"version": version("6"), "orderCancelled": {"reason": "CANCEL_REASON_PAYMENT_DECLINED"}},
    ]);
    expect(&mut contract, "declined", declined);
    contract.deliver(|message| {
        let commit = decode_commit(&record(SUBJECT, message)).expect("a commit");
        assert_eq!((commit.order, commit.user), (id(1), id(0xc)));
        let amount = Amount {
            minor: 450,
            currency: "EUR".to_owned(),
        };
        let expected = match message.description.as_str() {
            "taken" => vec![(1, Change::Created { total: amount })],
            "completed" => vec![(4, Change::Charged { amount }), (5, Change::Completed)],
            _ => {
                let reason = CancelReason::PaymentDeclined;
                vec![(5, Change::Silent), (6, Change::Cancelled { reason })]
            }
        };
        assert_eq!(commit.changes, expected);
    });
}
