//! The parts of Stripe's objects that matter here, and what they mean.

use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use crate::provider::{Found, Notification};
use crate::state::{Charge, Money, Outcome, Refund};

#[derive(Debug, Deserialize)]
pub(super) struct List<T> {
    pub(super) data: Vec<T>,
}

/// Names our order at Stripe.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Metadata {
    #[serde(default)]
    order_id: Option<String>,
    #[serde(default)]
    user_id: Option<String>,
}

/// <https://docs.stripe.com/api/payment_intents/object>
#[derive(Debug, Deserialize)]
pub(super) struct Intent {
    pub(super) id: String,
    amount: i64,
    currency: String,
    status: String,
    #[serde(default)]
    metadata: Metadata,
    #[serde(default)]
    last_payment_error: Option<ErrorObject>,
    /// An id, or the charge itself if it was asked to be expanded.
    #[serde(default)]
    latest_charge: Value,
}

impl Intent {
    pub(super) fn order_id(&self) -> Option<Uuid> {
        self.metadata.order_id.as_ref()?.parse().ok()
    }

    pub(super) fn user_id(&self) -> Option<Uuid> {
        self.metadata.user_id.as_ref()?.parse().ok()
    }

    pub(super) fn charge(&self) -> Charge {
        Charge {
            charge_id: self.id.clone(),
            amount: money(self.amount, &self.currency),
        }
    }

    /// Whether all of the captured money was given back. Only an expanded charge tells.
    pub(super) fn is_refunded(&self) -> bool {
        self.latest_charge
            .get("refunded")
            .and_then(Value::as_bool)
            .unwrap_or(false)
    }

    /// Where the charge stands, refunds apart. A status that is not known is one that may still change.
    pub(super) fn outcome(&self) -> Outcome {
        match self.status.as_str() {
            "succeeded" => Outcome::Succeeded(self.charge()),
            "canceled" => Outcome::Voided,
            // We confirm when we create, so a missing payment method is one that was refused.
            "requires_payment_method" => Outcome::Declined(
                self.last_payment_error
                    .as_ref()
                    .map_or_else(|| self.status.clone(), ErrorObject::decline_code),
            ),
            "requires_action" => Outcome::Declined("authentication_required".into()),
            _ => Outcome::Pending(self.charge()),
        }
    }
}

/// <https://docs.stripe.com/api/refunds/object>
#[derive(Debug, Deserialize)]
pub(super) struct RefundObject {
    id: String,
    amount: i64,
    currency: String,
    #[serde(default)]
    status: Option<String>,
}

impl RefundObject {
    pub(super) fn has_failed(&self) -> bool {
        matches!(self.status.as_deref(), Some("failed" | "canceled"))
    }

    pub(super) fn into_refund(self, charge: &Charge) -> Refund {
        let amount = money(self.amount, &self.currency);
        Refund {
            charge_id: charge.charge_id.clone(),
            refund_id: self.id,
            amount,
        }
    }
}

fn money(amount: i64, currency: &str) -> Money {
    Money {
        amount,
        currency: currency.to_ascii_uppercase(),
    }
}

/// <https://docs.stripe.com/api/errors>
#[derive(Debug, Deserialize)]
pub(super) struct StripeError {
    error: ErrorObject,
}

#[derive(Debug, Deserialize)]
struct ErrorObject {
    #[serde(default)]
    r#type: String,
    #[serde(default)]
    code: Option<String>,
    #[serde(default)]
    decline_code: Option<String>,
    #[serde(default)]
    param: Option<String>,
    #[serde(default)]
    payment_intent: Option<Box<Intent>>,
}

impl ErrorObject {
    fn decline_code(&self) -> String {
        self.decline_code
            .clone()
            .or_else(|| self.code.clone())
            .unwrap_or_else(|| "card_declined".into())
    }
}

/// What an error answer to a charge means.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reply {
    /// Nothing was taken, for this reason.
    Declined(String),
    /// Another request with the same key is still being answered.
    Busy,
    /// The request itself is refused.
    Refused,
}

impl StripeError {
    pub(super) fn reply(&self) -> Reply {
        let error = &self.error;
        let about_the_card = error
            .param
            .as_deref()
            .is_some_and(|param| param.starts_with("payment_method"));
        match (error.r#type.as_str(), error.code.as_deref()) {
            ("card_error", _) => Reply::Declined(error.decline_code()),
            (_, Some("idempotency_key_in_use" | "lock_timeout")) => Reply::Busy,
            ("invalid_request_error", Some(code)) if about_the_card => Reply::Declined(code.to_owned()),
            _ => Reply::Refused,
        }
    }

    pub(super) fn is_already_refunded(&self) -> bool {
        self.error.code.as_deref() == Some("charge_already_refunded")
    }

    /// The intent as it stands, if its state was the reason.
    pub(super) fn intent(self) -> Option<Intent> {
        self.error.payment_intent.map(|intent| *intent)
    }
}

/// <https://docs.stripe.com/api/events/object>
#[derive(Debug, Deserialize)]
pub(super) struct Event {
    r#type: String,
    data: EventData,
}

#[derive(Debug, Deserialize)]
struct EventData {
    object: Value,
}

#[derive(Debug, Deserialize)]
struct ChargeObject {
    #[serde(default)]
    refunded: bool,
    #[serde(default)]
    metadata: Metadata,
}

impl Event {
    /// What the event tells about an order of ours, if anything.
    pub(super) fn notification(self) -> Result<Option<Notification>, serde_json::Error> {
        match self.r#type.as_str() {
            "payment_intent.succeeded" | "payment_intent.payment_failed" | "payment_intent.canceled" => {
                let intent: Intent = serde_json::from_value(self.data.object)?;
                let found = Found {
                    outcome: intent.outcome(),
                    user_id: intent.user_id(),
                };
                Ok(intent.order_id().map(|order_id| Notification {
                    order_id,
                    found: Some(found),
                }))
            }
            "charge.refunded" => {
                let charge: ChargeObject = serde_json::from_value(self.data.object)?;
                // The event does not name the refund.
                let order_id = charge.metadata.order_id.filter(|_| charge.refunded);
                let order_id = order_id.and_then(|id| id.parse().ok());
                Ok(order_id.map(|order_id| Notification {
                    order_id,
                    found: None,
                }))
            }
            _ => Ok(None),
        }
    }
}
