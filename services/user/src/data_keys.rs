//! The key that each user's data is encrypted with.
//!
//! They are in a stream and not in a bucket, since erasure is the deletion of a message: the server then overwrites its
//! bytes, which it does neither for a newer value nor for a purge. For the same reason a subject keeps its older
//! messages until they are deleted here, one by one.

use std::sync::Arc;

use async_nats::jetstream::stream::{DeleteMessageErrorKind, Stream};
use holdfast_contracts::subjects::{USER_KEYS, user_key};
use holdfast_platform::journal::jetstream::{JetStreamJournal, JournalConfig};
use holdfast_platform::journal::{Append, Error as JournalError, Headers, Journal, Record, Revision, Scan};
use holdfast_platform::nats::Nats;
use uuid::Uuid;

use crate::bucket::Error;
use crate::crypto::{self, Key, MasterKeys, Sealed};

const PAGE: usize = 500;

/// The keys of all users. Cheap to clone.
#[derive(Clone)]
pub struct DataKeys {
    journal: JetStreamJournal,
    stream: Stream<()>,
    masters: Arc<MasterKeys>,
}

impl DataKeys {
    /// The keys, encrypted with these master keys.
    ///
    /// # Errors
    /// Never: the name of the stream is valid.
    pub async fn new(nats: &Nats, masters: Arc<MasterKeys>, config: JournalConfig) -> Result<Self, Error> {
        let stream = nats.jetstream().get_stream_no_info(USER_KEYS).await;
        Ok(Self {
            journal: JetStreamJournal::new(nats, USER_KEYS, config),
            stream: stream.map_err(|error| refused(&error))?,
            masters,
        })
    }

    /// A new key for a user who has none.
    ///
    /// # Errors
    /// [`Error::is_conflict`] if there is one.
    pub async fn create(&self, user: Uuid) -> Result<Key, Error> {
        let key = Key::random();
        self.write(user, Revision::NONE, &key).await?;
        Ok(key)
    }

    /// The key of a user; none if it was destroyed.
    ///
    /// # Errors
    /// [`Error`] if the server does not answer or the key cannot be decrypted.
    pub async fn open(&self, user: Uuid) -> Result<Option<Key>, Error> {
        let record = self.journal.last(&user_key(user)).await?;
        record.map(|record| self.unwrap(user, &record)).transpose()
    }

    /// Destroys the key of a user: what was encrypted with it cannot be read by anybody any more.
    ///
    /// # Errors
    /// [`Error`] if the server does not answer; then it may be there still.
    pub async fn destroy(&self, user: Uuid) -> Result<(), Error> {
        while let Some(record) = self.journal.last(&user_key(user)).await? {
            self.erase(record.revision).await?;
        }
        Ok(())
    }

    /// Encrypts with the current master key whatever was encrypted with an older one, and tells how many keys those
    /// were. After it, the older master keys are not needed for these any more.
    ///
    /// # Errors
    /// [`Error`] if the server does not answer, or a key cannot be decrypted.
    pub async fn rewrap(&self) -> Result<usize, Error> {
        let (mut rewrapped, mut after) = (0, Revision::NONE);
        loop {
            let page = self
                .journal
                .scan("userkeys.*", after, Revision::NONE, PAGE)
                .await?;
            let Some(last) = page.last() else {
                return Ok(rewrapped);
            };
            after = last.revision;
            for record in &page {
                rewrapped += usize::from(self.rewrap_one(record).await?);
            }
        }
    }

    async fn rewrap_one(&self, record: &Record) -> Result<bool, Error> {
        if !self.masters.is_outdated(&parse(record)?) {
            return Ok(false);
        }
        let Some(user) = owner(record) else {
            return Ok(false);
        };
        let key = self.unwrap(user, record)?;
        match self.write(user, record.revision, &key).await {
            Ok(_) => {}
            // Somebody else did, or destroyed it.
            Err(error) if error.is_conflict() => {}
            Err(error) => return Err(error),
        }
        self.erase(record.revision).await?;
        Ok(true)
    }

    async fn write(&self, user: Uuid, expected: Revision, key: &Key) -> Result<Revision, Error> {
        let wrapped = self.masters.seal(&purpose(user), key.bytes())?;
        let payload = serde_json::to_vec(&wrapped).map_err(|source| Error::Unreadable {
            key: user_key(user),
            source,
        })?;
        let append = Append {
            subject: user_key(user),
            expected,
            message_id: String::new(),
            headers: Headers::new(),
            payload: payload.into(),
        };
        Ok(self.journal.append(append).await?)
    }

    fn unwrap(&self, user: Uuid, record: &Record) -> Result<Key, Error> {
        let purpose = purpose(user);
        let key = self.masters.open(&purpose, &parse(record)?)?;
        Key::from_bytes(&key).ok_or_else(|| crypto::Error::Forged { purpose }.into())
    }

    /// Deletes a message; one that is not there any more counts as deleted.
    async fn erase(&self, revision: Revision) -> Result<(), Error> {
        let Err(error) = self.stream.delete_message(revision.0).await else {
            return Ok(());
        };
        let before = Revision(revision.0.saturating_sub(1));
        let next = self.journal.first_after("userkeys.*", before).await?;
        if next.is_none_or(|record| record.revision != revision) {
            return Ok(());
        }
        Err(match error.kind() {
            DeleteMessageErrorKind::JetStream(answer) => refused(&answer),
            _ => Error::Journal(JournalError::Unavailable {
                detail: error.to_string(),
            }),
        })
    }
}

fn parse(record: &Record) -> Result<Sealed, Error> {
    serde_json::from_slice(&record.payload).map_err(|source| Error::Unreadable {
        key: record.subject.clone(),
        source,
    })
}

fn owner(record: &Record) -> Option<Uuid> {
    record.subject.strip_prefix("userkeys.")?.parse().ok()
}

fn purpose(user: Uuid) -> String {
    format!("user-key/{user}")
}

fn refused(error: &impl ToString) -> Error {
    Error::Journal(JournalError::Refused {
        detail: error.to_string(),
    })
}
