//! Lanes `order-inventory` and `order-payments`: what other services decided.

use futures::StreamExt;
use futures::stream;
use holdfast_order_core::{Command, ReservationDecision};
use holdfast_platform::clock::Clock;
use holdfast_platform::journal::{Delivery, Disposition, Journal};
use holdfast_platform::telemetry::trace_context::within;

use super::{Basis, Orchestrator, dead};
use crate::codec::{self, StockDecision, StockDecisionKind};
use crate::ports::{Jitter, Payments, Timers};
use crate::replay::OrderKey;

impl<J, P, T, C, R> Orchestrator<J, P, T, C, R>
where
    J: Journal,
    P: Payments,
    T: Timers,
    C: Clock,
    R: Jitter,
{
    /// Applies every decision of a record of `inventory.log.*`, a bounded number at once. All are tried, whatever
    /// becomes of one; if any has to be tried again the whole batch is delivered again, which harms none.
    pub async fn handle_inventory_batch(&self, delivery: Delivery) -> Disposition {
        let Delivery { record, attempt } = delivery;
        let decisions = match codec::stock_decisions(&record.payload) {
            Ok(decisions) => decisions,
            Err(error) => return dead(error.reason(), format!("sequence {}: {error}", record.revision)),
        };
        let unreadable = decisions.unreadable.map(|error| dead(error.reason(), error));
        stream::iter(decisions.readable)
            .map(|decision| self.apply_stock_decision(decision, attempt))
            .buffer_unordered(self.settings.batch_concurrency.max(1))
            .fold(unreadable.unwrap_or(Disposition::Ack), async |all, one| {
                worse(all, one)
            })
            .await
    }

    async fn apply_stock_decision(&self, decision: StockDecision, attempt: u64) -> Disposition {
        let StockDecision {
            order,
            user,
            cause,
            kind,
        } = decision;
        let command = match kind {
            StockDecisionKind::Reserved => Command::RecordReservation(ReservationDecision::Reserved),
            StockDecisionKind::NotAvailable { skus } => {
                Command::RecordReservation(ReservationDecision::NotAvailable { skus })
            }
            StockDecisionKind::Released => Command::RecordRelease,
        };
        // The batch was decided for many orders, so that its trace is that of none, or of one of them.
        let applied = within(
            None,
            self.apply(OrderKey { user, order }, Basis::Cause(cause), command),
        );
        self.settle(applied.await, attempt)
    }

    /// Applies the outcome that a record of `payments.*` ends with, if it is a definite one.
    pub async fn handle_payment_commit(&self, delivery: Delivery) -> Disposition {
        let Delivery { record, attempt } = delivery;
        match codec::payment_outcome(&record.payload) {
            Ok((_, _, None)) => Disposition::Ack,
            Ok((order, user, Some(outcome))) => {
                let command = Command::RecordPayment(outcome);
                let applied = self
                    .apply(OrderKey { user, order }, Basis::Unknown, command)
                    .await;
                self.settle(applied, attempt)
            }
            Err(error) => dead(error.reason(), format!("sequence {}: {error}", record.revision)),
        }
    }
}

/// A retry takes everything along; a dead letter is told before an acknowledgement.
fn worse(one: Disposition, other: Disposition) -> Disposition {
    match (one, other) {
        (Disposition::Retry(a), Disposition::Retry(b)) => Disposition::Retry(a.max(b)),
        (retry @ Disposition::Retry(_), _) | (_, retry @ Disposition::Retry(_)) => retry,
        (dead @ Disposition::DeadLetter(..), _) | (_, dead) => dead,
    }
}
