use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use proptest::prelude::*;

use super::*;
use crate::timeline::tests::commit;

/// A client that keeps what it is told.
#[derive(Clone, Debug, Default)]
struct Client(Rc<RefCell<Vec<Item>>>);

impl Watcher for Client {
    fn is(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }

    fn tell(&self, item: Item) {
        self.0.borrow_mut().push(item);
    }
}

impl Client {
    /// What it was told since it was asked last: `s` for a snapshot, `n` for the next.
    fn told(&self) -> Vec<(char, u128, u64)> {
        let items = self.0.take();
        let words = items.into_iter().map(|item| match item {
            Item::Snapshot(order, step) => ('s', order.as_u128(), step.version),
            Item::Status(order, step) => ('n', order.as_u128(), step.version),
            Item::NotFound(order) => ('?', order.as_u128(), 0),
            Item::Stale => ('-', 0, 0),
            Item::Live => ('+', 0, 0),
        });
        words.collect()
    }
}

fn id(order: u128) -> Uuid {
    Uuid::from_u128(order)
}

#[test]
fn given_an_order_its_watcher_is_told_where_it_stands_and_then_what_comes() {
    let (mut topic, client) = (Topic::default(), Client::default());
    topic.watch(id(1), &client, None);
    topic.heard(&commit(1, 2..=3), 2);
    assert_eq!((client.told(), topic.missing()), (vec![], vec![id(1)]));
    topic.loaded(id(1), &[(commit(1, 1..=1), 1), (commit(1, 2..=3), 2)]);
    topic.heard(&commit(1, 2..=3), 2);
    topic.heard(&commit(1, 4..=5), 3);
    assert_eq!(client.told(), [('s', 1, 3), ('n', 1, 4), ('n', 1, 5)]);
    assert!(topic.missing().is_empty() && !topic.is_under_way());
}

#[test]
fn given_a_version_that_was_seen_only_what_came_after_it_is_told() {
    let (mut topic, client, other) = (Topic::default(), Client::default(), Client::default());
    topic.watch(id(1), &client, Some(2));
    topic.loaded(id(1), &[(commit(1, 1..=1), 1), (commit(1, 2..=3), 2)]);
    assert_eq!(client.told(), [('n', 1, 3)]);
    topic.watch(id(1), &other, Some(3));
    assert_eq!(other.told(), [], "nothing is new");
    topic.watch(id(1), &other, Some(9));
    assert_eq!(other.told(), [('s', 1, 3)], "nobody can have seen that");
}

#[test]
fn given_a_live_message_that_was_lost_nothing_is_told_until_it_was_read() {
    let (mut topic, client) = (Topic::default(), Client::default());
    topic.watch(id(1), &client, None);
    topic.loaded(id(1), &[(commit(1, 1..=1), 1)]);
    topic.heard(&commit(1, 3..=3), 3);
    assert_eq!((client.told(), topic.missing()), (vec![('s', 1, 1)], vec![id(1)]));
    let records: Vec<_> = (1..=3).map(|n| (commit(1, n..=n), n)).collect();
    topic.loaded(id(1), &records);
    assert_eq!(client.told(), [('n', 1, 2), ('n', 1, 3)]);
}

#[test]
fn given_no_such_order_only_its_watcher_hears_so() {
    let (mut topic, client): (Topic<Client>, _) = (Topic::default(), Client::default());
    topic.watch(id(1), &client, None);
    topic.loaded(id(1), &[]);
    assert_eq!((client.told(), topic.is_unwatched()), (vec![('?', 1, 0)], true));
}

#[test]
fn given_somebody_who_watches_all_he_is_told_of_what_is_under_way_and_of_what_is_new() {
    let (mut topic, client) = (Topic::default(), Client::default());
    topic.watch_all(&client);
    assert_eq!(topic.catch_up_from(), Some(0));
    for (record, revision) in [
        (commit(1, 1..=5), 1),
        (commit(2, 1..=1), 2),
        (commit(2, 2..=3), 3),
    ] {
        topic.read(&record, revision);
    }
    assert_eq!(client.told(), []);
    topic.caught_up(3);
    topic.heard(&commit(3, 1..=1), 4);
    topic.heard(&commit(2, 4..=5), 5);
    topic.heard(&commit(2, 6..=6), 6);
    assert_eq!(
        client.told(),
        [('s', 2, 3), ('s', 3, 1), ('n', 2, 4), ('n', 2, 5), ('n', 2, 6)]
    );
    topic.unwatch_all(&client);
    assert!(topic.is_unwatched());
}

#[test]
fn given_contact_is_lost_all_are_told_once_and_again_when_it_is_back() {
    let (mut topic, client, late) = (Topic::default(), Client::default(), Client::default());
    topic.watch_all(&client);
    topic.watch(id(1), &client, None);
    topic.set_stale(true);
    topic.set_stale(true);
    topic.watch(id(2), &late, None);
    topic.loaded(id(1), &[(commit(1, 1..=1), 1)]);
    assert_eq!(topic.catch_up_from(), Some(0));
    topic.caught_up(1);
    assert_eq!(client.told(), [('-', 0, 0), ('s', 1, 1), ('+', 0, 0)]);
    assert_eq!(late.told(), [('-', 0, 0), ('+', 0, 0)]);
}

#[test]
fn given_many_orders_that_ended_only_the_last_are_remembered() {
    let (mut topic, client) = (Topic::default(), Client::default());
    topic.watch_all(&client);
    assert_eq!(topic.catch_up_from(), Some(0));
    topic.caught_up(0);
    for order in 1..=1000u64 {
        topic.heard(&commit(order.into(), 1..=5), order);
    }
    assert_eq!((client.told().len(), topic.orders.len()), (1000, ENDED));
}

#[test]
fn given_the_first_who_watches_all_leaves_while_the_log_is_read_it_is_read_again_for_the_next() {
    let (mut topic, client, next) = (Topic::default(), Client::default(), Client::default());
    topic.watch_all(&client);
    assert_eq!(topic.catch_up_from(), Some(0));
    topic.leave(&client);
    topic.watch_all(&next);
    topic.caught_up(9);
    assert!(topic.wants_all() && next.told().is_empty());
}

/// What can happen, with numbers to choose by.
#[derive(Clone, Debug)]
enum Act {
    /// The next commit of an order is stored, and its live message comes so often.
    Store {
        order: u128,
        events: u64,
        copies: usize,
    },
    /// A live message comes, out of turn.
    Deliver {
        which: usize,
    },
    /// All live messages that are on their way are lost.
    Lose,
    Watch {
        client: usize,
        order: u128,
        resumes: bool,
    },
    WatchAll {
        client: usize,
    },
    Unwatch {
        client: usize,
        order: u128,
    },
    UnwatchAll {
        client: usize,
    },
    Leave {
        client: usize,
    },
    Again {
        client: usize,
        order: u128,
    },
    Load,
    CatchUp,
}

fn act() -> impl Strategy<Value = Act> {
    let (client, order) = (0..3usize, 1..5u128);
    prop_oneof![
        6 => (1..5u128, 1..3u64, 0..3usize).prop_map(|(order, events, copies)| Act::Store { order, events, copies }),
        6 => (0..8usize).prop_map(|which| Act::Deliver { which }),
        1 => Just(Act::Lose),
        3 => (0..3usize, 1..5u128, any::<bool>()).prop_map(|(client, order, resumes)| Act::Watch { client, order, resumes }),
        2 => client.clone().prop_map(|client| Act::WatchAll { client }),
        1 => (client.clone(), order.clone()).prop_map(|(client, order)| Act::Unwatch { client, order }),
        1 => client.clone().prop_map(|client| Act::UnwatchAll { client }),
        1 => client.clone().prop_map(|client| Act::Leave { client }),
        1 => (client, order).prop_map(|(client, order)| Act::Again { client, order }),
        3 => Just(Act::Load),
        2 => Just(Act::CatchUp),
    ]
}

/// The log, the way of the live messages, and what the clients believe.
#[derive(Default)]
struct World {
    log: Vec<(Commit, u64)>,
    versions: BTreeMap<u128, u64>,
    on_the_way: Vec<usize>,
    topic: Topic<Client>,
    clients: [Client; 3],
    named: [BTreeSet<u128>; 3],
    all: [bool; 3],
    /// The newest version of each order that a client was told.
    seen: [BTreeMap<u128, u64>; 3],
    /// Orders that are to be told to somebody who watches all: what was under way, or began, since he does.
    due: [BTreeSet<u128>; 3],
}

impl World {
    fn act(&mut self, act: Act) {
        match act {
            Act::Store {
                order,
                events,
                copies,
            } => self.store(order, events, copies),
            Act::Deliver { which } if !self.on_the_way.is_empty() => {
                let place = self.on_the_way.remove(which % self.on_the_way.len());
                let (commit, revision) = &self.log[place];
                self.topic.heard(commit, *revision);
            }
            Act::Deliver { .. } => {}
            Act::Lose => self.on_the_way.clear(),
            Act::Watch {
                client,
                order,
                resumes,
            } => {
                let told = self.seen[client].get(&order).copied().filter(|_| resumes);
                self.named[client].insert(order);
                self.topic.watch(id(order), &self.clients[client], told);
            }
            Act::WatchAll { client } => {
                if !std::mem::replace(&mut self.all[client], true) {
                    let under_way = self.versions.iter().filter(|(_, version)| **version < 5);
                    self.due[client] = under_way.map(|(order, _)| *order).collect();
                }
                self.topic.watch_all(&self.clients[client]);
            }
            Act::Unwatch { client, order } => {
                self.named[client].remove(&order);
                self.topic.unwatch(id(order), &self.clients[client]);
            }
            Act::UnwatchAll { client } => {
                self.all[client] = false;
                self.topic.unwatch_all(&self.clients[client]);
            }
            Act::Leave { client } => {
                (self.all[client], self.named[client]) = (false, BTreeSet::new());
                self.topic.leave(&self.clients[client]);
            }
            Act::Again { client, order } => self.topic.again(id(order), &self.clients[client]),
            Act::Load => self.load(),
            Act::CatchUp => self.catch_up(),
        }
        self.listen();
    }

    fn store(&mut self, order: u128, events: u64, copies: usize) {
        let version = self.versions.entry(order).or_default();
        let (first, last) = (*version + 1, *version + events);
        *version = last;
        self.log
            .push((commit(order, first..=last), self.log.len() as u64 + 1));
        self.on_the_way
            .extend(std::iter::repeat_n(self.log.len() - 1, copies));
        for (due, all) in self.due.iter_mut().zip(self.all) {
            // What is stored before all were read and ends before that is no news.
            if all && self.topic.is_whole {
                due.insert(order);
            }
        }
    }

    fn load(&mut self) {
        for order in self.topic.missing() {
            let records = self.log.iter().filter(|(commit, _)| commit.order == order);
            self.topic.loaded(order, &records.cloned().collect::<Vec<_>>());
            if !self.versions.contains_key(&order.as_u128()) {
                for named in &mut self.named {
                    named.remove(&order.as_u128());
                }
            }
        }
    }

    fn catch_up(&mut self) {
        if self.topic.wants_all() {
            let ended = |order: &u128| self.versions.get(order) >= Some(&5);
            self.due
                .iter_mut()
                .for_each(|due| due.retain(|order| !ended(order)));
        }
        let Some(from) = self.topic.catch_up_from() else {
            return;
        };
        for (commit, revision) in self.log.iter().filter(|(_, revision)| *revision > from) {
            self.topic.read(commit, *revision);
        }
        self.topic.caught_up(self.log.len() as u64);
    }

    /// What every client is told is gap-free and in order.
    fn listen(&mut self) {
        for ((client, seen), named) in self.clients.iter().zip(&mut self.seen).zip(&self.named) {
            for (kind, order, version) in client.told() {
                let before = seen.insert(order, version).unwrap_or_default();
                match kind {
                    'n' => assert_eq!(version, before + 1, "the next of order {order}"),
                    's' => assert!(version >= before, "order {order} went back"),
                    _ => {
                        seen.remove(&order);
                        assert!(kind != '?' || !named.contains(&order) || version == 0);
                    }
                }
            }
        }
    }

    /// In the end everybody knows the truth about what he watches.
    fn settle(&mut self) {
        self.catch_up();
        self.load();
        self.catch_up();
        self.load();
        self.listen();
        for client in 0..3 {
            for order in &self.named[client] {
                assert_eq!(
                    self.seen[client].get(order),
                    self.versions.get(order),
                    "order {order} of client {client}"
                );
            }
            for order in self.due[client].iter().filter(|_| self.all[client]) {
                assert_eq!(
                    self.seen[client].get(order),
                    self.versions.get(order),
                    "order {order} of client {client}, who watches all"
                );
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn whatever_is_lost_doubled_or_late_everybody_is_told_each_version_once_in_order_and_ends_with_the_truth(
        acts in proptest::collection::vec(act(), 1..120),
    ) {
        let mut world = World::default();
        acts.into_iter().for_each(|act| world.act(act));
        world.settle();
    }
}
