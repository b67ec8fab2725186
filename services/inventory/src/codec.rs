//! Order commits to commands, decisions to log messages and back.

mod wire;

use std::collections::BTreeMap;

use holdfast_contracts::events::{INVENTORY_BATCH, ORDER_COMMIT};
use holdfast_contracts::inventory::v1::InventoryBatch;
use holdfast_contracts::order::v1::{OrderCommand, ReserveInventory, order_command};
use holdfast_contracts::{DecodeError, subjects};
use holdfast_inventory_core::{Command, Decision, Line};
use holdfast_platform::journal::{DeadLetterReason, Headers, Record};
use jiff::Timestamp;
use serde::Deserialize;
use uuid::Uuid;

/// Header of an order commit that names its commands, so that a consumer can pass over commits that do not
/// concern it without reading them.
pub const COMMANDS_HEADER: &str = "Holdfast-Commands";

/// What cannot be read, or, in theory, written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not the canonical JSON of the message.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The commands of a commit are not canonical JSON.
    #[error("not a valid order commit: {0}")]
    Commit(#[source] serde_json::Error),
    /// The message cannot be expressed as JSON.
    #[error("cannot be written as JSON: {0}")]
    Encode(#[source] serde_json::Error),
    /// A field that every message of its kind has.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// Not a UUID.
    #[error("{field} is not a UUID: {source}")]
    Id {
        /// The field.
        field: &'static str,
        /// Why.
        #[source]
        source: uuid::Error,
    },
    /// Not a point in time that can be represented.
    #[error("the time is out of range: {0}")]
    Time(#[source] jiff::Error),
    /// A subject that is not `orders.<user>.<order>`.
    #[error("{0:?} is not the subject of an order")]
    Subject(String),
    /// Another event, or another major version of it.
    #[error("{0}")]
    UnknownEvent(String),
    /// A decision that this version does not know. Not to be skipped: it changed the stock.
    #[error("a decision of an unknown kind")]
    UnknownDecision,
}

impl Error {
    /// Why such a message goes to the dead-letter queue.
    #[must_use]
    pub fn reason(&self) -> DeadLetterReason {
        match self {
            Self::UnknownEvent(_) | Self::UnknownDecision => DeadLetterReason::UnknownSchema,
            _ => DeadLetterReason::Malformed,
        }
    }
}

/// Which commit of which order asked for a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cause {
    /// Whose order.
    pub user_id: Uuid,
    /// Stream sequence of the commit in `ORDERS`.
    pub order_sequence: u64,
}

/// A decision as it stands in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What asked for it; `None` for a receipt of goods.
    pub cause: Option<Cause>,
    /// The decision.
    pub decision: Decision,
}

/// One message of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// When it was decided.
    pub time: Timestamp,
    /// Stream sequence in `ORDERS` up to which everything is decided.
    pub orders_sequence: u64,
    /// The decisions, in order.
    pub entries: Vec<Entry>,
}

#[derive(Deserialize)]
struct CommandsOfCommit {
    commands: Option<Vec<OrderCommand>>,
}

/// The commands for the stock in an order commit, and what asks for them. Events are passed over.
///
/// # Errors
/// If the commit cannot be read.
pub fn commands(commit: &Record) -> Result<(Cause, Vec<Command>), Error> {
    let not_an_order = || Error::Subject(commit.subject.clone());
    commit.is_event(ORDER_COMMIT).map_err(Error::UnknownEvent)?;
    let (user_id, order_id) = subjects::parse_order(&commit.subject).ok_or_else(not_an_order)?;
    let cause = Cause {
        user_id,
        order_sequence: commit.revision.0,
    };
    if !may_concern_stock(&commit.headers) {
        return Ok((cause, Vec::new()));
    }
    let commit: CommandsOfCommit = serde_json::from_slice(&commit.payload).map_err(Error::Commit)?;
    let commands = commit.commands.unwrap_or_default();
    Ok((
        cause,
        commands
            .into_iter()
            .filter_map(|command| stock_command(order_id, command))
            .collect(),
    ))
}

/// Whether the header, if there is one, names a command for the stock: the names of all of them end so.
fn may_concern_stock(headers: &Headers) -> bool {
    let names = |value: &String| value.to_ascii_lowercase().contains("inventory");
    headers.get(COMMANDS_HEADER).is_none_or(names)
}

fn stock_command(order_id: Uuid, command: OrderCommand) -> Option<Command> {
    use order_command::Command as Wire;
    match command.command? {
        Wire::ReserveInventory(ReserveInventory { lines }) => {
            let lines = lines.into_iter().map(|line| Line {
                sku: line.sku,
                quantity: line.quantity,
            });
            Some(Command::Reserve {
                order_id,
                lines: lines.collect(),
            })
        }
        Wire::CommitInventory(_) => Some(Command::Commit { order_id }),
        Wire::ReleaseInventory(_) => Some(Command::Release { order_id }),
        _ => None,
    }
}

/// The payload of a log message.
///
/// # Errors
/// [`Error::Encode`], never seen.
pub fn encode_batch(batch: &Batch) -> Result<Vec<u8>, Error> {
    let message = InventoryBatch {
        time: Some(wire::to_time(batch.time)),
        orders_sequence: batch.orders_sequence,
        decisions: batch.entries.iter().map(wire::to_decision).collect(),
    };
    holdfast_contracts::encode(&message).map_err(Error::Encode)
}

/// Reads a record of the log.
///
/// # Errors
/// If it is no log message of this version, or holds a decision that this version does not know.
pub fn read_batch(record: &Record) -> Result<Batch, Error> {
    record.is_event(INVENTORY_BATCH).map_err(Error::UnknownEvent)?;
    decode_batch(&record.payload)
}

/// Reads a log message.
///
/// # Errors
/// If it is not one, or holds a decision that this version does not know.
pub fn decode_batch(payload: &[u8]) -> Result<Batch, Error> {
    let message: InventoryBatch = holdfast_contracts::decode(payload)?;
    Ok(Batch {
        time: wire::from_time(message.time.ok_or(Error::Missing("time"))?)?,
        orders_sequence: message.orders_sequence,
        entries: message
            .decisions
            .into_iter()
            .map(wire::from_decision)
            .collect::<Result<_, _>>()?,
    })
}

/// CloudEvents attributes of a log message.
#[must_use]
pub fn batch_headers(batch: &Batch, subject: &str, id: &str) -> Headers {
    let attributes = [
        ("ce-specversion", "1.0"),
        ("ce-id", id),
        ("ce-type", INVENTORY_BATCH),
        ("ce-source", "/holdfast/inventory"),
        ("ce-subject", subject),
        ("ce-dataschema", "holdfast.inventory.v1"),
    ];
    let mut headers: BTreeMap<_, _> = attributes
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    headers.insert("ce-time".to_owned(), batch.time.to_string());
    headers
}

/// An upper estimate of the bytes that an entry takes in a log message, for sane SKUs and receipt ids.
#[must_use]
pub fn estimated_size(entry: &Entry) -> usize {
    const FRAME: usize = 200;
    let line = |line: &Line| line.sku.len() + 40;
    FRAME
        + match &entry.decision {
            Decision::Reserved { lines, .. } => lines.iter().map(line).sum(),
            Decision::NotAvailable { skus, .. } => skus.iter().map(|sku| sku.len() + 3).sum(),
            Decision::Received(receipt) => receipt.receipt_id.len() + line(&receipt.line),
            Decision::Released { .. } | Decision::Committed { .. } => 0,
        }
}

pub(crate) use wire::{from_line, from_receipt, parse_id, to_line, to_receipt};

#[cfg(test)]
mod tests;
