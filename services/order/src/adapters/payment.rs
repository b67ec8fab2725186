//! Payment over HTTP.

use std::time::Duration;

use holdfast_order_core::{Money, PaymentOutcome};
use holdfast_platform::http::traced;
use http::StatusCode;
use reqwest::{Client, RequestBuilder};
use serde::{Deserialize, Serialize};

use super::causes;
use crate::ports::{Payment, PaymentAnswer, Payments};

/// The API of the payment service.
pub struct HttpPayments {
    client: Client,
    base: String,
    deadline: Duration,
}

#[derive(Serialize, Deserialize)]
struct Amount<'a> {
    amount: i64,
    currency: std::borrow::Cow<'a, str>,
}

#[derive(Serialize)]
struct ChargeRequest<'a> {
    user_id: String,
    amount: Amount<'a>,
    payment_token: &'a str,
    attempt: u32,
}

#[derive(Serialize)]
struct SettleRequest {
    order_id: String,
    user_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case", tag = "status")]
enum Outcome {
    Succeeded {
        charge_id: String,
        amount: Option<Amount<'static>>,
    },
    Declined {
        #[serde(default)]
        code: String,
    },
    Voided,
    Refunded {
        #[serde(default)]
        refund_id: String,
        amount: Option<Amount<'static>>,
    },
}

impl HttpPayments {
    /// The payment service at `base` (no trailing slash). An answer is awaited for `deadline`, which has to cover
    /// the tries that the mesh makes.
    #[must_use]
    pub fn new(client: Client, base: impl Into<String>, deadline: Duration) -> Self {
        Self {
            client,
            base: base.into(),
            deadline,
        }
    }

    async fn ask(&self, request: RequestBuilder, payment: &Payment) -> PaymentAnswer {
        match self.try_ask(request).await {
            Ok((StatusCode::OK, body)) => known(&body, payment),
            Ok((StatusCode::ACCEPTED, _)) => PaymentAnswer::Pending,
            Ok((status, body)) if refuses(status) => PaymentAnswer::Rejected {
                detail: told(status, &body),
            },
            Ok((status, body)) => PaymentAnswer::Unreachable {
                detail: told(status, &body),
            },
            Err(error) => PaymentAnswer::Unreachable {
                detail: causes(&error),
            },
        }
    }

    async fn try_ask(&self, request: RequestBuilder) -> Result<(StatusCode, bytes::Bytes), reqwest::Error> {
        let response = traced(request.timeout(self.deadline)).send().await?;
        Ok((response.status(), response.bytes().await?))
    }

    async fn settle(&self, path: &str, payment: &Payment) -> PaymentAnswer {
        let body = SettleRequest {
            order_id: payment.order.to_string(),
            user_id: payment.user.to_string(),
        };
        let request = self.client.post(format!("{}{path}", self.base)).json(&body);
        self.ask(request, payment).await
    }
}

impl Payments for HttpPayments {
    async fn charge(&self, payment: &Payment, payment_token: &str, attempt: u32) -> PaymentAnswer {
        let Money { amount, currency } = &payment.amount;
        let body = ChargeRequest {
            user_id: payment.user.to_string(),
            amount: Amount {
                amount: *amount,
                currency: currency.into(),
            },
            payment_token,
            attempt,
        };
        let request = self.client.post(format!("{}/v1/charges", self.base));
        let request = request
            .header("idempotency-key", payment.order.to_string())
            .json(&body);
        self.ask(request, payment).await
    }

    /// Never by a refund: what is captured meanwhile may complete the order, and stays.
    async fn resolve(&self, payment: &Payment) -> PaymentAnswer {
        self.settle("/v1/voids", payment).await
    }

    async fn refund(&self, payment: &Payment) -> PaymentAnswer {
        match self.settle("/v1/refunds", payment).await {
            // Nothing was captured, so nothing is held.
            PaymentAnswer::Known(PaymentOutcome::Declined { .. }) => {
                PaymentAnswer::Known(PaymentOutcome::Voided)
            }
            PaymentAnswer::Known(PaymentOutcome::Succeeded { .. }) => PaymentAnswer::Unreachable {
                detail: "asked to refund, payment says that it succeeded".to_owned(),
            },
            answer => answer,
        }
    }
}

fn known(body: &[u8], payment: &Payment) -> PaymentAnswer {
    let money = |amount: Option<Amount<'static>>| {
        amount.map_or_else(
            || payment.amount.clone(),
            |Amount { amount, currency }| Money {
                amount,
                currency: currency.into_owned(),
            },
        )
    };
    match serde_json::from_slice(body) {
        Ok(Outcome::Succeeded { charge_id, amount }) => PaymentAnswer::Known(PaymentOutcome::Succeeded {
            charge_id,
            amount: money(amount),
        }),
        Ok(Outcome::Declined { code }) => PaymentAnswer::Known(PaymentOutcome::Declined { code }),
        Ok(Outcome::Voided) => PaymentAnswer::Known(PaymentOutcome::Voided),
        Ok(Outcome::Refunded { refund_id, amount }) => PaymentAnswer::Known(PaymentOutcome::Refunded {
            refund_id,
            amount: money(amount),
        }),
        Err(error) => PaymentAnswer::Unreachable {
            detail: format!("not an answer of payment: {error}"),
        },
    }
}

/// Whether the same request can never succeed. Others of 4xx tell about the way to payment, not about the request.
fn refuses(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::BAD_REQUEST
            | StatusCode::CONFLICT
            | StatusCode::PAYLOAD_TOO_LARGE
            | StatusCode::UNSUPPORTED_MEDIA_TYPE
            | StatusCode::UNPROCESSABLE_ENTITY
    )
}

fn told(status: StatusCode, body: &[u8]) -> String {
    let body = body.get(..200).unwrap_or(body);
    format!("{status} {}", String::from_utf8_lossy(body))
}
