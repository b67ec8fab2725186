//! What is asked of the stock, and what is answered.

use uuid::Uuid;

/// The most that one receipt may bring in.
pub const MAX_RECEIPT_QUANTITY: u32 = 1_000_000;
/// The most that may ever be received of one SKU. Below 2^53, so that every level is exact as a JSON number.
pub const MAX_RECEIVED: u64 = 1_000_000_000_000_000;
/// The longest receipt id, in bytes.
pub const MAX_RECEIPT_ID_LENGTH: usize = 128;
/// The longest SKU, in bytes.
pub const MAX_SKU_LENGTH: usize = 64;

/// Whether a text can name a SKU: 1 to [`MAX_SKU_LENGTH`] ASCII letters, digits, `-`, `_` or `.`.
#[must_use]
pub fn is_sku(text: &str) -> bool {
    (1..=MAX_SKU_LENGTH).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

/// How much of one SKU.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Line {
    /// The stock keeping unit.
    pub sku: String,
    /// Units.
    pub quantity: u32,
}

/// Goods that came in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Receipt {
    /// Idempotency key chosen by the sender of the goods.
    pub receipt_id: String,
    /// What came in.
    pub line: Line,
}

/// What is asked of the stock. The order id is the reservation id.
///
/// Commands about one order are decided in the order in which its saga issued them, each once: a reservation
/// that was given back or sold is forgotten, and it is the caller's position in the saga's log that keeps
/// an old command from being decided again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Hold every line, or none.
    Reserve {
        /// The order to hold them for.
        order_id: Uuid,
        /// What to hold; lines with the same SKU add up.
        lines: Vec<Line>,
    },
    /// Give back what is held.
    Release {
        /// The order that held it.
        order_id: Uuid,
    },
    /// What is held is sold.
    Commit {
        /// The order that held it.
        order_id: Uuid,
    },
    /// Goods came in.
    Receive(Receipt),
}

/// The answer to a command; the unit of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Every line is held. Changes nothing if the order holds a reservation already.
    Reserved {
        /// The order.
        order_id: Uuid,
        /// What it holds.
        lines: Vec<Line>,
    },
    /// Nothing is held.
    NotAvailable {
        /// The order.
        order_id: Uuid,
        /// The SKUs that were short, each once. Empty if nothing was asked for, or nothing that is a SKU.
        skus: Vec<String>,
    },
    /// The order holds nothing any more. Changes nothing if it held nothing.
    Released {
        /// The order.
        order_id: Uuid,
    },
    /// What the order held is sold. Changes nothing if it held nothing.
    Committed {
        /// The order.
        order_id: Uuid,
    },
    /// Goods are counted. Changes nothing if this receipt was counted already.
    Received(Receipt),
}

/// Why goods are not counted. Orders are never refused: a reservation that cannot be is answered
/// [`Decision::NotAvailable`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The same receipt id came before with another SKU or quantity.
    #[error("receipt {receipt_id} was already counted as {}× {}", counted.quantity, counted.sku)]
    OtherReceipt {
        /// The id that was used twice.
        receipt_id: String,
        /// What it stands for.
        counted: Line,
    },
    /// Not a usable receipt id.
    #[error("a receipt id has 1 to {MAX_RECEIPT_ID_LENGTH} bytes and no control characters")]
    ReceiptId,
    /// Not a SKU.
    #[error("a SKU has 1 to {MAX_SKU_LENGTH} letters, digits, '-', '_' or '.'")]
    Sku,
    /// Nothing, or too much at once.
    #[error("a receipt brings in 1 to {MAX_RECEIPT_QUANTITY} units")]
    Quantity,
    /// The SKU's total would leave the range in which levels are exact.
    #[error("no more than {MAX_RECEIVED} units of one SKU can ever be received")]
    TooMuch,
}
