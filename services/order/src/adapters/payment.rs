//! Payment over HTTP.

use std::time::Duration;

use holdfast_order_core::{Money, PaymentOutcome};
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
struct RefundRequest {
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
        let response = request.timeout(self.deadline).send().await?;
        Ok((response.status(), response.bytes().await?))
    }

    async fn give_back(&self, payment: &Payment) -> PaymentAnswer {
        let body = RefundRequest {
            order_id: payment.order.to_string(),
            user_id: payment.user.to_string(),
        };
        self.ask(
            self.client.post(format!("{}/v1/refunds", self.base)).json(&body),
            payment,
        )
        .await
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

    async fn resolve(&self, payment: &Payment) -> PaymentAnswer {
        let request = self
            .client
            .get(format!("{}/v1/charges/{}", self.base, payment.order));
        match self.try_ask(request).await {
            Ok((StatusCode::OK, body)) => known(&body, payment),
            // Not seen, or still open after the deadline: now there shall be none.
            Ok((StatusCode::NOT_FOUND | StatusCode::ACCEPTED, _)) => self.give_back(payment).await,
            Ok((status, body)) => PaymentAnswer::Unreachable {
                detail: told(status, &body),
            },
            Err(error) => PaymentAnswer::Unreachable {
                detail: causes(&error),
            },
        }
    }

    async fn refund(&self, payment: &Payment) -> PaymentAnswer {
        match self.give_back(payment).await {
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
