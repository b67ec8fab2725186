//! What the API answers.

use std::time::Duration;

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use holdfast_platform::journal;
use holdfast_platform::problem::{INTERNAL, NOT_FOUND, Problem, ProblemType, UNAVAILABLE};
use serde::Serialize;
use utoipa::ToSchema;

use crate::provider::{self, WebhookError};
use crate::service::Error;
use crate::state::{Money, State};

pub(super) const AMOUNT_DIFFERS: ProblemType = ProblemType::new(
    "payment-amount-differs",
    StatusCode::UNPROCESSABLE_ENTITY,
    "The payment of this order is about another amount",
);
pub(super) const PROVIDER_TIMEOUT: ProblemType = ProblemType::new(
    "provider-timeout",
    StatusCode::GATEWAY_TIMEOUT,
    "The payment provider did not answer in time",
);
pub(super) const PROVIDER_UNAVAILABLE: ProblemType = ProblemType::new(
    "provider-unavailable",
    StatusCode::BAD_GATEWAY,
    "The payment provider's answer is not known",
);
pub(super) const PROVIDER_REFUSED: ProblemType = ProblemType::new(
    "provider-refused",
    StatusCode::BAD_GATEWAY,
    "The payment provider does not accept our requests",
);
pub(super) const SIGNATURE_INVALID: ProblemType = ProblemType::new(
    "webhook-signature-invalid",
    StatusCode::UNAUTHORIZED,
    "The webhook is not signed by the provider",
);
pub(super) const WEBHOOK_MALFORMED: ProblemType = ProblemType::new(
    "webhook-malformed",
    StatusCode::BAD_REQUEST,
    "The webhook cannot be read",
);

/// Where a payment stands.
#[derive(Serialize, ToSchema)]
#[serde(tag = "status", rename_all = "lowercase")]
#[schema(as = Payment)]
pub(super) enum Answer {
    Succeeded {
        charge_id: String,
    },
    Declined {
        code: String,
    },
    Voided,
    Refunded {
        charge_id: String,
        refund_id: String,
        amount: Money,
    },
    #[serde(rename = "payment-pending")]
    Pending,
}

/// Where a payment stands, as HTTP tells it.
pub(super) fn answer(state: State) -> Response {
    let body = match state {
        State::Unseen => {
            return Problem::new(&NOT_FOUND)
                .detail("no charge was seen")
                .into_response();
        }
        State::Pending(_) | State::Stray(_) => {
            return (StatusCode::ACCEPTED, Json(Answer::Pending)).into_response();
        }
        State::Succeeded(charge) => Answer::Succeeded {
            charge_id: charge.charge_id,
        },
        State::Declined(code) => Answer::Declined { code },
        State::Voided => Answer::Voided,
        State::Refunded(refund) => Answer::Refunded {
            charge_id: refund.charge_id,
            refund_id: refund.refund_id,
            amount: refund.amount,
        },
    };
    Json(body).into_response()
}

/// The same as a label of metrics.
pub(super) fn outcome_label(state: &Result<State, Error>) -> &'static str {
    match state {
        Ok(State::Unseen) => "unseen",
        Ok(State::Pending(_) | State::Stray(_)) => "pending",
        Ok(State::Succeeded(_)) => "succeeded",
        Ok(State::Declined(_)) => "declined",
        Ok(State::Voided) => "voided",
        Ok(State::Refunded(_)) => "refunded",
        Err(Error::Provider(_)) => "provider_error",
        Err(_) => "error",
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let kind = match &error {
            Error::Provider(provider::Error::TimedOut) => &PROVIDER_TIMEOUT,
            Error::Provider(provider::Error::Unknown(_)) => &PROVIDER_UNAVAILABLE,
            Error::Provider(provider::Error::Refused(_)) => &PROVIDER_REFUSED,
            Error::OtherAmount(_) => &AMOUNT_DIFFERS,
            Error::Contended(_) | Error::Journal(journal::Error::Unavailable { .. }) => &UNAVAILABLE,
            Error::Journal(_) | Error::Corrupt { .. } | Error::Encode(_) => &INTERNAL,
        };
        let problem = Self::new(kind).detail(error.to_string());
        match problem.status() {
            StatusCode::SERVICE_UNAVAILABLE => problem.retry_after(Duration::from_secs(1)),
            _ => problem,
        }
    }
}

impl From<WebhookError> for Problem {
    fn from(error: WebhookError) -> Self {
        let kind = match error {
            WebhookError::Signature(_) => &SIGNATURE_INVALID,
            WebhookError::Malformed(_) => &WEBHOOK_MALFORMED,
        };
        Self::new(kind).detail(error.to_string())
    }
}
