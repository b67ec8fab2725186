//! One atomic decision for all rules of a request.

mod leasing;

pub use leasing::{Grant, Granted};

use holdfast_filter_abi::{Error as HostError, Expected, Host, Shared, Swap};

use crate::gcra::{Limit, Verdict};
use crate::table::{Bucket, Hot, find, lower, spill};

/// Lost races after which a decision is given up. Each lost race is a decision of another worker, so even
/// with every worker of a large proxy at it this many in a row do not happen.
const ATTEMPTS: u32 = 64;

/// Why no decision was possible.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The proxy failed.
    #[error("the proxy failed: {0}")]
    Host(#[from] HostError),
    /// Other workers were first, every time.
    #[error("other workers were first {ATTEMPTS} times in a row")]
    Contended,
}

/// One rule that applies to a request, and the key of its bucket.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    /// The rule's name, the first half of the bucket's identity.
    pub rule: &'a str,
    /// The key, the second half.
    pub key: &'a [u8],
    /// What the bucket allows.
    pub limit: Limit,
    /// Of a rule of scope `cluster`, where the bucket is the whole cluster's and this proxy has leases of it: what this
    /// proxy allows when it has none. The key is then a fingerprint.
    pub floor: Option<Limit>,
    /// Whether the rule's refusal refuses the request; else it is only counted.
    pub enforced: bool,
}

/// What was decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Each rule's own verdict, in the order asked.
    pub verdicts: Vec<Verdict>,
    /// May the request pass? If not, no bucket gave a token.
    pub allowed: bool,
    /// When it was decided: nanoseconds of the proxy's monotonic clock.
    pub now: u64,
    /// Buckets that still counted and had to go: their clients start afresh.
    pub evicted: u32,
    /// Races lost on the way.
    pub lost_races: u32,
}

/// The key of a plugin's hot set, and the first part of the keys of whatever else it shares.
#[must_use]
pub fn shared_key(plugin: &str) -> Vec<u8> {
    format!("holdfast.rate-limit/{plugin}/").into_bytes()
}

/// Decides on the buckets of one plugin, together with all other workers.
#[derive(Debug)]
pub struct Limiter {
    hot_key: Vec<u8>,
    slots: u32,
}

impl Limiter {
    /// A limiter on the table of this plugin, which has `slots` buckets unless it exists already.
    #[must_use]
    pub fn new(plugin: &str, slots: u32) -> Self {
        Self {
            hot_key: shared_key(plugin),
            slots,
        }
    }

    /// Takes one token from the bucket of every rule, or from none if an enforced one refuses. A rule that
    /// is not enforced and refuses gives no token and hinders nobody.
    ///
    /// # Errors
    /// See [`Error`]. Nothing was taken then.
    pub fn decide(&self, host: &impl Host, asks: &[Ask<'_>]) -> Result<Decision, Error> {
        let clock = host.monotonic()?;
        let mut evicted = 0;
        for lost_races in 0..ATTEMPTS {
            let (mut hot, expected) = self.load(host)?;
            hot.now = hot.now.max(clock);
            let buckets = self.judge(host, &hot, asks)?;
            let verdicts: Vec<Verdict> = buckets.iter().map(|(_, verdict)| *verdict).collect();
            let allowed = asks
                .iter()
                .zip(&verdicts)
                .all(|(ask, verdict)| verdict.allowed || !ask.enforced);
            let now = hot.now;
            let kept = kept(&buckets, allowed);
            let unchanged = !allowed && kept.is_empty();
            if unchanged || self.commit(host, hot, expected, &kept, &mut evicted)? == Swap::Stored {
                return Ok(Decision {
                    verdicts,
                    allowed,
                    now,
                    evicted,
                    lost_races,
                });
            }
        }
        Err(Error::Contended)
    }

    fn load(&self, host: &impl Host) -> Result<(Hot, Expected), Error> {
        let found = host.shared(&self.hot_key)?;
        let expected = found
            .as_ref()
            .map_or(Expected::Absent, |s| Expected::Version(s.version));
        match found.and_then(|s| Hot::decode(&s.value)) {
            Some(hot) => Ok((hot, expected)),
            None => Ok((Hot::new(self.slots, host.random()?), expected)),
        }
    }

    fn judge(&self, host: &impl Host, hot: &Hot, asks: &[Ask<'_>]) -> Result<Vec<(u64, Verdict)>, Error> {
        asks.iter()
            .map(|ask| {
                let id = hot.id(ask.rule, ask.key);
                let Some(floor) = ask.floor else {
                    let [tat] = self.tats(host, hot, [id])?;
                    return Ok((id, ask.limit.check(tat, hot.now)));
                };
                let (kind, verdict) = self.holding(host, hot, id)?.check(&ask.limit, &floor, hot.now);
                Ok((id + kind, verdict))
            })
            .collect()
    }

    /// The numbers under these ids, which differ in their kind only; 0 where there is none.
    fn tats<const N: usize>(&self, host: &impl Host, hot: &Hot, ids: [u64; N]) -> Result<[u64; N], Error> {
        let found = ids.map(|id| hot.tat(id));
        let page = match (ids.first(), found.contains(&None)) {
            (Some(id), true) => self.page(host, hot, *id)?.map(|page| page.value),
            _ => None,
        };
        let mut tats = [0; N];
        for ((tat, id), found) in tats.iter_mut().zip(ids).zip(found) {
            *tat = found.or_else(|| find(page.as_deref()?, id)).unwrap_or_default();
        }
        Ok(tats)
    }

    fn commit(
        &self,
        host: &impl Host,
        mut hot: Hot,
        expected: Expected,
        kept: &[Kept],
        evicted: &mut u32,
    ) -> Result<Swap, Error> {
        for Kept { bucket, .. } in kept.iter().filter(|kept| kept.lowered) {
            self.lower(host, &hot, *bucket)?;
        }
        let buckets: Vec<Bucket> = kept.iter().map(|kept| kept.bucket).collect();
        self.keep(host, &mut hot, expected, &buckets, evicted)
    }

    /// Lowers the copy in the bucket's page, which would else come back when the bucket spills.
    fn lower(&self, host: &impl Host, hot: &Hot, bucket: Bucket) -> Result<(), Error> {
        for _ in 0..ATTEMPTS {
            let Some(page) = self.page(host, hot, bucket.id)? else {
                return Ok(());
            };
            let Some(next) = lower(&page.value, bucket) else {
                return Ok(());
            };
            let expected = Expected::Version(page.version);
            if host.store(&self.page_key(hot, bucket.id), &next, expected)? == Swap::Stored {
                return Ok(());
            }
        }
        Err(Error::Contended)
    }

    /// What spills is in its page before the hot set lets go of it, so no worker can miss it in both.
    fn keep(
        &self,
        host: &impl Host,
        hot: &mut Hot,
        expected: Expected,
        buckets: &[Bucket],
        evicted: &mut u32,
    ) -> Result<Swap, Error> {
        for bucket in hot.put(buckets) {
            *evicted += u32::from(self.spill(host, hot, bucket)?);
        }
        Ok(host.store(&self.hot_key, &hot.encode(), expected)?)
    }

    /// Whether a bucket that still counts had to go.
    fn spill(&self, host: &impl Host, hot: &Hot, bucket: Bucket) -> Result<bool, Error> {
        for _ in 0..ATTEMPTS {
            let page = self.page(host, hot, bucket.id)?;
            let (value, expected) = page.map_or((Vec::new(), Expected::Absent), |s| {
                (s.value, Expected::Version(s.version))
            });
            let (next, evicted) = spill(&value, bucket, hot.now);
            if host.store(&self.page_key(hot, bucket.id), &next, expected)? == Swap::Stored {
                return Ok(evicted.is_some());
            }
        }
        Err(Error::Contended)
    }

    fn page(&self, host: &impl Host, hot: &Hot, id: u64) -> Result<Option<Shared>, Error> {
        Ok(host.shared(&self.page_key(hot, id))?)
    }

    fn page_key(&self, hot: &Hot, id: u64) -> Vec<u8> {
        let mut key = Vec::with_capacity(self.hot_key.len() + 4);
        key.extend(&self.hot_key);
        key.extend(hot.page(id).to_le_bytes());
        key
    }
}

/// A bucket that is to have a new TAT.
struct Kept {
    bucket: Bucket,
    /// It is an earlier one.
    lowered: bool,
}

/// What a decision leaves behind: the tokens that were taken, if it was to let the request pass, and whatever a relaxed
/// limit has lowered.
fn kept(buckets: &[(u64, Verdict)], allowed: bool) -> Vec<Kept> {
    let kept = buckets.iter().filter(|(_, v)| v.lowered || allowed && v.allowed);
    kept.map(|(id, verdict)| Kept {
        bucket: Bucket {
            id: *id,
            tat: verdict.tat,
        },
        lowered: verdict.lowered,
    })
    .collect()
}

#[cfg(test)]
mod tests;
