//! The journal on NATS JetStream.

use async_nats::Message;
use jiff::Timestamp;

use super::{Headers, Record, Revision};

/// Marks a stored record as that of one append call, so that it can be told from a racer's with the same message id.
pub(crate) const APPEND_ID: &str = "Holdfast-Append-Id";

/// Headers that steer the storing of a record and say nothing to its readers.
fn is_internal(name: &str) -> bool {
    name == APPEND_ID
        || name == "Nats-Msg-Id"
        || name.starts_with("Nats-Expected-")
        || name.starts_with("Nats-Batch-")
}

/// A stored message as a record; `nanos` since the epoch is when it was stored.
pub(crate) fn record_of(message: &Message, revision: Revision, nanos: i128) -> Record {
    let mut headers = Headers::new();
    for (name, values) in message.headers.iter().flat_map(async_nats::HeaderMap::iter) {
        if let (false, Some(value)) = (is_internal(name.as_ref()), values.last()) {
            headers.insert(name.to_string(), value.as_str().to_owned());
        }
    }
    Record {
        subject: message.subject.to_string(),
        revision,
        time: Timestamp::from_nanosecond(nanos).unwrap_or_default(),
        headers,
        payload: message.payload.clone(),
    }
}
