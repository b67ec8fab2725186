use serde_json::{Value, json};

use super::*;
use crate::signature;
use crate::state::Money;
use holdfast_platform::http::client;

const SIGNED_AT: i64 = 1_700_000_000;

fn stripe() -> Stripe {
    let client = client(std::time::Duration::from_secs(1), None).unwrap();
    let secrets = Secrets::parse("whsec_new,whsec_old").unwrap();
    Stripe::new(
        client,
        "http://stripe.invalid/",
        ApiKey::new("sk_live_hidden".into()),
        secrets,
    )
}

fn take(kind: &str, object: Value) -> Result<Option<Notification>, WebhookError> {
    use hmac::{Hmac, KeyInit, Mac};
    let event = json!({"id": "evt_1", "object": "event", "type": kind, "data": {"object": object}});
    let body = serde_json::to_vec(&event).unwrap();
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(b"whsec_old").unwrap();
    mac.update(format!("{SIGNED_AT}.").as_bytes());
    mac.update(&body);
    let header = format!(
        "t={SIGNED_AT},v1={},v0=ignored",
        hex::encode(mac.finalize().into_bytes())
    );
    stripe().notification(&header, &body, Timestamp::from_second(SIGNED_AT + 10).unwrap())
}

fn intent(status: &str) -> Value {
    json!({
        "id": "pi_1", "object": "payment_intent", "amount": 1999, "currency": "eur", "status": status,
        "latest_charge": "ch_1",
        "last_payment_error": {"type": "card_error", "code": "card_declined", "decline_code": "lost_card"},
        "metadata": {"order_id": Uuid::from_u128(1), "user_id": Uuid::from_u128(2)},
    })
}

fn charge() -> Charge {
    Charge {
        charge_id: "pi_1".into(),
        amount: Money {
            amount: 1999,
            currency: "EUR".into(),
        },
    }
}

#[test]
fn events_about_an_intent_tell_its_outcome() {
    for (kind, status, outcome) in [
        (
            "payment_intent.succeeded",
            "succeeded",
            Outcome::Succeeded(charge()),
        ),
        (
            "payment_intent.payment_failed",
            "requires_payment_method",
            Outcome::Declined("lost_card".into()),
        ),
        ("payment_intent.canceled", "canceled", Outcome::Voided),
    ] {
        let found = Found {
            outcome,
            user_id: Some(Uuid::from_u128(2)),
        };
        let expected = Notification {
            order_id: Uuid::from_u128(1),
            found: Some(found),
        };
        assert_eq!(take(kind, intent(status)), Ok(Some(expected)), "{kind}");
    }
}

#[test]
fn a_full_refund_makes_us_ask_and_a_partial_one_does_not() {
    let metadata = json!({"order_id": Uuid::from_u128(1)});
    let full = json!({"id": "ch_1", "refunded": true, "amount_refunded": 1999, "metadata": metadata});
    let asked = Notification {
        order_id: Uuid::from_u128(1),
        found: None,
    };
    assert_eq!(take("charge.refunded", full), Ok(Some(asked)));
    let partial = json!({"id": "ch_1", "refunded": false, "amount_refunded": 1, "metadata": metadata});
    assert_eq!(take("charge.refunded", partial), Ok(None));
}

#[test]
fn events_that_do_not_concern_us_are_ignored() {
    assert_eq!(take("customer.created", json!({"id": "cus_1"})), Ok(None));
    let mut foreign = intent("succeeded");
    foreign["metadata"] = json!({});
    assert_eq!(take("payment_intent.succeeded", foreign), Ok(None));
}

#[test]
fn an_event_of_a_known_type_that_cannot_be_read_is_malformed() {
    assert!(matches!(
        take("payment_intent.succeeded", json!({})),
        Err(WebhookError::Malformed(_))
    ));
}

#[test]
fn an_event_that_is_not_signed_by_stripe_is_refused() {
    let forged = stripe().notification("t=1,v1=00", b"{}", Timestamp::from_second(1).unwrap());
    assert_eq!(
        forged,
        Err(WebhookError::Signature(signature::Error::WrongSecret))
    );
}

#[test]
fn a_status_that_is_not_known_may_still_change() {
    let intent: Intent = serde_json::from_value(intent("something_new")).unwrap();
    assert_eq!(intent.outcome(), Outcome::Pending(charge()));
}

#[test]
fn no_secret_is_printed() {
    let printed = format!("{:?}", stripe());
    assert!(
        !printed.contains("hidden") && !printed.contains("whsec"),
        "{printed}"
    );
}
