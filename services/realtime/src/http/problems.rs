//! What is answered when something is not as it should be. Clients match on these types: never rename one.

use std::time::Duration;

use axum::http::StatusCode;
use holdfast_platform::journal;
use holdfast_platform::problem::{INTERNAL, NOT_FOUND, Problem, ProblemType, UNAVAILABLE};
use holdfast_realtime_core::limits::Full;
use uuid::Uuid;

use crate::tickets;

pub(super) const UNAUTHENTICATED: ProblemType = ProblemType::new(
    "unauthenticated",
    StatusCode::UNAUTHORIZED,
    "A valid token or ticket is required",
);
pub(super) const UPGRADE_REQUIRED: ProblemType = ProblemType::new(
    "upgrade-required",
    StatusCode::UPGRADE_REQUIRED,
    "This is a WebSocket",
);
pub(super) const TOO_MANY_STREAMS: ProblemType = ProblemType::new(
    "too-many-streams",
    StatusCode::TOO_MANY_REQUESTS,
    "Too many streams are open",
);

/// When to try again after something that is needed did not answer.
const RETRY_AFTER: Duration = Duration::from_secs(2);
/// When to try again for a place.
const PLACE_AFTER: Duration = Duration::from_secs(5);

pub(super) fn no_such_order(id: Uuid) -> Problem {
    Problem::new(&NOT_FOUND).detail(format!("there is no order {id}"))
}

pub(super) fn of_log(error: &journal::Error) -> Problem {
    if let journal::Error::Refused { .. } = error {
        tracing::error!("{error}");
        return Problem::new(&INTERNAL);
    }
    tracing::warn!("{error}");
    Problem::new(&UNAVAILABLE)
        .detail("orders cannot be reached; the same request may be repeated")
        .retry_after(RETRY_AFTER)
}

pub(super) fn of_tickets(error: tickets::Error) -> Problem {
    match error {
        tickets::Error::Journal(error) => of_log(&error),
        tickets::Error::Json(error) => {
            tracing::error!("{error}");
            Problem::new(&INTERNAL)
        }
    }
}

pub(super) fn of_places(full: Full) -> Problem {
    Problem::new(&TOO_MANY_STREAMS)
        .detail(full.to_string())
        .retry_after(PLACE_AFTER)
}
