//! What became of a batch.

use holdfast_inventory_core::Refusal;
use holdfast_platform::journal::{self, Record, Revision};

use crate::codec::{self, Batch};
use crate::ledger;

/// Why a batch was not decided. After any of these the writer is spent: recover a new one, and hand it what
/// was not acknowledged.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another writer appended: this one is superseded.
    #[error("superseded by another writer of {subject}")]
    Superseded {
        /// The log.
        subject: String,
    },
    /// The journal did not answer: what was being appended may or may not be stored. Retryable.
    #[error(transparent)]
    Journal(journal::Error),
    /// The log cannot be followed.
    #[error(transparent)]
    Ledger(#[from] ledger::Error),
    /// A batch cannot be written. Never seen.
    #[error(transparent)]
    Codec(#[from] codec::Error),
    /// An earlier batch failed.
    #[error("this writer has failed before and must be recovered")]
    Spent,
}

impl From<journal::Error> for Error {
    fn from(error: journal::Error) -> Self {
        match error {
            journal::Error::Conflict { subject, .. } => Self::Superseded { subject },
            other => Self::Journal(other),
        }
    }
}

impl Error {
    /// Whether a recovered writer may succeed without an operator.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Superseded { .. } | Self::Spent => true,
            Self::Journal(error) | Self::Ledger(ledger::Error::Journal(error)) => error.is_retryable(),
            Self::Ledger(_) | Self::Codec(_) => false,
        }
    }
}

/// An order commit that cannot be read. It is passed over, so that it holds up no other order.
#[derive(Debug)]
pub struct Poison {
    /// As it stands in `ORDERS`.
    pub commit: Record,
    /// Why it cannot be read.
    pub error: codec::Error,
}

/// What became of goods that came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReceiptOutcome {
    /// Counted now.
    Counted,
    /// Counted before: the same receipt came again.
    Repeated,
    /// Not counted.
    Refused(Refusal),
}

/// A log message that was appended.
#[derive(Debug)]
pub struct Appended {
    /// Where it stands.
    pub revision: Revision,
    /// The message that it follows.
    pub previous: Revision,
    /// What it says.
    pub batch: Batch,
}

/// What [`Writer::decide_batch`] did. Everything in it is durable: deliveries may be acknowledged.
#[derive(Debug, Default)]
pub struct BatchOutcome {
    /// The log messages, usually one; none if no commit had a command for the stock.
    pub appended: Vec<Appended>,
    /// Commits that were decided before.
    pub repeated: usize,
    /// Commits that were read from the stream because deliveries left them out.
    pub filled: usize,
    /// Commits that cannot be read.
    pub poison: Vec<Poison>,
    /// One for each receipt that was handed in, in that order.
    pub receipts: Vec<ReceiptOutcome>,
}
