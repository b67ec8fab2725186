//! Where the buckets live in the proxy's shared data, and in what form.
//!
//! The **hot set** is one shared value with the buckets in use just now. Every decision is one
//! compare-and-swap of it, so any number of buckets changes together or not at all. When it is full, buckets spill to
//! the **pages**: a fixed number of further values, each for the buckets whose id falls on it. A bucket in
//! the hot set overrides its copy in a page, and its TAT only grows, so a stale copy does no harm. It shrinks only when a
//! limit was relaxed: then the copy is [lowered](lower) first. A worker that is just then spilling the old number brings it
//! back, and it is lowered once more when it is met.
//!
//! A bucket that is full again carries no information and is dropped wherever it is met. One that still
//! counts is dropped only from a page full of such buckets, the one nearest to full, and that is told.

use std::hash::Hasher;

use siphasher::sip::SipHasher13;

/// Buckets in the hot set. Few enough that copying them costs little (1 KiB), enough for the keys of some ten milliseconds.
pub const HOT: usize = 64;
/// Buckets in a page. So many that pages fill evenly: none overflows before the table is about half full.
pub const PAGE: usize = 64;
const ENTRY_BYTES: usize = 16;
/// Names the layout; another layout must have another, since the data outlives the module that wrote it.
const MAGIC: [u8; 4] = *b"HFR2";
/// The low bits of an id tell apart what is kept for one rule and key; all of it falls on one page.
const KINDS: u64 = 4;

/// A bucket: what it counts, and until when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bucket {
    /// Keyed hash of the rule's name and the key.
    pub id: u64,
    /// Theoretical arrival time, nanoseconds.
    pub tat: u64,
}

/// The buckets in use just now, and what all workers must agree on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hot {
    /// The latest time at which a token was given: time never goes back, whatever a clock does.
    pub now: u64,
    pages: u32,
    seed: [u8; 16],
    buckets: Vec<Bucket>,
}

impl Hot {
    /// An empty table. Its size stays what it is until the proxy restarts: a configuration push with another
    /// size would else move, and so forget, every bucket. `seed` keeps clients from choosing keys that collide.
    #[must_use]
    pub fn new(slots: u32, seed: [u8; 16]) -> Self {
        let pages = slots.div_ceil(PAGE as u32).max(1);
        Self {
            now: 0,
            pages,
            seed,
            buckets: Vec::new(),
        }
    }

    /// Reads a shared value; `None` if it is none of ours.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (magic, rest) = bytes.split_first_chunk::<4>()?;
        let (pages, rest) = rest.split_first_chunk::<4>()?;
        let (seed, rest) = rest.split_first_chunk::<16>()?;
        let (now, rest) = rest.split_first_chunk::<8>()?;
        let pages = u32::from_le_bytes(*pages);
        let known = *magic == MAGIC && pages > 0 && rest.len() <= HOT * ENTRY_BYTES;
        let buckets = decode_buckets(rest)?;
        known.then_some(Self {
            now: u64::from_le_bytes(*now),
            pages,
            seed: *seed,
            buckets,
        })
    }

    /// The shared value.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(32 + self.buckets.len() * ENTRY_BYTES);
        out.extend(MAGIC);
        out.extend(self.pages.to_le_bytes());
        out.extend(self.seed);
        out.extend(self.now.to_le_bytes());
        encode_buckets(&self.buckets, &mut out);
        out
    }

    /// The id of the bucket for this rule and key, a multiple of four: the three after it are free for what else is
    /// kept for them. The same in every configuration that names the rule alike.
    #[must_use]
    pub fn id(&self, rule: &str, key: &[u8]) -> u64 {
        let mut hasher = SipHasher13::new_with_key(&self.seed);
        hasher.write_usize(rule.len());
        hasher.write(rule.as_bytes());
        hasher.write(key);
        hasher.finish() / KINDS * KINDS
    }

    /// The page to which a bucket spills.
    #[must_use]
    pub fn page(&self, id: u64) -> u32 {
        // The remainder is below `pages`, thus a u32.
        (id / KINDS % u64::from(self.pages)) as u32
    }

    /// The TAT of a bucket, if it is in the hot set.
    #[must_use]
    pub fn tat(&self, id: u64) -> Option<u64> {
        self.buckets.iter().find(|b| b.id == id).map(|b| b.tat)
    }

    /// Puts these buckets in, at [`Self::now`], and returns those that had to go and still count.
    #[must_use]
    pub fn put(&mut self, new: &[Bucket]) -> Vec<Bucket> {
        let now = self.now;
        self.buckets
            .retain(|held| held.tat > now && new.iter().all(|b| b.id != held.id));
        let room = HOT.saturating_sub(new.len());
        let mut spilled = Vec::new();
        while self.buckets.len() > room {
            spilled.extend(take_nearest_to_full(&mut self.buckets));
        }
        self.buckets.extend(new);
        spilled
    }
}

/// A page with one more bucket in it, or a later TAT for one that it holds. The second is a bucket that still
/// counted and found no room.
#[must_use]
pub fn spill(page: &[u8], bucket: Bucket, now: u64) -> (Vec<u8>, Option<Bucket>) {
    let mut buckets = decode_buckets(page).unwrap_or_default();
    let held = buckets.iter().find(|b| b.id == bucket.id).map_or(0, |b| b.tat);
    buckets.retain(|b| b.id != bucket.id && b.tat > now);
    buckets.push(Bucket {
        id: bucket.id,
        tat: bucket.tat.max(held),
    });
    let evicted = if buckets.len() > PAGE {
        take_nearest_to_full(&mut buckets)
    } else {
        None
    };
    let mut out = Vec::with_capacity(buckets.len() * ENTRY_BYTES);
    encode_buckets(&buckets, &mut out);
    (out, evicted)
}

/// The page with a TAT for this bucket that is not later than this one; `None` if it is so already.
#[must_use]
pub fn lower(page: &[u8], bucket: Bucket) -> Option<Vec<u8>> {
    let mut buckets = decode_buckets(page)?;
    let held = buckets
        .iter_mut()
        .find(|held| held.id == bucket.id && held.tat > bucket.tat)?;
    held.tat = bucket.tat;
    let mut out = Vec::with_capacity(page.len());
    encode_buckets(&buckets, &mut out);
    Some(out)
}

/// The TAT of a bucket in a page.
#[must_use]
pub fn find(page: &[u8], id: u64) -> Option<u64> {
    decode_buckets(page)?.iter().find(|b| b.id == id).map(|b| b.tat)
}

fn take_nearest_to_full(buckets: &mut Vec<Bucket>) -> Option<Bucket> {
    let (index, _) = buckets.iter().enumerate().min_by_key(|(_, b)| b.tat)?;
    Some(buckets.swap_remove(index))
}

fn decode_buckets(bytes: &[u8]) -> Option<Vec<Bucket>> {
    let (entries, rest) = bytes.as_chunks::<ENTRY_BYTES>();
    rest.is_empty()
        .then(|| entries.iter().map(decode_bucket).collect())
}

fn decode_bucket(entry: &[u8; ENTRY_BYTES]) -> Bucket {
    // Id in the low half, TAT in the high one: little-endian.
    let both = u128::from_le_bytes(*entry);
    Bucket {
        id: both as u64,
        tat: (both >> 64) as u64,
    }
}

fn encode_buckets(buckets: &[Bucket], out: &mut Vec<u8>) {
    for bucket in buckets {
        out.extend(bucket.id.to_le_bytes());
        out.extend(bucket.tat.to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bucket(id: u64, tat: u64) -> Bucket {
        Bucket { id, tat }
    }

    #[test]
    fn what_is_in_use_survives_the_wire() {
        let mut hot = Hot::new(100, [7; 16]);
        hot.now = 5;
        assert!(hot.put(&[bucket(1, 10), bucket(2, 20)]).is_empty());
        assert_eq!(Hot::decode(&hot.encode()), Some(hot));
    }

    #[test]
    fn a_value_of_somebody_else_is_none_of_ours() {
        assert_eq!(Hot::decode(b""), None);
        assert_eq!(Hot::decode(&[0; 64]), None);
        let mut bytes = Hot::new(1, [0; 16]).encode();
        bytes.push(0);
        assert_eq!(Hot::decode(&bytes), None);
    }

    #[test]
    fn a_full_hot_set_drops_what_is_full_again_before_it_spills_what_counts() {
        let mut hot = Hot::new(1, [0; 16]);
        for id in 0..HOT as u64 {
            assert!(hot.put(&[bucket(id, 100 + id)]).is_empty());
        }
        hot.now = 100;
        assert!(hot.put(&[bucket(1000, 500)]).is_empty());
        assert_eq!(hot.put(&[bucket(1001, 500)]), [bucket(1, 101)]);
        assert_eq!((hot.tat(0), hot.tat(1), hot.tat(2)), (None, None, Some(102)));
    }

    #[test]
    fn a_page_keeps_the_later_time_of_a_bucket() {
        let (page, _) = spill(b"", bucket(1, 50), 0);
        let (page, _) = spill(&page, bucket(1, 40), 0);
        assert_eq!(find(&page, 1), Some(50));
    }

    #[test]
    fn what_is_lowered_in_a_page_is_that_bucket_if_it_is_later() {
        let (page, _) = spill(b"", bucket(1, 50), 0);
        let (page, _) = spill(&page, bucket(2, 60), 0);
        let lowered = lower(&page, bucket(1, 40)).unwrap();
        assert_eq!((find(&lowered, 1), find(&lowered, 2)), (Some(40), Some(60)));
        assert_eq!(lower(&page, bucket(1, 50)), None);
        assert_eq!(lower(&page, bucket(3, 0)), None);
        assert_eq!(lower(b"garbage", bucket(1, 0)), None);
    }

    #[test]
    fn a_page_full_of_what_counts_tells_what_it_loses() {
        let mut page = Vec::new();
        for id in 0..PAGE as u64 {
            let (next, evicted) = spill(&page, bucket(id, 100 + id), 0);
            assert_eq!(evicted, None);
            page = next;
        }
        assert_eq!(spill(&page, bucket(99, 500), 0).1, Some(bucket(0, 100)));
        assert_eq!(spill(&page, bucket(99, 500), 100).1, None);
    }

    #[test]
    fn the_rule_and_the_key_cannot_be_confused() {
        let hot = Hot::new(1, [0; 16]);
        assert_ne!(hot.id("ab", b"c"), hot.id("a", b"bc"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200), id: u64, tat: u64) {
            let _ = Hot::decode(&bytes);
            let (page, _) = spill(&bytes, bucket(id, tat), 3);
            prop_assert!(find(&page, id) >= Some(tat));
        }
    }
}
