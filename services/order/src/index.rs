//! Which orders a user has, in the order in which they were taken.

use std::collections::HashSet;
use std::sync::Arc;

use holdfast_contracts::subjects;
use holdfast_order_core::{OrderId, UserId};
use holdfast_platform::journal::{Error, Record, Revision, Scan};
use moka::sync::Cache;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout_at};

use crate::patience::no_answer;
use crate::replay::OrderKey;

const PAGE: usize = 1000;

/// Per user, the ids of their orders: built from the subjects of the stream, and from then on extended by what is new.
pub struct UserIndex<J> {
    journal: J,
    users: Cache<UserId, Entry>,
}

#[derive(Clone)]
struct Entry {
    weight: u32,
    orders: Arc<Mutex<Orders>>,
}

#[derive(Default)]
struct Orders {
    seen: Revision,
    known: HashSet<OrderId>,
    /// By the revision of their first record, ascending.
    taken: Vec<(Revision, OrderId)>,
}

/// A part of a user's orders, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The orders.
    pub orders: Vec<OrderKey>,
    /// Where the next page starts, if there is one.
    pub next: Option<Revision>,
    /// The journal did not answer: newer orders may be missing.
    pub is_stale: bool,
}

impl<J: Scan> UserIndex<J> {
    /// An index over `journal` (the stream `ORDERS`) that keeps at most `capacity` order ids in memory.
    pub fn new(journal: J, capacity: u64) -> Self {
        let users = Cache::builder()
            .max_capacity(capacity)
            .weigher(|_, entry: &Entry| entry.weight)
            .build();
        Self { journal, users }
    }

    /// The newest `limit` orders of a user that were taken before `before`. The journal is waited for `until` then, and
    /// without that it is not asked.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the journal does not answer and nothing is known about this user.
    pub async fn page(
        &self,
        user: UserId,
        before: Option<Revision>,
        limit: usize,
        until: Option<Instant>,
    ) -> Result<Page, Error> {
        let entry = self.users.get(&user);
        let Entry { weight, orders } = entry.unwrap_or_else(|| Entry {
            weight: 0,
            orders: Arc::default(),
        });
        let mut known = orders.lock().await;
        let caught_up = match until {
            None => Err(no_answer()),
            // What was taken in stays, also if there is more than the time is enough for.
            Some(until) => timeout_at(until, self.catch_up(user, &mut known))
                .await
                .unwrap_or_else(|_| Err(no_answer())),
        };
        let now = u32::try_from(known.taken.len())
            .unwrap_or(u32::MAX)
            .saturating_add(1);
        if now != weight {
            self.users.insert(
                user,
                Entry {
                    weight: now,
                    orders: Arc::clone(&orders),
                },
            );
        }
        match caught_up {
            Err(error) if known.seen == Revision::NONE => Err(error),
            caught_up => Ok(known.page(user, before, limit, caught_up.is_err())),
        }
    }

    /// Takes in what is new, until the leader says that there is nothing more: an order that its owner was told of is
    /// in the list, however far behind the copy is that pages are read from.
    async fn catch_up(&self, user: UserId, orders: &mut Orders) -> Result<(), Error> {
        let filter = subjects::orders_of(user.0);
        while let Some(next) = self.journal.first_after(&filter, orders.seen).await? {
            orders.take(&next);
            let page = self.journal.scan(&filter, orders.seen, Revision::NONE, PAGE);
            page.await?.iter().for_each(|record| orders.take(record));
        }
        Ok(())
    }
}

impl Orders {
    fn take(&mut self, record: &Record) {
        self.seen = record.revision;
        if let Some(key) = OrderKey::of_subject(&record.subject)
            && self.known.insert(key.order)
        {
            self.taken.push((record.revision, key.order));
        }
    }

    fn page(&self, user: UserId, before: Option<Revision>, limit: usize, is_stale: bool) -> Page {
        let end = before.map_or(self.taken.len(), |before| {
            self.taken.partition_point(|(at, _)| *at < before)
        });
        let start = end.saturating_sub(limit);
        let page = self.taken.get(start..end).unwrap_or_default();
        Page {
            orders: page
                .iter()
                .rev()
                .map(|(_, order)| OrderKey { user, order: *order })
                .collect(),
            next: page.first().filter(|_| start > 0).map(|(at, _)| *at),
            is_stale,
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use holdfast_platform::journal::memory::MemoryJournal;
    use holdfast_platform::journal::{Append, Headers, Journal};
    use uuid::Uuid;

    use super::*;

    async fn append(journal: &MemoryJournal, user: u128, order: u128) {
        let subject = subjects::order(Uuid::from_u128(user), Uuid::from_u128(order));
        let expected = journal
            .last(&subject)
            .await
            .expect("readable")
            .map_or(Revision::NONE, |r| r.revision);
        let (message_id, headers, payload) = (String::new(), Headers::new(), Bytes::new());
        journal
            .append(Append {
                subject,
                expected,
                message_id,
                headers,
                payload,
            })
            .await
            .expect("appended");
    }

    fn soon() -> Option<Instant> {
        Some(Instant::now() + std::time::Duration::from_secs(10))
    }

    fn ids(page: &Page) -> Vec<u128> {
        page.orders.iter().map(|key| key.order.0.as_u128()).collect()
    }

    #[tokio::test]
    async fn orders_come_newest_first_and_in_pages() {
        let journal = MemoryJournal::default();
        for order in [1, 2, 1, 3, 1] {
            append(&journal, 7, order).await;
        }
        append(&journal, 8, 9).await;
        let (index, user) = (UserIndex::new(journal.clone(), 100), UserId(Uuid::from_u128(7)));
        let first = index.page(user, None, 2, soon()).await.expect("a page");
        assert_eq!(ids(&first), [3, 2]);
        append(&journal, 7, 4).await;
        let second = index.page(user, first.next, 2, soon()).await.expect("a page");
        assert_eq!((ids(&second), second.next), (vec![1], None));
        assert_eq!(
            ids(&index.page(user, None, 2, soon()).await.expect("a page")),
            [4, 3]
        );
    }

    #[tokio::test]
    async fn a_user_without_orders_has_an_empty_page() {
        let index = UserIndex::new(MemoryJournal::default(), 100);
        let page = index
            .page(UserId(Uuid::from_u128(1)), None, 20, soon())
            .await
            .expect("a page");
        assert_eq!(
            page,
            Page {
                orders: vec![],
                next: None,
                is_stale: false
            }
        );
    }
}
