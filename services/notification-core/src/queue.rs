//! Whose turn it is.

use std::collections::{HashMap, VecDeque};

use uuid::Uuid;

use crate::plan::Class;

/// After so many urgent ones in a row one goes that may wait, so that it does not wait for ever.
const URGENT_IN_A_ROW: u32 = 16;

/// What waits for its turn: urgent before bulk, and within each, users in turns, each user's own in the order they came.
#[derive(Debug)]
pub struct Queue<T> {
    urgent: Turns<T>,
    bulk: Turns<T>,
    in_a_row: u32,
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self {
            urgent: Turns::default(),
            bulk: Turns::default(),
            in_a_row: 0,
        }
    }
}

impl<T> Queue<T> {
    /// Puts an item behind the others of its user.
    pub fn push(&mut self, class: Class, user: Uuid, item: T) {
        self.of_mut(class).push(user, item);
    }

    /// How many of a user wait in this class.
    #[must_use]
    pub fn waiting(&self, class: Class, user: Uuid) -> usize {
        let turns = match class {
            Class::Urgent => &self.urgent,
            Class::Bulk => &self.bulk,
        };
        turns.waiting.get(&user).map_or(0, VecDeque::len)
    }

    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.urgent.turns.is_empty() && self.bulk.turns.is_empty()
    }

    /// Takes what is next.
    pub fn pop(&mut self) -> Option<T> {
        let bulk_is_due = self.in_a_row >= URGENT_IN_A_ROW && !self.bulk.turns.is_empty();
        if !bulk_is_due && let Some(item) = self.urgent.pop() {
            self.in_a_row = self.in_a_row.saturating_add(1);
            return Some(item);
        }
        self.in_a_row = 0;
        self.bulk.pop()
    }

    fn of_mut(&mut self, class: Class) -> &mut Turns<T> {
        match class {
            Class::Urgent => &mut self.urgent,
            Class::Bulk => &mut self.bulk,
        }
    }
}

/// Users in turns. Each user that has something waiting has one turn.
#[derive(Debug)]
struct Turns<T> {
    turns: VecDeque<Uuid>,
    waiting: HashMap<Uuid, VecDeque<T>>,
}

impl<T> Default for Turns<T> {
    fn default() -> Self {
        Self {
            turns: VecDeque::new(),
            waiting: HashMap::new(),
        }
    }
}

impl<T> Turns<T> {
    fn push(&mut self, user: Uuid, item: T) {
        let items = self.waiting.entry(user).or_default();
        if items.is_empty() {
            self.turns.push_back(user);
        }
        items.push_back(item);
    }

    fn pop(&mut self) -> Option<T> {
        let user = self.turns.pop_front()?;
        let items = self.waiting.get_mut(&user)?;
        let item = items.pop_front();
        match items.is_empty() {
            true => drop(self.waiting.remove(&user)),
            false => self.turns.push_back(user),
        }
        item
    }
}

#[cfg(test)]
mod tests;
