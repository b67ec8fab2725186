//! Random events and effects for property tests.

use std::time::Duration;

use holdfast_order_core::{
    CancelReason, Effect, Event, Line, Money, OrderId, PaymentFailureReason, Quantity, Requester, SagaStep,
    Sku, UserId,
};
use jiff::Timestamp;
use proptest::collection::vec;
use proptest::prelude::*;
use uuid::Uuid;

use super::Commit;

fn text() -> impl Strategy<Value = String> {
    vec(any::<char>(), 0..12).prop_map(String::from_iter)
}

fn money() -> impl Strategy<Value = Money> {
    (0..=i64::MAX).prop_map(|amount| Money {
        amount,
        currency: "EUR".to_owned(),
    })
}

fn sku() -> impl Strategy<Value = Sku> {
    (0..1_000_000_u32).prop_map(|n| Sku::parse(&format!("sku-{n}")).expect("a SKU"))
}

fn quantity() -> impl Strategy<Value = Quantity> {
    (1..=u32::MAX).prop_map(|pieces| Quantity::new(pieces).expect("not zero"))
}

fn line() -> impl Strategy<Value = Line> {
    (sku(), quantity(), money()).prop_map(|(sku, quantity, unit_price)| Line {
        sku,
        quantity,
        unit_price,
    })
}

fn step() -> impl Strategy<Value = SagaStep> {
    prop::sample::select(vec![
        SagaStep::Charge,
        SagaStep::Resolve,
        SagaStep::Refund,
        SagaStep::LateCharge,
    ])
}

fn requester() -> impl Strategy<Value = Requester> {
    prop::sample::select(vec![Requester::Customer, Requester::Operator, Requester::Timer])
}

fn failure() -> impl Strategy<Value = PaymentFailureReason> {
    use PaymentFailureReason::{Declined, Timeout, Voided};
    prop::sample::select(vec![Declined, Timeout, Voided])
}

fn reason() -> impl Strategy<Value = CancelReason> {
    prop::sample::select(vec![
        CancelReason::OutOfStock,
        CancelReason::PaymentDeclined,
        CancelReason::PaymentTimeout,
        CancelReason::CancelledByCustomer,
        CancelReason::CancelledByOperator,
    ])
}

fn created() -> impl Strategy<Value = Event> {
    (vec(line(), 1..4), money(), text(), any::<bool>(), text()).prop_map(
        |(lines, total, payment_token, limited_stock, fingerprint)| Event::OrderCreated {
            lines: lines.into(),
            total,
            payment_token,
            limited_stock,
            fingerprint,
        },
    )
}

pub(crate) fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        created(),
        Just(Event::InventoryReserved),
        vec(sku(), 0..3).prop_map(|skus| Event::InventoryNotAvailable { skus }),
        (any::<u32>(), any::<bool>()).prop_map(|(attempt, deadline_passed)| Event::PaymentPending {
            attempt,
            deadline_passed
        }),
        (text(), money()).prop_map(|(charge_id, amount)| Event::PaymentSucceeded { charge_id, amount }),
        (failure(), text()).prop_map(|(reason, detail)| Event::PaymentFailed { reason, detail }),
        Just(Event::InventoryReleased),
        Just(Event::OrderCompleted),
        reason().prop_map(|reason| Event::OrderCancelled { reason }),
        requester().prop_map(|requester| Event::CancelRequested { requester }),
        (text(), money()).prop_map(|(refund_id, amount)| Event::PaymentRefunded { refund_id, amount }),
        (step(), text(), any::<u32>()).prop_map(|(step, detail, attempts)| Event::SagaParked {
            step,
            detail,
            attempts
        }),
        requester().prop_map(|requester| Event::SagaResumed { requester }),
    ]
}

fn effect() -> impl Strategy<Value = Effect> {
    prop_oneof![
        vec((sku(), quantity()), 0..3).prop_map(|lines| Effect::ReserveInventory { lines }),
        Just(Effect::CommitInventory),
        Just(Effect::ReleaseInventory),
        (any::<u32>(), money(), text()).prop_map(|(attempt, amount, payment_token)| Effect::ChargePayment {
            attempt,
            amount,
            payment_token
        }),
        any::<u32>().prop_map(|attempt| Effect::ResolvePayment { attempt }),
        any::<u32>().prop_map(|attempt| Effect::RefundPayment { attempt }),
        (step(), any::<u32>(), 0..10_000_000_000_u64).prop_map(|(step, attempt, millis)| {
            Effect::ScheduleTimer {
                step,
                attempt,
                after: Duration::from_millis(millis),
            }
        }),
    ]
}

/// Any commit that the codec must carry, whether or not a saga would append it.
pub(crate) fn commit() -> impl Strategy<Value = Commit> {
    let seconds = -2_000_000_000..20_000_000_000_i64;
    let ids = (any::<u128>(), any::<u128>());
    (
        ids,
        seconds,
        0..1_000_000_000_i32,
        1..1000_u64,
        vec(event(), 1..4),
        vec(effect(), 0..3),
    )
        .prop_map(
            |((order, user), seconds, nanos, first_version, events, effects)| Commit {
                order: OrderId(Uuid::from_u128(order)),
                user: UserId(Uuid::from_u128(user)),
                time: Timestamp::new(seconds, nanos).expect("in range"),
                first_version,
                events,
                effects,
            },
        )
}
