//! How many streams there may be, how many orders one may watch, and how fast a client may talk.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use uuid::Uuid;

/// Orders that one stream may name.
pub const MOST_ORDERS: usize = 100;
/// Messages of a client that are read at once, and from then on one in each [`PACE`].
const BURST: u32 = 200;
/// A client that talks faster is read more slowly.
const PACE: Duration = Duration::from_millis(20);

/// Why there is no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Full {
    /// This user has as many streams as one may have.
    #[error("at most {0} streams of one user at once")]
    User(usize),
    /// There are as many streams as this process holds.
    #[error("at most {0} streams at once")]
    Process(usize),
}

/// The places for streams of one process.
#[derive(Clone, Debug)]
pub struct Places {
    per_user: usize,
    in_all: usize,
    taken: usize,
    users: BTreeMap<Uuid, usize>,
}

impl Places {
    /// So many for each user, and so many in all.
    #[must_use]
    pub fn new(per_user: usize, in_all: usize) -> Self {
        Self {
            per_user,
            in_all,
            taken: 0,
            users: BTreeMap::new(),
        }
    }

    /// Takes a place.
    ///
    /// # Errors
    /// [`Full`] if there is none.
    pub fn take(&mut self, user: Uuid) -> Result<(), Full> {
        if self.taken >= self.in_all {
            return Err(Full::Process(self.in_all));
        }
        let of_user = self.users.entry(user).or_default();
        if *of_user >= self.per_user {
            return Err(Full::User(self.per_user));
        }
        *of_user += 1;
        self.taken += 1;
        Ok(())
    }

    /// Gives a place back that was taken.
    pub fn give_back(&mut self, user: Uuid) {
        let Some(of_user) = self.users.get_mut(&user) else {
            return;
        };
        *of_user -= 1;
        if *of_user == 0 {
            self.users.remove(&user);
        }
        self.taken -= 1;
    }

    /// Places that are taken.
    #[must_use]
    pub fn taken(&self) -> usize {
        self.taken
    }
}

/// The orders that one client has named.
#[derive(Clone, Debug, Default)]
pub struct Named(BTreeSet<Uuid>);

impl Named {
    /// Adds an order; `false` if there are too many.
    #[must_use]
    pub fn add(&mut self, order: Uuid) -> bool {
        let fits = self.0.len() < MOST_ORDERS || self.0.contains(&order);
        if fits {
            self.0.insert(order);
        }
        fits
    }

    /// Takes an order out; whether it was there.
    pub fn remove(&mut self, order: Uuid) -> bool {
        self.0.remove(&order)
    }
}

/// How fast one client may talk, as the time of its next message if it had used up its burst (GCRA).
#[derive(Clone, Copy, Debug, Default)]
pub struct Pace(Duration);

impl Pace {
    /// Counts a message that was read at `now`, in any time that does not go back.
    pub fn count(&mut self, now: Duration) {
        self.0 = self.0.max(now) + PACE;
    }

    /// From when on the next may be read.
    #[must_use]
    pub fn next(&self) -> Duration {
        self.0.saturating_sub(PACE * BURST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_all_places_of_a_user_another_has_his_own_until_the_process_is_full() {
        let (mut places, user) = (Places::new(2, 3), Uuid::from_u128);
        assert_eq!(places.take(user(1)), Ok(()));
        assert_eq!(places.take(user(1)), Ok(()));
        assert_eq!(places.take(user(1)), Err(Full::User(2)));
        assert_eq!(places.take(user(2)), Ok(()));
        assert_eq!(places.take(user(3)), Err(Full::Process(3)));
        places.give_back(user(1));
        assert_eq!(places.take(user(3)), Ok(()));
        [1, 2, 3].iter().for_each(|id| places.give_back(user(*id)));
        assert!(places.taken() == 0 && places.users.is_empty());
    }

    #[test]
    fn a_client_that_talks_too_fast_is_read_at_its_pace() {
        let (mut pace, mut now, mut read) = (Pace::default(), Duration::from_secs(9), 0);
        let start = now;
        while now < start + Duration::from_secs(10) {
            now = now.max(pace.next());
            pace.count(now);
            read += 1;
        }
        assert!((690..=710).contains(&read), "{read}");
        now += Duration::from_secs(60);
        assert!(pace.next() < now);
    }

    #[test]
    fn an_order_counts_once() {
        let mut named = Named::default();
        assert!((0..100).all(|order| named.add(Uuid::from_u128(order))));
        assert!(!named.add(Uuid::from_u128(100)));
        assert!(named.add(Uuid::from_u128(5)));
        assert!(named.remove(Uuid::from_u128(5)) && !named.remove(Uuid::from_u128(5)));
        assert!(named.add(Uuid::from_u128(100)));
    }
}
