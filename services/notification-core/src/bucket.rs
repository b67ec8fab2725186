//! How many may be sent when: a token bucket.

use std::time::Duration;

/// Fills by so many tokens a minute, up to a batch. Times are since any fixed moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TokenBucket {
    per_second: f64,
    batch: f64,
    tokens: f64,
    at: Duration,
    paused_until: Duration,
}

impl TokenBucket {
    /// A full bucket. `per_minute` and `batch` are at least 1.
    #[must_use]
    pub fn new(per_minute: u32, batch: u32) -> Self {
        let batch = f64::from(batch.max(1));
        Self {
            per_second: f64::from(per_minute.max(1)) / 60.0,
            batch,
            tokens: batch,
            at: Duration::ZERO,
            paused_until: Duration::ZERO,
        }
    }

    /// Takes a token.
    ///
    /// # Errors
    /// After how long there may be one.
    pub fn take(&mut self, now: Duration) -> Result<(), Duration> {
        if now < self.paused_until {
            return Err(self.paused_until - now);
        }
        let elapsed = now.saturating_sub(self.at).as_secs_f64();
        self.tokens = (self.tokens + elapsed * self.per_second).min(self.batch);
        self.at = self.at.max(now);
        if self.tokens >= 1.0 {
            self.tokens -= 1.0;
            return Ok(());
        }
        let missing = (1.0 - self.tokens) / self.per_second;
        Err(Duration::from_secs_f64(missing).max(Duration::from_millis(1)))
    }

    /// Gives no token before `until`: the provider wants a pause.
    pub fn pause(&mut self, until: Duration) {
        self.paused_until = self.paused_until.max(until);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_batch_then_so_many_a_minute() {
        let mut bucket = TokenBucket::new(60, 3);
        let now = Duration::from_secs(100);
        let taken = (0..5).filter(|_| bucket.take(now).is_ok()).count();
        assert_eq!(taken, 3);
        assert_eq!(bucket.take(now), Err(Duration::from_secs(1)));
        assert_eq!(bucket.take(now + Duration::from_secs(1)), Ok(()));
        bucket.pause(now + Duration::from_secs(9));
        assert_eq!(
            bucket.take(now + Duration::from_secs(4)),
            Err(Duration::from_secs(5))
        );
        assert_eq!(bucket.take(now + Duration::from_secs(9)), Ok(()));
    }

    proptest! {
        #[test]
        fn never_more_than_a_batch_and_what_the_time_allows(
            per_minute in 1..100_000_u32,
            batch in 1..1_000_u32,
            pauses in proptest::collection::vec(0..3_000_u64, 1..200),
        ) {
            let mut bucket = TokenBucket::new(per_minute, batch);
            let (mut now, mut taken) = (Duration::ZERO, 0_u32);
            for pause in pauses {
                now += Duration::from_millis(pause);
                while bucket.take(now).is_ok() {
                    taken += 1;
                }
                let allowed = f64::from(batch) + now.as_secs_f64() * f64::from(per_minute) / 60.0;
                prop_assert!(f64::from(taken) <= allowed + 1e-6 * allowed);
                let wait = bucket.take(now).unwrap_err();
                prop_assert!(wait > Duration::ZERO && wait <= Duration::from_secs(61));
            }
        }
    }
}
