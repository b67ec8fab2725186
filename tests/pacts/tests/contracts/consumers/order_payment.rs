//! What `order` expects of `payment`: charges, voids, refunds.

use holdfast_order::adapters::HttpPayments;
use holdfast_order::ports::{Payment, PaymentAnswer, Payments as _};
use holdfast_order_core::{Money, OrderId, PaymentOutcome, UserId};
use holdfast_tests_pacts::Contract;
use pact_consumer::builders::{HttpPartBuilder as _, InteractionBuilder};
use pact_consumer::patterns::JsonPattern;
use pact_consumer::{json_pattern, json_pattern_internal, like};
use serde_json::json;

use crate::{PATIENCE, id};

fn payment(order: u128) -> Payment {
    Payment {
        order: OrderId(id(order)),
        user: UserId(id(0xc)),
        amount: Money {
            amount: 450,
            currency: "EUR".to_owned(),
        },
    }
}

fn client(base: &str) -> HttpPayments {
    let client = holdfast_platform::http::client(PATIENCE, None).expect("a client");
    HttpPayments::new(client, base, PATIENCE)
}

/// A charge of 4.50 EUR by `token`, and how it is answered.
fn charge(
    mut interaction: InteractionBuilder,
    order: u128,
    token: &str,
    answer: (u16, JsonPattern),
) -> InteractionBuilder {
    let body = json!({
        "user_id": id(0xc), "amount": {"amount": 450, "currency": "EUR"}, "payment_token": token, "attempt": 1,
    });
    let request = interaction.request.post().path("/v1/charges");
    request.header("idempotency-key", id(order).to_string());
    request.header("content-type", "application/json");
    request.json_body(body);
    interaction.response.status(answer.0).json_body(answer.1);
    interaction
}

/// A void or a refund, and its answer.
fn settle(
    mut interaction: InteractionBuilder,
    path: &str,
    order: u128,
    answer: JsonPattern,
) -> InteractionBuilder {
    interaction.request.post().path(path);
    interaction.request.header("content-type", "application/json");
    interaction
        .request
        .json_body(json!({"order_id": id(order), "user_id": id(0xc)}));
    interaction.response.ok().json_body(answer);
    interaction
}

/// As Pact's builders want it.
macro_rules! expect {
    ($contract:expr, $description:literal, $given:expr, |$interaction:ident| $body:expr) => {
        $contract
            .builder()
            .interaction($description, "", |mut $interaction: InteractionBuilder| {
                if let Some((state, order, token)) = $given {
                    let parameters = json!({"order": id(order), "user": id(0xc), "token": token});
                    $interaction.given_with_params(state, &parameters);
                }
                $body
            })
    };
}

const FRESH: Option<(&str, u128, &str)> = None;

#[tokio::test]
async fn every_answer_to_a_charge_is_understood() {
    let mut contract = Contract::between("order", "payment");
    expect!(contract, "a charge of a good card", FRESH, |i| {
        charge(
            i,
            1,
            "tok_ok",
            (
                200,
                json_pattern!({"status": "succeeded", "charge_id": like!("ch_1")}),
            ),
        )
    });
    expect!(contract, "a charge of a bad card", FRESH, |i| {
        charge(
            i,
            2,
            "tok_declined",
            (
                200,
                json_pattern!({"status": "declined", "code": like!("card_declined")}),
            ),
        )
    });
    expect!(contract, "a charge whose result comes later", FRESH, |i| {
        charge(
            i,
            3,
            "tok_webhook_only",
            (202, json_pattern!({"status": "payment-pending"})),
        )
    });
    expect!(
        contract,
        "a charge of another amount than before",
        Some(("a charge of 9.99", 4, "tok_ok")),
        |i| {
            charge(
                i,
                4,
                "tok_ok",
                (
                    422,
                    json_pattern!({"type": like!("https://holdfast.dev/problems/payment-amount-differs")}),
                ),
            )
        }
    );
    expect!(contract, "a void of what was never charged", FRESH, |i| {
        settle(i, "/v1/voids", 5, json_pattern!({"status": "voided"}))
    });
    expect!(
        contract,
        "a void of what was charged",
        Some(("a charge", 6, "tok_ok")),
        |i| {
            settle(
                i,
                "/v1/voids",
                6,
                json_pattern!({"status": "succeeded", "charge_id": like!("ch_6")}),
            )
        }
    );
    expect!(
        contract,
        "a void of what was declined",
        Some(("a charge", 7, "tok_declined")),
        |i| {
            settle(
                i,
                "/v1/voids",
                7,
                json_pattern!({"status": "declined", "code": like!("card_declined")}),
            )
        }
    );
    expect!(
        contract,
        "a refund of what was charged",
        Some(("a charge", 8, "tok_ok")),
        |i| {
            let amount = json_pattern!({"amount": 450, "currency": "EUR"});
            settle(
                i,
                "/v1/refunds",
                8,
                json_pattern!({"status": "refunded", "refund_id": like!("re_8"), "amount": amount}),
            )
        }
    );
    expect!(
        contract,
        "a refund of what was declined",
        Some(("a charge", 9, "tok_declined")),
        |i| settle(i, "/v1/refunds", 9, json_pattern!({"status": "voided"}))
    );
    contract
        .serve(async |base: &str| calls(&client(base)).await)
        .await;
}

async fn calls(payments: &HttpPayments) {
    let known = |outcome| PaymentAnswer::Known(outcome);
    let succeeded = |charge_id: &str| PaymentOutcome::Succeeded {
        charge_id: charge_id.to_owned(),
        amount: payment(1).amount,
    };
    let declined = PaymentOutcome::Declined {
        code: "card_declined".to_owned(),
    };
    let refunded = PaymentOutcome::Refunded {
        refund_id: "re_8".to_owned(),
        amount: payment(8).amount,
    };
    assert_eq!(
        payments.charge(&payment(1), "tok_ok", 1).await,
        known(succeeded("ch_1"))
    );
    assert_eq!(
        payments.charge(&payment(2), "tok_declined", 1).await,
        known(declined.clone())
    );
    assert_eq!(
        payments.charge(&payment(3), "tok_webhook_only", 1).await,
        PaymentAnswer::Pending
    );
    let other_amount = payments.charge(&payment(4), "tok_ok", 1).await;
    assert!(
        matches!(other_amount, PaymentAnswer::Rejected { .. }),
        "{other_amount:?}"
    );
    assert_eq!(payments.resolve(&payment(5)).await, known(PaymentOutcome::Voided));
    assert_eq!(payments.resolve(&payment(6)).await, known(succeeded("ch_6")));
    assert_eq!(payments.resolve(&payment(7)).await, known(declined));
    assert_eq!(payments.refund(&payment(8)).await, known(refunded));
    assert_eq!(payments.refund(&payment(9)).await, known(PaymentOutcome::Voided));
}
