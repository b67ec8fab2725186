//! Lane `order-timers`: timers that have fired.

use holdfast_order_core::{Command, PaymentStep, Phase, SagaStep};
use holdfast_platform::clock::Clock;
use holdfast_platform::journal::{DeadLetterReason, Delivery, Disposition, Journal, Record};
use jiff::SignedDuration;

use super::payment_lane::payment_of;
use super::{Applied, Basis, Orchestrator, dead, meter};
use crate::codec::{self, Timer};
use crate::ports::{Jitter, PaymentAnswer, Payments, TimerName, Timers};
use crate::replay::OrderKey;

/// Set by the server on what a schedule fires; a client cannot forge it.
const SCHEDULER_HEADER: &str = "Nats-Scheduler";

impl<J, P, T, C, R> Orchestrator<J, P, T, C, R>
where
    J: Journal,
    P: Payments,
    T: Timers,
    C: Clock,
    R: Jitter,
{
    /// Wakes the saga that a fired timer belongs to. One that is stale does nothing.
    pub async fn handle_timer(&self, delivery: Delivery) -> Disposition {
        let Delivery { record, attempt } = delivery;
        let timer = match codec::decode_timer(&record.payload) {
            Ok(timer) => timer,
            Err(error) => return dead(error.reason(), format!("sequence {}: {error}", record.revision)),
        };
        if !is_fired(&record, &timer) {
            return dead(
                DeadLetterReason::Refused,
                "not fired by the schedule of its order",
            );
        }
        let key = OrderKey {
            user: timer.user,
            order: timer.order,
        };
        if timer.step == SagaStep::LateCharge {
            return self.look_for_late_charge(&key, attempt).await;
        }
        let command = Command::FireTimer {
            step: timer.step,
            attempt: timer.attempt,
        };
        match self.apply(key, Basis::Unknown, command).await {
            Ok(applied) if applied.events.is_empty() => self.arm_again(&key, &timer, &applied, attempt).await,
            applied => self.settle(applied, attempt),
        }
    }

    /// No charge can be on its way any more: gives back one that landed after the void.
    async fn look_for_late_charge(&self, key: &OrderKey, attempt: u64) -> Disposition {
        let order = match self.store.newest(key).await {
            Ok(order) => order,
            Err(error) => return self.settle_error(&error.into(), attempt),
        };
        let Some(order) = order.state.order() else {
            return Disposition::Ack;
        };
        // A refund that is under way answers for it, and ends with another look if it finds nothing.
        if !matches!(order.phase, Phase::Releasing { .. } | Phase::Cancelled { .. }) {
            return Disposition::Ack;
        }
        let answer = self.payments.refund(&payment_of(key, order)).await;
        meter::payment(key.order, "late_charge", &answer);
        match answer {
            PaymentAnswer::Known(_) => Disposition::Ack,
            PaymentAnswer::Rejected { detail } => dead(DeadLetterReason::Refused, detail),
            _ => self.retry(attempt),
        }
    }

    /// A late redelivery of an old command may have replaced the timer that the order waits for by its own, which
    /// is stale when it fires: whoever finds that sets the right one again.
    async fn arm_again(&self, key: &OrderKey, fired: &Timer, applied: &Applied, attempt: u64) -> Disposition {
        let phase = applied.order.state.order().map(|order| &order.phase);
        let armed = match phase {
            Some(Phase::Paying(PaymentStep::Charging { attempt: current }))
                if fired.step == SagaStep::Charge =>
            {
                self.arm_charge(key, *current).await
            }
            Some(Phase::Parked(step)) => {
                let wait = SignedDuration::try_from(self.settings.policy.parked_retry_after);
                let at = self
                    .clock
                    .now()
                    .saturating_add(wait.unwrap_or(SignedDuration::MAX));
                let at = at.unwrap_or(jiff::Timestamp::MAX);
                self.schedule(key, TimerName::Parked, step.name(), (step.attempt(), at))
                    .await
            }
            _ => Some(()),
        };
        armed.map_or_else(|| self.retry(attempt), |()| Disposition::Ack)
    }
}

fn is_fired(record: &Record, timer: &Timer) -> bool {
    let scheduler = record
        .headers
        .get(SCHEDULER_HEADER)
        .and_then(|subject| subject.strip_prefix("timers."));
    scheduler.is_some_and(|rest| rest.split('.').next() == Some(timer.order.to_string().as_str()))
}
