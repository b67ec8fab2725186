//! Lane `order-payment`: executes the payment commands and timers of order commits.

use holdfast_order_core::{Command, Effect, Order, PaymentOutcome, PaymentStep, Phase, SagaStep};
use holdfast_platform::clock::Clock;
use holdfast_platform::journal::{DeadLetterReason, Delivery, Disposition, Journal, Revision};
use jiff::SignedDuration;

use super::{Basis, Error, Orchestrator, dead, meter};
use crate::codec::{self, Timer};
use crate::ports::{Jitter, Payment, PaymentAnswer, Payments, TimerName, Timers};
use crate::replay::OrderKey;
use crate::store::COMMANDS_HEADER;

/// The commit that a command came with.
pub(super) struct Caused {
    pub(super) key: OrderKey,
    pub(super) revision: Revision,
    /// 1 on the first delivery.
    pub(super) attempt: u64,
}

/// A payment step that is to be executed, and the order that it belongs to.
struct Due<'a> {
    caused: &'a Caused,
    step: PaymentStep,
    payment: Payment,
}

impl<J, P, T, C, R> Orchestrator<J, P, T, C, R>
where
    J: Journal,
    P: Payments,
    T: Timers,
    C: Clock,
    R: Jitter,
{
    /// Executes the payment commands and timers of a record of `ORDERS`; passes over all others.
    pub async fn handle_commit(&self, delivery: Delivery) -> Disposition {
        let Delivery { record, attempt } = delivery;
        if !may_concern_payment(record.headers.get(COMMANDS_HEADER)) {
            return Disposition::Ack;
        }
        let commit = match codec::decode(&record.payload) {
            Ok(commit) => commit,
            Err(error) => return dead(error.reason(), format!("sequence {}: {error}", record.revision)),
        };
        let key = OrderKey {
            user: commit.user,
            order: commit.order,
        };
        self.store.observe(&key, &record);
        let caused = Caused {
            key,
            revision: record.revision,
            attempt,
        };
        for effect in &commit.effects {
            let done = match effect {
                Effect::ChargePayment {
                    attempt,
                    payment_token,
                    ..
                } => self.charge(&caused, *attempt, payment_token).await,
                Effect::ResolvePayment { attempt } => {
                    self.settle_money(&caused, SagaStep::Resolve, *attempt).await
                }
                Effect::RefundPayment { attempt } => {
                    self.settle_money(&caused, SagaStep::Refund, *attempt).await
                }
                Effect::ScheduleTimer { step, attempt, after } => {
                    let after = SignedDuration::try_from(*after).unwrap_or(SignedDuration::MAX);
                    let at = commit.time.saturating_add(after).unwrap_or(jiff::Timestamp::MAX);
                    match step {
                        SagaStep::LateCharge => self.arm_late_charge(&caused, *attempt, at).await,
                        _ => self.arm_parked(&caused, *step, *attempt, at).await,
                    }
                }
                Effect::ReserveInventory { .. } | Effect::CommitInventory | Effect::ReleaseInventory => {
                    continue;
                }
            };
            if done != Disposition::Ack {
                return done;
            }
        }
        Disposition::Ack
    }

    async fn charge(&self, caused: &Caused, attempt: u32, payment_token: &str) -> Disposition {
        let (payment, phase) = match self.order_of(caused).await {
            Ok(order) => order,
            Err(error) => return self.settle_error(&error, caused.attempt),
        };
        match phase {
            Phase::Paying(step) if step.is(SagaStep::Charge, attempt) => {
                let due = Due {
                    caused,
                    step,
                    payment,
                };
                self.charge_now(due, payment_token).await
            }
            // A later attempt, or the resolving, answers for this one; a completed order was charged.
            Phase::Paying(PaymentStep::Charging { .. } | PaymentStep::Resolving { .. })
            | Phase::Parked(PaymentStep::Charging { .. } | PaymentStep::Resolving { .. })
            | Phase::Completed => Disposition::Ack,
            // The order is past charging, but an earlier delivery of this command may have charged and died.
            _ => {
                let answer = self.payments.refund(&payment).await;
                meter::payment(payment.order, "refund", &answer);
                self.conclude(caused, answer, None).await
            }
        }
    }

    async fn charge_now(&self, due: Due<'_>, payment_token: &str) -> Disposition {
        let redeliveries = u32::try_from(due.caused.attempt.saturating_sub(1)).unwrap_or(u32::MAX);
        let attempt = due.step.attempt().saturating_add(redeliveries);
        let answer = self.payments.charge(&due.payment, payment_token, attempt).await;
        meter::payment(due.payment.order, "charge", &answer);
        match answer {
            PaymentAnswer::Pending | PaymentAnswer::Unreachable { .. } => {
                let armed = self.arm_charge(&due.caused.key, due.step.attempt()).await;
                armed.map_or_else(|| self.retry(due.caused.attempt), |()| Disposition::Ack)
            }
            answer => self.conclude(due.caused, answer, Some(&due.step)).await,
        }
    }

    /// Resolves or refunds, if the order still waits for exactly this attempt.
    async fn settle_money(&self, caused: &Caused, step: SagaStep, attempt: u32) -> Disposition {
        let (payment, phase) = match self.order_of(caused).await {
            Ok(order) => order,
            Err(error) => return self.settle_error(&error, caused.attempt),
        };
        let Phase::Paying(current) = phase else {
            return Disposition::Ack;
        };
        if !current.is(step, attempt) {
            return Disposition::Ack;
        }
        let answer = match step {
            SagaStep::Resolve => self.payments.resolve(&payment).await,
            SagaStep::Charge | SagaStep::Refund | SagaStep::LateCharge => {
                self.payments.refund(&payment).await
            }
        };
        meter::payment(payment.order, step.as_str(), &answer);
        self.conclude(caused, answer, Some(&current)).await
    }

    /// Records a known outcome, or tries again until the budget of the step is spent.
    async fn conclude(
        &self,
        caused: &Caused,
        answer: PaymentAnswer,
        step: Option<&PaymentStep>,
    ) -> Disposition {
        let spent = caused.attempt >= self.settings.payment_attempts;
        let command = match (believable(answer, step), step) {
            (PaymentAnswer::Known(outcome), _) => Command::RecordPayment(outcome),
            (PaymentAnswer::Rejected { detail }, Some(step)) => give_up(step, caused, detail),
            (PaymentAnswer::Unreachable { detail }, Some(step)) if spent => give_up(step, caused, detail),
            (PaymentAnswer::Pending, Some(step)) if spent => {
                give_up(step, caused, "still pending".to_owned())
            }
            (PaymentAnswer::Rejected { detail }, None) => return dead(DeadLetterReason::Refused, detail),
            _ => return self.retry(caused.attempt),
        };
        let applied = self
            .apply(caused.key, Basis::Cause(caused.revision), command)
            .await;
        self.settle(applied, caused.attempt)
    }

    async fn order_of(&self, caused: &Caused) -> Result<(Payment, Phase), Error> {
        let order = self.store.load(&caused.key, caused.revision).await?;
        let order = order
            .state
            .order()
            .ok_or(holdfast_order_core::Refusal::NoSuchOrder)?;
        Ok((payment_of(&caused.key, order), order.phase.clone()))
    }

    /// Wakes the saga when the charge should be tried again, at the deadline at the latest. `None`: not armed.
    pub(super) async fn arm_charge(&self, key: &OrderKey, attempt: u32) -> Option<()> {
        let delay = self
            .jitter
            .spread(self.settings.policy.charge_retry_delay(attempt));
        let wake = self.clock.now().saturating_add(signed(delay)).ok()?;
        let deadline = self.store.cached(key).and_then(|order| {
            let since = order.state.order()?.charging_since?;
            since
                .saturating_add(signed(self.settings.policy.payment_deadline))
                .ok()
        });
        let at = deadline.map_or(wake, |deadline| deadline.min(wake));
        self.schedule(key, TimerName::Charge, SagaStep::Charge, (attempt, at))
            .await
    }

    async fn arm_parked(
        &self,
        caused: &Caused,
        step: SagaStep,
        attempt: u32,
        at: jiff::Timestamp,
    ) -> Disposition {
        let phase = match self.order_of(caused).await {
            Ok((_, phase)) => phase,
            Err(error) => return self.settle_error(&error, caused.attempt),
        };
        match phase {
            Phase::Parked(parked) if parked.is(step, attempt) => {
                let armed = self
                    .schedule(&caused.key, TimerName::Parked, step, (attempt, at))
                    .await;
                armed.map_or_else(|| self.retry(caused.attempt), |()| Disposition::Ack)
            }
            _ => Disposition::Ack,
        }
    }

    async fn arm_late_charge(&self, caused: &Caused, attempt: u32, at: jiff::Timestamp) -> Disposition {
        let armed = self
            .schedule(
                &caused.key,
                TimerName::LateCharge,
                SagaStep::LateCharge,
                (attempt, at),
            )
            .await;
        armed.map_or_else(|| self.retry(caused.attempt), |()| Disposition::Ack)
    }

    pub(super) async fn schedule(
        &self,
        key: &OrderKey,
        name: TimerName,
        step: SagaStep,
        (attempt, at): (u32, jiff::Timestamp),
    ) -> Option<()> {
        let timer = Timer {
            order: key.order,
            user: key.user,
            step,
            attempt,
        };
        let armed = self.timers.schedule(name, &timer, at).await;
        armed
            .inspect_err(|error| tracing::warn!(order = %key.order, "{error}"))
            .ok()
    }
}

pub(super) fn payment_of(key: &OrderKey, order: &Order) -> Payment {
    Payment {
        order: key.order,
        user: key.user,
        amount: order.total.clone(),
    }
}

/// Payment cannot void what is captured: the copy that it answered from was old.
fn believable(answer: PaymentAnswer, step: Option<&PaymentStep>) -> PaymentAnswer {
    match (answer, step) {
        (PaymentAnswer::Known(PaymentOutcome::Voided), Some(PaymentStep::RefundingLateCharge { .. })) => {
            PaymentAnswer::Unreachable {
                detail: "payment says that nothing was captured, though a charge has landed".to_owned(),
            }
        }
        (answer, _) => answer,
    }
}

fn give_up(step: &PaymentStep, caused: &Caused, detail: String) -> Command {
    let attempts = u32::try_from(caused.attempt).unwrap_or(u32::MAX);
    Command::GiveUp {
        step: step.name(),
        attempt: step.attempt(),
        detail,
        attempts,
    }
}

fn signed(duration: std::time::Duration) -> SignedDuration {
    SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
}

/// A commit without the header may hold any command.
fn may_concern_payment(commands: Option<&String>) -> bool {
    commands.is_none_or(|names| names.contains("payment") || names.contains("timer"))
}
