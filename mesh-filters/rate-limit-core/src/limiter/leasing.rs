//! Leases in the table.

use holdfast_filter_abi::{Host, Swap};

use super::{ATTEMPTS, Error, Kept, Limiter};
use crate::lease::demand::Fingerprint;
use crate::lease::{Holding, Lease};
use crate::table::{Bucket, Hot};

/// Leases that change in one compare-and-swap: few enough to leave most of the hot set to the requests.
const AT_ONCE: usize = 16;

/// A lease for a key of a rule of scope `cluster`.
#[derive(Debug, Clone, Copy)]
pub struct Grant<'a> {
    /// The rule's name.
    pub rule: &'a str,
    /// The key.
    pub key: Fingerprint,
    /// What it is given.
    pub lease: Lease,
}

/// What became of grants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Granted {
    /// Buckets and leases that still counted and had to go.
    pub evicted: u32,
    /// Races lost on the way.
    pub lost_races: u32,
}

impl Limiter {
    /// What this proxy has of the bucket whose id this is.
    pub(super) fn holding(&self, host: &impl Host, hot: &Hot, id: u64) -> Result<Holding, Error> {
        let [one, other] = Holding::LEASES;
        let [floor, one, other] = self.tats(host, hot, [id, id + one, id + other])?;
        Ok(Holding {
            leases: [Lease(one), Lease(other)],
            floor,
        })
    }

    /// The tokens that this proxy will still have of these keys at `then`, whatever it is granted now.
    ///
    /// # Errors
    /// Those of the proxy.
    pub fn stocks(
        &self,
        host: &impl Host,
        keys: &[(&str, Fingerprint)],
        then: u64,
    ) -> Result<Vec<u32>, Error> {
        let (hot, _) = self.load(host)?;
        keys.iter()
            .map(|(rule, key)| Ok(self.holding(host, &hot, hot.id(rule, key))?.stock(then)))
            .collect()
    }

    /// Puts leases in the table. One that is over already, or older than what is there, changes nothing.
    ///
    /// # Errors
    /// See [`Error`]. Some may be in the table all the same.
    pub fn grant(&self, host: &impl Host, grants: &[Grant<'_>]) -> Result<Granted, Error> {
        let mut granted = Granted::default();
        for some in grants.chunks(AT_ONCE) {
            self.grant_some(host, some, &mut granted)?;
        }
        Ok(granted)
    }

    fn grant_some(&self, host: &impl Host, grants: &[Grant<'_>], granted: &mut Granted) -> Result<(), Error> {
        let clock = host.monotonic()?;
        for _ in 0..ATTEMPTS {
            let (mut hot, expected) = self.load(host)?;
            hot.now = hot.now.max(clock);
            let mut kept = Vec::with_capacity(grants.len());
            for grant in grants {
                let id = hot.id(grant.rule, &grant.key);
                let holding = self.holding(host, &hot, id)?;
                kept.extend(holding.place(grant.lease, hot.now).map(|kind| Kept {
                    bucket: Bucket {
                        id: id + kind,
                        tat: grant.lease.0,
                    },
                    lowered: grant.lease.0 < holding.number(kind),
                }));
            }
            if self.commit(host, hot, expected, &kept, &mut granted.evicted)? == Swap::Stored {
                return Ok(());
            }
            granted.lost_races += 1;
        }
        Err(Error::Contended)
    }
}
