//! Canonical JSON of the contracts' messages.

use serde::{Serialize, de::DeserializeOwned};

/// A payload that is not the canonical JSON of the expected message.
#[derive(Debug, thiserror::Error)]
#[error("not a valid {message}: {source}")]
pub struct DecodeError {
    message: &'static str,
    #[source]
    source: serde_json::Error,
}

/// The canonical JSON of a message.
///
/// # Errors
/// Only if the message holds a value that ProtoJSON cannot express, such as a timestamp outside years 1–9999.
pub fn encode<M: Serialize>(message: &M) -> Result<Vec<u8>, serde_json::Error> {
    serde_json::to_vec(message)
}

/// Reads a message from its canonical JSON; unknown fields are ignored.
///
/// # Errors
/// [`DecodeError`] if the payload is not JSON or a known field has the wrong type.
pub fn decode<M: DeserializeOwned>(payload: &[u8]) -> Result<M, DecodeError> {
    serde_json::from_slice(payload).map_err(|source| DecodeError {
        message: std::any::type_name::<M>(),
        source,
    })
}
