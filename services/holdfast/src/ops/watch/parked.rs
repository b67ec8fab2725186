//! Lane `ops-parked`: sagas that were parked.
//!
//! Every parking sets the timer `timers.<order>.parked`, so that this lane sees parkings and nothing else: orders that
//! go their way cost nothing here. A parking that was not told before its timer fired (this process was away for as
//! long) is told when the saga is parked again; if it is not, nobody needs to know.

use holdfast_contracts::ops::v1::{SagaParked, ops_event::Event};
use holdfast_order::codec;
use holdfast_platform::journal::{DeadLetterReason, Delivery, Disposition};
use holdfast_platform::nats::Nats;

use super::settle;
use crate::ops::events;

/// Tells of a saga that was parked.
pub async fn told_of_parking(nats: &Nats, delivery: Delivery) -> Disposition {
    let record = delivery.record;
    let timer = match codec::decode_timer(&record.payload) {
        Ok(timer) => timer,
        Err(error) => return Disposition::DeadLetter(DeadLetterReason::Malformed, error.to_string()),
    };
    let step = timer.step.as_str();
    let id = format!(
        "saga_parked.{}.{step}.{}.{}",
        timer.order, timer.attempt, record.revision
    );
    let event = Event::SagaParked(SagaParked {
        order_id: timer.order.to_string(),
        user_id: timer.user.to_string(),
        step: step.to_owned(),
        attempt: timer.attempt,
    });
    settle(events::tell(nats, event, (&id, record.time)).await)
}
