//! Audit trails that were read lately, for as long as the journal is away.

use std::sync::Arc;

use bytes::Bytes;
use holdfast_platform::clock::Clock;
use jiff::Timestamp;
use moka::sync::Cache;

use crate::replay::OrderKey;

/// What an entry takes besides its trail, about, in bytes.
const OVERHEAD: usize = 200;

/// A bounded number of bytes of trails, as they were answered.
pub struct Trails {
    kept: Cache<OrderKey, Kept>,
    clock: Arc<dyn Clock>,
}

#[derive(Clone)]
struct Kept {
    trail: Bytes,
    at: Timestamp,
}

impl Trails {
    /// At most `capacity` bytes of trails.
    #[must_use]
    pub fn new(capacity: u64, clock: impl Clock) -> Self {
        let weigh =
            |_: &OrderKey, kept: &Kept| u32::try_from(kept.trail.len() + OVERHEAD).unwrap_or(u32::MAX);
        let kept = Cache::builder().max_capacity(capacity).weigher(weigh).build();
        let clock = Arc::new(clock);
        Self { kept, clock }
    }

    /// Remembers what was read just now.
    pub(crate) fn keep(&self, key: OrderKey, trail: Bytes) {
        let at = self.clock.now();
        self.kept.insert(key, Kept { trail, at });
    }

    /// The trail as it was last read, and how many seconds ago that was.
    pub(crate) fn get(&self, key: &OrderKey) -> Option<(Bytes, u64)> {
        let Kept { trail, at } = self.kept.get(key)?;
        let age = self.clock.now().duration_since(at).as_secs();
        Some((trail, u64::try_from(age).unwrap_or(0)))
    }
}

#[cfg(test)]
mod tests {
    use holdfast_order_core::{OrderId, UserId};
    use holdfast_platform::clock::SystemClock;
    use uuid::Uuid;

    use super::*;

    fn key(order: u128) -> OrderKey {
        let user = UserId(Uuid::from_u128(1));
        let order = OrderId(Uuid::from_u128(order));
        OrderKey { user, order }
    }

    #[test]
    fn so_many_bytes_are_kept_and_no_more() {
        let trails = Trails::new(10_000, SystemClock);
        trails.keep(key(0), Bytes::from(vec![b' '; 10_000]));
        trails.kept.run_pending_tasks();
        assert!(trails.get(&key(0)).is_none(), "too large for all there is");
        for order in 1..=100 {
            trails.keep(key(order), Bytes::from(vec![b' '; 800]));
        }
        trails.kept.run_pending_tasks();
        let kept = (1..=100).filter(|order| trails.get(&key(*order)).is_some());
        assert_eq!(kept.count(), 10);
    }
}
