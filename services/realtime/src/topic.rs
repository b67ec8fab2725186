//! One user's orders: brings together live messages and the log, for as long as somebody watches.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_nats::Subscriber;
use futures::StreamExt as _;
use holdfast_platform::journal::Error;
use holdfast_platform::nats::jittered;
use holdfast_realtime_core::topic::Topic as Orders;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::hub::Contact;
use crate::log::{self, Log};
use crate::mailbox::Mailbox;

/// While an order is under way the log is asked so often whether a live message got lost: as with a leader that was
/// killed between storing and telling.
const CHECK: Duration = Duration::from_secs(30);

/// What watchers and the task of a topic have in common.
#[derive(Debug, Default)]
pub struct Topic {
    orders: Mutex<Orders<Mailbox>>,
    changed: Notify,
    /// Nobody watches any more.
    pub(crate) ended: CancellationToken,
}

impl Topic {
    /// Changes who watches what, and has read what is missing for that.
    pub fn change<T>(&self, change: impl FnOnce(&mut Orders<Mailbox>) -> T) -> T {
        let changed = change(&mut self.orders());
        self.changed.notify_one();
        changed
    }

    pub(crate) fn orders(&self) -> MutexGuard<'_, Orders<Mailbox>> {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The task of a topic.
pub(crate) struct Task {
    pub(crate) user: Uuid,
    pub(crate) topic: Arc<Topic>,
    pub(crate) log: Arc<Log>,
    pub(crate) contact: watch::Receiver<Contact>,
}

/// How the reading of the log stands.
struct Reading {
    /// There may be something that is not known.
    is_due: bool,
    failures: usize,
    /// Not before then.
    at: Instant,
    check: Instant,
}

impl Task {
    /// Runs until nobody watches any more.
    pub(crate) async fn run(mut self) {
        let topic = Arc::clone(&self.topic);
        topic.ended.run_until_cancelled(Box::pin(self.follow())).await;
    }

    async fn follow(&mut self) {
        let Ok(mut live) = self.log.listen(self.user).await else {
            return;
        };
        let now = Instant::now();
        let mut reading = Reading {
            is_due: false,
            failures: 0,
            at: now,
            check: now + CHECK,
        };
        let mut seen = *self.contact.borrow_and_update();
        self.topic.orders().set_stale(seen.is_lost);
        loop {
            let wants = self.wants(&reading) && !seen.is_lost;
            if wants && reading.at <= Instant::now() {
                // Boxed: it is large, and rarely runs.
                let read = Box::pin(self.read(reading.is_due)).await;
                reading.take(read, self);
                continue;
            }
            let is_under_way = self.topic.orders().is_under_way();
            tokio::select! {
                message = live.next() => match message {
                    Some(message) => self.hear(&message, &mut live),
                    // The connection is given up: the process ends.
                    None => return,
                },
                () = self.topic.changed.notified() => {}
                Ok(()) = self.contact.changed() => {
                    let now = *self.contact.borrow_and_update();
                    reading.is_due |= now.meeting != seen.meeting;
                    seen = now;
                    if seen.is_lost {
                        self.topic.orders().set_stale(true);
                    }
                }
                () = sleep_until(reading.at), if wants => {}
                () = sleep_until(reading.check), if is_under_way => reading.is_due = true,
            }
        }
    }

    fn wants(&self, reading: &Reading) -> bool {
        let orders = self.topic.orders();
        reading.is_due || orders.wants_all() || orders.is_missing_some()
    }

    /// Takes in a live message, and those that wait behind it.
    fn hear(&self, first: &async_nats::Message, live: &mut Subscriber) {
        let mut orders = self.topic.orders();
        let mut hear = |message: &async_nats::Message| {
            if let Some((commit, revision)) = log::live(message) {
                orders.heard(&commit, revision);
            }
        };
        hear(first);
        while let Some(Some(message)) = futures::FutureExt::now_or_never(live.next()) {
            hear(&message);
        }
    }

    async fn read(&self, is_due: bool) -> Result<(), Error> {
        let begin = {
            let mut orders = self.topic.orders();
            (is_due || orders.wants_all()).then(|| orders.catch_up_from())
        };
        if let Some(Some(after)) = begin {
            let take = |commit: &_, revision| self.topic.orders().read(commit, revision);
            let last = self.log.catch_up(self.user, after, take).await?;
            self.topic.orders().caught_up(last);
        }
        let missing = self.topic.orders().missing();
        for order in missing {
            let records = self.log.order(self.user, order).await?;
            self.topic.orders().loaded(order, &records);
        }
        self.topic.orders().set_stale(false);
        Ok(())
    }
}

impl Reading {
    fn take(&mut self, read: Result<(), Error>, task: &Task) {
        let now = Instant::now();
        match read {
            Ok(()) => {
                (self.is_due, self.failures) = (false, 0);
                (self.at, self.check) = (now, now + CHECK);
            }
            Err(error) => {
                tracing::warn!(user = %task.user, "{error}");
                task.topic.orders().set_stale(true);
                self.failures += 1;
                self.at = now + jittered(Duration::from_millis(100), self.failures);
                self.is_due = true;
            }
        }
    }
}
