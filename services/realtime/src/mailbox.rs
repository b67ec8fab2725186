//! What waits for one client.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use holdfast_realtime_core::buffer::{Buffer, Item, Next};
use holdfast_realtime_core::topic::Watcher;
use tokio::sync::Notify;
use uuid::Uuid;

/// A client, as those see it who have something for it. Clones are the same client.
#[derive(Clone, Debug, Default)]
pub struct Mailbox(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    buffer: Mutex<Buffer>,
    filled: Notify,
}

impl Watcher for Mailbox {
    fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    fn tell(&self, item: Item) {
        self.buffer().push(item);
        self.0.filled.notify_one();
    }
}

impl Mailbox {
    /// Takes what comes next, if there is something.
    #[must_use]
    pub fn take(&self) -> Option<Next> {
        self.buffer().pop()
    }

    /// Waits until there may be something. May be given up without loss.
    pub async fn filled(&self) {
        self.0.filled.notified().await;
    }

    /// An order is not of interest any more.
    pub fn forget(&self, order: Uuid) {
        self.buffer().forget(order);
    }

    fn buffer(&self) -> MutexGuard<'_, Buffer> {
        self.0.buffer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
