//! Accounts: registration, passwords, contact data, export, erasure.

mod claims;
mod contact;
mod erasure;
mod passwords;
mod records;
mod registration;

use std::sync::Arc;

use futures::try_join;
use holdfast_platform::clock::Clock;
use holdfast_platform::journal::Revision;
use holdfast_user_core::Invalid;
use jiff::SignedDuration;
use uuid::Uuid;

use crate::attempts::Attempts;
use crate::bucket::{self, Bucket};
use crate::crypto::Key;
use crate::data_keys::DataKeys;
use crate::hasher::{self, Hasher};

pub use contact::{Change, Export, Person};
pub use registration::Registration;

use records::{Claim, Credentials, Profile, email_key, open, user_key};

const CREDENTIALS: &str = "credentials";
const CONTACT: &str = "contact";

/// Why something cannot be done with an account.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What is asked for cannot be. Names the fields.
    #[error("not valid: {0:?}")]
    Invalid(Vec<(&'static str, Invalid)>),
    /// Another account has this e-mail address.
    #[error("the e-mail address belongs to another account")]
    EmailTaken,
    /// There is no such account, or its password is another one. Nobody is told which.
    #[error("no account has this e-mail address and this password")]
    WrongPassword,
    /// Too many wrong passwords.
    #[error("too many wrong passwords")]
    TooSoon(SignedDuration),
    /// Too many passwords are being checked.
    #[error("too many passwords are being checked")]
    Busy,
    /// There is no account of this id.
    #[error("there is no such account")]
    NoAccount,
    /// Something cannot be read or written.
    #[error(transparent)]
    Store(#[from] bucket::Error),
    /// The password cannot be hashed. A fault.
    #[error(transparent)]
    Hash(hasher::Error),
}

impl Error {
    fn invalid(field: &'static str, reason: Invalid) -> Self {
        Self::Invalid(vec![(field, reason)])
    }

    fn hashing(field: &'static str, error: hasher::Error) -> Self {
        match error {
            hasher::Error::Busy => Self::Busy,
            hasher::Error::Weak(reason) => Self::invalid(field, reason),
            error @ hasher::Error::Failed(_) => Self::Hash(error),
        }
    }
}

/// An account whose owner is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// The account.
    pub id: Uuid,
    /// Its roles.
    pub roles: Vec<String>,
    /// What its sessions belong to.
    pub epoch: u32,
}

/// An account with all that it takes to read and change it.
struct Account {
    profile: Profile,
    revision: Revision,
    key: Key,
    credentials: Credentials,
}

impl Account {
    fn owner(&self) -> Owner {
        Owner {
            id: self.profile.id,
            roles: self.profile.roles.clone(),
            epoch: self.profile.epoch,
        }
    }
}

/// What accounts are kept in.
pub struct Parts {
    /// Bucket `users`.
    pub users: Bucket,
    /// Bucket `contacts`.
    pub contacts: Bucket,
    /// Bucket `sessions`.
    pub sessions: Bucket,
    /// Stream `USER_KEYS`.
    pub keys: DataKeys,
    /// What e-mail addresses are hashed with.
    pub index: Key,
    /// Checks passwords.
    pub hasher: Hasher,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
}

/// All accounts.
pub struct Accounts {
    users: Bucket,
    contacts: Bucket,
    sessions: Bucket,
    keys: DataKeys,
    index: Key,
    hasher: Hasher,
    attempts: Attempts,
    clock: Arc<dyn Clock>,
}

impl Accounts {
    /// The accounts that are kept there.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        let attempts = Attempts::new(parts.sessions.clone(), Arc::clone(&parts.clock));
        let Parts {
            users,
            contacts,
            sessions,
            keys,
            index,
            hasher,
            clock,
        } = parts;
        Self {
            users,
            contacts,
            sessions,
            keys,
            index,
            hasher,
            attempts,
            clock,
        }
    }

    /// The owner of an account, as it is now.
    ///
    /// # Errors
    /// [`Error::NoAccount`].
    pub async fn owner(&self, user: Uuid) -> Result<Owner, Error> {
        Ok(self.load(user).await?.owner())
    }

    /// The account of an address. The same is asked for whether there is one or not.
    async fn find(&self, index: &str) -> Result<Option<Account>, bucket::Error> {
        let claim = self.users.get::<Claim>(&email_key(index)).await?;
        let user = claim.value.map_or(Uuid::nil(), |claim| claim.user);
        let account = self.read(user).await?;
        Ok(account.filter(|account| account.profile.email_index == index))
    }

    async fn load(&self, user: Uuid) -> Result<Account, Error> {
        self.read(user).await?.ok_or(Error::NoAccount)
    }

    async fn read(&self, user: Uuid) -> Result<Option<Account>, bucket::Error> {
        let profile_key = user_key(user);
        let (profile, key) = try_join!(self.users.get::<Profile>(&profile_key), self.keys.open(user))?;
        let (Some(found), Some(key)) = (profile.value, key) else {
            return Ok(None);
        };
        let credentials = open(&key, CREDENTIALS, user, &found.credentials)?;
        Ok(Some(Account {
            profile: found,
            revision: profile.revision,
            key,
            credentials,
        }))
    }
}
