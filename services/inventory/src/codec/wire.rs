//! Core values to messages of the contracts and back.

use holdfast_contracts::inventory::v1 as wire;
use holdfast_contracts::inventory::v1::inventory_decision::Decision as WireDecision;
use holdfast_inventory_core::{Decision, Line, Receipt};
use jiff::Timestamp;
use uuid::Uuid;

use super::{Cause, Entry, Error};

pub(super) fn to_decision(entry: &Entry) -> wire::InventoryDecision {
    let cause = |order_id: &Uuid| entry.cause.map(|cause| to_cause(order_id, cause));
    let decision = match &entry.decision {
        Decision::Reserved { order_id, lines } => WireDecision::Reserved(wire::Reserved {
            cause: cause(order_id),
            lines: lines.iter().map(to_line).collect(),
        }),
        Decision::NotAvailable { order_id, skus } => WireDecision::NotAvailable(wire::NotAvailable {
            cause: cause(order_id),
            skus: skus.clone(),
        }),
        Decision::Released { order_id } => WireDecision::Released(wire::Released {
            cause: cause(order_id),
        }),
        Decision::Committed { order_id } => WireDecision::Committed(wire::Committed {
            cause: cause(order_id),
        }),
        Decision::Received(receipt) => WireDecision::Received(to_receipt(receipt)),
    };
    wire::InventoryDecision {
        decision: Some(decision),
    }
}

pub(super) fn from_decision(decision: wire::InventoryDecision) -> Result<Entry, Error> {
    match decision.decision.ok_or(Error::UnknownDecision)? {
        WireDecision::Reserved(reserved) => {
            let lines = reserved.lines.into_iter().map(from_line).collect();
            about_order(reserved.cause, |order_id| Decision::Reserved { order_id, lines })
        }
        WireDecision::NotAvailable(refused) => {
            about_order(refused.cause, |order_id| Decision::NotAvailable {
                order_id,
                skus: refused.skus,
            })
        }
        WireDecision::Released(released) => {
            about_order(released.cause, |order_id| Decision::Released { order_id })
        }
        WireDecision::Committed(committed) => {
            about_order(committed.cause, |order_id| Decision::Committed { order_id })
        }
        WireDecision::Received(received) => {
            let decision = Decision::Received(from_receipt(received)?);
            Ok(Entry {
                cause: None,
                decision,
            })
        }
    }
}

fn about_order(cause: Option<wire::Cause>, decision: impl FnOnce(Uuid) -> Decision) -> Result<Entry, Error> {
    let cause = cause.ok_or(Error::Missing("cause"))?;
    let user_id = parse_id("cause.user_id", &cause.user_id)?;
    let order_id = parse_id("cause.order_id", &cause.order_id)?;
    let cause = Some(Cause {
        user_id,
        order_sequence: cause.order_sequence,
    });
    Ok(Entry {
        cause,
        decision: decision(order_id),
    })
}

fn to_cause(order_id: &Uuid, cause: Cause) -> wire::Cause {
    wire::Cause {
        order_id: order_id.to_string(),
        user_id: cause.user_id.to_string(),
        order_sequence: cause.order_sequence,
    }
}

pub(crate) fn to_line(line: &Line) -> wire::StockLine {
    wire::StockLine {
        sku: line.sku.clone(),
        quantity: line.quantity,
    }
}

pub(crate) fn from_line(line: wire::StockLine) -> Line {
    Line {
        sku: line.sku,
        quantity: line.quantity,
    }
}

pub(crate) fn to_receipt(receipt: &Receipt) -> wire::Received {
    wire::Received {
        receipt_id: receipt.receipt_id.clone(),
        line: Some(to_line(&receipt.line)),
    }
}

pub(crate) fn from_receipt(received: wire::Received) -> Result<Receipt, Error> {
    let line = from_line(received.line.ok_or(Error::Missing("line"))?);
    Ok(Receipt {
        receipt_id: received.receipt_id,
        line,
    })
}

pub(crate) fn parse_id(field: &'static str, text: &str) -> Result<Uuid, Error> {
    text.parse().map_err(|source| Error::Id { field, source })
}

pub(super) fn to_time(time: Timestamp) -> pbjson_types::Timestamp {
    let nanos = i32::try_from(time.as_nanosecond().rem_euclid(1_000_000_000)).unwrap_or_default();
    let seconds = i64::try_from(time.as_nanosecond().div_euclid(1_000_000_000)).unwrap_or_default();
    pbjson_types::Timestamp { seconds, nanos }
}

pub(super) fn from_time(time: pbjson_types::Timestamp) -> Result<Timestamp, Error> {
    Timestamp::new(time.seconds, time.nanos).map_err(Error::Time)
}
