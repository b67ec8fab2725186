//! What is answered when something is not as it should be. Clients match on these types: never rename one.

use std::time::Duration;

use axum::http::StatusCode;
use holdfast_order_core::Refusal;
use holdfast_platform::journal;
use holdfast_platform::problem::{INTERNAL, NOT_FOUND, Problem, ProblemType, UNAVAILABLE};
use uuid::Uuid;

use crate::replay::Corrupt;
use crate::{saga, store};

pub(super) const UNAUTHENTICATED: ProblemType =
    ProblemType::new("unauthenticated", StatusCode::UNAUTHORIZED, "Nobody is logged in");
pub(super) const FORBIDDEN: ProblemType =
    ProblemType::new("forbidden", StatusCode::FORBIDDEN, "This is for staff only");
pub(super) const KEY_REUSED: ProblemType = ProblemType::new(
    "idempotency-key-reused",
    StatusCode::UNPROCESSABLE_ENTITY,
    "The Idempotency-Key was used for another request",
);
pub(super) const PRICE_CHANGED: ProblemType = ProblemType::new(
    "price-changed",
    StatusCode::CONFLICT,
    "The total differs from what was expected",
);
pub(super) const COMPLETED: ProblemType = ProblemType::new(
    "order-completed",
    StatusCode::CONFLICT,
    "A completed order cannot be cancelled",
);
pub(super) const REFUND_PARKED: ProblemType = ProblemType::new(
    "order-parked-in-refund",
    StatusCode::CONFLICT,
    "The order is being refunded and is parked",
);
pub(super) const NOT_PARKED: ProblemType = ProblemType::new(
    "order-not-parked",
    StatusCode::CONFLICT,
    "Only a parked order can be resumed",
);
pub(super) const CONTENDED: ProblemType = ProblemType::new(
    "contended",
    StatusCode::SERVICE_UNAVAILABLE,
    "The order is changing too fast",
);

/// When to try again after something that is needed did not answer.
const RETRY_AFTER: Duration = Duration::from_secs(2);

pub(super) fn no_such_order(id: Uuid) -> Problem {
    Problem::new(&NOT_FOUND).detail(format!("there is no order {id}"))
}

pub(super) fn unavailable(detail: impl Into<String>) -> Problem {
    Problem::new(&UNAVAILABLE).detail(detail).retry_after(RETRY_AFTER)
}

pub(super) fn orders_away() -> Problem {
    unavailable("orders cannot be reached; the same request may be repeated")
}

pub(super) fn of_saga(error: saga::Error, id: Uuid) -> Problem {
    match error {
        saga::Error::Refused(refusal) => of_refusal(&refusal, id),
        saga::Error::Store(error) => of_store(error),
        saga::Error::Contended => Problem::new(&CONTENDED).retry_after(RETRY_AFTER),
        saga::Error::Inconsistent(error) => {
            tracing::error!(order = %id, "{error}");
            Problem::new(&INTERNAL)
        }
    }
}

fn of_refusal(refusal: &Refusal, id: Uuid) -> Problem {
    match refusal {
        Refusal::NoSuchOrder => no_such_order(id),
        Refusal::CreatedDifferently => Problem::new(&KEY_REUSED).field(
            "Idempotency-Key",
            serde_json::Value::Null,
            format!("it names order {id}, whose request was another one"),
        ),
        Refusal::Completed => Problem::new(&COMPLETED),
        Refusal::ParkedInRefund => Problem::new(&REFUND_PARKED).detail("an operator has to resume it"),
        Refusal::NotParked => Problem::new(&NOT_PARKED),
        Refusal::StillReleasing | Refusal::NeverCharged => {
            Problem::new(&INTERNAL).detail(refusal.to_string())
        }
    }
}

pub(super) fn of_store(error: store::Error) -> Problem {
    match error {
        store::Error::Journal(error) => of_journal(&error),
        store::Error::Corrupt(corrupt) => of_corrupt(&corrupt),
        store::Error::Encode(error) => {
            tracing::error!("{error}");
            Problem::new(&INTERNAL)
        }
    }
}

pub(super) fn of_journal(error: &journal::Error) -> Problem {
    if let journal::Error::Refused { .. } = error {
        tracing::error!("{error}");
        return Problem::new(&INTERNAL);
    }
    tracing::warn!("{error}");
    orders_away()
}

pub(super) fn of_corrupt(corrupt: &Corrupt) -> Problem {
    let Corrupt { sequence, fault, .. } = corrupt;
    Problem::new(&INTERNAL)
        .detail(format!(
            "this order is not readable at sequence {sequence} of ORDERS: {fault}"
        ))
        .with("sequence", sequence.0)
}
