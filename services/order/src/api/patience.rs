//! How long one request waits for the journal, however often it asks.

use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use holdfast_platform::journal;
use tokio::time::{Instant, timeout_at};

use crate::store;

const PATIENCE: Duration = Duration::from_secs(1);

/// The time that all reads of one request share. Once the journal was away it is not asked again.
pub(super) struct Patience {
    until: Instant,
    is_spent: AtomicBool,
}

impl Patience {
    /// Patience from now on, or none at all with a journal that is known to be away.
    pub(super) fn new(is_away: bool) -> Self {
        Self {
            until: Instant::now() + PATIENCE,
            is_spent: AtomicBool::new(is_away),
        }
    }

    /// The answer to `question`, if it comes in time.
    pub(super) async fn ask<T, E: Into<store::Error>>(
        &self,
        question: impl Future<Output = Result<T, E>>,
    ) -> Result<T, store::Error> {
        if self.is_spent.load(Ordering::Relaxed) {
            return Err(no_answer());
        }
        let answer = timeout_at(self.until, question).await;
        let answer = answer.map_or_else(|_| Err(no_answer()), |answer| answer.map_err(Into::into));
        if answer.as_ref().is_err_and(is_away) {
            self.is_spent.store(true, Ordering::Relaxed);
        }
        answer
    }
}

/// Whether the journal did not answer, so that what is in memory is the best there is.
pub(super) fn is_away(error: &store::Error) -> bool {
    matches!(error, store::Error::Journal(error) if error.is_retryable())
}

fn no_answer() -> store::Error {
    let detail = format!("no answer within {PATIENCE:?}");
    journal::Error::Unavailable { detail }.into()
}
