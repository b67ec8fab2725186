//! Choices that follow from the seed.

use std::time::Duration;

use rand::RngExt;

use super::{Sim, lock};

impl Sim {
    /// A number in `0..bound`; 0 if the bound is 0.
    #[must_use]
    pub fn below(&self, bound: u64) -> u64 {
        if bound == 0 {
            0
        } else {
            lock(&self.core).rng.random_range(0..bound)
        }
    }

    /// Whether an event of this probability (in 1/1000) happens now.
    #[must_use]
    pub fn chance(&self, per_mille: u32) -> bool {
        per_mille > 0 && self.below(1000) < u64::from(per_mille)
    }

    /// A duration in `0..=most`, in whole microseconds.
    #[must_use]
    pub fn up_to(&self, most: Duration) -> Duration {
        let micros = u64::try_from(most.as_micros()).unwrap_or(u64::MAX - 1);
        Duration::from_micros(self.below(micros + 1))
    }

    /// One of several; `None` of none.
    #[must_use]
    pub fn pick<'a, T>(&self, of: &'a [T]) -> Option<&'a T> {
        of.get(usize::try_from(self.below(of.len() as u64)).unwrap_or(0))
    }
}
