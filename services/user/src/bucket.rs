//! KV buckets as documents with versions, written by compare-and-swap.

use holdfast_platform::journal::jetstream::{JetStreamJournal, JournalConfig};
use holdfast_platform::journal::{Append, Error as JournalError, Headers, Journal, Record, Revision, Scan};
use holdfast_platform::nats::Nats;
use jiff::SignedDuration;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::crypto;

/// How long the server remembers that something was deleted.
const TOMBSTONE: SignedDuration = SignedDuration::from_hours(1);
const PAGE: usize = 500;

/// Why something cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The server did not answer, refused, or somebody else was faster.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// What is stored cannot be read. A fault.
    #[error("{key} cannot be read: {source}")]
    Unreadable {
        /// Where it is.
        key: String,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// What is stored cannot be decrypted. A fault.
    #[error(transparent)]
    Crypto(#[from] crypto::Error),
}

impl Error {
    /// Whether the same may succeed later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Journal(error) if error.is_retryable())
    }

    /// Whether somebody else was faster: read again, and decide again.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Journal(JournalError::Conflict { .. }))
    }
}

/// A document and the version to change it by; no document, but a version, if it was deleted.
#[derive(Clone, Debug)]
pub struct Versioned<T> {
    /// What a change expects.
    pub revision: Revision,
    /// What is stored.
    pub value: Option<T>,
}

/// One bucket. Cheap to clone.
#[derive(Clone)]
pub struct Bucket {
    journal: JetStreamJournal,
    prefix: String,
}

impl Bucket {
    /// The bucket `name`, which must exist by the time it is used.
    #[must_use]
    pub fn new(nats: &Nats, name: &str, config: JournalConfig) -> Self {
        Self {
            journal: JetStreamJournal::new(nats, &format!("KV_{name}"), config),
            prefix: format!("$KV.{name}."),
        }
    }

    /// The newest version of a document, never a stale one.
    ///
    /// # Errors
    /// [`Error`] if the server does not answer or the document cannot be read.
    pub async fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Versioned<T>, Error> {
        let record = self.journal.last(&format!("{}{key}", self.prefix)).await?;
        record.map_or(
            Ok(Versioned {
                revision: Revision::NONE,
                value: None,
            }),
            |record| read(&record),
        )
    }

    /// Stores a document if nobody changed it since `expected`; it is forgotten after `ttl`, if there is one.
    ///
    /// # Errors
    /// [`Error::is_conflict`] if somebody did.
    pub async fn put<T: Serialize>(
        &self,
        key: &str,
        expected: Revision,
        value: &T,
        ttl: Option<SignedDuration>,
    ) -> Result<Revision, Error> {
        let payload = serde_json::to_vec(value).map_err(|source| Error::Unreadable {
            key: key.to_owned(),
            source,
        })?;
        let headers = ttl.map(time_to_live).into_iter().collect();
        self.append(key, expected, headers, payload).await
    }

    /// Stores a document if there is none.
    ///
    /// # Errors
    /// [`Error::is_conflict`] if there is one.
    pub async fn create<T: Serialize>(&self, key: &str, value: &T) -> Result<Revision, Error> {
        match self.put(key, Revision::NONE, value, None).await {
            Err(error) if error.is_conflict() => {
                let found = self.get::<serde_json::Value>(key).await?;
                match found.value {
                    Some(_) => Err(error),
                    // There was one.
                    None => self.put(key, found.revision, value, None).await,
                }
            }
            ended => ended,
        }
    }

    /// Deletes a document that is at this version.
    ///
    /// # Errors
    /// [`Error::is_conflict`] if it is at another one.
    pub async fn delete(&self, key: &str, expected: Revision) -> Result<(), Error> {
        let deleted = ("KV-Operation".to_owned(), "DEL".to_owned());
        let headers = [deleted, time_to_live(TOMBSTONE)].into();
        self.append(key, expected, headers, Vec::new()).await.map(drop)
    }

    /// Deletes a document, whichever version it is at. Nothing is written if there is none.
    ///
    /// # Errors
    /// [`Error`] if the server does not answer, or it changes all the time.
    pub async fn remove(&self, key: &str) -> Result<(), Error> {
        for _ in 0..3 {
            let found = self.get::<serde_json::Value>(key).await?;
            if found.value.is_none() {
                return Ok(());
            }
            match self.delete(key, found.revision).await {
                Err(error) if error.is_conflict() => {}
                ended => return ended,
            }
        }
        Err(contended(key))
    }

    /// All documents whose keys match `filter` (NATS wildcards), with their keys. A copy may answer that does not have
    /// the newest yet.
    ///
    /// # Errors
    /// [`Error`] if the server does not answer or a document cannot be read.
    pub async fn list<T: DeserializeOwned>(
        &self,
        filter: &str,
    ) -> Result<Vec<(String, Versioned<T>)>, Error> {
        let filter = format!("{}{filter}", self.prefix);
        let (mut found, mut after) = (Vec::new(), Revision::NONE);
        loop {
            let page = self.journal.scan(&filter, after, Revision::NONE, PAGE).await?;
            for record in &page {
                let document = read(record)?;
                if let (Some(key), true) = (
                    record.subject.strip_prefix(&self.prefix),
                    document.value.is_some(),
                ) {
                    found.push((key.to_owned(), document));
                }
            }
            match page.last() {
                Some(last) if page.len() == PAGE => after = last.revision,
                _ => return Ok(found),
            }
        }
    }

    async fn append(
        &self,
        key: &str,
        expected: Revision,
        headers: Headers,
        payload: Vec<u8>,
    ) -> Result<Revision, Error> {
        let append = Append {
            subject: format!("{}{key}", self.prefix),
            expected,
            message_id: String::new(),
            headers,
            payload: payload.into(),
        };
        Ok(self.journal.append(append).await?)
    }
}

/// What is answered when others changed a document as often as it was tried.
pub(crate) fn contended(key: &str) -> Error {
    Error::Journal(JournalError::Unavailable {
        detail: format!("{key} changes too fast"),
    })
}

/// An empty value is a deletion, or the server's word that a document has aged out.
fn read<T: DeserializeOwned>(record: &Record) -> Result<Versioned<T>, Error> {
    let revision = record.revision;
    if record.payload.is_empty() {
        return Ok(Versioned {
            revision,
            value: None,
        });
    }
    let value = serde_json::from_slice(&record.payload).map_err(|source| Error::Unreadable {
        key: record.subject.clone(),
        source,
    })?;
    Ok(Versioned { revision, value })
}

fn time_to_live(ttl: SignedDuration) -> (String, String) {
    ("Nats-TTL".to_owned(), format!("{}s", ttl.as_secs().max(1)))
}
