//! Wakes whoever waits for a change.

use std::future::Future;
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};

use crate::executor::lock;

/// A counter of changes. Clones share it.
#[derive(Clone, Default)]
pub struct Signal(Arc<Mutex<(u64, Vec<Waker>)>>);

impl Signal {
    /// How many changes there were.
    #[must_use]
    pub fn version(&self) -> u64 {
        lock(&self.0).0
    }

    /// Announces a change.
    pub fn raise(&self) {
        let wakers = {
            let mut inner = lock(&self.0);
            inner.0 += 1;
            std::mem::take(&mut inner.1)
        };
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Ready once there were more than `seen` changes.
    pub fn after(&self, seen: u64) -> impl Future<Output = ()> + Send + use<> {
        let inner = self.0.clone();
        std::future::poll_fn(move |context| {
            let mut inner = lock(&inner);
            if inner.0 > seen {
                return Poll::Ready(());
            }
            if !inner.1.iter().any(|waker| waker.will_wake(context.waker())) {
                inner.1.push(context.waker().clone());
            }
            Poll::Pending
        })
    }
}
