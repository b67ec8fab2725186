//! Clients of the token endpoint: tools that act for themselves (RFC 6749 §4.4).

use holdfast_user_core::Invalid;
use holdfast_user_core::claims::{Grant, check_role, narrow};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::bucket::{self, Bucket};
use crate::crypto::digest;

/// The fewest characters of a secret. Secrets are made by machines: nobody has to remember them, so a plain digest
/// keeps them.
pub const MIN_SECRET: usize = 32;

/// Namespace of the ids that stand for clients where a user's would.
const NAMESPACE: Uuid = Uuid::from_u128(0x4f1c_6a0e_93d2_5b7a_8c11_2e5d_7fa9_0b36);

/// Why a client is not given a token.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is none of this id with this secret.
    #[error("there is no such client, or its secret is another one")]
    Unknown,
    /// It asks for more than it may have.
    #[error("scope {0}")]
    Scope(Invalid),
    /// Something cannot be read or written.
    #[error(transparent)]
    Store(#[from] bucket::Error),
}

/// In bucket `users`, at `client.<id>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Record {
    secret: String,
    roles: Vec<String>,
    scope: String,
}

/// A client, as an operator declares it.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Client {
    /// Lower-case letters, digits and hyphens.
    pub id: String,
    /// At least [`MIN_SECRET`] random characters.
    pub secret: String,
    /// What it may do.
    #[serde(default)]
    pub roles: Vec<String>,
    /// What it may ask for, separated by spaces.
    #[serde(default)]
    pub scope: String,
}

impl Client {
    /// Whether it can be one.
    ///
    /// # Errors
    /// Says what is wrong, and never shows the secret.
    pub fn check(&self) -> Result<(), Invalid> {
        check_role(&self.id).map_err(|Invalid(reason)| Invalid(format!("id {reason}")))?;
        if self.secret.len() < MIN_SECRET {
            return Err(Invalid(format!(
                "secret of {} must have at least {MIN_SECRET} random characters",
                self.id
            )));
        }
        self.roles.iter().try_for_each(|role| check_role(role))
    }
}

/// All clients.
pub struct Clients {
    bucket: Bucket,
}

impl Clients {
    /// The clients that are kept in bucket `users`.
    #[must_use]
    pub fn new(bucket: Bucket) -> Self {
        Self { bucket }
    }

    /// What a client is granted, if this is its secret.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn grant(&self, id: &str, secret: &str, scope: Option<&str>) -> Result<Grant, Error> {
        // What can be no id is no key either.
        check_role(id).map_err(|_| Error::Unknown)?;
        let found = self.bucket.get::<Record>(&key(id)).await?;
        let known = found
            .value
            .filter(|record| record.secret == digest(secret.as_bytes()));
        let record = known.ok_or(Error::Unknown)?;
        Ok(Grant {
            subject: Uuid::new_v5(&NAMESPACE, id.as_bytes()),
            roles: record.roles,
            scope: narrow(scope, &record.scope).map_err(Error::Scope)?,
            session: None,
            client: Some(id.to_owned()),
        })
    }

    /// Brings a client to what is declared.
    ///
    /// # Errors
    /// If the server does not answer.
    pub async fn declare(&self, client: &Client) -> Result<(), bucket::Error> {
        let key = key(&client.id);
        let record = Record {
            secret: digest(client.secret.as_bytes()),
            roles: client.roles.clone(),
            scope: client.scope.clone(),
        };
        let found = self.bucket.get::<Record>(&key).await?;
        if found.value.as_ref() == Some(&record) {
            return Ok(());
        }
        match self.bucket.put(&key, found.revision, &record, None).await {
            // Another replica was told the same.
            Err(error) if error.is_conflict() => Ok(()),
            ended => ended.map(drop),
        }
    }
}

fn key(id: &str) -> String {
    format!("client.{id}")
}
