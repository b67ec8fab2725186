//! A ledger as messages of a bounded size.

use holdfast_contracts::inventory::v1 as wire;
use holdfast_inventory_core::{Level, Reservation, Snapshot, StockLevel};

use crate::codec;
use crate::ledger::Ledger;

/// A part is closed when it is estimated to be this large, half of what a NATS server takes by default.
pub(super) const MAX_PART_BYTES: usize = 512 * 1024;

/// The parts of a snapshot, without the links between them.
pub(super) fn split(ledger: &Ledger) -> Vec<wire::InventorySnapshot> {
    let Snapshot {
        stock,
        reservations,
        receipts,
    } = Snapshot::of(&ledger.stock);
    let mut parts = Parts::of(ledger);
    for stock in stock {
        parts.room_for(180 + stock.sku.len()).stock.push(to_level(stock));
    }
    for reservation in reservations {
        let lines: usize = reservation.lines.iter().map(|line| line.sku.len() + 40).sum();
        parts
            .room_for(80 + lines)
            .reservations
            .push(to_reservation(&reservation));
    }
    for receipt in receipts {
        let size = 80 + receipt.receipt_id.len() + receipt.line.sku.len();
        parts.room_for(size).receipts.push(codec::to_receipt(&receipt));
    }
    parts.finish()
}

struct Parts {
    closed: Vec<wire::InventorySnapshot>,
    open: wire::InventorySnapshot,
    open_bytes: usize,
}

impl Parts {
    fn of(ledger: &Ledger) -> Self {
        let open = wire::InventorySnapshot {
            log_sequence: ledger.log_revision.0,
            orders_sequence: ledger.orders_sequence,
            skipped_sequences: ledger.skip.up_to(ledger.log_revision).collect(),
            ..wire::InventorySnapshot::default()
        };
        Self {
            closed: Vec::new(),
            open,
            open_bytes: 0,
        }
    }

    /// The part that takes so many bytes more.
    fn room_for(&mut self, bytes: usize) -> &mut wire::InventorySnapshot {
        if self.open_bytes + bytes > MAX_PART_BYTES && self.open_bytes > 0 {
            let next = wire::InventorySnapshot {
                log_sequence: self.open.log_sequence,
                orders_sequence: self.open.orders_sequence,
                skipped_sequences: self.open.skipped_sequences.clone(),
                part: self.open.part + 1,
                ..wire::InventorySnapshot::default()
            };
            self.closed.push(std::mem::replace(&mut self.open, next));
            self.open_bytes = 0;
        }
        self.open_bytes += bytes;
        &mut self.open
    }

    fn finish(mut self) -> Vec<wire::InventorySnapshot> {
        self.open.last_part = true;
        self.closed.push(self.open);
        self.closed
    }
}

fn to_level(stock: StockLevel) -> wire::StockLevel {
    let Level {
        available,
        reserved,
        sold,
        received,
    } = stock.level;
    wire::StockLevel {
        sku: stock.sku,
        available,
        reserved,
        sold,
        received,
    }
}

pub(super) fn from_level(stock: wire::StockLevel) -> StockLevel {
    let wire::StockLevel {
        sku,
        available,
        reserved,
        sold,
        received,
    } = stock;
    StockLevel {
        sku,
        level: Level {
            available,
            reserved,
            sold,
            received,
        },
    }
}

fn to_reservation(reservation: &Reservation) -> wire::Reservation {
    wire::Reservation {
        order_id: reservation.order_id.to_string(),
        lines: reservation.lines.iter().map(codec::to_line).collect(),
    }
}

pub(super) fn from_reservation(reservation: wire::Reservation) -> Result<Reservation, codec::Error> {
    Ok(Reservation {
        order_id: codec::parse_id("order_id", &reservation.order_id)?,
        lines: reservation.lines.into_iter().map(codec::from_line).collect(),
    })
}
