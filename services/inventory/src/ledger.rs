//! The stock as of a position in the log.

use holdfast_inventory_core::{Inconsistent, State, evolve};
use holdfast_platform::journal::{self, Journal, Record, Revision, Scan};

use crate::codec::{self, Batch, Entry};
use crate::skip::Skip;

/// How many log messages are read at once.
const PAGE: usize = 500;

/// Why the log cannot be followed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A log message cannot be read.
    #[error("log message {revision} cannot be read: {source}")]
    Unreadable {
        /// Which.
        revision: Revision,
        /// Why.
        #[source]
        source: codec::Error,
    },
    /// A log message contradicts those before it.
    #[error("log message {revision} contradicts the log before it: {source}")]
    Inconsistent {
        /// Which.
        revision: Revision,
        /// How.
        #[source]
        source: Inconsistent,
    },
    /// A log message that was to be skipped can be read, and so it counts.
    #[error("log message {0} was to be skipped, but it can be read")]
    Readable(Revision),
    /// The base is from another log: it claims to be newer than the newest message.
    #[error("the state is as of log message {base}, but the log ends at {end}")]
    Ahead {
        /// What the state claims.
        base: Revision,
        /// What is there.
        end: Revision,
    },
    /// The log cannot be reached.
    #[error(transparent)]
    Journal(#[from] journal::Error),
}

impl Error {
    /// The log message at which an operator has to look.
    #[must_use]
    pub fn revision(&self) -> Option<Revision> {
        match self {
            Self::Unreadable { revision, .. }
            | Self::Inconsistent { revision, .. }
            | Self::Readable(revision) => Some(*revision),
            Self::Ahead { .. } | Self::Journal(_) => None,
        }
    }
}

/// All stock of a shard, as of one message of its log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// The stock.
    pub stock: State,
    /// The last log message in it.
    pub log_revision: Revision,
    /// Stream sequence in `ORDERS` up to which everything is decided in it.
    pub orders_sequence: u64,
    /// Log messages that are passed over.
    pub skip: Skip,
}

impl Ledger {
    /// The empty ledger, which will pass over `skip` on its way through the log.
    #[must_use]
    pub fn skipping(skip: Skip) -> Self {
        Self {
            skip,
            ..Self::default()
        }
    }

    /// Applies the next log message and tells how many decisions it held. A message that is in the ledger
    /// already changes nothing, and is not even read; one that is to be skipped holds none.
    ///
    /// # Errors
    /// [`Error::Unreadable`] or [`Error::Readable`], and the ledger is as before; [`Error::Inconsistent`]: it must be
    /// thrown away.
    pub fn apply(&mut self, record: &Record) -> Result<usize, Error> {
        if record.revision <= self.log_revision {
            return Ok(0);
        }
        let revision = record.revision;
        match (codec::read_batch(record), self.skip.contains(revision)) {
            (Ok(batch), false) => {
                self.apply_batch(revision, &batch)?;
                Ok(batch.entries.len())
            }
            (Err(_), true) => {
                self.log_revision = revision;
                Ok(0)
            }
            (Ok(_), true) => Err(Error::Readable(revision)),
            (Err(source), false) => Err(Error::Unreadable { revision, source }),
        }
    }

    /// Applies the next log message.
    ///
    /// # Errors
    /// [`Error::Inconsistent`]: the ledger must then be thrown away.
    pub fn apply_batch(&mut self, revision: Revision, batch: &Batch) -> Result<(), Error> {
        let mut decisions = batch.entries.iter().map(|Entry { decision, .. }| decision);
        decisions
            .try_for_each(|decision| evolve(&mut self.stock, decision))
            .map_err(|source| Error::Inconsistent { revision, source })?;
        self.log_revision = revision;
        self.orders_sequence = self.orders_sequence.max(batch.orders_sequence);
        Ok(())
    }

    /// Reads what this ledger lacks of the log `subject`, up to its newest message as the leader knows it, and
    /// tells how many decisions that were.
    ///
    /// # Errors
    /// [`Error`] if the log cannot be reached or read, or is not the log of this ledger.
    pub async fn catch_up<J: Journal + Scan>(
        mut self,
        journal: &J,
        subject: &str,
    ) -> Result<(Self, u64), Error> {
        let end = journal
            .last(subject)
            .await?
            .map_or(Revision::NONE, |record| record.revision);
        if end < self.log_revision {
            return Err(Error::Ahead {
                base: self.log_revision,
                end,
            });
        }
        let mut decisions = 0;
        while self.log_revision < end {
            let page = journal.scan(subject, self.log_revision, end, PAGE).await?;
            if page.is_empty() {
                let detail = format!(
                    "{subject} ends at {end}, but nothing follows {}",
                    self.log_revision
                );
                return Err(journal::Error::Unavailable { detail }.into());
            }
            for record in &page {
                decisions += self.apply(record)? as u64;
            }
        }
        Ok((self, decisions))
    }
}
