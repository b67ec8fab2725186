//! What is answered when something is not as it should be. Clients match on these types: never rename one.
//!
//! No answer repeats a password, an e-mail address or a token.

use std::time::Duration;

use axum::http::StatusCode;
use holdfast_platform::problem::{INTERNAL, INVALID_REQUEST, NOT_FOUND, Problem, ProblemType, UNAVAILABLE};
use serde_json::Value;

use crate::accounts::Error;
use crate::{bucket, hasher, sessions, signing};

pub(super) const UNAUTHENTICATED: ProblemType =
    ProblemType::new("unauthenticated", StatusCode::UNAUTHORIZED, "Nobody is logged in");
pub(super) const EMAIL_TAKEN: ProblemType = ProblemType::new(
    "email-taken",
    StatusCode::CONFLICT,
    "The e-mail address belongs to another account",
);
pub(super) const WRONG_PASSWORD: ProblemType = ProblemType::new(
    "wrong-password",
    StatusCode::UNAUTHORIZED,
    "No account has this e-mail address and this password",
);
pub(super) const TOO_MANY_ATTEMPTS: ProblemType = ProblemType::new(
    "too-many-attempts",
    StatusCode::TOO_MANY_REQUESTS,
    "Too many wrong passwords",
);
pub(super) const BUSY: ProblemType = ProblemType::new(
    "busy",
    StatusCode::SERVICE_UNAVAILABLE,
    "Too many passwords are being checked",
);

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Invalid(fields) => fields
                .into_iter()
                .fold(Problem::new(&INVALID_REQUEST), |problem, (field, reason)| {
                    problem.field(field, Value::Null, reason.to_string())
                }),
            Error::EmailTaken => {
                Problem::new(&EMAIL_TAKEN).field("email", Value::Null, "belongs to another account")
            }
            Error::WrongPassword => Problem::new(&WRONG_PASSWORD),
            Error::TooSoon(wait) => Problem::new(&TOO_MANY_ATTEMPTS)
                .detail("the account waits after wrong passwords, whoever entered them")
                .retry_after(wait.unsigned_abs()),
            Error::Busy => Problem::new(&BUSY).retry_after(hasher::RETRY_AFTER),
            Error::NoAccount => Problem::new(&UNAUTHENTICATED).detail("there is no such account any more"),
            Error::Store(error) => error.into(),
            Error::Hash(error) => fault(&error),
        }
    }
}

impl From<bucket::Error> for Problem {
    fn from(error: bucket::Error) -> Self {
        if error.is_retryable() || error.is_conflict() {
            return Problem::new(&UNAVAILABLE)
                .detail("accounts cannot be reached")
                .retry_after(Duration::from_secs(2));
        }
        fault(&error)
    }
}

impl From<signing::Error> for Problem {
    fn from(error: signing::Error) -> Self {
        match error {
            signing::Error::NotLoaded => Problem::new(&UNAVAILABLE)
                .detail("the signing keys are not there yet")
                .retry_after(Duration::from_secs(1)),
            signing::Error::Claims(error) => fault(&error),
        }
    }
}

/// For who is logged in: the password that he gives once more is a field like others, and his token is good.
pub(super) fn of_confirmation(error: Error) -> Problem {
    match error {
        Error::WrongPassword => Problem::new(&INVALID_REQUEST).field(
            "current_password",
            Value::Null,
            "is not the current password",
        ),
        error => error.into(),
    }
}

/// For who asks for another's account.
pub(super) fn of_other(error: Error) -> Problem {
    match error {
        Error::NoAccount => Problem::new(&NOT_FOUND).detail("there is no such user"),
        error => error.into(),
    }
}

pub(super) fn of_refresh_token(error: sessions::Error) -> Problem {
    match error {
        sessions::Error::Denied => {
            Problem::new(&INVALID_REQUEST).field("refresh_token", Value::Null, "is of no session of yours")
        }
        sessions::Error::Store(error) => error.into(),
    }
}

/// What went wrong is for the log alone.
fn fault(error: &dyn std::error::Error) -> Problem {
    tracing::error!("{error}");
    Problem::new(&INTERNAL)
}
