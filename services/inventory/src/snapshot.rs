//! Snapshots: the shortcut through the log.
//!
//! A snapshot is the ledger as of one log message, in as many messages on its own subject as it takes. Nothing
//! depends on it but the time to start: without one, or with one that cannot be read, the whole log is read.

mod parts;

use holdfast_contracts::inventory::v1 as wire;
use holdfast_contracts::subjects;
use holdfast_inventory_core::{Imbalance, Snapshot};
use holdfast_platform::journal::{self, Append, Headers, Journal, Record, Revision, Scan};

use crate::codec;
use crate::ledger::Ledger;
use crate::skip::Skip;

/// How many parts are read at once.
const PAGE: usize = 16;

/// Why there is no snapshot.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The stream cannot be reached, refuses, or another replica is taking a snapshot too.
    #[error(transparent)]
    Journal(#[from] journal::Error),
    /// A part cannot be read.
    #[error("snapshot message {revision}: {source}")]
    Unreadable {
        /// Which.
        revision: Revision,
        /// Why.
        #[source]
        source: codec::Error,
    },
    /// The parts do not fit together.
    #[error("the snapshot that starts at message {0} is not whole")]
    NotWhole(Revision),
    /// Not the messages that this ledger skips were skipped on the way to the snapshot.
    #[error(
        "the snapshot that starts at message {first} has skipped {skipped:?} of the log, and that is not what is to be skipped"
    )]
    OtherSkip {
        /// Where it starts.
        first: Revision,
        /// What was skipped.
        skipped: Vec<u64>,
    },
    /// The parts are whole but what they say cannot be.
    #[error("the snapshot contradicts itself: {0}")]
    Imbalance(#[from] Imbalance),
}

/// What [`store`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored {
    /// Stored in so many parts.
    Parts(usize),
    /// There is one that is as new.
    NotNeeded,
}

/// The newest snapshot of a shard, or the empty ledger. One that cannot be read, or that has skipped other messages of
/// the log than `skip`, is as good as none, after a warning.
///
/// # Errors
/// Only if the stream cannot be reached.
pub async fn load<J: Journal + Scan>(journal: &J, shard: u32, skip: &Skip) -> Result<Ledger, journal::Error> {
    match try_load(journal, &subjects::inventory_snapshot(shard), skip).await {
        Ok(ledger) => Ok(ledger),
        Err(Error::Journal(error)) => Err(error),
        Err(error) => {
            tracing::warn!(shard, "reading the whole log instead: {error}");
            Ok(Ledger::skipping(skip.clone()))
        }
    }
}

async fn try_load<J: Journal + Scan>(journal: &J, subject: &str, skip: &Skip) -> Result<Ledger, Error> {
    let Some(newest) = journal.last(subject).await? else {
        return Ok(Ledger::skipping(skip.clone()));
    };
    let part = read_part(&newest)?;
    let first = first_part_of_newest_whole(&newest, &part);
    if first == newest.revision {
        return assemble(vec![part], first, skip);
    }
    if first == Revision::NONE {
        return Ok(Ledger::skipping(skip.clone()));
    }
    let parts = read_parts(journal, subject, first, newest.revision).await?;
    assemble(parts, first, skip)
}

fn first_part_of_newest_whole(record: &Record, part: &wire::InventorySnapshot) -> Revision {
    match (part.last_part, part.first_sequence) {
        (true, 0) => record.revision,
        (true, first) => Revision(first),
        (false, _) => Revision(part.previous_sequence),
    }
}

async fn read_parts<J: Scan>(
    journal: &J,
    subject: &str,
    first: Revision,
    newest: Revision,
) -> Result<Vec<wire::InventorySnapshot>, Error> {
    let mut parts: Vec<wire::InventorySnapshot> = Vec::new();
    let mut after = Revision(first.0.saturating_sub(1));
    loop {
        let page = journal.scan(subject, after, newest, PAGE).await?;
        let Some(end) = page.last().map(|record| record.revision) else {
            return Err(Error::NotWhole(first));
        };
        for record in &page {
            parts.push(read_part(record)?);
            if parts.last().is_some_and(|part| part.last_part) {
                return Ok(parts);
            }
        }
        after = end;
    }
}

fn read_part(record: &Record) -> Result<wire::InventorySnapshot, Error> {
    holdfast_contracts::decode(&record.payload).map_err(|error| Error::Unreadable {
        revision: record.revision,
        source: error.into(),
    })
}

fn assemble(parts: Vec<wire::InventorySnapshot>, first: Revision, skip: &Skip) -> Result<Ledger, Error> {
    let unreadable = |source| Error::Unreadable {
        revision: first,
        source,
    };
    let log_sequence = parts.first().map(|part| part.log_sequence).unwrap_or_default();
    let orders_sequence = parts.first().map(|part| part.orders_sequence).unwrap_or_default();
    let skipped = parts
        .first()
        .map(|part| part.skipped_sequences.clone())
        .unwrap_or_default();
    if !skip.up_to(Revision(log_sequence)).eq(skipped.iter().copied()) {
        return Err(Error::OtherSkip { first, skipped });
    }
    let mut snapshot = Snapshot::default();
    for (number, part) in (0_u32..).zip(parts) {
        if part.part != number || part.log_sequence != log_sequence {
            return Err(Error::NotWhole(first));
        }
        snapshot
            .stock
            .extend(part.stock.into_iter().map(parts::from_level));
        for reservation in part.reservations {
            snapshot
                .reservations
                .push(parts::from_reservation(reservation).map_err(unreadable)?);
        }
        for receipt in part.receipts {
            snapshot
                .receipts
                .push(codec::from_receipt(receipt).map_err(unreadable)?);
        }
    }
    Ok(Ledger {
        stock: snapshot.restore()?,
        log_revision: Revision(log_sequence),
        orders_sequence,
        skip: skip.clone(),
    })
}

/// Stores a snapshot of the ledger unless there is one that is as new.
///
/// # Errors
/// [`Error::Journal`]; what was stored of it until then never happened.
pub async fn store<J: Journal>(journal: &J, shard: u32, ledger: &Ledger) -> Result<Stored, Error> {
    let subject = subjects::inventory_snapshot(shard);
    let newest = journal.last(&subject).await?;
    let mut expected = newest.as_ref().map_or(Revision::NONE, |record| record.revision);
    let previous = newest
        .as_ref()
        .and_then(|record| Some((record, read_part(record).ok()?)));
    if let Some((_, part)) = &previous
        && part.last_part
        && part.log_sequence >= ledger.log_revision.0
    {
        return Ok(Stored::NotNeeded);
    }
    let previous_whole = previous.map_or(Revision::NONE, |(record, part)| {
        first_part_of_newest_whole(record, &part)
    });
    let parts = parts::split(ledger);
    let count = parts.len();
    let mut first = Revision::NONE;
    for mut part in parts {
        part.previous_sequence = previous_whole.0;
        part.first_sequence = first.0;
        expected = append(journal, &subject, expected, &part).await?;
        if part.part == 0 {
            first = expected;
        }
    }
    Ok(Stored::Parts(count))
}

async fn append<J: Journal>(
    journal: &J,
    subject: &str,
    expected: Revision,
    part: &wire::InventorySnapshot,
) -> Result<Revision, Error> {
    let payload = holdfast_contracts::encode(part).map_err(codec::Error::Encode);
    let payload = payload.map_err(|source| Error::Unreadable {
        revision: expected,
        source,
    })?;
    let append = Append {
        subject: subject.to_owned(),
        expected,
        message_id: format!("{subject}.{expected}"),
        headers: Headers::from([(
            "ce-type".into(),
            holdfast_contracts::events::INVENTORY_SNAPSHOT.into(),
        )]),
        payload: payload.into(),
    };
    Ok(journal.append(append).await?)
}

#[cfg(test)]
mod tests;
