//! What is stored of an account. Whatever tells who somebody is, is encrypted with the key of that user.

use holdfast_user_core::contact::Notifications;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::bucket::Error;
use crate::crypto::Key;
use crate::encoding::Base64;

/// In bucket `users`, at `user.<id>`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Profile {
    pub(super) id: Uuid,
    /// The keyed hash of the e-mail address by which it is found.
    pub(super) email_index: String,
    pub(super) roles: Vec<String>,
    /// Sessions of another epoch are over: grows when the password changes.
    pub(super) epoch: u32,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
    /// [`Credentials`].
    pub(super) credentials: Base64,
}

/// How its owner is known.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Credentials {
    pub(super) email: String,
    /// A PHC string.
    pub(super) password: String,
}

/// In bucket `contacts`, at `<id>`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct ContactRecord {
    /// [`Contact`].
    pub(super) contact: Base64,
}

/// How to address its owner.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Contact {
    pub(super) name: String,
    pub(super) phone: Option<String>,
    pub(super) notifications: Notifications,
}

/// In bucket `users`, at `email.<keyed hash>`: whose address it is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Claim {
    pub(super) user: Uuid,
    pub(super) claimed_at: Timestamp,
}

/// In bucket `users`, at `unfinished.<id>`: somebody is at it; if nobody finishes, somebody else will.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Unfinished {
    pub(super) work: Work,
    pub(super) email_index: String,
    pub(super) since: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Work {
    Registration,
    Erasure,
}

pub(super) fn user_key(user: Uuid) -> String {
    format!("user.{user}")
}

pub(super) fn email_key(index: &str) -> String {
    format!("email.{index}")
}

pub(super) fn unfinished_key(user: Uuid) -> String {
    format!("unfinished.{user}")
}

/// What an encrypted record is for: one cannot take the place of another.
pub(super) fn seal<T: Serialize>(key: &Key, what: &str, user: Uuid, value: &T) -> Result<Base64, Error> {
    let purpose = format!("{what}/{user}");
    let plain = serde_json::to_vec(value).map_err(|source| Error::Unreadable {
        key: purpose.clone(),
        source,
    })?;
    Ok(Base64(key.seal(&purpose, &plain)?))
}

pub(super) fn open<T: DeserializeOwned>(
    key: &Key,
    what: &str,
    user: Uuid,
    sealed: &Base64,
) -> Result<T, Error> {
    let purpose = format!("{what}/{user}");
    let plain = key.open(&purpose, &sealed.0)?;
    serde_json::from_slice(&plain).map_err(|source| Error::Unreadable { key: purpose, source })
}
