//! Which users' orders are watched, and by how many. There is a topic for each user somebody watches orders of, and for no
//! other: the live messages of all others do not even come here.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use holdfast_realtime_core::limits::{Full, Places};
use tokio::sync::watch;
use uuid::Uuid;

use crate::log::Log;
use crate::mailbox::Mailbox;
use crate::topic::{Task, Topic};

/// A connection that is lost for a shorter time is not worth a word.
const GRACE: Duration = Duration::from_secs(1);

/// Whether NATS is in reach.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Contact {
    /// The number of the connection: with another, messages were lost.
    pub meeting: u64,
    /// There is none, and has not been for a while.
    pub is_lost: bool,
}

/// Watches a connection, until nobody asks any more.
#[must_use]
pub fn contact(mut connected: watch::Receiver<bool>) -> watch::Receiver<Contact> {
    let is_up = *connected.borrow_and_update();
    let (told, contact) = watch::channel(Contact {
        meeting: 0,
        is_lost: !is_up,
    });
    tokio::spawn(async move {
        loop {
            tokio::select! {
                changed = connected.changed() => if changed.is_err() { return },
                () = told.closed() => return,
            }
            if !*connected.borrow_and_update() {
                let back = tokio::time::timeout(GRACE, connected.wait_for(|up| *up));
                match back.await {
                    Ok(Ok(_)) => {}
                    Ok(Err(_)) => return,
                    Err(_) => {
                        told.send_modify(|contact| contact.is_lost = true);
                        continue;
                    }
                }
            }
            told.send_modify(|contact| {
                contact.meeting += 1;
                contact.is_lost = false;
            });
        }
    });
    contact
}

/// The topics and places of one process.
pub struct Hub {
    log: Arc<Log>,
    contact: watch::Receiver<Contact>,
    topics: Mutex<HashMap<Uuid, Leased>>,
    places: Mutex<Places>,
}

struct Leased {
    topic: Arc<Topic>,
    leases: usize,
}

impl Hub {
    /// A hub that nobody watches anything by.
    #[must_use]
    pub fn new(log: Log, contact: watch::Receiver<Contact>, places: Places) -> Self {
        Self {
            log: Arc::new(log),
            contact,
            topics: Mutex::default(),
            places: Mutex::new(places),
        }
    }

    /// Where orders are read from.
    #[must_use]
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// A place for a stream of this user.
    ///
    /// # Errors
    /// [`Full`] if there is none.
    pub fn place(self: &Arc<Self>, user: Uuid) -> Result<Place, Full> {
        let mut places = lock(&self.places);
        places.take(user)?;
        metrics::gauge!("holdfast_realtime_streams").set(count(places.taken()));
        Ok(Place {
            hub: Arc::clone(self),
            user,
        })
    }

    fn lease(self: &Arc<Self>, user: Uuid) -> Lease {
        let mut topics = lock(&self.topics);
        let leased = topics.entry(user).or_insert_with(|| {
            let topic = Arc::new(Topic::default());
            let task = Task {
                user,
                topic: Arc::clone(&topic),
                log: Arc::clone(&self.log),
                contact: self.contact.clone(),
            };
            tokio::spawn(task.run());
            Leased { topic, leases: 0 }
        });
        leased.leases += 1;
        let (hub, topic) = (Arc::clone(self), Arc::clone(&leased.topic));
        metrics::gauge!("holdfast_realtime_topics").set(count(topics.len()));
        Lease { hub, user, topic }
    }

    fn release(&self, user: Uuid) {
        let mut topics = lock(&self.topics);
        let Some(leased) = topics.get_mut(&user) else {
            return;
        };
        leased.leases -= 1;
        if leased.leases == 0 {
            leased.topic.ended.cancel();
            topics.remove(&user);
        }
        metrics::gauge!("holdfast_realtime_topics").set(count(topics.len()));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// For gauges.
fn count(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

/// A place for one stream, which is given back when it is dropped.
pub struct Place {
    hub: Arc<Hub>,
    user: Uuid,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut places = lock(&self.hub.places);
        places.give_back(self.user);
        metrics::gauge!("holdfast_realtime_streams").set(count(places.taken()));
    }
}

/// A topic that stays for as long as this does.
struct Lease {
    hub: Arc<Hub>,
    user: Uuid,
    topic: Arc<Topic>,
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.hub.release(self.user);
    }
}

/// What one client watches. It watches nothing any more when this is dropped.
pub struct Interest {
    hub: Arc<Hub>,
    mailbox: Mailbox,
    leases: Vec<Lease>,
}

impl Interest {
    /// A client that watches nothing yet.
    #[must_use]
    pub fn new(hub: &Arc<Hub>, mailbox: &Mailbox) -> Self {
        Self {
            hub: Arc::clone(hub),
            mailbox: mailbox.clone(),
            leases: Vec::new(),
        }
    }

    /// Watches an order: where it stands, or what came after the version `told`.
    pub fn watch(&mut self, owner: Uuid, order: Uuid, told: Option<u64>) {
        let mailbox = self.mailbox.clone();
        let topic = self.topic(owner);
        topic.change(|orders| orders.watch(order, &mailbox, told));
    }

    /// Watches all orders of a user that are under way.
    pub fn watch_all(&mut self, owner: Uuid) {
        let mailbox = self.mailbox.clone();
        self.topic(owner).change(|orders| orders.watch_all(&mailbox));
    }

    /// Watches an order no more, unless all are watched.
    pub fn unwatch(&mut self, order: Uuid) {
        self.mailbox.forget(order);
        for lease in &self.leases {
            lease.topic.orders().unwatch(order, &self.mailbox);
        }
        self.let_go();
    }

    /// Watches only what was named.
    pub fn unwatch_all(&mut self) {
        for lease in &self.leases {
            lease.topic.orders().unwatch_all(&self.mailbox);
        }
        self.let_go();
    }

    /// Is told anew where an order stands.
    pub fn again(&self, order: Uuid) {
        for lease in &self.leases {
            lease.topic.orders().again(order, &self.mailbox);
        }
    }

    /// Lets go of topics of which nothing is watched.
    pub fn let_go(&mut self) {
        let mailbox = &self.mailbox;
        self.leases
            .retain(|lease| lease.topic.orders().is_watched_by(mailbox));
    }

    fn topic(&mut self, owner: Uuid) -> Arc<Topic> {
        if let Some(lease) = self.leases.iter().find(|lease| lease.user == owner) {
            return Arc::clone(&lease.topic);
        }
        let lease = self.hub.lease(owner);
        let topic = Arc::clone(&lease.topic);
        self.leases.push(lease);
        topic
    }
}

impl Drop for Interest {
    fn drop(&mut self) {
        for lease in &self.leases {
            lease.topic.orders().leave(&self.mailbox);
        }
    }
}
