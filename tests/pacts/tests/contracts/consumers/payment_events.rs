//! What `order` reads in the events of `payment`.

use holdfast_order::codec::payment_outcome;
use holdfast_order_core::{Money, OrderId, PaymentOutcome, UserId};
use holdfast_tests_pacts::Contract;
use pact_consumer::builders::MessageInteractionBuilder;
use pact_consumer::patterns::JsonPattern;
use pact_consumer::{json_pattern, json_pattern_internal, like, matching_regex};

use super::super::{UUID, id, payload};

fn amount() -> JsonPattern {
    json_pattern!({"amount": matching_regex!("^[0-9]+$", "450"), "currency": matching_regex!("^[A-Z]{3}$", "EUR")})
}

fn expect(contract: &mut Contract, description: &str, name: &str, event: JsonPattern) {
    let version = (
        "version".to_owned(),
        json_pattern!(matching_regex!("^[1-9][0-9]*$", "1")),
    );
    let event = JsonPattern::Object([version, (name.to_owned(), event)].into());
    let commit = json_pattern!({
        "orderId": matching_regex!(UUID, id(1).to_string()),
        "userId": matching_regex!(UUID, id(0xc).to_string()),
        "events": [event],
    });
    let message = |mut message: MessageInteractionBuilder| {
        message.metadata("ce-type", "holdfast.payment.v1.PaymentCommit");
        message.json_body(commit);
        message
    };
    contract.builder().message_interaction(description, message);
}

#[test]
fn outcomes_of_payments_are_understood() {
    let mut contract = Contract::between("order-payments", "payment-events");
    let charged = json_pattern!({"chargeId": like!("ch_1"), "amount": amount()});
    expect(&mut contract, "succeeded", "chargeSucceeded", charged);
    expect(
        &mut contract,
        "declined",
        "chargeDeclined",
        json_pattern!({"code": like!("card_declined")}),
    );
    expect(&mut contract, "voided", "chargeVoided", json_pattern!({}));
    let refunded = json_pattern!({"refundId": like!("re_1"), "amount": amount()});
    expect(&mut contract, "refunded", "chargeRefunded", refunded);
    contract.deliver(|message| {
        let (order, user, outcome) = payment_outcome(&payload(message)).expect("a commit");
        assert_eq!((order, user), (OrderId(id(1)), UserId(id(0xc))));
        let amount = Money {
            amount: 450,
            currency: "EUR".to_owned(),
        };
        let expected = match message.description.as_str() {
            "succeeded" => PaymentOutcome::Succeeded {
                charge_id: "ch_1".to_owned(),
                amount,
            },
            "declined" => PaymentOutcome::Declined {
                code: "card_declined".to_owned(),
            },
            "voided" => PaymentOutcome::Voided,
            _ => PaymentOutcome::Refunded {
                refund_id: "re_1".to_owned(),
                amount,
            },
        };
        assert_eq!(outcome, Some(expected));
    });
}
