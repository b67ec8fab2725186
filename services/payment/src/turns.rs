//! One charge of an order at a time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Mutex as Lock, OwnedMutexGuard};
use uuid::Uuid;

/// The orders that are being charged, in this process; no more than there are callers.
#[derive(Default)]
pub(crate) struct Turns(Mutex<HashMap<Uuid, Arc<Lock<()>>>>);

/// Nobody else charges the order until this is dropped.
pub(crate) struct Turn<'a> {
    /// Whether somebody else had charged it, or had tried to, when this turn began.
    pub(crate) has_waited: bool,
    _guard: OwnedMutexGuard<()>,
    _place: Place<'a>,
}

/// A place among those who want to charge one order.
struct Place<'a> {
    turns: &'a Turns,
    order: Uuid,
    lock: Arc<Lock<()>>,
}

impl Turns {
    /// Waits until nobody else charges this order.
    pub(crate) async fn take(&self, order: Uuid) -> Turn<'_> {
        let lock = Arc::clone(self.orders().entry(order).or_default());
        let place = Place {
            turns: self,
            order,
            lock,
        };
        let free = Arc::clone(&place.lock).try_lock_owned();
        let has_waited = free.is_err();
        let guard = match free {
            Ok(guard) => guard,
            Err(_) => Arc::clone(&place.lock).lock_owned().await,
        };
        Turn {
            has_waited,
            _guard: guard,
            _place: place,
        }
    }

    fn orders(&self) -> MutexGuard<'_, HashMap<Uuid, Arc<Lock<()>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut orders = self.turns.orders();
        // The map's and ours: nobody else is waiting, and nobody can come while the map is ours.
        if Arc::strong_count(&self.lock) <= 2 {
            orders.remove(&self.order);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const ORDER: Uuid = Uuid::from_u128(1);

    #[tokio::test]
    async fn one_order_is_charged_by_one_at_a_time_and_nothing_is_left_behind() {
        let turns = Turns::default();
        let first = turns.take(ORDER).await;
        assert!(!first.has_waited);
        assert!(!turns.take(Uuid::from_u128(2)).await.has_waited, "another order");
        {
            let impatient = tokio::time::timeout(Duration::from_millis(10), turns.take(ORDER));
            assert!(impatient.await.is_err(), "somebody else has the turn");
        }
        let (second, ()) = tokio::join!(turns.take(ORDER), async { drop(first) });
        assert!(second.has_waited);
        drop(second);
        assert!(turns.orders().is_empty());
    }
}
