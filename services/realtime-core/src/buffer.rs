//! What waits to be written to one client. When it is full the oldest update goes, and is counted.
//!
//! Whatever is dropped, the newest of each order still comes: an order of which nothing is left in the buffer is told
//! anew once the buffer is empty.

use std::collections::{BTreeSet, VecDeque};

use uuid::Uuid;

use crate::timeline::Step;

/// Updates that wait for one client.
pub const CAPACITY: usize = 100;
/// A buffer that was fuller than this gives its memory back when it is empty.
const SPARE: usize = 8;

/// What a client is to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item {
    /// Where an order stands.
    Snapshot(Uuid, Step),
    /// The next that happened to an order.
    Status(Uuid, Step),
    /// There is no such order, or not for him.
    NotFound(Uuid),
    /// What is known may be old from now on.
    Stale,
    /// What is known is up to date again.
    Live,
}

impl Item {
    /// The order, of an update.
    fn updates(&self) -> Option<Uuid> {
        match self {
            Self::Snapshot(order, _) | Self::Status(order, _) => Some(*order),
            Self::NotFound(_) | Self::Stale | Self::Live => None,
        }
    }
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// To be told.
    Item(Item),
    /// So many updates were dropped here.
    Dropped(u64),
    /// All updates of this order were dropped: it is to be told anew.
    Again(Uuid),
}

/// A bounded queue.
#[derive(Clone, Debug, Default)]
pub struct Buffer {
    queue: VecDeque<Item>,
    updates: usize,
    dropped: u64,
    /// Orders of which updates were dropped, and none is left.
    lost: BTreeSet<Uuid>,
}

impl Buffer {
    /// Adds one, and drops the oldest update if there are too many. What is no update is never dropped; there is at most
    /// one for each subscription, and one for each change of the connection to the log that the client has not heard of.
    pub fn push(&mut self, item: Item) {
        match item.updates() {
            Some(order) => {
                if self.updates == CAPACITY {
                    self.drop_oldest();
                }
                self.updates += 1;
                self.lost.remove(&order);
            }
            // Who has not heard of the one need not hear of the other.
            None if matches!(item, Item::Stale | Item::Live) => {
                self.queue
                    .retain(|waiting| !matches!(waiting, Item::Stale | Item::Live));
            }
            None => {}
        }
        self.queue.push_back(item);
    }

    fn drop_oldest(&mut self) {
        let oldest = self.queue.iter().position(|item| item.updates().is_some());
        let dropped = oldest.and_then(|place| self.queue.remove(place));
        let Some(order) = dropped.and_then(|item| item.updates()) else {
            return;
        };
        self.updates -= 1;
        self.dropped += 1;
        if !self.queue.iter().any(|item| item.updates() == Some(order)) {
            self.lost.insert(order);
        }
    }

    /// Takes the next.
    pub fn pop(&mut self) -> Option<Next> {
        if self.dropped > 0 {
            return Some(Next::Dropped(std::mem::take(&mut self.dropped)));
        }
        if let Some(item) = self.queue.pop_front() {
            self.updates -= usize::from(item.updates().is_some());
            return Some(Next::Item(item));
        }
        if self.queue.capacity() > SPARE {
            self.queue = VecDeque::new();
        }
        self.lost.pop_first().map(Next::Again)
    }

    /// Forgets an order that is not of interest any more.
    pub fn forget(&mut self, order: Uuid) {
        self.lost.remove(&order);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::Timestamp;
    use proptest::prelude::*;

    use super::*;
    use crate::status::{Event, Status};

    fn status(order: u128, version: u64) -> Item {
        let step = Step {
            version,
            event: Event::PaymentPending,
            status: Status::PaymentPending,
            reason: None,
            time: Timestamp::UNIX_EPOCH,
        };
        Item::Status(Uuid::from_u128(order), step)
    }

    #[test]
    fn given_room_all_come_in_order_and_the_memory_goes_back() {
        let mut buffer = Buffer::default();
        (1..=100).for_each(|version| buffer.push(status(1, version)));
        for version in 1..=100 {
            assert_eq!(buffer.pop(), Some(Next::Item(status(1, version))));
        }
        assert_eq!((buffer.pop(), buffer.queue.capacity()), (None, 0));
    }

    #[test]
    fn given_too_many_the_oldest_go_and_the_client_is_told_first() {
        let mut buffer = Buffer::default();
        (1..=107).for_each(|version| buffer.push(status(1, version)));
        assert_eq!(buffer.pop(), Some(Next::Dropped(7)));
        assert_eq!(buffer.pop(), Some(Next::Item(status(1, 8))));
        buffer.push(status(1, 108));
        assert_eq!(buffer.pop(), Some(Next::Item(status(1, 9))));
    }

    #[test]
    fn an_order_of_which_nothing_is_left_is_told_anew() {
        let mut buffer = Buffer::default();
        buffer.push(status(1, 5));
        (1..=100).for_each(|version| buffer.push(status(2, version)));
        let mut all = std::iter::from_fn(|| buffer.pop());
        assert_eq!(all.next(), Some(Next::Dropped(1)));
        assert_eq!(all.last(), Some(Next::Again(Uuid::from_u128(1))));
    }

    #[test]
    fn what_is_no_update_is_not_dropped() {
        let mut buffer = Buffer::default();
        buffer.push(Item::NotFound(Uuid::from_u128(3)));
        buffer.push(Item::Stale);
        buffer.push(Item::Live);
        (1..=200).for_each(|version| buffer.push(status(1, version)));
        let all: Vec<Next> = std::iter::from_fn(|| buffer.pop()).collect();
        assert_eq!(all.len(), 103);
        assert_eq!(all[1], Next::Item(Item::NotFound(Uuid::from_u128(3))));
        assert_eq!(all[2], Next::Item(Item::Live));
    }

    proptest! {
        /// Pushes (order, how many) and pops in any interleaving.
        #[test]
        fn whatever_happens_it_is_bounded_ordered_counted_and_each_order_ends_with_its_newest(
            acts in proptest::collection::vec((0u128..150, 0u64..4, 0usize..4), 1..400),
        ) {
            let mut buffer = Buffer::default();
            let (mut pushed, mut told) = (BTreeMap::<Uuid, u64>::new(), BTreeMap::<Uuid, u64>::new());
            let (mut sent, mut come, mut dropped) = (0u64, 0u64, 0u64);
            let mut take = |buffer: &mut Buffer, pushed: &BTreeMap<Uuid, u64>, told: &mut BTreeMap<Uuid, u64>| {
                let next = buffer.pop();
                match next {
                    Some(Next::Item(Item::Status(order, step))) => {
                        come += 1;
                        assert!(told.insert(order, step.version) < Some(step.version));
                    }
                    Some(Next::Dropped(count)) => dropped += count,
                    // What the caller would be told is the newest there is.
                    Some(Next::Again(order)) => {
                        told.insert(order, pushed[&order]);
                    }
                    _ => {}
                }
                next.is_some()
            };
            for (order, pushes, pops) in acts {
                let order_id = Uuid::from_u128(order);
                for _ in 0..pushes {
                    let version = pushed.entry(order_id).or_default();
                    *version += 1;
                    sent += 1;
                    buffer.push(status(order, *version));
                }
                prop_assert!(buffer.updates <= CAPACITY && buffer.queue.len() == buffer.updates);
                for _ in 0..pops {
                    take(&mut buffer, &pushed, &mut told);
                }
            }
            while take(&mut buffer, &pushed, &mut told) {}
            prop_assert_eq!(sent, come + dropped);
            prop_assert_eq!(pushed, told);
        }
    }
}
