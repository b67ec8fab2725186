//! The effect of a decision on the state.

use std::sync::Arc;

use uuid::Uuid;

use crate::decide::shortages;
use crate::state::Held;
use crate::{Decision, Level, Line, Receipt, State};

/// A decision that cannot have been made on this state: the log or the state is corrupt.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Inconsistent {
    /// More was held than there was.
    #[error("order {order_id} holds more than there is of {skus:?}")]
    Oversold {
        /// The order.
        order_id: Uuid,
        /// The SKUs that were short.
        skus: Vec<String>,
    },
    /// A level would leave its range.
    #[error("the level of {sku} would leave its range")]
    Range {
        /// The SKU.
        sku: String,
    },
}

/// Applies a decision that was made on this very state.
///
/// # Errors
/// [`Inconsistent`] if it cannot have been; the state must then be thrown away.
pub fn evolve(state: &mut State, decision: &Decision) -> Result<(), Inconsistent> {
    match decision {
        Decision::Reserved { order_id, lines } => hold(state, *order_id, lines),
        Decision::NotAvailable { .. } => Ok(()),
        Decision::Released { order_id } => settle(state, *order_id, Level::give_back),
        Decision::Committed { order_id } => settle(state, *order_id, Level::sell),
        Decision::Received(receipt) => receive(state, receipt),
    }
}

fn hold(state: &mut State, order_id: Uuid, lines: &[Line]) -> Result<(), Inconsistent> {
    if state.reservations.contains_key(&order_id) {
        return Ok(());
    }
    let skus = shortages(state, lines);
    if !skus.is_empty() {
        return Err(Inconsistent::Oversold { order_id, skus });
    }
    let held: Box<[Held]> = lines
        .iter()
        .filter_map(|line| {
            Some(Held {
                sku: state.shared_name(&line.sku)?,
                quantity: line.quantity,
            })
        })
        .collect();
    for line in &held {
        change(state, line, Level::hold)?;
    }
    state.reservations.insert(order_id, held);
    Ok(())
}

/// Ends a reservation; there may be none, since answers to commands are repeatable.
fn settle(
    state: &mut State,
    order_id: Uuid,
    change_level: fn(Level, u64) -> Option<Level>,
) -> Result<(), Inconsistent> {
    let held = state.reservations.remove(&order_id).unwrap_or_default();
    held.iter().try_for_each(|line| change(state, line, change_level))
}

fn receive(state: &mut State, receipt: &Receipt) -> Result<(), Inconsistent> {
    if state.receipts.contains_key(receipt.receipt_id.as_str()) {
        return Ok(());
    }
    let sku = state
        .shared_name(&receipt.line.sku)
        .unwrap_or_else(|| receipt.line.sku.as_str().into());
    state.levels.entry(Arc::clone(&sku)).or_default();
    let line = Held {
        sku,
        quantity: receipt.line.quantity,
    };
    change(state, &line, Level::receive)?;
    state.receipts.insert(receipt.receipt_id.as_str().into(), line);
    Ok(())
}

fn change(
    state: &mut State,
    line: &Held,
    change_level: fn(Level, u64) -> Option<Level>,
) -> Result<(), Inconsistent> {
    let out_of_range = || Inconsistent::Range {
        sku: line.sku.as_ref().to_owned(),
    };
    let level = state.levels.get_mut(&line.sku).ok_or_else(out_of_range)?;
    *level = change_level(*level, line.quantity.into()).ok_or_else(out_of_range)?;
    Ok(())
}
