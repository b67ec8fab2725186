//! Locks by order, a bounded number of them.

use tokio::sync::{Mutex, MutexGuard};
use uuid::Uuid;

const STRIPES: usize = 1024;

/// Makes those wait for each other who work on the same order in this process, so that they do not race for the
/// same append. Correctness does not depend on it: the journal decides races.
pub(crate) struct Stripes(Box<[Mutex<()>]>);

impl Default for Stripes {
    fn default() -> Self {
        Self((0..STRIPES).map(|_| Mutex::new(())).collect())
    }
}

impl Stripes {
    /// Waits for the lock of `id`; different ids rarely share one. `None` never happens.
    pub(crate) async fn lock(&self, id: Uuid) -> Option<MutexGuard<'_, ()>> {
        // The low bits of every kind of UUID that is in use are random.
        let stripe = usize::try_from(id.as_u128() % STRIPES as u128).ok()?;
        match self.0.get(stripe) {
            Some(lock) => Some(lock.lock().await),
            None => None,
        }
    }
}
