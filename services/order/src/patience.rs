//! How long one request may take.
//!
//! The gateway (`istio/gateway.yaml`) gives a try of a write 3 s and a try of a read 1.5 s, and tries again what got a 503.
//! So each gives up well before that, and three of them fit into the route's timeout: clients get this service's own
//! answer, which says what may have happened and when to come again, and not the gateway's 504. A test below reads the
//! gateway's numbers.

use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use holdfast_platform::journal;
use tokio::time::{Instant, timeout, timeout_at};

use crate::store;

/// What all reads of one request wait for the journal, before it is answered from memory.
const READ: Duration = Duration::from_secs(1);
/// What a write takes at most: prices, its turn and the journal together.
const WRITE: Duration = Duration::from_millis(2500);

/// The time that all reads of one request share. Once the journal was away it is not asked again.
pub(crate) struct Patience {
    until: Instant,
    is_spent: AtomicBool,
}

impl Patience {
    /// Patience from now on, or none at all with a journal that is known to be away.
    pub(crate) fn new(is_away: bool) -> Self {
        Self {
            until: Instant::now() + READ,
            is_spent: AtomicBool::new(is_away),
        }
    }

    /// Until when to wait; not at all if none is left.
    pub(crate) fn until(&self) -> Option<Instant> {
        (!self.is_spent.load(Ordering::Relaxed)).then_some(self.until)
    }

    /// The journal was away for somebody who waited [`until`](Self::until) then.
    pub(crate) fn lose(&self) {
        self.is_spent.store(true, Ordering::Relaxed);
    }

    /// The answer to `question`, if it comes in time.
    pub(crate) async fn ask<T, E: Into<store::Error>>(
        &self,
        question: impl Future<Output = Result<T, E>>,
    ) -> Result<T, store::Error> {
        let Some(until) = self.until() else {
            return Err(no_answer().into());
        };
        let answer = timeout_at(until, question).await;
        let answer = answer.map_or_else(|_| Err(no_answer().into()), |answer| answer.map_err(Into::into));
        if answer.as_ref().is_err_and(is_away) {
            self.lose();
        }
        answer
    }
}

/// What a write comes to, unless its time runs out: then it may have been stored or not.
pub(crate) async fn write<T>(work: impl Future<Output = T>) -> Option<T> {
    timeout(WRITE, work).await.ok()
}

/// Whether the journal did not answer, so that what is in memory is the best there is.
pub(crate) fn is_away(error: &store::Error) -> bool {
    matches!(error, store::Error::Journal(error) if error.is_retryable())
}

/// The journal did not answer while somebody waited for it.
pub(crate) fn no_answer() -> journal::Error {
    let detail = "no answer within the time of the request".to_owned();
    journal::Error::Unavailable { detail }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    /// What is rendered from `istio/gateway.yaml`.
    const GATEWAY: &str = include_str!("../../../istio/rendered/laptop/gateway.json");
    /// The way to the gateway and back, and a busy machine.
    const ROOM: Duration = Duration::from_millis(500);

    fn routes<'a>(config: &'a Value, name: &str, found: &mut Vec<&'a Value>) {
        match config {
            Value::Object(fields) if config["name"] == name && fields.contains_key("route") => {
                found.push(&config["route"]);
            }
            Value::Object(fields) => fields.values().for_each(|value| routes(value, name, found)),
            Value::Array(items) => items.iter().for_each(|item| routes(item, name, found)),
            _ => {}
        }
    }

    fn duration(text: &Value) -> Option<Duration> {
        let seconds = text.as_str()?.strip_suffix('s')?.parse().ok()?;
        Some(Duration::from_secs_f64(seconds))
    }

    #[test]
    fn a_request_gives_up_before_the_gateway_does_and_all_its_tries_fit() {
        let config: Value = serde_json::from_str(GATEWAY).expect("JSON");
        for (name, budget) in [
            ("order-idempotent", WRITE),
            ("order-once", WRITE),
            ("order-reads", READ),
        ] {
            let mut found = Vec::new();
            routes(&config, name, &mut found);
            assert!(!found.is_empty(), "the gateway has no route {name}");
            for route in found {
                let timeout = duration(&route["timeout"]).expect("a timeout");
                let retries = &route["retry_policy"];
                let per_try = duration(&retries["per_try_timeout"]).unwrap_or(timeout);
                assert!(budget + ROOM <= per_try, "{name}: {budget:?} of {per_try:?}");
                let again = retries["num_retries"].as_u64().unwrap_or(0) as u32;
                let pause = duration(&retries["retry_back_off"]["base_interval"]).unwrap_or_default();
                // Each pause is below twice the one before, and one base.
                let pauses: Duration = (1..=again).map(|n| pause * ((1 << n) - 1)).sum();
                let all = budget * (again + 1) + pauses;
                assert!(all + ROOM <= timeout, "{name}: {all:?} of {timeout:?}");
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_write_that_hangs_is_given_up_in_time() {
        let since = Instant::now();
        assert_eq!(write(std::future::pending::<()>()).await, None);
        assert_eq!(since.elapsed(), WRITE);
    }
}
