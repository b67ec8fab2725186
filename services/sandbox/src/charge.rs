//! What the provider knows about one charge.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// An amount in minor units.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Money {
    /// Minor units of the currency.
    pub amount: i64,
    /// ISO 4217 code.
    pub currency: String,
}

/// Body of `POST /v1/charges`.
#[derive(Clone, Debug, Deserialize)]
pub struct ChargeRequest {
    /// The merchant's reference.
    pub order_id: String,
    /// How much; positive.
    pub amount: Money,
    /// The card, and so the behaviour.
    pub payment_token: String,
    /// Opaque pairs of the merchant, given back with the charge and in webhooks.
    #[serde(default)]
    pub metadata: BTreeMap<String, String>,
}

/// Where a charge stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// The provider is still at it.
    Pending,
    /// The money was captured; it may have been refunded since.
    Succeeded,
    /// Nothing was taken. Final.
    Declined,
    /// Cancelled before it was captured, or forbidden before it was asked for. Final.
    Voided,
}

/// One charge; its idempotency key names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charge {
    /// The provider's id, derived from the key: one key is one charge.
    pub charge_id: String,
    /// The merchant's key.
    pub idempotency_key: String,
    /// The merchant's reference; none if the key was voided before any charge was seen, by somebody who did not tell it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_id: Option<String>,
    /// What was asked for, in minor units.
    pub amount: i64,
    /// ISO 4217 code; empty if the key was voided before any charge was seen.
    pub currency: String,
    /// The payment token.
    pub token: String,
    /// Where it stands.
    pub status: Status,
    /// Why it was declined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decline_code: Option<String>,
    /// What was taken, in minor units.
    pub captured: i64,
    /// What was given back, in minor units.
    pub refunded: i64,
    /// The refund, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refund: Option<Refund>,
    /// How often this charge was asked for.
    pub attempts: u32,
    /// When it was first seen.
    pub created_at: Timestamp,
    /// When a pending charge will be captured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settles_at: Option<Timestamp>,
    /// Webhooks still to be delivered once it is settled.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub webhooks_due: u8,
    /// As in the request.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
}

/// Captured money that was given back: always all of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    /// The provider's id.
    pub refund_id: String,
    /// The merchant's key.
    pub idempotency_key: String,
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature that serde asks for"
)]
fn is_zero(count: &u8) -> bool {
    *count == 0
}

impl Charge {
    /// A charge that is not decided yet.
    #[must_use]
    pub fn new(key: &str, request: ChargeRequest, now: Timestamp) -> Self {
        Self {
            order_id: Some(request.order_id),
            amount: request.amount.amount,
            currency: request.amount.currency,
            token: request.payment_token,
            status: Status::Pending,
            attempts: 1,
            metadata: request.metadata,
            ..Self::void_of_unseen(key, None, now)
        }
    }

    /// The mark that no charge with this key will ever be made.
    #[must_use]
    pub fn void_of_unseen(key: &str, order_id: Option<&str>, now: Timestamp) -> Self {
        Self {
            charge_id: format!("ch_{key}"),
            idempotency_key: key.to_owned(),
            order_id: order_id.map(str::to_owned),
            amount: 0,
            currency: String::new(),
            token: String::new(),
            status: Status::Voided,
            decline_code: None,
            captured: 0,
            refunded: 0,
            refund: None,
            attempts: 0,
            created_at: now,
            settles_at: None,
            webhooks_due: 0,
            metadata: BTreeMap::new(),
        }
    }

    /// Takes the money of a charge that is pending; any other is left alone.
    pub fn capture(&mut self) {
        if self.status == Status::Pending {
            self.status = Status::Succeeded;
            self.captured = self.amount;
            self.settles_at = None;
        }
    }

    /// Cancels a charge that is pending; any other is left alone.
    pub fn void(&mut self) {
        if self.status == Status::Pending {
            self.status = Status::Voided;
            self.settles_at = None;
            self.webhooks_due = 0;
        }
    }

    /// Counts a repeated request. A void of a key that was not seen before learns what it was a void of.
    ///
    /// # Errors
    /// [`OtherRequest`] if the key was used for something else.
    pub fn ask_again(&mut self, request: ChargeRequest) -> Result<(), OtherRequest> {
        if self.attempts == 0 {
            self.order_id = Some(request.order_id);
            self.amount = request.amount.amount;
            self.currency = request.amount.currency;
            self.token = request.payment_token;
            self.metadata = request.metadata;
        } else if !self.is_same_request(&request) {
            return Err(OtherRequest);
        }
        self.attempts += 1;
        Ok(())
    }

    fn is_same_request(&self, request: &ChargeRequest) -> bool {
        self.order_id.as_ref() == Some(&request.order_id)
            && self.amount == request.amount.amount
            && self.currency == request.amount.currency
            && self.token == request.payment_token
    }
}

/// The idempotency key of a charge was used with another request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OtherRequest;
