//! One order, and who watches it.

use uuid::Uuid;

use super::Watcher;
use crate::buffer::Item;
use crate::timeline::Timeline;

#[derive(Debug)]
pub(super) struct View<W> {
    pub(super) timeline: Timeline,
    /// Nothing is known to be missing.
    pub(super) is_loaded: bool,
    /// Of those who watch all, all watch this one that there were then.
    pub(super) crowd: u64,
    pub(super) watchers: Vec<Watching<W>>,
}

#[derive(Debug)]
pub(super) struct Watching<W> {
    pub(super) who: W,
    /// The newest version that he was told; none: to be told where the order stands.
    pub(super) told: Option<u64>,
    /// He named this order.
    pub(super) explicit: bool,
}

impl<W> Watching<W> {
    pub(super) fn new(who: &W, told: Option<u64>, explicit: bool) -> Self
    where
        W: Clone,
    {
        let who = who.clone();
        Self { who, told, explicit }
    }
}

impl<W> Default for View<W> {
    fn default() -> Self {
        Self {
            timeline: Timeline::default(),
            is_loaded: false,
            crowd: 0,
            watchers: Vec::new(),
        }
    }
}

impl<W: Watcher> View<W> {
    pub(super) fn is_named(&self) -> bool {
        self.watchers.iter().any(|watching| watching.explicit)
    }

    /// Adds all who watch all.
    pub(super) fn join_all(&mut self, all: &[W], crowd: u64) {
        if std::mem::replace(&mut self.crowd, crowd) != crowd {
            all.iter().for_each(|who| self.join(who));
        }
    }

    /// Adds somebody who watches all, if he does not watch this one.
    pub(super) fn join(&mut self, who: &W) {
        if !self.watchers.iter().any(|watching| watching.who.is(who)) {
            self.watchers.push(Watching::new(who, None, false));
        }
    }

    /// Brings every watcher to what is known.
    pub(super) fn tell(&mut self, order: Uuid) {
        let Some(newest) = self.timeline.newest().copied() else {
            return;
        };
        for Watching { who, told, .. } in &mut self.watchers {
            match told.and_then(|told| self.timeline.after(told)) {
                Some(steps) => steps.iter().for_each(|step| who.tell(Item::Status(order, *step))),
                // Where an order with a gap stands is not known.
                None if !self.is_loaded => continue,
                None => who.tell(Item::Snapshot(order, newest)),
            }
            *told = Some(newest.version);
        }
    }
}
