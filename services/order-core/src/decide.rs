//! Which events a command causes.

use jiff::{SignedDuration, Timestamp};

use crate::{
    Command, Event, NewOrder, Order, PaymentFailureReason, PaymentOutcome, PaymentStep, Phase, Policy,
    Requester, ReservationDecision, SagaStep, State,
};

/// Why a command is not carried out. Nothing is wrong with the order or with the service.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no such order.
    #[error("the order does not exist")]
    NoSuchOrder,
    /// The order was created by another request.
    #[error("the order was created by a different request")]
    CreatedDifferently,
    /// A completed order cannot be cancelled.
    #[error("the order is completed")]
    Completed,
    /// The money could not be given back yet, so that the cancellation cannot go on: resume the order instead.
    #[error("the order is parked while its payment is refunded")]
    ParkedInRefund,
    /// Only a parked order can be resumed.
    #[error("the order is not parked")]
    NotParked,
    /// A charge landed on an order that is just being given up: tell it again, when that is done.
    #[error("the order is still being released")]
    StillReleasing,
    /// A charge landed that nobody asked for.
    #[error("the order was never charged")]
    NeverCharged,
}

/// The events that a command causes, at the time `now`; none if there is nothing new in it.
///
/// # Errors
/// [`Refusal`] if the command does not apply to an order in this state.
pub fn decide(
    state: &State,
    command: Command,
    now: Timestamp,
    policy: &Policy,
) -> Result<Vec<Event>, Refusal> {
    let order = match (state, command) {
        (State::Initial, Command::Create(new)) => return Ok(create(new)),
        (State::Initial, _) => return Err(Refusal::NoSuchOrder),
        (State::Created(order), command) => (order, command),
    };
    match order {
        (order, Command::Create(new)) => create_again(order, &new),
        (order, Command::RecordReservation(decision)) => Ok(record_reservation(order, decision)),
        (order, Command::RecordRelease) => Ok(record_release(order)),
        (order, Command::RecordPayment(outcome)) => record_payment(order, outcome),
        (order, Command::FireTimer { step, attempt }) => Ok(fire_timer(order, step, attempt, now, policy)),
        (
            order,
            Command::GiveUp {
                step,
                attempt,
                detail,
                attempts,
            },
        ) => match &order.phase {
            Phase::Paying(current) if current.is(step, attempt) => Ok(vec![Event::SagaParked {
                step,
                detail,
                attempts,
            }]),
            _ => Ok(Vec::new()),
        },
        (order, Command::Cancel { requester }) => cancel(order, requester),
        (order, Command::Resume { requester }) => resume(order, requester),
    }
}

fn create(new: NewOrder) -> Vec<Event> {
    let NewOrder {
        lines,
        total,
        payment_token,
        limited_stock,
        fingerprint,
    } = new;
    vec![Event::OrderCreated {
        lines,
        total,
        payment_token,
        limited_stock,
        fingerprint,
    }]
}

fn create_again(order: &Order, new: &NewOrder) -> Result<Vec<Event>, Refusal> {
    if order.fingerprint == new.fingerprint {
        Ok(Vec::new())
    } else {
        Err(Refusal::CreatedDifferently)
    }
}

fn record_reservation(order: &Order, decision: ReservationDecision) -> Vec<Event> {
    match (&order.phase, decision) {
        (Phase::Reserving, ReservationDecision::Reserved) => {
            vec![
                Event::InventoryReserved,
                Event::PaymentPending {
                    attempt: 1,
                    deadline_passed: false,
                },
            ]
        }
        (Phase::Reserving, ReservationDecision::NotAvailable { skus }) => vec![
            Event::InventoryNotAvailable { skus },
            Event::OrderCancelled {
                reason: crate::CancelReason::OutOfStock,
            },
        ],
        (Phase::CancellingReservation { .. }, ReservationDecision::Reserved) => {
            vec![Event::InventoryReserved]
        }
        (Phase::CancellingReservation { reason }, ReservationDecision::NotAvailable { skus }) => {
            vec![
                Event::InventoryNotAvailable { skus },
                Event::OrderCancelled { reason: *reason },
            ]
        }
        _ => Vec::new(),
    }
}

fn record_release(order: &Order) -> Vec<Event> {
    match &order.phase {
        Phase::Releasing { reason } => {
            vec![
                Event::InventoryReleased,
                Event::OrderCancelled { reason: *reason },
            ]
        }
        _ => Vec::new(),
    }
}

fn record_payment(order: &Order, outcome: PaymentOutcome) -> Result<Vec<Event>, Refusal> {
    match &order.phase {
        Phase::Paying(step) | Phase::Parked(step) => match step {
            PaymentStep::Charging { .. } | PaymentStep::Resolving { .. } => {
                settle_charge(order, step, outcome)
            }
            PaymentStep::Refunding { .. } | PaymentStep::RefundingLateCharge { .. } => {
                settle_refund(step, outcome)
            }
        },
        _ => match outcome {
            PaymentOutcome::Succeeded { charge_id, amount } | PaymentOutcome::Stray { charge_id, amount } => {
                let landed = Event::PaymentSucceeded { charge_id, amount };
                charge_without_step(order, landed)
            }
            _ => Ok(Vec::new()),
        },
    }
}

fn settle_charge(order: &Order, step: &PaymentStep, outcome: PaymentOutcome) -> Result<Vec<Event>, Refusal> {
    let failed = |reason, detail| Event::PaymentFailed { reason, detail };
    Ok(match outcome {
        // That the payment failed was said before it, and has yet to arrive here.
        PaymentOutcome::Stray { .. } => return Err(Refusal::StillReleasing),
        PaymentOutcome::Succeeded { amount, .. } if amount != order.total => match order.phase {
            Phase::Parked(_) => Vec::new(),
            _ => vec![Event::SagaParked {
                step: step.name(),
                detail: format!("captured {amount} instead of {}", order.total),
                attempts: step.attempt(),
            }],
        },
        PaymentOutcome::Succeeded { charge_id, amount } => {
            vec![
                Event::PaymentSucceeded { charge_id, amount },
                Event::OrderCompleted,
            ]
        }
        PaymentOutcome::Declined { code } => vec![failed(PaymentFailureReason::Declined, code)],
        PaymentOutcome::Voided => vec![failed(PaymentFailureReason::Timeout, "voided".to_owned())],
        PaymentOutcome::Refunded { refund_id, amount } => vec![
            Event::PaymentRefunded { refund_id, amount },
            failed(PaymentFailureReason::Timeout, "refunded".to_owned()),
        ],
    })
}

fn settle_refund(step: &PaymentStep, outcome: PaymentOutcome) -> Result<Vec<Event>, Refusal> {
    let failed = |reason, detail| vec![Event::PaymentFailed { reason, detail }];
    Ok(match (outcome, step) {
        // The refund may be ended by an older word that nothing was captured: this must be heard after it.
        (PaymentOutcome::Stray { .. }, PaymentStep::Refunding { .. }) => return Err(Refusal::StillReleasing),
        (PaymentOutcome::Refunded { refund_id, amount }, _) => {
            vec![Event::PaymentRefunded { refund_id, amount }]
        }
        (PaymentOutcome::Voided, PaymentStep::Refunding { .. }) => {
            failed(PaymentFailureReason::Voided, "voided".to_owned())
        }
        (PaymentOutcome::Declined { code }, PaymentStep::Refunding { .. }) => {
            failed(PaymentFailureReason::Declined, code)
        }
        // The refund that is under way answers for a charge that succeeded before it. And of a charge that landed
        // late, whatever says that nothing was captured is from before: only a refund ends it.
        (
            PaymentOutcome::Succeeded { .. }
            | PaymentOutcome::Stray { .. }
            | PaymentOutcome::Declined { .. }
            | PaymentOutcome::Voided,
            _,
        ) => Vec::new(),
    })
}

/// A charge succeeded although no payment step waits for it.
fn charge_without_step(order: &Order, landed: Event) -> Result<Vec<Event>, Refusal> {
    let known = match &landed {
        Event::PaymentSucceeded { charge_id, .. } => order.charge_id.as_ref() == Some(charge_id),
        _ => false,
    };
    let given_back = order.refund_id.is_some();
    match &order.phase {
        Phase::Cancelled { .. } | Phase::Releasing { .. } if known || given_back => Ok(Vec::new()),
        Phase::Cancelled { .. } if order.charging_since.is_some() => Ok(vec![landed]),
        Phase::Releasing { .. } if order.charging_since.is_some() => Err(Refusal::StillReleasing),
        Phase::Completed => Ok(Vec::new()),
        _ => Err(Refusal::NeverCharged),
    }
}

fn fire_timer(order: &Order, step: SagaStep, attempt: u32, now: Timestamp, policy: &Policy) -> Vec<Event> {
    match &order.phase {
        Phase::Parked(parked) if parked.is(step, attempt) => {
            vec![Event::SagaResumed {
                requester: Requester::Timer,
            }]
        }
        Phase::Paying(PaymentStep::Charging { attempt: current })
            if step == SagaStep::Charge && attempt == *current =>
        {
            let deadline_passed = deadline_has_passed(order, now, policy);
            vec![Event::PaymentPending {
                attempt: current.saturating_add(1),
                deadline_passed,
            }]
        }
        _ => Vec::new(),
    }
}

fn deadline_has_passed(order: &Order, now: Timestamp, policy: &Policy) -> bool {
    order.charging_since.is_none_or(|since| {
        let limit = SignedDuration::try_from(policy.payment_deadline).unwrap_or(SignedDuration::MAX);
        now.duration_since(since) >= limit
    })
}

fn cancel(order: &Order, requester: Requester) -> Result<Vec<Event>, Refusal> {
    match &order.phase {
        Phase::Reserving => Ok(vec![Event::CancelRequested { requester }]),
        Phase::Paying(step) | Phase::Parked(step) => match step {
            PaymentStep::Charging { .. } | PaymentStep::Resolving { .. } => {
                Ok(vec![Event::CancelRequested { requester }])
            }
            _ if matches!(order.phase, Phase::Parked(_)) => Err(Refusal::ParkedInRefund),
            _ => Ok(Vec::new()),
        },
        Phase::Completed | Phase::Paid => Err(Refusal::Completed),
        _ => Ok(Vec::new()),
    }
}

fn resume(order: &Order, requester: Requester) -> Result<Vec<Event>, Refusal> {
    match &order.phase {
        Phase::Parked(_) => Ok(vec![Event::SagaResumed { requester }]),
        _ => Err(Refusal::NotParked),
    }
}
