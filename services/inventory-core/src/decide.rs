//! The decisions.

use uuid::Uuid;

use crate::{
    Command, Decision, Line, MAX_RECEIPT_ID_LENGTH, MAX_RECEIPT_QUANTITY, MAX_RECEIVED, Receipt, Refusal,
    State, is_sku,
};

/// Answers a command. The same command on the same state has the same answer, and a command that was
/// answered already is answered again without a further effect.
///
/// # Errors
/// Only a [`Command::Receive`] can be refused.
pub fn decide(state: &State, command: Command) -> Result<Decision, Refusal> {
    match command {
        Command::Reserve { order_id, lines } => Ok(reserve(state, order_id, lines)),
        Command::Release { order_id } => Ok(Decision::Released { order_id }),
        Command::Commit { order_id } => Ok(Decision::Committed { order_id }),
        Command::Receive(receipt) => receive(state, receipt),
    }
}

fn reserve(state: &State, order_id: Uuid, lines: Vec<Line>) -> Decision {
    if let Some(lines) = state.reservation(order_id) {
        return Decision::Reserved { order_id, lines };
    }
    let skus = shortages(state, &lines);
    // An order without lines must not look as if it held its goods.
    if lines.is_empty() || !skus.is_empty() {
        return not_available(order_id, skus);
    }
    Decision::Reserved { order_id, lines }
}

/// Texts that name no SKU may be of any length; they are short, but the log does not repeat them.
fn not_available(order_id: Uuid, mut skus: Vec<String>) -> Decision {
    skus.retain(|sku| is_sku(sku));
    Decision::NotAvailable { order_id, skus }
}

/// The SKUs of which less is available than the lines ask for together, by name, each once. A line of
/// nothing is never available: it would be sold without being held.
pub(crate) fn shortages(state: &State, lines: &[Line]) -> Vec<String> {
    let mut lines: Vec<&Line> = lines.iter().collect();
    lines.sort_unstable();
    lines
        .chunk_by(|a, b| a.sku == b.sku)
        .filter_map(|of_one_sku| shortage(state, of_one_sku))
        .collect()
}

fn shortage(state: &State, of_one_sku: &[&Line]) -> Option<String> {
    let sku = &of_one_sku.first()?.sku;
    let needed = of_one_sku
        .iter()
        .fold(0_u64, |sum, line| sum.saturating_add(line.quantity.into()));
    let available = state.level(sku).map_or(0, |level| level.available);
    let is_short = needed > available || of_one_sku.iter().any(|line| line.quantity == 0);
    is_short.then(|| sku.clone())
}

fn receive(state: &State, receipt: Receipt) -> Result<Decision, Refusal> {
    if let Some(counted) = state.receipt(&receipt.receipt_id) {
        return repeat(receipt, counted);
    }
    let Receipt { receipt_id, line } = &receipt;
    let printable = !receipt_id.chars().any(char::is_control);
    if !(1..=MAX_RECEIPT_ID_LENGTH).contains(&receipt_id.len()) || !printable {
        return Err(Refusal::ReceiptId);
    }
    if !is_sku(&line.sku) {
        return Err(Refusal::Sku);
    }
    if !(1..=MAX_RECEIPT_QUANTITY).contains(&line.quantity) {
        return Err(Refusal::Quantity);
    }
    let received = state.level(&line.sku).map_or(0, |level| level.received);
    if received.saturating_add(line.quantity.into()) > MAX_RECEIVED {
        return Err(Refusal::TooMuch);
    }
    Ok(Decision::Received(receipt))
}

fn repeat(receipt: Receipt, counted: Line) -> Result<Decision, Refusal> {
    if receipt.line == counted {
        Ok(Decision::Received(receipt))
    } else {
        Err(Refusal::OtherReceipt {
            receipt_id: receipt.receipt_id,
            counted,
        })
    }
}
