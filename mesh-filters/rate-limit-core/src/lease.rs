//! Rules of scope `cluster`: tokens that a proxy has leased from the quota service, and what it does without.
//!
//! A lease is a number of tokens that are the proxy's until a time. It lives in the [`table`](crate::table) beside the
//! buckets, as one number that only grows: the high bits tell until when, the low bits how many tokens are gone.
//! A key has two leases, so that what an answer brings does not prolong the life of what is left of the one before.
//!
//! While no lease is valid, not even an empty one, the service has not answered: then the rule's *floor* decides, a
//! bucket of this proxy alone. What the floor gave is told to the service, which takes it from the common bucket.

pub mod board;
pub mod broker;
pub mod demand;
pub mod wire;

use crate::gcra::{Limit, Source, Verdict};

/// Bits that count tokens. As a time they are 4 ms, by which a lease may end early.
const COUNTER: u64 = (1 << 22) - 1;
/// The most tokens that one lease can hold.
pub const MOST_TOKENS: u32 = COUNTER as u32;

/// An answer that ends this much sooner than what is there did not come late: limits have become faster since, and a
/// lease of a slow limit lasts as long as one of its tokens takes.
const OUTLIVED: u64 = 2_000_000_000;

/// Tokens until a time, in one number. 0 is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lease(pub u64);

impl Lease {
    /// This many tokens, at most [`MOST_TOKENS`], until `expiry` (nanoseconds).
    #[must_use]
    pub fn new(tokens: u32, expiry: u64) -> Self {
        Self(expiry & !COUNTER | (COUNTER - u64::from(tokens.min(MOST_TOKENS))))
    }

    /// Whether it still holds at `now`. One without tokens may: then the answer was that there are none.
    #[must_use]
    pub const fn is_valid(self, now: u64) -> bool {
        self.expiry() > now
    }

    /// When it ends.
    #[must_use]
    pub const fn expiry(self) -> u64 {
        self.0 & !COUNTER
    }

    /// What is left of it.
    #[must_use]
    pub const fn tokens(self) -> u32 {
        // 22 bits.
        (COUNTER - (self.0 & COUNTER)) as u32
    }
}

/// What a proxy has of a key of a rule of scope `cluster`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holding {
    /// The two leases, in any order.
    pub leases: [Lease; 2],
    /// TAT of the floor's bucket.
    pub floor: u64,
}

/// Which part of a [`Holding`] a verdict is about: an offset to the key's id in the table.
pub type Kind = u64;

impl Holding {
    /// Ids of the leases, after that of the bucket.
    pub const LEASES: [Kind; 2] = [1, 2];

    /// What it says to one request at `now`, and which part of it the verdict's TAT belongs to.
    #[must_use]
    pub fn check(&self, limit: &Limit, floor: &Limit, now: u64) -> (Kind, Verdict) {
        let valid = || {
            Self::LEASES
                .into_iter()
                .zip(self.leases)
                .filter(|(_, lease)| lease.is_valid(now))
        };
        let tokens: u64 = valid().map(|(_, lease)| u64::from(lease.tokens())).sum();
        // What ends first is used first.
        if let Some((kind, lease)) = valid()
            .filter(|(_, lease)| lease.tokens() > 0)
            .min_by_key(|(_, lease)| *lease)
        {
            let verdict = Verdict {
                allowed: true,
                remaining: tokens - 1,
                wait: 0,
                reset: lease.expiry() - now,
                tat: lease.0 + 1,
                lowered: false,
                source: Source::Lease,
            };
            return (kind, verdict);
        }
        if valid().next().is_some() {
            let verdict = Verdict {
                allowed: false,
                remaining: 0,
                wait: limit.interval(),
                reset: limit.interval(),
                tat: 0,
                lowered: false,
                source: Source::Lease,
            };
            return (0, verdict);
        }
        let verdict = floor.check(self.floor, now);
        (
            0,
            Verdict {
                source: Source::Floor,
                ..verdict
            },
        )
    }

    /// Where a lease goes: in place of one that a slower limit has left, else of the one that ends first. Nowhere if it is
    /// over already, is older than what is there, or would only say that there is nothing while something is left.
    #[must_use]
    pub fn place(&self, lease: Lease, now: u64) -> Option<Kind> {
        let [first, second] = self.leases;
        let [one, other] = Self::LEASES;
        let outlives = |held: Lease| held.expiry() > lease.expiry().saturating_add(OUTLIVED);
        if lease.is_valid(now) && (outlives(first) || outlives(second)) {
            return Some(if outlives(first) { one } else { other });
        }
        let has_tokens = self
            .leases
            .iter()
            .any(|held| held.is_valid(now) && held.tokens() > 0);
        let is_news = lease.is_valid(now) && lease > first.min(second) && (lease.tokens() > 0 || !has_tokens);
        is_news.then_some(if first <= second { one } else { other })
    }

    /// The number of this kind.
    #[must_use]
    pub fn number(&self, kind: Kind) -> u64 {
        let lease = Self::LEASES.iter().position(|lease| *lease == kind);
        lease
            .and_then(|at| self.leases.get(at))
            .map_or(self.floor, |lease| lease.0)
    }

    /// Tokens that will still be there at `then`, once the next lease has taken its place.
    #[must_use]
    pub fn stock(&self, then: u64) -> u32 {
        let [first, second] = self.leases;
        let newest = first.max(second);
        if newest.is_valid(then) { newest.tokens() } else { 0 }
    }
}

#[cfg(test)]
mod tests;
