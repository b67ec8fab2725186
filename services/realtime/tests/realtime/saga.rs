//! What is shown is what the saga says: the status and the reason after each event, of all that can happen to an order.

use holdfast_order::codec::{self, Commit};
use holdfast_order_core::{
    CancelReason, Event, Line, Money, OrderId, PaymentFailureReason, Quantity, Requester, SagaStep, Sku,
    State, UserId, evolve,
};
use holdfast_realtime_core::commit::Commit as Shown;
use holdfast_realtime_core::status::Standing;
use jiff::Timestamp;
use proptest::prelude::*;
use uuid::Uuid;

fn event() -> impl Strategy<Value = Event> {
    let requester = || {
        prop_oneof![
            Just(Requester::Customer),
            Just(Requester::Operator),
            Just(Requester::Timer)
        ]
    };
    let failure = prop_oneof![
        Just(PaymentFailureReason::Declined),
        Just(PaymentFailureReason::Timeout),
        Just(PaymentFailureReason::Voided)
    ];
    let reason = prop_oneof![
        Just(CancelReason::OutOfStock),
        Just(CancelReason::PaymentDeclined),
        Just(CancelReason::PaymentTimeout),
        Just(CancelReason::CancelledByCustomer),
        Just(CancelReason::CancelledByOperator)
    ];
    let step = prop_oneof![
        Just(SagaStep::Charge),
        Just(SagaStep::Resolve),
        Just(SagaStep::Refund)
    ];
    let money = || Money {
        amount: 1,
        currency: "EUR".into(),
    };
    prop_oneof![
        4 => Just(Event::InventoryReserved),
        1 => Just(Event::InventoryNotAvailable { skus: vec![] }),
        4 => (1..5u32, any::<bool>()).prop_map(|(attempt, deadline_passed)| Event::PaymentPending { attempt, deadline_passed }),
        2 => Just(Event::PaymentSucceeded { charge_id: "c".into(), amount: money() }),
        2 => failure.prop_map(|reason| Event::PaymentFailed { reason, detail: String::new() }),
        2 => Just(Event::InventoryReleased),
        2 => Just(Event::OrderCompleted),
        2 => reason.prop_map(|reason| Event::OrderCancelled { reason }),
        2 => requester().prop_map(|requester| Event::CancelRequested { requester }),
        2 => Just(Event::PaymentRefunded { refund_id: "r".into(), amount: money() }),
        2 => step.prop_map(|step| Event::SagaParked { step, detail: String::new(), attempts: 1 }),
        2 => requester().prop_map(|requester| Event::SagaResumed { requester }),
    ]
}

fn created() -> Event {
    let price = Money {
        amount: 1,
        currency: "EUR".into(),
    };
    let line = Line {
        sku: Sku::parse("mug").unwrap(),
        quantity: Quantity::new(1).unwrap(),
        unit_price: price.clone(),
    };
    Event::OrderCreated {
        lines: [line].into(),
        total: price,
        payment_token: "tok".into(),
        limited_stock: false,
        fingerprint: String::new(),
    }
}

/// The event as it comes: written by `order`, read here.
fn shown(version: u64, event: Event) -> holdfast_realtime_core::status::Event {
    let commit = Commit {
        order: OrderId(Uuid::from_u128(1)),
        user: UserId(Uuid::from_u128(2)),
        time: Timestamp::UNIX_EPOCH,
        first_version: version,
        events: vec![event],
        effects: vec![],
    };
    let read = Shown::read(&codec::encode(&commit).unwrap()).unwrap();
    assert_eq!(read.first_version(), version);
    read.events[0].event
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Of the events that are drawn those happen that the saga allows.
    #[test]
    fn status_and_reason_are_those_of_the_saga(events in proptest::collection::vec(event(), 1..120)) {
        let (mut state, mut standing) = (State::Initial, Standing::default());
        for event in std::iter::once(created()).chain(events) {
            let Ok(next) = evolve(state.clone(), &event, Timestamp::UNIX_EPOCH) else { continue };
            state = next;
            let order = state.order().unwrap();
            standing = standing.after(shown(order.version, event.clone()));
            let said = |value: serde_json::Value| value.as_str().map(str::to_owned);
            prop_assert_eq!(said(serde_json::to_value(standing.status()).unwrap()), Some(order.status().as_str().to_owned()));
            let reason = order.reason().map(CancelReason::as_str).map(str::to_owned);
            prop_assert_eq!(said(serde_json::to_value(standing.reason()).unwrap()), reason, "after {:?}", event);
            let is_final = order.phase.is_final();
            prop_assert!(!is_final || standing.is_final());
        }
    }
}
