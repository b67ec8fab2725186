//! The times of the saga.

use std::time::Duration;

/// How long the saga waits for what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// From the first charge until no further charge is tried and the outcome is resolved.
    pub payment_deadline: Duration,
    /// Delay before the second charge; doubles with each attempt.
    pub charge_retry_base: Duration,
    /// The longest delay between two charges.
    pub charge_retry_cap: Duration,
    /// From parking until the one automatic retry.
    pub parked_retry_after: Duration,
    /// From a void until no charge that was on its way before it can arrive at the provider any more: longer than
    /// all deadlines between the saga and the provider together.
    pub charge_in_flight: Duration,
}

impl Policy {
    /// How long after the charge `attempt` (1-based) had no result the next one is tried, without jitter.
    #[must_use]
    pub fn charge_retry_delay(&self, attempt: u32) -> Duration {
        let doublings = attempt.saturating_sub(1).min(31);
        self.charge_retry_base
            .saturating_mul(1 << doublings)
            .min(self.charge_retry_cap)
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            payment_deadline: Duration::from_mins(10),
            charge_retry_base: Duration::from_secs(2),
            charge_retry_cap: Duration::from_mins(1),
            parked_retry_after: Duration::from_mins(15),
            charge_in_flight: Duration::from_mins(2),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delay_doubles_up_to_its_cap() {
        let policy = Policy {
            charge_retry_base: Duration::from_secs(1),
            charge_retry_cap: Duration::from_secs(5),
            ..Policy::default()
        };
        let delays: Vec<_> = (0..5)
            .map(|attempt| policy.charge_retry_delay(attempt).as_secs())
            .collect();
        assert_eq!(delays, [1, 1, 2, 4, 5]);
        assert_eq!(policy.charge_retry_delay(u32::MAX).as_secs(), 5);
    }
}
