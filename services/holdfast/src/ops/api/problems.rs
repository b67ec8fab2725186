//! What is answered when something is not as it should be. Clients match on these types: never rename one.

use std::time::Duration;

use axum::http::StatusCode;
use holdfast_platform::problem::{INTERNAL, NOT_FOUND, Problem, ProblemType, UNAVAILABLE};

use crate::ops::Error;

pub(super) const UNAUTHENTICATED: ProblemType =
    ProblemType::new("unauthenticated", StatusCode::UNAUTHORIZED, "Nobody is logged in");
pub(super) const FORBIDDEN: ProblemType =
    ProblemType::new("forbidden", StatusCode::FORBIDDEN, "This is for staff only");
pub(super) const TOO_MANY_OPERATIONS: ProblemType = ProblemType::new(
    "too-many-operations",
    StatusCode::SERVICE_UNAVAILABLE,
    "Too many operations are under way",
);
pub(super) const ALREADY_RUNNING: ProblemType = ProblemType::new(
    "operation-running",
    StatusCode::CONFLICT,
    "The operation is under way",
);

/// When to try again what NATS could not answer.
pub(super) const RETRY_AFTER: Duration = Duration::from_secs(2);

/// How an error is told. What cannot be read is our fault; all else is NATS being away.
pub(super) fn of(error: &Error) -> Problem {
    match error {
        Error::NoSuchOperation(_) => Problem::new(&NOT_FOUND).detail(error.to_string()),
        Error::Operation { .. } => {
            tracing::error!("{error}");
            Problem::new(&INTERNAL)
        }
        Error::Log(_) | Error::Journal { .. } | Error::Nats { .. } => {
            tracing::warn!("{error}");
            Problem::new(&UNAVAILABLE).retry_after(RETRY_AFTER)
        }
    }
}
