//! Which changes of an order lead to which notices.
//!
//! A customer is told what he would ask about: that the order has come in, that it is paid, that it is cancelled and why,
//! that money came back, and when something takes longer than usual. Steps that take milliseconds on their way are not
//! told: the next notice says more.

/// An amount of money in minor units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Amount {
    /// Minor units.
    pub minor: i64,
    /// ISO 4217 code.
    pub currency: String,
}

/// Why an order was cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CancelReason {
    /// There was not enough of something.
    OutOfStock,
    /// The card was declined.
    PaymentDeclined,
    /// The payment did not come in time.
    PaymentTimeout,
    /// The customer wanted it.
    ByCustomer,
    /// Somebody of the staff did it.
    ByOperator,
}

/// What an order's event means for whoever is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The order has come in.
    Created {
        /// What it costs.
        total: Amount,
    },
    /// A charge was asked for.
    ChargeAsked {
        /// 1-based.
        attempt: u32,
        /// The outcome is asked for; no further charge is tried.
        deadline_passed: bool,
    },
    /// The card was charged.
    Charged {
        /// How much.
        amount: Amount,
    },
    /// The order is paid and its stock sold.
    Completed,
    /// The order has ended without a sale.
    Cancelled {
        /// Why.
        reason: CancelReason,
    },
    /// Money was given back.
    Refunded {
        /// How much.
        amount: Amount,
    },
    /// The order waits for somebody to look at it.
    Parked,
    /// Nothing that is told.
    Silent,
}

/// What is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The order has come in.
    Received,
    /// The payment takes longer than usual.
    PaymentDelayed,
    /// The order is paid.
    Completed,
    /// The order is cancelled.
    Cancelled(CancelReason),
    /// The order needs somebody to look at it.
    Delayed,
    /// Money was given back.
    Refunded,
}

/// How soon a notice is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// Before all that may wait.
    Urgent,
    /// After what is urgent.
    Bulk,
}

impl Kind {
    /// Bad news goes first: it is what somebody acts on.
    #[must_use]
    pub fn class(self) -> Class {
        match self {
            Self::Received | Self::Completed => Class::Bulk,
            _ => Class::Urgent,
        }
    }

    /// Whether it says something about somebody's money, which is for his own eyes: a short message is shown on locked
    /// screens.
    #[must_use]
    pub fn is_sensitive(self) -> bool {
        use CancelReason::{PaymentDeclined, PaymentTimeout};
        match self {
            Self::PaymentDelayed | Self::Refunded | Self::Cancelled(PaymentDeclined | PaymentTimeout) => true,
            Self::Received | Self::Completed | Self::Delayed | Self::Cancelled(_) => false,
        }
    }
}

/// Something that the owner of an order is to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The version of the event; 0 for what is told once, however often it happens.
    pub version: u64,
    /// What is told.
    pub kind: Kind,
    /// What it costs, or what was given back.
    pub amount: Option<Amount>,
}

/// The notices that follow from one commit: its events with their versions.
#[must_use]
pub fn plan(changes: &[(u64, Change)]) -> Vec<Notice> {
    let charged = changes.iter().find_map(|(_, change)| match change {
        Change::Charged { amount } => Some(amount),
        _ => None,
    });
    changes
        .iter()
        .filter_map(|(version, change)| notice(*version, change, charged))
        .collect()
}

fn notice(version: u64, change: &Change, charged: Option<&Amount>) -> Option<Notice> {
    let (kind, amount) = match change {
        Change::Created { total } => (Kind::Received, Some(total)),
        // The first is asked for right after the order has come in; the second, since nothing was heard of it.
        Change::ChargeAsked {
            attempt: 2,
            deadline_passed: false,
        } => (Kind::PaymentDelayed, None),
        Change::Completed => (Kind::Completed, charged),
        Change::Cancelled { reason } => (Kind::Cancelled(*reason), None),
        Change::Refunded { amount } => (Kind::Refunded, Some(amount)),
        Change::Parked => (Kind::Delayed, None),
        Change::ChargeAsked { .. } | Change::Charged { .. } | Change::Silent => return None,
    };
    Some(Notice {
        // An order that is parked is tried again by itself, and parked again.
        version: if kind == Kind::Delayed { 0 } else { version },
        kind,
        amount: amount.cloned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn euros(minor: i64) -> Amount {
        Amount {
            minor,
            currency: "EUR".into(),
        }
    }

    fn kinds(changes: Vec<Change>) -> Vec<(u64, Kind)> {
        let changes: Vec<_> = (1..).zip(changes).collect();
        plan(&changes)
            .into_iter()
            .map(|notice| (notice.version, notice.kind))
            .collect()
    }

    #[test]
    fn an_order_that_goes_well_is_told_of_twice() {
        assert_eq!(
            kinds(vec![Change::Created { total: euros(5) }]),
            [(1, Kind::Received)]
        );
        let asked = Change::ChargeAsked {
            attempt: 1,
            deadline_passed: false,
        };
        assert_eq!(kinds(vec![Change::Silent, asked]), []);
        let commit = [(4, Change::Charged { amount: euros(5) }), (5, Change::Completed)];
        let completed = Notice {
            version: 5,
            kind: Kind::Completed,
            amount: Some(euros(5)),
        };
        assert_eq!(plan(&commit), [completed]);
    }

    #[test]
    fn what_takes_long_is_told_once() {
        let asked = |attempt| Change::ChargeAsked {
            attempt,
            deadline_passed: false,
        };
        assert_eq!(kinds((1..5).map(asked).collect()), [(2, Kind::PaymentDelayed)]);
        let late = Change::ChargeAsked {
            attempt: 2,
            deadline_passed: true,
        };
        assert_eq!(kinds(vec![late]), []);
        assert_eq!(
            kinds(vec![Change::Parked, Change::Silent, Change::Parked]),
            [(0, Kind::Delayed); 2]
        );
    }

    #[test]
    fn bad_news_goes_first_and_money_is_private() {
        use CancelReason::*;
        let private = [
            OutOfStock,
            PaymentDeclined,
            PaymentTimeout,
            ByCustomer,
            ByOperator,
        ]
        .map(|reason| {
            (
                Kind::Cancelled(reason).class(),
                Kind::Cancelled(reason).is_sensitive(),
            )
        });
        let urgent = |sensitive| (Class::Urgent, sensitive);
        assert_eq!(private, [false, true, true, false, false].map(urgent));
        assert_eq!(Kind::Completed.class(), Class::Bulk);
        assert!(Kind::Refunded.is_sensitive() && !Kind::Received.is_sensitive());
    }
}
