//! How long an account waits after wrong passwords.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// How patient an account is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Failures that cost nothing: people mistype.
    pub free: u32,
    /// What the next one costs; each further one twice as much.
    pub base: SignedDuration,
    /// The most that one costs. Whoever fails on purpose locks the owner out for as long.
    pub ceiling: SignedDuration,
    /// After this long without a failure all are forgotten.
    pub memory: SignedDuration,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            free: 5,
            base: SignedDuration::from_secs(1),
            ceiling: SignedDuration::from_mins(5),
            memory: SignedDuration::from_hours(1),
        }
    }
}

/// The failures of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failures {
    count: u32,
    last_at: Timestamp,
}

impl Policy {
    /// How long the account still has to wait at `now`; none: it may try.
    #[must_use]
    pub fn wait(&self, failures: Option<Failures>, now: Timestamp) -> Option<SignedDuration> {
        let failures = failures?;
        let over = failures.count.checked_sub(self.free + 1)?;
        let cost = self
            .base
            .checked_mul(1 << over.min(20))
            .map_or(self.ceiling, |cost| cost.min(self.ceiling));
        let left = cost.saturating_sub(now.duration_since(failures.last_at));
        left.is_positive().then(|| left.min(cost))
    }

    /// The failures after one more at `now`.
    #[must_use]
    pub fn failed(&self, before: Option<Failures>, now: Timestamp) -> Failures {
        let remembered = before.filter(|before| now.duration_since(before.last_at) < self.memory);
        Failures {
            count: remembered.map_or(0, |before| before.count).saturating_add(1),
            last_at: now,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const POLICY: Policy = Policy {
        free: 2,
        base: SignedDuration::from_secs(1),
        ceiling: SignedDuration::from_secs(10),
        memory: SignedDuration::from_secs(100),
    };

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn failed(times: u32) -> Option<Failures> {
        (0..times).fold(None, |before, _| Some(POLICY.failed(before, at(0))))
    }

    #[test]
    fn given_more_and_more_failures_the_wait_doubles_up_to_its_ceiling() {
        let waits: Vec<_> = (0..9)
            .map(|times| POLICY.wait(failed(times), at(0)).map_or(0, |wait| wait.as_secs()))
            .collect();
        assert_eq!(waits, [0, 0, 0, 1, 2, 4, 8, 10, 10]);
    }

    #[test]
    fn a_wait_ends_and_failures_are_forgotten() {
        assert_eq!(POLICY.wait(failed(4), at(1)), Some(SignedDuration::from_secs(1)));
        assert_eq!(POLICY.wait(failed(4), at(2)), None);
        assert_eq!(POLICY.failed(failed(4), at(99)).count, 5);
        assert_eq!(POLICY.failed(failed(4), at(100)).count, 1);
    }

    proptest! {
        #[test]
        fn nobody_waits_longer_than_the_ceiling(count in any::<u32>(), last in -1000i64..1000, now in -1000i64..1000) {
            let failures = Failures { count, last_at: at(last) };
            if let Some(wait) = POLICY.wait(Some(failures), at(now)) {
                prop_assert!(wait.is_positive() && wait <= POLICY.ceiling);
            }
        }
    }
}
