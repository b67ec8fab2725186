//! Accounts and clients that are to be there from the start: the first member of the staff, internal tools.

use std::path::{Path, PathBuf};

use holdfast_user_core::Invalid;
use holdfast_user_core::claims::check_role;
use holdfast_user_core::contact::Notifications;
use serde::Deserialize;
use uuid::Uuid;

use crate::accounts::{self, Accounts, Registration};
use crate::bucket;
use crate::clients::{Client, Clients};

/// Why a seed cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be read.
    #[error("HOLDFAST_USER_SEED_FILE={path}: {source}")]
    File {
        /// Which one.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The file is no seed.
    #[error("HOLDFAST_USER_SEED_FILE={path}: {reason}")]
    Malformed {
        /// Which one.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A client or an account cannot be made.
    #[error("seed: {0}")]
    Account(#[from] accounts::Error),
    /// The server does not answer.
    #[error("seed: {0}")]
    Store(#[from] bucket::Error),
}

impl Error {
    /// Whether the same may succeed later: also if another replica is at it, or died at it with the same id.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Store(error) | Self::Account(accounts::Error::Store(error)) => {
                error.is_retryable() || error.is_conflict()
            }
            Self::Account(error) => matches!(error, accounts::Error::Busy),
            Self::File { .. } | Self::Malformed { .. } => false,
        }
    }
}

/// What is to be there.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Seed {
    /// Accounts; one that is there already stays as it is.
    pub users: Vec<SeedUser>,
    /// Clients, brought to what is declared.
    pub clients: Vec<Client>,
}

/// An account to be made.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedUser {
    /// The id that it is to have; none: a new one.
    pub id: Option<Uuid>,
    /// Where e-mail goes.
    pub email: String,
    /// As strong as everybody's.
    pub password: String,
    /// For people.
    pub name: String,
    /// A phone number.
    pub phone: Option<String>,
    /// What it may do beside what all may.
    #[serde(default)]
    pub roles: Vec<String>,
}

impl Seed {
    /// Reads a seed.
    ///
    /// # Errors
    /// [`Error`] names the file and what is wrong.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path).map_err(|source| Error::File {
            path: path.to_owned(),
            source,
        })?;
        let malformed = |reason: String| Error::Malformed {
            path: path.to_owned(),
            reason,
        };
        let seed: Self = serde_json::from_str(&text).map_err(|error| malformed(error.to_string()))?;
        seed.check().map_err(|Invalid(reason)| malformed(reason))?;
        Ok(seed)
    }

    fn check(&self) -> Result<(), Invalid> {
        self.clients.iter().try_for_each(Client::check)?;
        let mut roles = self.users.iter().flat_map(|user| &user.roles);
        roles.try_for_each(|role| check_role(role))
    }

    /// Makes what is not there. Any number of replicas may do it at the same time.
    ///
    /// # Errors
    /// [`Error`] if an account cannot be made, or the server does not answer.
    pub async fn plant(&self, accounts: &Accounts, clients: &Clients) -> Result<(), Error> {
        for client in &self.clients {
            clients.declare(client).await?;
        }
        for user in &self.users {
            let new = Registration {
                email: user.email.clone(),
                password: user.password.clone(),
                name: user.name.clone(),
                phone: user.phone.clone(),
                notifications: Notifications::default(),
            };
            if Self::is_there(accounts, user.id).await? {
                continue;
            }
            let id = user.id.unwrap_or_else(Uuid::now_v7);
            match accounts.register(new, id, user.roles.clone()).await {
                Ok(_) | Err(accounts::Error::EmailTaken) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Whether there is an account of this id, which may have another e-mail address by now.
    async fn is_there(accounts: &Accounts, id: Option<Uuid>) -> Result<bool, Error> {
        let Some(id) = id else { return Ok(false) };
        match accounts.owner(id).await {
            Ok(_) => Ok(true),
            Err(accounts::Error::NoAccount) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}
