//! By which ways a notice goes to whom.

use crate::plan::Kind;

/// A way to somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Channel {
    /// E-mail: everybody has it, and it is private.
    Email,
    /// A short message.
    Sms,
}

/// By which ways somebody can and wants to be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contact {
    /// Wants e-mail.
    pub wants_email: bool,
    /// Wants short messages.
    pub wants_sms: bool,
    /// Has an e-mail address.
    pub has_email: bool,
    /// Has a phone number.
    pub has_phone: bool,
}

/// Why somebody is told nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DropReason {
    /// There is no such account (any more).
    Erased,
    /// No way to reach him is known.
    NoContact,
    /// He wants to hear nothing.
    OptedOut,
}

impl DropReason {
    /// As it stands in metrics and markers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Erased => "erased",
            Self::NoContact => "no_contact",
            Self::OptedOut => "opted_out",
        }
    }
}

/// Where a notice goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// By each of these; at least one.
    Send(Vec<Channel>),
    /// To nobody.
    Drop(DropReason),
}

/// By which ways a notice of this kind goes to somebody; none: there is no such account.
///
/// Who wants to hear of his orders at all is told of his money by e-mail, and by e-mail if there is no phone number:
/// e-mail is the last resort.
#[must_use]
pub fn route(kind: Kind, contact: Option<Contact>) -> Route {
    let Some(contact) = contact else {
        return Route::Drop(DropReason::Erased);
    };
    if !contact.wants_email && !contact.wants_sms {
        return Route::Drop(DropReason::OptedOut);
    }
    let by_sms = contact.wants_sms && contact.has_phone && !kind.is_sensitive();
    let by_email = contact.has_email && (contact.wants_email || !by_sms);
    let channels = [(Channel::Email, by_email), (Channel::Sms, by_sms)];
    let channels: Vec<_> = channels
        .into_iter()
        .filter_map(|(channel, goes)| goes.then_some(channel))
        .collect();
    match channels.is_empty() {
        true => Route::Drop(DropReason::NoContact),
        false => Route::Send(channels),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::CancelReason;
    use proptest::prelude::*;

    fn contact(wants: (bool, bool), has: (bool, bool)) -> Contact {
        Contact {
            wants_email: wants.0,
            wants_sms: wants.1,
            has_email: has.0,
            has_phone: has.1,
        }
    }

    #[test]
    fn preferences_choose_the_way() {
        use Channel::{Email, Sms};
        let has_both = (true, true);
        let of = |kind, wants| route(kind, Some(contact(wants, has_both)));
        assert_eq!(of(Kind::Completed, (true, true)), Route::Send(vec![Email, Sms]));
        assert_eq!(of(Kind::Completed, (false, true)), Route::Send(vec![Sms]));
        assert_eq!(
            of(Kind::Refunded, (false, true)),
            Route::Send(vec![Email]),
            "private"
        );
        assert_eq!(
            of(Kind::Received, (false, false)),
            Route::Drop(DropReason::OptedOut)
        );
        let no_phone = Some(contact((false, true), (true, false)));
        assert_eq!(route(Kind::Completed, no_phone), Route::Send(vec![Email]));
        let no_email = Some(contact((true, false), (false, true)));
        assert_eq!(
            route(Kind::Completed, no_email),
            Route::Drop(DropReason::NoContact)
        );
        assert_eq!(route(Kind::Completed, None), Route::Drop(DropReason::Erased));
    }

    fn kinds() -> impl Strategy<Value = Kind> {
        use CancelReason::*;
        prop_oneof![
            Just(Kind::Received),
            Just(Kind::PaymentDelayed),
            Just(Kind::Completed),
            Just(Kind::Delayed),
            Just(Kind::Refunded),
            proptest::sample::select(vec![
                OutOfStock,
                PaymentDeclined,
                PaymentTimeout,
                ByCustomer,
                ByOperator
            ])
            .prop_map(Kind::Cancelled),
        ]
    }

    proptest! {
        #[test]
        fn who_wants_to_hear_and_has_e_mail_always_does_and_secrets_never_go_by_sms(
            kind in kinds(),
            wants in any::<(bool, bool)>(),
            has in any::<(bool, bool)>(),
        ) {
            match route(kind, Some(contact(wants, has))) {
                Route::Send(channels) => {
                    prop_assert!(!channels.is_empty());
                    prop_assert!(!channels.contains(&Channel::Sms) || (wants.1 && has.1 && !kind.is_sensitive()));
                    prop_assert!(!channels.contains(&Channel::Email) || has.0);
                }
                Route::Drop(reason) => {
                    prop_assert_ne!(reason, DropReason::Erased);
                    prop_assert!(wants == (false, false) || !has.0);
                }
            }
        }
    }
}
