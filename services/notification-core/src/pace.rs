//! When a notice comes again that finds no place in the queue.
//!
//! Somebody with ten thousand notices would fill every queue. What is more than his share is put off, each notice by the
//! time that those before it take, so that each is put off about once.

use std::collections::HashMap;
use std::time::Duration;

use uuid::Uuid;

/// The most users that are remembered; for others each notice is put off by one step.
const MAX_USERS: usize = 10_000;

/// Who was put off until when. Times are since any fixed moment.
#[derive(Clone, Debug)]
pub struct Pace {
    step: Duration,
    until: HashMap<Uuid, Duration>,
}

impl Pace {
    /// `step`: how long one notice takes, if there is nobody else.
    #[must_use]
    pub fn new(step: Duration) -> Self {
        Self {
            step,
            until: HashMap::new(),
        }
    }

    /// How long to put off the next notice of `user`, who has `waiting` in the queue.
    pub fn put_off(&mut self, user: Uuid, waiting: usize, now: Duration) -> Duration {
        if self.until.len() >= MAX_USERS {
            self.until.retain(|_, until| *until > now);
        }
        let queue = self
            .step
            .saturating_mul(u32::try_from(waiting).unwrap_or(u32::MAX));
        let until = self
            .until
            .get(&user)
            .copied()
            .unwrap_or_default()
            .max(now + queue)
            + self.step;
        if self.until.len() < MAX_USERS || self.until.contains_key(&user) {
            self.until.insert(user, until);
        }
        until - now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_put_off_behind_the_one_before() {
        let mut pace = Pace::new(Duration::from_secs(1));
        let (anna, bob) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let now = Duration::from_secs(1000);
        let mut put_off = |user, now| pace.put_off(user, 3, now).as_secs();
        assert_eq!(
            [put_off(anna, now), put_off(anna, now), put_off(bob, now)],
            [4, 5, 4]
        );
        assert_eq!(
            put_off(anna, now + Duration::from_secs(60)),
            4,
            "what is past is forgotten"
        );
    }

    #[test]
    fn memory_is_bounded() {
        let mut pace = Pace::new(Duration::from_secs(1));
        for n in 0..30_000 {
            pace.put_off(Uuid::from_u128(n), 0, Duration::from_millis(n as u64));
        }
        assert!(pace.until.len() <= MAX_USERS);
    }
}
