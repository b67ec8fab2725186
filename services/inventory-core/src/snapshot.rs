//! A state as plain values, to be kept and restored.

use std::collections::HashMap;
use std::sync::Arc;

use uuid::Uuid;

use crate::state::Held;
use crate::{Imbalance, Level, Line, Receipt, State};

/// The level of one SKU.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StockLevel {
    /// The SKU.
    pub sku: String,
    /// Its level.
    pub level: Level,
}

/// What is held for one order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reservation {
    /// The order.
    pub order_id: Uuid,
    /// What it holds.
    pub lines: Vec<Line>,
}

/// A whole state, each part sorted by its key, so that equal states have equal snapshots.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// By SKU.
    pub stock: Vec<StockLevel>,
    /// The open ones, by order.
    pub reservations: Vec<Reservation>,
    /// Those already counted, by id.
    pub receipts: Vec<Receipt>,
}

impl Snapshot {
    /// The snapshot of a state.
    #[must_use]
    pub fn of(state: &State) -> Self {
        let mut stock: Vec<_> = state
            .levels
            .iter()
            .map(|(sku, level)| StockLevel {
                sku: sku.as_ref().to_owned(),
                level: *level,
            })
            .collect();
        stock.sort_unstable_by(|a, b| a.sku.cmp(&b.sku));
        let mut reservations: Vec<_> = state
            .reservations
            .iter()
            .map(|(id, held)| Reservation {
                order_id: *id,
                lines: held.iter().map(Held::to_line).collect(),
            })
            .collect();
        reservations.sort_unstable_by_key(|reservation| reservation.order_id);
        let mut receipts: Vec<_> = state
            .receipts
            .iter()
            .map(|(id, held)| Receipt {
                receipt_id: id.as_ref().to_owned(),
                line: held.to_line(),
            })
            .collect();
        receipts.sort_unstable();
        Self {
            stock,
            reservations,
            receipts,
        }
    }

    /// The state that this is a snapshot of.
    ///
    /// # Errors
    /// [`Imbalance`] if it cannot be one: the snapshot is corrupt.
    pub fn restore(self) -> Result<State, Imbalance> {
        let levels = self
            .stock
            .into_iter()
            .map(|stock| (stock.sku.into(), stock.level))
            .collect();
        let mut state = State {
            levels,
            ..State::default()
        };
        let reservations: HashMap<_, _> = self
            .reservations
            .into_iter()
            .map(|reservation| (reservation.order_id, held(&state, reservation.lines)))
            .collect();
        state.reservations = reservations;
        let receipts: HashMap<Arc<str>, _> = self
            .receipts
            .into_iter()
            .map(|r| (r.receipt_id.into(), held_line(&state, r.line)))
            .collect();
        state.receipts = receipts;
        state.check()?;
        Ok(state)
    }
}

fn held(state: &State, lines: Vec<Line>) -> Box<[Held]> {
    lines.into_iter().map(|line| held_line(state, line)).collect()
}

fn held_line(state: &State, line: Line) -> Held {
    let sku = state.shared_name(&line.sku).unwrap_or_else(|| line.sku.into());
    Held {
        sku,
        quantity: line.quantity,
    }
}
