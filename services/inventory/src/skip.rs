//! Messages of the log that are passed over, since nobody can read them and an operator has seen that they hold no
//! decision: what stops the stock would stop it for good, as nothing can be deleted from the log.
//!
//! A message that can be read is never skipped: it has been decided on.

use std::collections::BTreeSet;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use holdfast_contracts::subjects;
use holdfast_platform::journal::{self, Revision, Scan};
use holdfast_platform::nats::jittered;

use crate::codec;

/// The variable that names them.
pub const VARIABLE: &str = "HOLDFAST_INVENTORY_SKIP";

/// Stream sequences in `INVENTORY`, as text separated by commas. Clones share them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Skip(Arc<BTreeSet<u64>>);

/// Why messages are not skipped.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The message holds decisions.
    #[error("{VARIABLE}: message {0} can be read, and so it counts; name only what cannot be read")]
    Readable(u64),
    /// There is no such message in the log of the shard.
    #[error("{VARIABLE}: {sequence} is no message of {subject}")]
    NotInLog {
        /// What was named.
        sequence: u64,
        /// The log.
        subject: String,
    },
    /// The log cannot be reached. Retryable.
    #[error(transparent)]
    Journal(#[from] journal::Error),
}

impl Skip {
    /// Whether nothing is skipped.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a message is to be skipped.
    #[must_use]
    pub fn contains(&self, revision: Revision) -> bool {
        self.0.contains(&revision.0)
    }

    /// What is skipped up to a message, ascending.
    pub fn up_to(&self, end: Revision) -> impl Iterator<Item = u64> {
        self.0.range(..=end.0).copied()
    }

    /// Checks that all of it is in the log of `shard` and cannot be read, and says so in the service's log. Waits while
    /// the log cannot be reached.
    ///
    /// # Errors
    /// [`Error::Readable`] or [`Error::NotInLog`], about the first.
    pub async fn check<J: Scan>(&self, log: &J, shard: u32) -> Result<(), Error> {
        let mut failures = 0;
        loop {
            match self.try_check(log, shard).await {
                Err(Error::Journal(error)) => {
                    tracing::warn!(shard, "cannot look at what is to be skipped yet: {error}");
                    tokio::time::sleep(jittered(Duration::from_millis(100), failures)).await;
                    failures += 1;
                }
                checked => return checked,
            }
        }
    }

    async fn try_check<J: Scan>(&self, log: &J, shard: u32) -> Result<(), Error> {
        let subject = subjects::inventory_log(shard);
        for sequence in self.0.iter().copied() {
            let before = Revision(sequence.saturating_sub(1));
            let next = log.first_after(&subject, before).await?;
            let Some(record) = next.filter(|record| record.revision.0 == sequence) else {
                return Err(Error::NotInLog { sequence, subject });
            };
            let Err(reason) = codec::read_batch(&record) else {
                return Err(Error::Readable(sequence));
            };
            tracing::warn!(
                shard,
                sequence,
                "passing over a log message, as {VARIABLE} says: {reason}"
            );
        }
        Ok(())
    }
}

impl FromStr for Skip {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let sequences = text
            .split(',')
            .map(str::trim)
            .filter(|sequence| !sequence.is_empty());
        let sequences = sequences.map(|sequence| match sequence.parse() {
            Ok(number) if number > 0 && sequence.bytes().all(|byte| byte.is_ascii_digit()) => Ok(number),
            _ => Err(format!("{sequence:?} is no stream sequence (a number from 1 on)")),
        });
        Ok(Self(Arc::new(sequences.collect::<Result<_, _>>()?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_are_read_in_any_order_and_none_is_none() {
        let skip: Skip = " 7, 3,7".parse().unwrap();
        assert_eq!(skip.up_to(Revision(9)).collect::<Vec<_>>(), [3, 7]);
        assert_eq!(skip.up_to(Revision(6)).collect::<Vec<_>>(), [3]);
        assert!("".parse::<Skip>().unwrap().is_empty());
    }

    #[test]
    fn what_is_no_sequence_is_refused_by_name() {
        for text in ["0", "+3", "-1", "a", "3;4"] {
            assert!(text.parse::<Skip>().unwrap_err().contains(text), "{text}");
        }
    }
}
