//! Words that the API uses, for its description. A test holds them against those of the core.

use utoipa::openapi::schema::{Object, ObjectBuilder, Type};

const STATUSES: [&str; 9] = [
    "created",
    "inventory_reserved",
    "payment_pending",
    "payment_succeeded",
    "payment_failed",
    "inventory_released",
    "completed",
    "cancelled",
    "parked",
];
const REASONS: [&str; 5] = [
    "out_of_stock",
    "payment_declined",
    "payment_timeout",
    "cancelled_by_customer",
    "cancelled_by_operator",
];
const EVENTS: [&str; 13] = [
    "OrderCreated",
    "InventoryReserved",
    "InventoryNotAvailable",
    "PaymentPending",
    "PaymentSucceeded",
    "PaymentFailed",
    "InventoryReleased",
    "OrderCompleted",
    "OrderCancelled",
    "CancelRequested",
    "PaymentRefunded",
    "SagaParked",
    "SagaResumed",
];

fn one_of(words: &[&str]) -> Object {
    let words = Some(words.iter().copied());
    ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(words)
        .build()
}

pub(super) fn status() -> Object {
    one_of(&STATUSES)
}

pub(super) fn reason() -> Object {
    one_of(&REASONS)
}

pub(super) fn event_type() -> Object {
    one_of(&EVENTS)
}

/// Why an order of a page is not shown.
pub(super) fn omission() -> Object {
    one_of(&["unreadable", "unavailable"])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::arbitrary;
    use holdfast_order_core::{CancelReason, Status};
    use proptest::prelude::*;

    #[test]
    fn the_words_are_those_of_the_core() {
        use CancelReason::{
            CancelledByCustomer, CancelledByOperator, OutOfStock, PaymentDeclined, PaymentTimeout,
        };
        let statuses = [
            Status::Created,
            Status::InventoryReserved,
            Status::PaymentPending,
            Status::PaymentSucceeded,
            Status::PaymentFailed,
            Status::InventoryReleased,
            Status::Completed,
            Status::Cancelled,
            Status::Parked,
        ];
        assert_eq!(statuses.map(Status::as_str), STATUSES);
        let reasons = [
            OutOfStock,
            PaymentDeclined,
            PaymentTimeout,
            CancelledByCustomer,
            CancelledByOperator,
        ];
        assert_eq!(reasons.map(CancelReason::as_str), REASONS);
    }

    proptest! {
        #[test]
        fn every_event_has_a_name_that_is_described(event in arbitrary::event()) {
            prop_assert!(EVENTS.contains(&event.name()));
        }
    }
}
