//! Locks by key, a bounded number of them.

use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher, Hash};

use tokio::sync::{Mutex, MutexGuard};

const STRIPES: usize = 1024;

/// Makes those wait for each other who do the same thing in this process, so that it is not done twice at once.
/// Correctness does not depend on it: the journal decides races.
pub(crate) struct Stripes(Box<[Mutex<()>]>);

impl Default for Stripes {
    fn default() -> Self {
        Self((0..STRIPES).map(|_| Mutex::new(())).collect())
    }
}

impl Stripes {
    /// Waits for the lock of `key`; different keys rarely share one. `None` never happens.
    pub(crate) async fn lock(&self, key: impl Hash) -> Option<MutexGuard<'_, ()>> {
        // Not seeded at random, so that simulations replay.
        let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(key);
        let stripe = usize::try_from(hash % STRIPES as u64).ok()?;
        match self.0.get(stripe) {
            Some(lock) => Some(lock.lock().await),
            None => None,
        }
    }
}
