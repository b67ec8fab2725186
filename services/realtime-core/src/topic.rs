//! The orders of one user, and who is to be told what of them.
//!
//! What happens comes by two ways: live, as it is stored, by which messages can get lost; and read from the log, which is
//! complete but has to be asked. The order in which both are given to a [`Topic`] does not matter, nor how often: each
//! [`Timeline`](crate::timeline::Timeline) takes every version once. What is missing is asked for ([`Topic::missing`], [`Topic::catch_up_from`]).
//! Every watcher has a cursor per order, so he is told every version after it once, whenever it becomes known.
//!
//! Two positions make sure that nothing is overlooked. Live messages are listened for before the log is read, by whoever
//! owns a topic. And `checked` is how far the leader of the log has vouched for, which live messages never move: after
//! contact was lost, and now and then while an order is under way, the log is read from there.

mod view;

use std::collections::{BTreeMap, VecDeque};

use uuid::Uuid;

use crate::buffer::Item;
use crate::commit::Commit;
use crate::timeline::Applied;
use view::{View, Watching};

/// Ended orders that are remembered for watchers of all, so that what happens to one later is the next for them.
const ENDED: usize = 256;

/// Somebody who is told.
pub trait Watcher: Clone {
    /// Whether both are the same client.
    fn is(&self, other: &Self) -> bool;

    /// Takes what he is to be told, at once.
    fn tell(&self, item: Item);
}

/// The orders of one user that are watched.
#[derive(Debug)]
pub struct Topic<W> {
    orders: BTreeMap<Uuid, View<W>>,
    all: Vec<W>,
    /// Changes with those who watch all.
    crowd: u64,
    /// Those that ended while all were watched, the first first.
    ended: VecDeque<Uuid>,
    /// Whether all orders that are under way are here.
    is_whole: bool,
    /// The log is being read from its start, since before the first who watches all.
    is_reading_all: bool,
    /// Up to where the log has been read for all that is watched; 0: not yet.
    checked: u64,
    /// What is known may be old.
    is_stale: bool,
}

impl<W> Default for Topic<W> {
    fn default() -> Self {
        Self {
            orders: BTreeMap::new(),
            all: Vec::new(),
            crowd: 0,
            ended: VecDeque::new(),
            is_whole: false,
            is_reading_all: false,
            checked: 0,
            is_stale: false,
        }
    }
}

impl<W: Watcher> Topic<W> {
    /// From now on `who` is told of an order: where it stands, or what came after the version `told`.
    pub fn watch(&mut self, order: Uuid, who: &W, told: Option<u64>) {
        let view = self.orders.entry(order).or_default();
        match view.watchers.iter_mut().find(|watching| watching.who.is(who)) {
            Some(watching) => (watching.told, watching.explicit) = (told, true),
            None => {
                view.watchers.push(Watching::new(who, told, true));
                tell_if(self.is_stale, who);
            }
        }
        view.tell(order);
    }

    /// From now on `who` is told of all orders that are under way.
    pub fn watch_all(&mut self, who: &W) {
        if self.all.iter().any(|watcher| watcher.is(who)) {
            return;
        }
        self.all.push(who.clone());
        self.crowd += 1;
        tell_if(self.is_stale, who);
        if self.is_whole {
            self.join(who);
        }
    }

    /// `who` is told of this order only if he watches all.
    pub fn unwatch(&mut self, order: Uuid, who: &W) {
        let watches_all = self.all.iter().any(|watcher| watcher.is(who));
        if let Some(view) = self.orders.get_mut(&order) {
            match view.watchers.iter_mut().find(|watching| watching.who.is(who)) {
                Some(watching) if watches_all => watching.explicit = false,
                _ => view.watchers.retain(|watching| !watching.who.is(who)),
            }
            if self.is_whole && view.timeline.is_final() && !view.is_named() {
                self.ended.push_back(order);
                self.forget_ended();
            }
        }
        self.forget_unwatched();
    }

    /// `who` is told only of the orders that he named.
    pub fn unwatch_all(&mut self, who: &W) {
        self.all.retain(|watcher| !watcher.is(who));
        for view in self.orders.values_mut() {
            view.watchers
                .retain(|watching| watching.explicit || !watching.who.is(who));
        }
        self.is_whole &= !self.all.is_empty();
        self.is_reading_all &= !self.all.is_empty();
        self.forget_unwatched();
    }

    /// `who` is told nothing more.
    pub fn leave(&mut self, who: &W) {
        for view in self.orders.values_mut() {
            view.watchers.retain(|watching| !watching.who.is(who));
        }
        self.unwatch_all(who);
    }

    /// Tells `who` anew where an order stands, if he watches it.
    pub fn again(&mut self, order: Uuid, who: &W) {
        let Some(view) = self.orders.get_mut(&order) else {
            return;
        };
        let watching = view.watchers.iter_mut().filter(|watching| watching.who.is(who));
        watching.for_each(|watching| watching.told = None);
        view.tell(order);
    }

    /// Takes in a message that was just stored at `revision`.
    pub fn heard(&mut self, commit: &Commit, revision: u64) {
        // What the leader has vouched for already and is not here had ended: it is no news, however late it comes.
        if self.orders.contains_key(&commit.order) || (self.is_whole && revision > self.checked) {
            self.apply(commit, revision);
        }
    }

    /// Takes in what a search for what is [missing](Self::missing) has found: all records of one order. None: there is
    /// no such order, which those who named it are told.
    pub fn loaded(&mut self, order: Uuid, records: &[(Commit, u64)]) {
        let Some(view) = self.orders.get_mut(&order) else {
            return;
        };
        for (commit, revision) in records {
            view.timeline.apply(commit, *revision);
        }
        if view.timeline.version() == 0 {
            let watchers = self.orders.remove(&order).map(|view| view.watchers);
            let watchers = watchers.into_iter().flatten();
            watchers.for_each(|watching| watching.who.tell(Item::NotFound(order)));
            return;
        }
        view.is_loaded = true;
        // Something of it is news: nobody has vouched for the log since.
        if self.is_whole && view.timeline.revision() > self.checked {
            view.join_all(&self.all, self.crowd);
        }
        view.tell(order);
    }

    /// Takes in a record of the log, read on the way from [`Topic::catch_up_from`].
    pub fn read(&mut self, commit: &Commit, revision: u64) {
        if self.orders.contains_key(&commit.order) || !self.all.is_empty() {
            self.apply(commit, revision);
        }
    }

    /// The leader of the log vouches that there is nothing more after `revision`, up to which it was read.
    pub fn caught_up(&mut self, revision: u64) {
        self.checked = self.checked.max(revision);
        if std::mem::take(&mut self.is_reading_all) {
            self.is_whole = true;
            // What ended before anybody asked is no news.
            self.orders
                .retain(|_, view| !view.timeline.is_final() || view.is_named());
            let all = self.all.clone();
            all.iter().for_each(|who| self.join(who));
        }
        self.set_stale(false);
    }

    /// What is known may be old, or is not any more; all are told.
    pub fn set_stale(&mut self, is_stale: bool) {
        if std::mem::replace(&mut self.is_stale, is_stale) == is_stale {
            return;
        }
        let mut told: Vec<&W> = Vec::new();
        let watchers = self.orders.values().flat_map(|view| &view.watchers);
        for who in self.all.iter().chain(watchers.map(|watching| &watching.who)) {
            if !told.iter().any(|already| already.is(who)) {
                who.tell(if is_stale { Item::Stale } else { Item::Live });
                told.push(who);
            }
        }
    }

    /// Orders whose records have to be read.
    #[must_use]
    pub fn missing(&self) -> Vec<Uuid> {
        let missing = self.orders.iter().filter(|(_, view)| !view.is_loaded);
        missing.map(|(order, _)| *order).collect()
    }

    /// Whether there are such orders.
    #[must_use]
    pub fn is_missing_some(&self) -> bool {
        self.orders.values().any(|view| !view.is_loaded)
    }

    /// Whether all orders have to be read from the start, for somebody who watches all.
    #[must_use]
    pub fn wants_all(&self) -> bool {
        !self.all.is_empty() && !self.is_whole
    }

    /// Begins to look for what is not known here: after which revision of the log it may be; none: there is nothing to
    /// look for.
    #[must_use]
    pub fn catch_up_from(&mut self) -> Option<u64> {
        self.is_reading_all = self.wants_all();
        if self.is_reading_all {
            return Some(0);
        }
        let loaded = self.orders.values().filter(|view| view.is_loaded);
        match loaded.map(|view| view.timeline.revision()).min() {
            _ if self.is_whole => Some(self.checked),
            Some(oldest) if self.checked == 0 => Some(oldest),
            oldest => oldest.map(|_| self.checked),
        }
    }

    /// Whether something is watched that may still change.
    #[must_use]
    pub fn is_under_way(&self) -> bool {
        self.orders.values().any(|view| !view.timeline.is_final())
    }

    /// Whether `who` is told anything.
    #[must_use]
    pub fn is_watched_by(&self, who: &W) -> bool {
        let watchers = self.orders.values().flat_map(|view| &view.watchers);
        let mut watchers = self.all.iter().chain(watchers.map(|watching| &watching.who));
        watchers.any(|watcher| watcher.is(who))
    }

    /// Whether nobody is told anything.
    #[must_use]
    pub fn is_unwatched(&self) -> bool {
        self.all.is_empty() && self.orders.is_empty()
    }

    fn apply(&mut self, commit: &Commit, revision: u64) {
        let view = self.orders.entry(commit.order).or_insert_with(|| View {
            // If this is not its first commit, the others are missing.
            is_loaded: true,
            ..View::default()
        });
        match view.timeline.apply(commit, revision) {
            Applied::Known => return,
            Applied::Gap => view.is_loaded = false,
            Applied::Extended => {}
        }
        // While all are being read, only what is under way at the end of it matters.
        if self.is_whole {
            view.join_all(&self.all, self.crowd);
        }
        if self.is_whole || view.is_named() {
            view.tell(commit.order);
        }
        if self.is_whole && view.timeline.is_final() {
            self.ended.push_back(commit.order);
            self.forget_ended();
        }
    }

    /// Tells somebody who watches all of what is under way.
    fn join(&mut self, who: &W) {
        let under_way = self
            .orders
            .iter_mut()
            .filter(|(_, view)| !view.timeline.is_final());
        for (order, view) in under_way {
            view.join(who);
            view.tell(*order);
        }
    }

    fn forget_unwatched(&mut self) {
        if !self.is_whole {
            self.ended.clear();
            self.orders.retain(|_, view| !view.watchers.is_empty());
        }
    }

    /// Of many ended orders that nobody named, those that ended first are forgotten.
    fn forget_ended(&mut self) {
        if self.ended.len() <= ENDED {
            return;
        }
        let Some(order) = self.ended.pop_front() else {
            return;
        };
        let forgettable = |view: &View<W>| view.timeline.is_final() && !view.is_named();
        if self.orders.get(&order).is_some_and(forgettable) {
            self.orders.remove(&order);
        }
    }
}

fn tell_if<W: Watcher>(is_stale: bool, who: &W) {
    if is_stale {
        who.tell(Item::Stale);
    }
}

#[cfg(test)]
mod tests;
