//! Which status of an order, and why, follows from its events: what `GET /v1/orders/{id}` would say after each of them.
//!
//! The saga decides; this only shows, so it refuses nothing. A test of the service holds it against the saga's own fold.

use serde::Serialize;

/// Where an order stands, as its customer sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names are those of the API")]
pub enum Status {
    #[default]
    Created,
    InventoryReserved,
    PaymentPending,
    PaymentSucceeded,
    PaymentFailed,
    InventoryReleased,
    Completed,
    Cancelled,
    Parked,
}

/// Why an order ended, or is ending, without a sale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names are those of the API")]
pub enum Reason {
    OutOfStock,
    PaymentDeclined,
    PaymentTimeout,
    CancelledByCustomer,
    CancelledByOperator,
}

/// What happened to an order, with the reason that it gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are those of the contracts")]
pub enum Event {
    OrderCreated,
    InventoryReserved,
    InventoryNotAvailable,
    PaymentPending,
    PaymentSucceeded,
    PaymentFailed(Reason),
    InventoryReleased,
    OrderCompleted,
    OrderCancelled(Option<Reason>),
    CancelRequested(Reason),
    PaymentRefunded,
    SagaParked,
    SagaResumed,
    /// One that this program does not know: it changes no status.
    Unknown,
}

impl Event {
    /// The name in the contracts, if it is known.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        Some(match self {
            Self::OrderCreated => "OrderCreated",
            Self::InventoryReserved => "InventoryReserved",
            Self::InventoryNotAvailable => "InventoryNotAvailable",
            Self::PaymentPending => "PaymentPending",
            Self::PaymentSucceeded => "PaymentSucceeded",
            Self::PaymentFailed(_) => "PaymentFailed",
            Self::InventoryReleased => "InventoryReleased",
            Self::OrderCompleted => "OrderCompleted",
            Self::OrderCancelled(_) => "OrderCancelled",
            Self::CancelRequested(_) => "CancelRequested",
            Self::PaymentRefunded => "PaymentRefunded",
            Self::SagaParked => "SagaParked",
            Self::SagaResumed => "SagaResumed",
            Self::Unknown => return None,
        })
    }
}

/// The status after some events of an order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Of the last event on the main path, which shows through when the order is not parked.
    milestone: Status,
    parked: bool,
    reason: Option<Reason>,
    /// What a cancellation will give as reason, once it has an effect.
    asked: Option<Reason>,
}

impl Standing {
    /// The status.
    #[must_use]
    pub fn status(&self) -> Status {
        if self.parked {
            Status::Parked
        } else {
            self.milestone
        }
    }

    /// Why the order ended, or is ending, without a sale.
    #[must_use]
    pub fn reason(&self) -> Option<Reason> {
        self.reason
    }

    /// Whether nothing more is to be expected.
    #[must_use]
    pub fn is_final(&self) -> bool {
        self.ended() && !self.parked
    }

    fn ended(&self) -> bool {
        matches!(self.milestone, Status::Completed | Status::Cancelled)
    }

    /// The standing after the next event.
    #[must_use]
    pub fn after(mut self, event: Event) -> Self {
        self.reason = self.next_reason(event);
        if !self.ended() {
            self.milestone = self.next_milestone(event);
        }
        if let Event::CancelRequested(reason) = event {
            self.asked = Some(reason);
        }
        self.parked = match event {
            Event::Unknown => self.parked,
            event => event == Event::SagaParked,
        };
        self
    }

    fn next_milestone(&self, event: Event) -> Status {
        match event {
            Event::OrderCreated => Status::Created,
            Event::InventoryReserved => Status::InventoryReserved,
            Event::PaymentPending => Status::PaymentPending,
            Event::PaymentSucceeded => Status::PaymentSucceeded,
            Event::PaymentFailed(_) => Status::PaymentFailed,
            Event::InventoryReleased => Status::InventoryReleased,
            Event::OrderCompleted => Status::Completed,
            Event::OrderCancelled(_) => Status::Cancelled,
            _ => self.milestone,
        }
    }

    fn next_reason(&self, event: Event) -> Option<Reason> {
        match event {
            // A cancellation that came before the stock decision takes effect with it.
            Event::InventoryReserved | Event::PaymentRefunded => self.reason.or(self.asked),
            Event::InventoryNotAvailable => self.asked.or(Some(Reason::OutOfStock)),
            Event::PaymentFailed(reason) => self.reason.or(self.asked).or(Some(reason)),
            Event::OrderCancelled(reason) => reason.or(self.reason),
            _ => self.reason,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(events: &[Event]) -> (Status, Option<Reason>) {
        let last = events
            .iter()
            .fold(Standing::default(), |standing, event| standing.after(*event));
        (last.status(), last.reason())
    }

    #[test]
    fn given_the_main_path_the_status_is_that_of_the_last_event() {
        use Event::*;
        let path = [
            OrderCreated,
            InventoryReserved,
            PaymentPending,
            PaymentSucceeded,
            OrderCompleted,
        ];
        assert_eq!(standing(&path[..1]), (Status::Created, None));
        assert_eq!(standing(&path[..3]), (Status::PaymentPending, None));
        assert_eq!(standing(&path), (Status::Completed, None));
    }

    #[test]
    fn given_a_parked_order_its_status_shows_again_when_it_goes_on() {
        use Event::*;
        let path = [
            OrderCreated,
            InventoryReserved,
            PaymentPending,
            SagaParked,
            Unknown,
            SagaResumed,
        ];
        assert_eq!(standing(&path[..4]).0, Status::Parked);
        assert_eq!(standing(&path[..5]).0, Status::Parked);
        assert_eq!(standing(&path), (Status::PaymentPending, None));
    }

    #[test]
    fn given_a_cancellation_its_reason_shows_when_it_has_an_effect() {
        use Event::*;
        let by_customer = CancelRequested(Reason::CancelledByCustomer);
        let early = [OrderCreated, by_customer, InventoryReserved];
        assert_eq!(standing(&early[..2]), (Status::Created, None));
        assert_eq!(
            standing(&early),
            (Status::InventoryReserved, Some(Reason::CancelledByCustomer))
        );
        let refunded = [
            OrderCreated,
            InventoryReserved,
            PaymentPending,
            by_customer,
            PaymentRefunded,
        ];
        assert_eq!(
            standing(&refunded),
            (Status::PaymentPending, Some(Reason::CancelledByCustomer))
        );
    }

    #[test]
    fn given_a_late_charge_the_end_stays_the_end() {
        use Event::*;
        let end = OrderCancelled(Some(Reason::PaymentTimeout));
        let path = [
            OrderCreated,
            PaymentPending,
            end,
            PaymentSucceeded,
            PaymentFailed(Reason::PaymentDeclined),
        ];
        assert_eq!(standing(&path), (Status::Cancelled, Some(Reason::PaymentTimeout)));
    }
}
