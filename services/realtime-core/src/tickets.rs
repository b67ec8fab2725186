//! Tickets: what a browser comes in with instead of a token, since it cannot send a header with a WebSocket, and an address
//! with a token in it ends up in logs. A ticket is good once and for half a minute.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// How long a ticket is good.
pub const LIFETIME: SignedDuration = SignedDuration::from_secs(30);

/// What a ticket stands for. It is stored under the digest of the ticket, never with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Who asked for it.
    pub user: Uuid,
    /// Whether that is a member of the staff.
    pub is_staff: bool,
    /// When the token expires that it was asked for with: the stream ends then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_expires: Option<Timestamp>,
    /// When the ticket expires.
    pub expires: Timestamp,
}

impl Grant {
    /// A ticket that is asked for at `now`.
    #[must_use]
    pub fn new(user: Uuid, is_staff: bool, token_expires: Option<Timestamp>, now: Timestamp) -> Self {
        let until = now.saturating_add(LIFETIME).unwrap_or(now);
        // No ticket outlives its token.
        let expires = token_expires.map_or(until, |token| until.min(token));
        Self {
            user,
            is_staff,
            token_expires,
            expires,
        }
    }

    /// Whether it is still good at `now`. The store forgets it about then; this says when.
    #[must_use]
    pub fn is_good(&self, now: Timestamp) -> bool {
        now < self.expires
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_ticket_is_good_for_half_a_minute_and_not_longer_than_its_token() {
        let grant = |token| Grant::new(Uuid::from_u128(1), false, token, at(100));
        assert!(grant(None).is_good(at(129)) && !grant(None).is_good(at(130)));
        assert!(grant(Some(at(110))).is_good(at(109)) && !grant(Some(at(110))).is_good(at(110)));
        assert_eq!(grant(Some(at(900))).expires, at(130));
    }

    #[test]
    fn a_grant_reads_back() {
        for token in [None, Some(at(110))] {
            let grant = Grant::new(Uuid::from_u128(1), true, token, at(100));
            let text = serde_json::to_string(&grant).unwrap();
            assert_eq!(serde_json::from_str::<Grant>(&text).unwrap(), grant);
        }
    }
}
