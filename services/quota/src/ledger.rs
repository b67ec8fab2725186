//! The buckets in JetStream, changed by compare-and-swap.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use holdfast_contracts::quota::v1::Bucket;
use holdfast_contracts::subjects::QUOTA_BUCKET;
use holdfast_contracts::{decode, encode};
use holdfast_platform::clock::Clock;
use holdfast_platform::journal::{Append, Error as JournalError, Headers, Journal, Record, Revision};
use holdfast_rate_limit_core::gcra::Limit;
use moka::sync::Cache;
use tokio::time::Instant;

use crate::args::QuotaArgs;
use crate::demand::Want;

/// Tries for one key. Each that fails is a lease of another replica.
const ATTEMPTS: u32 = 8;
/// Keys of one request that are decided on at once.
const AT_ONCE: usize = 64;
/// Buckets whose last state is remembered, so that a lease is one round trip instead of two.
const REMEMBERED: u64 = 65_536;
const SECOND: u64 = 1_000_000_000;

/// What one key is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leased {
    /// The place of its rule in the request.
    pub rule: usize,
    /// The fingerprint.
    pub key: Vec<u8>,
    /// Tokens that were wanted.
    pub wanted: u32,
    /// Tokens that it is given.
    pub tokens: u32,
}

/// Why a key could not be decided on.
#[derive(Debug, thiserror::Error)]
enum Undecided {
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error("other replicas were first {ATTEMPTS} times")]
    Contended,
    #[error("there was no time left")]
    Late,
    #[error("not a bucket: {0}")]
    Unreadable(String),
}

/// A bucket as it was last seen.
#[derive(Clone, Copy, Debug)]
struct Seen {
    revision: Revision,
    /// When it is full, nanoseconds since 1970.
    tat: u64,
}

/// The buckets. Clones are the same.
pub struct Ledger<J, C> {
    journal: J,
    clock: Arc<C>,
    args: QuotaArgs,
    seen: Cache<String, Seen>,
}

impl<J: Clone, C> Clone for Ledger<J, C> {
    fn clone(&self) -> Self {
        Self {
            journal: self.journal.clone(),
            clock: Arc::clone(&self.clock),
            args: self.args,
            seen: self.seen.clone(),
        }
    }
}

impl<J: Journal, C: Clock> Ledger<J, C> {
    /// The buckets that are in this journal.
    pub fn new(journal: J, clock: C, args: QuotaArgs) -> Self {
        Self {
            journal,
            clock: Arc::new(clock),
            args,
            seen: Cache::new(REMEMBERED),
        }
    }

    /// How long what is leased under this limit may be used: long enough for the bucket to earn one token, or slow
    /// limits would lose each token before it is used.
    #[must_use]
    pub fn lease_time(&self, limit: &Limit) -> Duration {
        self.args.lease.max(Duration::from_nanos(limit.interval()))
    }

    /// Leases what it can of all this. Keys that it could not decide on are missing.
    pub async fn lease(&self, wants: Vec<Want>) -> Vec<Leased> {
        let deadline = Instant::now() + self.args.deadline;
        let leases = futures::stream::iter(wants).map(|want| async move {
            let leased = tokio::time::timeout_at(deadline, self.lease_one(&want)).await;
            let leased = leased.unwrap_or(Err(Undecided::Late));
            observe(&leased);
            let Want {
                rule, key, wanted, ..
            } = want;
            leased.ok().map(|tokens| Leased {
                rule,
                key,
                wanted,
                tokens,
            })
        });
        let leases = leases.buffer_unordered(AT_ONCE);
        leases.filter_map(std::future::ready).collect().await
    }

    async fn lease_one(&self, want: &Want) -> Result<u32, Undecided> {
        let subject = format!("$KV.{QUOTA_BUCKET}.{}", want.bucket);
        let mut seen = self.seen.get(&want.bucket);
        for attempt in 0..ATTEMPTS {
            let held = match seen.take() {
                Some(held) => held,
                None => self.read(&subject).await?,
            };
            let now = self.now();
            let handout = want.limit.hand_out(held.tat, now, want.wanted, want.spent);
            if handout.tat.saturating_sub(now) == held.tat.saturating_sub(now) {
                // Nothing was taken, so nothing is to be written.
                return Ok(handout.tokens);
            }
            match self.write(&subject, held.revision, handout.tat, now).await {
                Ok(revision) => {
                    self.seen.insert(
                        want.bucket.clone(),
                        Seen {
                            revision,
                            tat: handout.tat,
                        },
                    );
                    return Ok(handout.tokens);
                }
                Err(JournalError::Conflict { .. }) => {
                    self.seen.invalidate(&want.bucket);
                    metrics::counter!("holdfast_quota_conflicts_total").increment(1);
                    tokio::time::sleep(pause(attempt)).await;
                }
                Err(error) => {
                    // It may have been written all the same.
                    self.seen.invalidate(&want.bucket);
                    return Err(error.into());
                }
            }
        }
        Err(Undecided::Contended)
    }

    async fn read(&self, subject: &str) -> Result<Seen, Undecided> {
        let record = self.journal.last(subject).await?;
        let none = Seen {
            revision: Revision::NONE,
            tat: 0,
        };
        record.map_or(Ok(none), |record| {
            Ok(Seen {
                revision: record.revision,
                tat: tat(&record)?,
            })
        })
    }

    /// A bucket that is full again carries no information: the server forgets it a second later.
    async fn write(
        &self,
        subject: &str,
        expected: Revision,
        tat: u64,
        now: u64,
    ) -> Result<Revision, JournalError> {
        let full_at = pbjson_types::Timestamp {
            // Below 2^63 / 10^9, and below 10^9.
            seconds: (tat / SECOND) as i64,
            nanos: (tat % SECOND) as i32,
        };
        let payload = encode(&Bucket {
            full_at: Some(full_at),
        });
        let payload = payload.map_err(|error| JournalError::Refused {
            detail: error.to_string(),
        })?;
        let seconds = tat.saturating_sub(now).div_ceil(SECOND) + 1;
        let append = Append {
            subject: subject.to_owned(),
            expected,
            message_id: String::new(),
            headers: Headers::from([("Nats-TTL".to_owned(), format!("{seconds}s"))]),
            payload: payload.into(),
        };
        self.journal.append(append).await
    }

    fn now(&self) -> u64 {
        u64::try_from(self.clock.now().as_nanosecond()).unwrap_or_default()
    }
}

/// An empty value is the server's word that the bucket has aged out, or an operator's that it may start afresh.
fn tat(record: &Record) -> Result<u64, Undecided> {
    if record.payload.is_empty() {
        return Ok(0);
    }
    let bucket: Bucket = decode(&record.payload).map_err(|error| Undecided::Unreadable(error.to_string()))?;
    let full_at = bucket.full_at.unwrap_or_default();
    let seconds = u64::try_from(full_at.seconds).unwrap_or_default();
    let nanos = u64::try_from(full_at.nanos).unwrap_or_default();
    Ok(seconds.saturating_mul(SECOND).saturating_add(nanos))
}

/// Up to a few milliseconds, more with every lost race.
fn pause(attempt: u32) -> Duration {
    let most = Duration::from_millis(1) * (1 << attempt.min(4));
    most.mul_f64(rand::random())
}

fn observe(leased: &Result<u32, Undecided>) {
    let outcome = match leased {
        Ok(0) => "empty",
        Ok(_) => "leased",
        Err(error @ (Undecided::Journal(JournalError::Refused { .. }) | Undecided::Unreadable(_))) => {
            tracing::error!("a key cannot be leased: {error}");
            "refused"
        }
        Err(error) => {
            tracing::debug!("a key was not decided on: {error}");
            "undecided"
        }
    };
    metrics::counter!("holdfast_quota_keys_total", "outcome" => outcome).increment(1);
    if let Ok(tokens) = leased {
        metrics::counter!("holdfast_quota_tokens_total").increment(u64::from(*tokens));
    }
}

#[cfg(test)]
mod tests;
