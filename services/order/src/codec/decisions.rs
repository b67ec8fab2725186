//! What other services decided, as far as the saga waits for it.

use holdfast_contracts::inventory::v1::{self as stock, inventory_decision::Decision};
use holdfast_contracts::payment::v1::{self as payment, payment_event::Event as PaymentEvent};
use holdfast_order_core::{OrderId, PaymentOutcome, Sku, UserId};
use holdfast_platform::journal::Revision;

use super::{Error, from_wire, parse};

/// A decision of Inventory about the reservation of one order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StockDecision {
    /// The order.
    pub order: OrderId,
    /// Its owner.
    pub user: UserId,
    /// The commit of the order that asked for it.
    pub cause: Revision,
    /// What was decided.
    pub kind: StockDecisionKind,
}

/// What was decided about a reservation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StockDecisionKind {
    /// Every line is held.
    Reserved,
    /// Nothing is held.
    NotAvailable {
        /// The SKUs that were short.
        skus: Vec<Sku>,
    },
    /// The reservation is given back.
    Released,
}

/// The decisions of one batch that sagas wait for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StockDecisions {
    /// Those that can be read.
    pub readable: Vec<StockDecision>,
    /// What is wrong with the first that cannot: it concerns one order, not the batch.
    pub unreadable: Option<Error>,
}

/// Reads one message of `inventory.log.*`.
///
/// # Errors
/// [`Error`] if it is no batch of decisions at all.
pub fn stock_decisions(payload: &[u8]) -> Result<StockDecisions, Error> {
    let batch: stock::InventoryBatch = parse(payload)?;
    let mut decisions = StockDecisions::default();
    for wire in batch.decisions {
        match decision(wire) {
            Ok(decision) => decisions.readable.extend(decision),
            Err(error) => decisions.unreadable = decisions.unreadable.or(Some(error)),
        }
    }
    Ok(decisions)
}

/// `None` for a decision that no saga waits for.
fn decision(decision: stock::InventoryDecision) -> Result<Option<StockDecision>, Error> {
    let (cause, kind) = match decision.decision {
        None => return Err(Error::Unknown("a stock decision".to_owned())),
        Some(Decision::Received(_) | Decision::Committed(_)) => return Ok(None),
        Some(Decision::Reserved(reserved)) => (reserved.cause, StockDecisionKind::Reserved),
        Some(Decision::NotAvailable(refused)) => {
            let skus = refused
                .skus
                .iter()
                .map(|text| from_wire::sku(text))
                .collect::<Result<_, _>>()?;
            (refused.cause, StockDecisionKind::NotAvailable { skus })
        }
        Some(Decision::Released(released)) => (released.cause, StockDecisionKind::Released),
    };
    let cause = cause.ok_or_else(|| Error::Malformed("a stock decision without a cause".to_owned()))?;
    Ok(Some(StockDecision {
        order: OrderId(from_wire::id("cause.orderId", &cause.order_id)?),
        user: UserId(from_wire::id("cause.userId", &cause.user_id)?),
        cause: Revision(cause.order_sequence),
        kind,
    }))
}

/// Reads one message of `payments.*`: whose payment it is, and what is definitely known after it, if anything.
///
/// # Errors
/// [`Error`] names what cannot be read.
pub fn payment_outcome(payload: &[u8]) -> Result<(OrderId, UserId, Option<PaymentOutcome>), Error> {
    let commit: payment::PaymentCommit = parse(payload)?;
    let order = OrderId(from_wire::id("orderId", &commit.order_id)?);
    let user = UserId(from_wire::id("userId", &commit.user_id)?);
    let mut outcome = None;
    for event in commit.events {
        let version = event.version;
        let event = event
            .event
            .ok_or_else(|| Error::Unknown(format!("payment event of version {version}")))?;
        outcome = outcome_after(outcome, event)?;
    }
    Ok((order, user, outcome))
}

fn outcome_after(
    before: Option<PaymentOutcome>,
    event: PaymentEvent,
) -> Result<Option<PaymentOutcome>, Error> {
    Ok(match event {
        PaymentEvent::ChargePending(_) => before,
        PaymentEvent::ChargeSucceeded(payment::ChargeSucceeded {
            charge_id,
            amount,
            stray,
            ..
        }) => {
            let amount = from_wire::money("amount", amount)?;
            Some(match stray {
                false => PaymentOutcome::Succeeded { charge_id, amount },
                true => PaymentOutcome::Stray { charge_id, amount },
            })
        }
        PaymentEvent::ChargeDeclined(payment::ChargeDeclined { code, .. }) => {
            Some(PaymentOutcome::Declined { code })
        }
        PaymentEvent::ChargeVoided(_) => Some(PaymentOutcome::Voided),
        PaymentEvent::ChargeRefunded(payment::ChargeRefunded {
            refund_id, amount, ..
        }) => Some(PaymentOutcome::Refunded {
            refund_id,
            amount: from_wire::money("amount", amount)?,
        }),
    })
}
