//! What the requests of one worker have wanted since its last tick.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::Hasher;

use siphasher::sip::SipHasher13;
use siphasher::sip128::{Hasher128, SipHasher13 as SipHasher128};

/// The most keys that are asked for at once, and that a worker remembers between two ticks.
pub const MOST_KEYS: usize = 512;

/// A key as all proxies and the quota service know it.
pub type Fingerprint = [u8; 16];

/// The fingerprint of a key. All proxies must agree on it, so it is no secret.
#[must_use]
pub fn fingerprint(key: &[u8]) -> Fingerprint {
    let mut hasher = SipHasher128::new_with_key(b"holdfast.quota.1");
    hasher.write(key);
    hasher.finish128().as_u128().to_be_bytes()
}

/// A rule's name in few bits, for what is shared between configurations.
#[must_use]
pub fn tag(rule: &str) -> u64 {
    let mut hasher = SipHasher13::new_with_key(b"holdfast.quota.1");
    hasher.write(rule.as_bytes());
    hasher.finish()
}

/// Which tokens are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Bucket {
    /// [`tag`] of the rule.
    pub rule: u64,
    /// Of the key.
    pub key: Fingerprint,
}

/// How many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wish {
    /// Requests that came.
    pub wanted: u32,
    /// Of these, those that the floor let pass.
    pub spent: u32,
}

impl Wish {
    /// Both wishes.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self {
            wanted: self.wanted.saturating_add(other.wanted),
            spent: self.spent.saturating_add(other.spent),
        }
    }
}

/// The wishes of one worker.
#[derive(Debug, Default)]
pub struct Demand(RefCell<HashMap<Bucket, Wish>>);

impl Demand {
    /// Adds a wish. False if there are too many keys to remember one more: it will not be asked for.
    pub fn add(&self, bucket: Bucket, wish: Wish) -> bool {
        let Ok(mut wishes) = self.0.try_borrow_mut() else {
            return false;
        };
        if wishes.len() >= MOST_KEYS && !wishes.contains_key(&bucket) {
            return false;
        }
        let held = wishes.entry(bucket).or_default();
        *held = held.and(wish);
        true
    }

    /// All wishes since this was last asked.
    pub fn take(&self) -> Vec<(Bucket, Wish)> {
        let taken = self.0.try_borrow_mut();
        taken
            .map(|mut wishes| wishes.drain().collect())
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: Wish = Wish { wanted: 1, spent: 0 };

    #[test]
    fn wishes_for_the_same_key_add_up() {
        let (demand, bucket) = (
            Demand::default(),
            Bucket {
                rule: 1,
                key: [7; 16],
            },
        );
        assert!(demand.add(bucket, ONE) && demand.add(bucket, Wish { wanted: 2, spent: 2 }));
        assert_eq!(demand.take(), [(bucket, Wish { wanted: 3, spent: 2 })]);
        assert_eq!(demand.take(), []);
    }

    #[test]
    fn the_number_of_keys_is_bounded_and_known_ones_still_count() {
        let demand = Demand::default();
        let bucket = |i: usize| Bucket {
            rule: 1,
            key: fingerprint(&i.to_le_bytes()),
        };
        assert!((0..MOST_KEYS).all(|i| demand.add(bucket(i), ONE)));
        assert!(!demand.add(bucket(MOST_KEYS), ONE));
        assert!(demand.add(bucket(0), ONE));
        assert_eq!(demand.take().len(), MOST_KEYS);
    }

    #[test]
    fn a_fingerprint_is_the_same_for_ever() {
        // Another one would make proxies of two versions lease from different buckets.
        assert_eq!(hex(fingerprint(b"holdfast")), "7dde950ab236cbf8205d3840e8b8212a");
        assert_ne!(fingerprint(b"a"), fingerprint(b"b"));
    }

    fn hex(key: Fingerprint) -> String {
        key.iter().map(|b| format!("{b:02x}")).collect()
    }
}
