//! The sandbox as a provider: for the laptop and the tests.

use std::collections::BTreeMap;

use jiff::Timestamp;
use reqwest::{Client, StatusCode};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::transport::exchange;
use super::{ChargeRequest, Error, Found, Notification, Provider, WebhookError, Webhooks};
use crate::signature::Secrets;
use crate::state::{Charge, Money, Outcome, Refund};

const KEY: &str = "Idempotency-Key";

/// A client of the sandbox.
#[derive(Debug)]
pub struct Sandbox {
    client: Client,
    charges: String,
    secrets: Secrets,
}

impl Sandbox {
    /// The sandbox at a base URL such as `http://127.0.0.1:8090`.
    #[must_use]
    pub fn new(client: Client, base_url: &str, secrets: Secrets) -> Self {
        Self {
            client,
            charges: format!("{}/v1/charges", base_url.trim_end_matches('/')),
            secrets,
        }
    }
}

#[derive(Serialize)]
struct ChargeBody<'a> {
    order_id: Uuid,
    amount: &'a Money,
    payment_token: &'a str,
    metadata: Metadata,
}

#[derive(Serialize)]
struct Metadata {
    user_id: Uuid,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    Pending,
    Succeeded,
    Declined,
    Voided,
}

#[derive(Deserialize)]
struct ChargeAnswer {
    charge_id: String,
    idempotency_key: String,
    amount: i64,
    currency: String,
    status: Status,
    decline_code: Option<String>,
    refund: Option<RefundPart>,
    #[serde(default)]
    metadata: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct RefundPart {
    refund_id: String,
}

#[derive(Deserialize)]
struct RefundAnswer {
    refund_id: String,
    amount: i64,
    currency: String,
}

#[derive(Deserialize)]
struct WebhookBody {
    data: ChargeAnswer,
}

impl ChargeAnswer {
    fn found(self) -> Found {
        let user_id = self.metadata.get("user_id").and_then(|id| id.parse().ok());
        Found {
            outcome: self.outcome(),
            user_id,
        }
    }

    fn outcome(self) -> Outcome {
        let amount = Money {
            amount: self.amount,
            currency: self.currency,
        };
        let charge = Charge {
            charge_id: self.charge_id,
            amount: amount.clone(),
        };
        match (self.status, self.refund) {
            (Status::Pending, _) => Outcome::Pending(charge),
            (Status::Succeeded, None) => Outcome::Succeeded(charge),
            (Status::Succeeded, Some(RefundPart { refund_id })) => {
                let refund = Refund {
                    charge_id: charge.charge_id.clone(),
                    refund_id,
                    amount,
                };
                Outcome::Refunded(charge, refund)
            }
            (Status::Declined, _) => Outcome::Declined(self.decline_code.unwrap_or_default()),
            (Status::Voided, _) => Outcome::Voided,
        }
    }
}

impl Provider for Sandbox {
    fn name(&self) -> &'static str {
        "sandbox"
    }

    async fn charge(&self, request: &ChargeRequest) -> Result<Outcome, Error> {
        let body = ChargeBody {
            order_id: request.order_id,
            amount: &request.amount,
            payment_token: &request.payment_token,
            metadata: Metadata {
                user_id: request.user_id,
            },
        };
        let post = self
            .client
            .post(&self.charges)
            .header(KEY, request.order_id.to_string());
        let answer = exchange(post.json(&body)).await?;
        match answer.status {
            StatusCode::OK | StatusCode::ACCEPTED => Ok(answer.json::<ChargeAnswer>()?.outcome()),
            _ => Err(answer.refusal()),
        }
    }

    async fn find(&self, order_id: Uuid) -> Result<Option<Found>, Error> {
        let answer = exchange(self.client.get(format!("{}/by-key/{order_id}", self.charges))).await?;
        match answer.status {
            StatusCode::OK | StatusCode::ACCEPTED => Ok(Some(answer.json::<ChargeAnswer>()?.found())),
            StatusCode::NOT_FOUND => Ok(None),
            _ => Err(answer.refusal()),
        }
    }

    async fn void(&self, order_id: Uuid) -> Result<Outcome, Error> {
        let answer = exchange(self.client.post(format!(
            "{}/by-key/{order_id}/void?order_id={order_id}",
            self.charges
        )))
        .await?;
        match answer.status {
            StatusCode::OK => Ok(answer.json::<ChargeAnswer>()?.outcome()),
            _ => Err(answer.refusal()),
        }
    }

    async fn refund(&self, order_id: Uuid, charge: &Charge) -> Result<Refund, Error> {
        let url = format!("{}/{}/refunds", self.charges, charge.charge_id);
        let answer = exchange(self.client.post(url).header(KEY, format!("refund-{order_id}"))).await?;
        if answer.status != StatusCode::OK {
            return Err(answer.refusal());
        }
        let RefundAnswer {
            refund_id,
            amount,
            currency,
        } = answer.json()?;
        Ok(Refund {
            charge_id: charge.charge_id.clone(),
            refund_id,
            amount: Money { amount, currency },
        })
    }
}

impl Webhooks for Sandbox {
    fn signature_header(&self) -> &'static str {
        "Holdfast-Signature"
    }

    fn notification(
        &self,
        signature: &str,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Option<Notification>, WebhookError> {
        self.secrets.verify(signature, body, now)?;
        let WebhookBody { data } =
            serde_json::from_slice(body).map_err(|error| WebhookError::Malformed(error.to_string()))?;
        // A charge whose key is no order id was not made by us.
        let Ok(order_id) = data.idempotency_key.parse() else {
            return Ok(None);
        };
        Ok(Some(Notification {
            order_id,
            found: Some(data.found()),
        }))
    }
}
