//! Tickets, in a bucket that every replica sees: under their digest, so that whoever reads the bucket has none of them.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use holdfast_contracts::subjects::TICKETS_BUCKET;
use holdfast_platform::journal::jetstream::JetStreamJournal;
use holdfast_platform::journal::{Append, Error as JournalError, Headers, Journal as _, Revision};
use holdfast_realtime_core::tickets::{Grant, LIFETIME};
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

/// The bytes of a ticket.
const LENGTH: usize = 32;
/// The characters of a ticket.
const CHARACTERS: usize = 43;

/// Why a ticket can neither be given nor taken now.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The bucket does not answer.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// What is stored cannot be read or written.
    #[error("a ticket cannot be read: {0}")]
    Json(#[from] serde_json::Error),
}

/// The bucket of tickets.
#[derive(Clone)]
pub struct Tickets(JetStreamJournal);

impl Tickets {
    /// The bucket `journal`.
    #[must_use]
    pub fn new(journal: JetStreamJournal) -> Self {
        Self(journal)
    }

    /// A new ticket.
    ///
    /// # Errors
    /// [`Error`] if it could not be stored.
    pub async fn issue(&self, grant: &Grant) -> Result<String, Error> {
        let ticket = BASE64_URL_SAFE_NO_PAD.encode(rand::random::<[u8; LENGTH]>());
        let payload = serde_json::to_vec(grant)?;
        self.append(&ticket, Revision::NONE, Headers::new(), payload)
            .await?;
        Ok(ticket)
    }

    /// What a ticket stands for, once: whoever comes first has it, on whichever replica.
    ///
    /// # Errors
    /// [`Error`] if the bucket does not answer.
    pub async fn redeem(&self, ticket: &str, now: Timestamp) -> Result<Option<Grant>, Error> {
        if ticket.len() != CHARACTERS {
            return Ok(None);
        }
        let stored = self.0.last(&subject(ticket)).await?;
        // What was redeemed, or has aged out, is empty.
        let Some(stored) = stored.filter(|stored| !stored.payload.is_empty()) else {
            return Ok(None);
        };
        let grant: Grant = serde_json::from_slice(&stored.payload)?;
        let deleted = Headers::from([("KV-Operation".to_owned(), "DEL".to_owned())]);
        match self.append(ticket, stored.revision, deleted, Vec::new()).await {
            Ok(()) => Ok(Some(grant).filter(|grant| grant.is_good(now))),
            Err(Error::Journal(JournalError::Conflict { .. })) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn append(
        &self,
        ticket: &str,
        expected: Revision,
        mut headers: Headers,
        payload: Vec<u8>,
    ) -> Result<(), Error> {
        // The deletion is remembered for at least as long as the ticket would have been good.
        headers.insert("Nats-TTL".to_owned(), format!("{}s", LIFETIME.as_secs()));
        let append = Append {
            subject: subject(ticket),
            expected,
            message_id: String::new(),
            headers,
            payload: payload.into(),
        };
        self.0.append(append).await?;
        Ok(())
    }
}

fn subject(ticket: &str) -> String {
    format!("$KV.{TICKETS_BUCKET}.{}", hex::encode(Sha256::digest(ticket)))
}
