//! One payment as it stands in the journal.

use bytes::Bytes;
use holdfast_contracts::subjects;
use holdfast_platform::journal::{Append, Headers, Revision};
use uuid::Uuid;

use crate::codec::{self, Commit};
use crate::state::State;

/// The payment of one order as it was read, and where it was read.
pub(super) struct Payment {
    pub(super) order_id: Uuid,
    pub(super) user_id: Option<Uuid>,
    pub(super) state: State,
    pub(super) version: u64,
    pub(super) revision: Revision,
}

impl Payment {
    pub(super) fn unseen(order_id: Uuid) -> Self {
        Self {
            order_id,
            user_id: None,
            state: State::Unseen,
            version: 0,
            revision: Revision::NONE,
        }
    }

    pub(super) fn of(mut self, user_id: Uuid) -> Self {
        self.user_id.get_or_insert(user_id);
        self
    }

    /// The payment after the next record of its subject.
    pub(super) fn then(self, commit: Commit, revision: Revision) -> Result<Self, codec::Error> {
        let (expected, found) = (self.version + 1, commit.first_version);
        if commit.order_id != self.order_id {
            return Err(codec::Error::Misplaced(commit.order_id));
        }
        if found != expected {
            return Err(codec::Error::Gap { expected, found });
        }
        Ok(self.with(commit, revision))
    }

    pub(super) fn with(self, commit: Commit, revision: Revision) -> Self {
        Self {
            order_id: self.order_id,
            user_id: Some(commit.user_id),
            version: commit.last_version(),
            state: commit.events.into_iter().fold(self.state, State::evolve),
            revision,
        }
    }
}

/// The append of a commit to a payment whose newest record is `expected`.
pub(super) fn append(
    commit: &Commit,
    expected: Revision,
    provider: &str,
) -> Result<Append, serde_json::Error> {
    let message_id = format!("{}.{}", commit.order_id, commit.first_version);
    Ok(Append {
        subject: subjects::payment(commit.order_id),
        expected,
        headers: headers(commit, &message_id),
        message_id,
        payload: Bytes::from(commit.to_payload(provider)?),
    })
}

fn headers(commit: &Commit, id: &str) -> Headers {
    [
        ("ce-specversion", "1.0".to_owned()),
        ("ce-id", id.to_owned()),
        ("ce-type", holdfast_contracts::events::PAYMENT_COMMIT.to_owned()),
        ("ce-source", "/holdfast/payment".to_owned()),
        ("ce-subject", commit.order_id.to_string()),
        ("ce-time", commit.time.to_string()),
        ("ce-dataschema", "holdfast.payment.v1".to_owned()),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect()
}
