//! The single writer of a shard's log: decides in memory, appends in groups, is fenced.
//!
//! One log message holds the decisions of many commands, and is appended with the revision of the message
//! before it as expectation. That expectation is the fencing token: of two writers that believe to be the
//! one, at most one can append after any given message, and the other one learns that it is superseded.
//!
//! The writer takes order commits in the order of their stream, without a gap. It remembers up to which
//! sequence all is decided and writes that into every log message, so a commit is decided once however often
//! it is delivered, and no set of ids has to be kept. If a delivery leaves a gap, the commits in between died
//! in a predecessor's hands; they are read from the stream and decided first.
//!
//! There is no clock, timer or task in here: the simulation runs this very code.

mod outcome;

use holdfast_inventory_core::{Command, Receipt, decide, evolve};
use holdfast_platform::clock::Clock;
use holdfast_platform::journal::{Append, Journal, Record, Revision, Scan};

use crate::codec::{self, Batch, Cause, Entry};
use crate::ledger::{self, Ledger};
pub use outcome::{Appended, BatchOutcome, Error, Poison, ReceiptOutcome};

/// A log message is closed when it is estimated to be this large, half of what a NATS server takes by default.
const MAX_BATCH_BYTES: usize = 256 * 1024;
/// How many commits of a gap are read at once.
const GAP_PAGE: usize = 500;

/// The streams and the clock of a writer.
#[derive(Clone)]
pub struct Ports<J, O, C> {
    /// Stream `INVENTORY`.
    pub inventory: J,
    /// Stream `ORDERS`.
    pub orders: O,
    /// Stamps the log messages.
    pub clock: C,
}

/// The writer of one shard. Many may exist; one at a time can append.
pub struct Writer<J, O, C> {
    ports: Ports<J, O, C>,
    subject: String,
    ledger: Ledger,
    /// Up to here all commits are decided, those after `ledger.orders_sequence` without a command for the stock.
    position: Revision,
    /// Decided and applied to the ledger, but not appended yet.
    pending: Vec<Entry>,
    pending_bytes: usize,
    spent: bool,
}

impl<J: Journal + Scan, O: Scan, C: Clock> Writer<J, O, C> {
    /// A writer that knows everything that is in the log of `shard` now. `base` is a head start, for instance
    /// from a snapshot.
    ///
    /// # Errors
    /// [`Error::Ledger`] if the log cannot be reached or read, or `base` is not from this log.
    pub async fn recover(ports: Ports<J, O, C>, shard: u32, base: Ledger) -> Result<Self, Error> {
        let subject = holdfast_contracts::subjects::inventory_log(shard);
        let (ledger, _) = base.catch_up(&ports.inventory, &subject).await?;
        let position = Revision(ledger.orders_sequence);
        Ok(Self {
            ports,
            subject,
            ledger,
            position,
            pending: Vec::new(),
            pending_bytes: 0,
            spent: false,
        })
    }

    /// The stock as this writer knows it. Meaningless after an error.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Up to here all order commits are decided: redeliveries of them may be acknowledged unseen.
    #[must_use]
    pub fn position(&self) -> Revision {
        self.position
    }

    /// Decides what `commits` of `ORDERS` (ascending; older ones are passed over) and `receipts` ask for, and
    /// appends the decisions. Returns when all of it is stored.
    ///
    /// # Errors
    /// [`Error`]; also if the future is dropped, the writer is spent.
    pub async fn decide_batch(
        &mut self,
        commits: Vec<&Record>,
        receipts: Vec<Receipt>,
    ) -> Result<BatchOutcome, Error> {
        if std::mem::replace(&mut self.spent, true) {
            return Err(Error::Spent);
        }
        let mut outcome = BatchOutcome::default();
        for commit in commits {
            self.take(commit, &mut outcome).await?;
        }
        for receipt in receipts {
            let answer = self.receive(receipt)?;
            outcome.receipts.push(answer);
            self.append_if_large(&mut outcome).await?;
        }
        self.append(&mut outcome).await?;
        self.spent = false;
        Ok(outcome)
    }

    async fn take(&mut self, commit: &Record, outcome: &mut BatchOutcome) -> Result<(), Error> {
        if commit.revision <= self.position {
            outcome.repeated += 1;
            return Ok(());
        }
        if commit.revision.0 > self.position.0 + 1 {
            self.fill_gap(commit.revision, outcome).await?;
        }
        self.decide_commit(commit, outcome)?;
        self.append_if_large(outcome).await
    }

    /// Decides the commits between the position and `until`, which was delivered and is decided by the caller.
    async fn fill_gap(&mut self, until: Revision, outcome: &mut BatchOutcome) -> Result<(), Error> {
        loop {
            let page = self
                .ports
                .orders
                .scan("orders.>", self.position, until, GAP_PAGE)
                .await?;
            for commit in page.iter().take_while(|commit| commit.revision < until) {
                outcome.filled += 1;
                self.decide_commit(commit, outcome)?;
                self.append_if_large(outcome).await?;
            }
            if page.len() < GAP_PAGE || page.last().is_none_or(|commit| commit.revision >= until) {
                return Ok(());
            }
        }
    }

    fn decide_commit(&mut self, commit: &Record, outcome: &mut BatchOutcome) -> Result<(), Error> {
        match codec::commands(commit) {
            Ok((cause, commands)) => {
                commands
                    .into_iter()
                    .try_for_each(|command| self.decide(Some(cause), command))?;
            }
            Err(error) => outcome.poison.push(Poison {
                commit: commit.clone(),
                error,
            }),
        }
        self.position = commit.revision;
        Ok(())
    }

    fn receive(&mut self, receipt: Receipt) -> Result<ReceiptOutcome, Error> {
        let is_known = self.ledger.stock.receipt(&receipt.receipt_id).is_some();
        match decide(&self.ledger.stock, Command::Receive(receipt)) {
            Err(refusal) => Ok(ReceiptOutcome::Refused(refusal)),
            Ok(_) if is_known => Ok(ReceiptOutcome::Repeated),
            Ok(decision) => {
                self.apply(Entry {
                    cause: None,
                    decision,
                })?;
                Ok(ReceiptOutcome::Counted)
            }
        }
    }

    fn decide(&mut self, cause: Option<Cause>, command: Command) -> Result<(), Error> {
        // Only receipts can be refused, and they do not come this way.
        match decide(&self.ledger.stock, command) {
            Ok(decision) => self.apply(Entry { cause, decision }),
            Err(_) => Ok(()),
        }
    }

    /// Later commands must be decided on the outcome of earlier ones, so the ledger runs ahead of the log. If
    /// the append fails the writer is spent and the ledger is thrown away: nothing has to be undone.
    fn apply(&mut self, entry: Entry) -> Result<(), Error> {
        let revision = self.ledger.log_revision;
        evolve(&mut self.ledger.stock, &entry.decision)
            .map_err(|source| ledger::Error::Inconsistent { revision, source })?;
        self.pending_bytes += codec::estimated_size(&entry);
        self.pending.push(entry);
        Ok(())
    }

    async fn append_if_large(&mut self, outcome: &mut BatchOutcome) -> Result<(), Error> {
        if self.pending_bytes < MAX_BATCH_BYTES {
            Ok(())
        } else {
            self.append(outcome).await
        }
    }

    async fn append(&mut self, outcome: &mut BatchOutcome) -> Result<(), Error> {
        if self.pending.is_empty() {
            return Ok(());
        }
        self.pending_bytes = 0;
        let batch = Batch {
            time: self.ports.clock.now(),
            orders_sequence: self.position.0,
            entries: std::mem::take(&mut self.pending),
        };
        let previous = self.ledger.log_revision;
        let message_id = format!("{}.{previous}", self.subject);
        let revision = self
            .ports
            .inventory
            .append(Append {
                subject: self.subject.clone(),
                expected: previous,
                headers: codec::batch_headers(&batch, &self.subject, &message_id),
                message_id,
                payload: codec::encode_batch(&batch)?.into(),
            })
            .await?;
        self.ledger.log_revision = revision;
        self.ledger.orders_sequence = batch.orders_sequence;
        outcome.appended.push(Appended {
            revision,
            previous,
            batch,
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests;
