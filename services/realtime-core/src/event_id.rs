//! How far a client has come with one order: `<order id>.<version>`.
//!
//! Made of nothing but the log, so an id that one replica gave means the same to every other, and after any restart.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

/// One event of one order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventId {
    /// The order.
    pub order: Uuid,
    /// The place of the event among those of the order, from 1.
    pub version: u64,
}

/// A text that is no event id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not of the form <order id>.<version>")]
pub struct Malformed;

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.order, self.version)
    }
}

impl FromStr for EventId {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let (order, version) = text.rsplit_once('.').ok_or(Malformed)?;
        let id = Self {
            order: order.parse().map_err(|_| Malformed)?,
            version: version.parse().map_err(|_| Malformed)?,
        };
        // One text for each id: no plus sign, no leading zeros, no other ways to write a UUID.
        match id.version > 0 && id.to_string() == text {
            true => Ok(id),
            false => Err(Malformed),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn an_id_reads_back(order: u128, version in 1..=u64::MAX) {
            let id = EventId { order: Uuid::from_u128(order), version };
            prop_assert_eq!(id.to_string().parse(), Ok(id));
        }

        #[test]
        fn any_text_is_an_id_in_one_way_or_none(text in "[0-9a-f.+ -]{0,60}") {
            if let Ok(id) = text.parse::<EventId>() {
                prop_assert_eq!(id.to_string(), text);
            }
        }
    }

    #[test]
    fn what_is_no_id_is_refused() {
        let order = Uuid::from_u128(1);
        for text in [
            String::new(),
            "1".into(),
            format!("{order}."),
            format!("{order}.0"),
            format!("{order}.+1"),
            format!("{order}.01"),
            format!("{}.1", order.simple()),
        ] {
            assert_eq!(text.parse::<EventId>(), Err(Malformed), "{text}");
        }
    }
}
