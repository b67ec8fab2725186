//! Waiting on the virtual clock.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use super::{Sim, lock};

/// Becomes ready when the virtual clock reaches a moment.
pub struct Sleep {
    pub(super) sim: Sim,
    pub(super) due: Duration,
    pub(super) key: Option<(Duration, u64)>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let sim = self.sim.clone();
        let mut core = lock(&sim.core);
        if core.now >= self.due {
            return Poll::Ready(());
        }
        let key = match self.key {
            Some(key) => key,
            None => {
                core.next_id += 1;
                (self.due, core.next_id)
            }
        };
        self.key = Some(key);
        core.sleepers.insert(key, context.waker().clone());
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            lock(&self.sim.core).sleepers.remove(&key);
        }
    }
}
