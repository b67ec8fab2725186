//! Sees orders end.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::StreamExt as _;
use holdfast_platform::nats::{self, NatsConfig};
use memchr::memmem;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::Error;

const CONNECTED_WITHIN: Duration = Duration::from_secs(5);

/// How an order ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    Completed,
    Cancelled,
    Parked,
}

type Waiting = HashMap<Box<str>, oneshot::Sender<(Ending, Instant)>>;

/// Who waits for which order.
#[derive(Clone, Debug)]
pub(super) struct Endings {
    waiting: Arc<Mutex<Waiting>>,
    _subscription: Arc<Subscription>,
}

/// Ends with the last that waits.
#[derive(Debug)]
struct Subscription(tokio::task::JoinHandle<()>);

impl Drop for Subscription {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Endings {
    /// Follows the commits that the stream of orders republishes.
    pub(super) async fn subscribe(config: &NatsConfig) -> Result<Self, Error> {
        let failed = |detail: String| Error::Nats {
            url: config.url.clone(),
            detail,
        };
        let nats = nats::connect(config)
            .await
            .map_err(|error| failed(error.to_string()))?;
        let client = nats.client().clone();
        let mut commits = client
            .subscribe("status.>")
            .await
            .map_err(|error| failed(error.to_string()))?;
        nats.flush(CONNECTED_WITHIN)
            .await
            .map_err(|error| failed(error.to_string()))?;
        let waiting = Arc::<Mutex<Waiting>>::default();
        let told = Arc::clone(&waiting);
        let task = tokio::spawn(async move {
            // The subscription lives as long as its client.
            let _client = client;
            while let Some(commit) = commits.next().await {
                let Some(ending) = ending(&commit.payload) else {
                    continue;
                };
                let order = commit.subject.rsplit('.').next().unwrap_or_default();
                let waiter = told.lock().unwrap_or_else(PoisonError::into_inner).remove(order);
                if let Some(waiter) = waiter {
                    _ = waiter.send((ending, Instant::now()));
                }
            }
        });
        Ok(Self {
            waiting,
            _subscription: Arc::new(Subscription(task)),
        })
    }

    /// Waits for the end of an order, from now on.
    pub(super) fn expect(&self, order: &str) -> oneshot::Receiver<(Ending, Instant)> {
        let (sender, receiver) = oneshot::channel();
        self.waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(order.into(), sender);
        receiver
    }

    /// Waits no longer.
    pub(super) fn forget(&self, order: &str) {
        self.waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(order);
    }
}

/// Looks for the names of the last events instead of decoding the commit, which would cost more than all else
/// that this load generator does. Its own orders hold no text in which the names could stand otherwise.
fn ending(commit: &[u8]) -> Option<Ending> {
    let holds = |name: &str| memmem::find(commit, name.as_bytes()).is_some();
    [
        ("\"orderCompleted\"", Ending::Completed),
        ("\"orderCancelled\"", Ending::Cancelled),
        ("\"sagaParked\"", Ending::Parked),
    ]
    .into_iter()
    .find_map(|(name, ending)| holds(name).then_some(ending))
}

#[cfg(test)]
mod tests {
    use holdfast_contracts::encode;
    use holdfast_contracts::order::v1::{OrderCommit, OrderCompleted, OrderCreated, OrderEvent, order_event};

    use super::*;

    fn commit(event: order_event::Event) -> Vec<u8> {
        let events = vec![OrderEvent {
            version: 1,
            event: Some(event),
        }];
        encode(&OrderCommit {
            events,
            ..OrderCommit::default()
        })
        .unwrap()
    }

    #[test]
    fn the_last_event_of_an_order_is_seen_in_the_wire_form_of_its_commit() {
        let last = commit(order_event::Event::OrderCompleted(OrderCompleted::default()));
        assert_eq!(ending(&last), Some(Ending::Completed));
    }

    #[test]
    fn an_order_that_goes_on_has_not_ended() {
        let first = commit(order_event::Event::OrderCreated(OrderCreated::default()));
        assert_eq!(ending(&first), None);
    }
}
