//! Copies in memory that all workers share: a fixed number of slots, in sets of a few ways.
//!
//! Each set has a short **index** that tells for each way which copy it holds and since when; the copies
//! themselves are one value per slot. A writer first takes a way by compare-and-swap of the index, then writes
//! the slot. A reader takes the index as a hint and the slot as the truth: a slot carries its full key, so
//! what a race leaves behind is a miss, never another's copy.
//!
//! The sets are divided into parts: a copy only ever makes room in its own.
//!
//! Memory is at most `parts` × `entries` × (`max_body_bytes` + 8 KiB of fields + 2 KiB of key) + 24 bytes of index each.
//! The host cannot delete a key; a table that shrinks blanks the slots that it gives up.

use crate::config::MAX_ENTRIES;
use crate::entry::Entry;
use crate::host::Shared;
use crate::key::{Key, Resource};
use crate::policy::CLOCK_TOLERANCE_MS;

/// Copies that compete for the same place; also how many variants of a resource are kept.
const WAYS: u32 = 8;
/// Lost races after which a copy is not stored, or not dropped.
const ATTEMPTS: u32 = 8;
const WAY_BYTES: usize = 24;

/// What became of a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is stored.
    Stored {
        /// A live copy of something else made room.
        evicted: bool,
    },
    /// There is a newer one already.
    Older,
    /// Too many races were lost, or the entry cannot be encoded.
    Contended,
}

/// The layout of the table. All its content is in shared memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    prefix: Vec<u8>,
    parts: u32,
    /// Of each part.
    sets: u32,
    ways: u32,
    /// Milliseconds after which no rule would use a copy any more.
    live_ms: u64,
}

/// One line of an index. `since_ms` 0 is an empty way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Way {
    fingerprint: u64,
    resource: u64,
    since_ms: u64,
}

impl Way {
    /// Whether it has a copy that came by then. One from the future can never be used: the clock has stepped back.
    fn holds(&self, until_ms: u64) -> bool {
        (1..=until_ms).contains(&self.since_ms)
    }
}

impl Table {
    /// `namespace` keeps the tables of several plugins in one proxy apart; `entries` is the size of each of the `parts`;
    /// `max_age` in seconds.
    pub fn new(namespace: &[u8], parts: u32, entries: u32, max_age: u32) -> Self {
        let ways = entries.clamp(1, WAYS);
        let prefix = [b"holdfast/fallback/", namespace, b"/"].concat();
        Self {
            prefix,
            parts: parts.max(1),
            sets: entries.checked_div(ways).unwrap_or(1).max(1),
            ways,
            live_ms: u64::from(max_age).saturating_mul(1000),
        }
    }

    /// The copy under this key, whatever its age.
    pub fn find(&self, shared: &impl Shared, key: &Key) -> Option<Entry> {
        let set = self.set(key.part, key.resource);
        let (ways, _) = self.index(shared, set);
        let at = ways
            .iter()
            .position(|way| way.since_ms != 0 && way.fingerprint == key.fingerprint)?;
        let (bytes, _) = shared.get(&self.slot_name(set, at))?;
        Entry::decode(&bytes, &key.bytes)
    }

    /// Keeps a copy, in place of the same key's, in a free way, or of the oldest in its set. A copy that is later than
    /// the wall clock `now_ms` leaves its way free; the clock is read only if one is later than `entry`.
    pub fn store(&self, shared: &impl Shared, key: &Key, entry: &Entry, now_ms: impl Fn() -> u64) -> Outcome {
        let Some(bytes) = entry.encode(&key.bytes) else {
            return Outcome::Contended;
        };
        let set = self.set(key.part, key.resource);
        let since_ms = entry.terms.received_ms.max(1);
        let taken = Way {
            fingerprint: key.fingerprint,
            resource: key.resource,
            since_ms,
        };
        for _ in 0..ATTEMPTS {
            let (mut ways, version) = self.index(shared, set);
            let until_ms = horizon(&ways, since_ms, &now_ms);
            let Some((at, way)) = choose(&mut ways, key.fingerprint, until_ms) else {
                return Outcome::Contended;
            };
            let live = way.holds(until_ms);
            let same = live && way.fingerprint == key.fingerprint;
            if same && way.since_ms > since_ms {
                return Outcome::Older;
            }
            let evicted = live && !same && since_ms.saturating_sub(way.since_ms) <= self.live_ms;
            *way = taken;
            if shared.swap(&self.index_name(set), &encode(&ways), version) {
                shared.put(&self.slot_name(set, at), &bytes);
                return Outcome::Stored { evicted };
            }
        }
        Outcome::Contended
    }

    /// Drops all copies of a resource and returns how many; `None` when too many races were lost, and they are still there.
    pub(crate) fn forget(&self, shared: &impl Shared, resource: &Resource) -> Option<u32> {
        let (part, resource) = (resource.part(), resource.hash());
        let set = self.set(part, resource);
        for _ in 0..ATTEMPTS {
            let (mut ways, version) = self.index(shared, set);
            let mut dropped = 0_u32;
            for way in ways
                .iter_mut()
                .filter(|way| way.since_ms != 0 && way.resource == resource)
            {
                *way = Way::default();
                dropped = dropped.saturating_add(1);
            }
            if dropped == 0 || shared.swap(&self.index_name(set), &encode(&ways), version) {
                return Some(dropped);
            }
        }
        None
    }

    /// Gives back what a larger table of the same namespace has used. Safe to repeat.
    pub fn shrink(&self, shared: &impl Shared) {
        let name = [self.prefix.as_slice(), b"slots"].concat();
        let slots = self.parts.saturating_mul(self.sets).saturating_mul(self.ways);
        let before = shared
            .get(&name)
            .and_then(|(bytes, _)| Some(u32::from_be_bytes(bytes.try_into().ok()?)));
        // An untrusted number: no table was ever larger than the configuration allows.
        for slot in slots..before.unwrap_or(0).min(MAX_ENTRIES) {
            shared.put(&self.name(b'b', slot), &[]);
        }
        if before != Some(slots) {
            shared.put(&name, &slots.to_be_bytes());
        }
    }

    fn set(&self, part: u32, resource: u64) -> u32 {
        let set = resource.checked_rem(self.sets.into()).unwrap_or(0);
        let first = part.saturating_mul(self.sets);
        first.saturating_add(u32::try_from(set).unwrap_or(0))
    }

    /// The ways of a set and the version to swap against. An index of another layout is an empty one.
    fn index<S: Shared>(&self, shared: &S, set: u32) -> (Vec<Way>, Option<S::Version>) {
        let found = shared.get(&self.index_name(set));
        let version = found.as_ref().map(|(_, version)| *version);
        let ways = found.map(|(bytes, _)| decode(&bytes)).unwrap_or_default();
        let expected = usize::try_from(self.ways).unwrap_or(0);
        match ways.len() == expected {
            true => (ways, version),
            false => (vec![Way::default(); expected], version),
        }
    }

    fn index_name(&self, set: u32) -> Vec<u8> {
        self.name(b'i', set)
    }

    fn slot_name(&self, set: u32, way: usize) -> Vec<u8> {
        let way = u32::try_from(way).unwrap_or(0);
        self.name(b'b', set.saturating_mul(self.ways).saturating_add(way))
    }

    fn name(&self, kind: u8, number: u32) -> Vec<u8> {
        let mut name = Vec::with_capacity(self.prefix.len().saturating_add(12));
        name.extend_from_slice(&self.prefix);
        name.push(kind);
        name.extend_from_slice(number.to_string().as_bytes());
        name
    }
}

/// The latest time at which a copy can have come, when one has come at `since_ms`.
fn horizon(ways: &[Way], since_ms: u64, now_ms: impl Fn() -> u64) -> u64 {
    let later = since_ms.saturating_add(CLOCK_TOLERANCE_MS);
    match ways.iter().all(|way| way.since_ms <= later) {
        true => later,
        false => later.max(now_ms().saturating_add(CLOCK_TOLERANCE_MS)),
    }
}

/// The way of the same copy, else one that holds none, else the oldest.
fn choose(ways: &mut [Way], fingerprint: u64, until_ms: u64) -> Option<(usize, &mut Way)> {
    let rank = |way: &Way| match (
        way.since_ms != 0 && way.fingerprint == fingerprint,
        way.holds(until_ms),
    ) {
        (true, _) => 0,
        (false, false) => 1,
        (false, true) => way.since_ms.saturating_add(1),
    };
    ways.iter_mut().enumerate().min_by_key(|(_, way)| rank(way))
}

fn encode(ways: &[Way]) -> Vec<u8> {
    let fields = |way: &Way| [way.fingerprint, way.resource, way.since_ms];
    ways.iter().flat_map(fields).flat_map(u64::to_be_bytes).collect()
}

fn decode(bytes: &[u8]) -> Vec<Way> {
    let (lines, _) = bytes.as_chunks::<WAY_BYTES>();
    let way = |line: &[u8; WAY_BYTES]| {
        let (numbers, _) = line.as_chunks::<8>();
        let number = |at: usize| numbers.get(at).copied().map_or(0, u64::from_be_bytes);
        Way {
            fingerprint: number(0),
            resource: number(1),
            since_ms: number(2),
        }
    };
    lines.iter().map(way).collect()
}

#[cfg(test)]
mod tests;
