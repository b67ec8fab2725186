//! Accounts: registration, passwords, contact data, export, erasure.

mod claims;
mod contact;
mod erasure;
mod records;

use std::sync::Arc;

use futures::try_join;
use holdfast_platform::clock::Clock;
use holdfast_platform::journal::Revision;
use holdfast_user_core::Invalid;
use holdfast_user_core::contact::Notifications;
use holdfast_user_core::email::Email;
use holdfast_user_core::password;
use jiff::SignedDuration;
use uuid::Uuid;

use crate::attempts::Attempts;
use crate::bucket::{self, Bucket};
use crate::crypto::Key;
use crate::data_keys::DataKeys;
use crate::hasher::{self, Hasher};

pub use contact::{Change, Person};

use records::{Claim, Contact, ContactRecord, Credentials, Profile, Work, email_key, open, seal, user_key};

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

/// What somebody registers with, as it comes.
#[derive(Clone, Debug)]
pub struct Registration {
    /// The e-mail address.
    pub email: String,
    /// The password.
    pub password: String,
    /// A name for people.
    pub name: String,
    /// A phone number.
    pub phone: Option<String>,
    /// By which ways to be notified.
    pub notifications: Notifications,
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

    /// Makes an account, with the id and the roles that it is to have.
    ///
    /// # Errors
    /// [`Error::Invalid`], [`Error::EmailTaken`], or why it cannot be done now.
    pub async fn register(&self, new: Registration, id: Uuid, roles: Vec<String>) -> Result<Person, Error> {
        let (email, password, contact) = check(new)?;
        let index = self.index.mac(email.identity());
        if self.is_taken(&index).await? {
            return Err(Error::EmailTaken);
        }
        let words = vec![email.address().to_owned(), contact.name.clone()];
        let hashed = self.hasher.hash(password, words).await;
        let credentials = Credentials {
            email: email.address().to_owned(),
            password: hashed.map_err(|error| Error::hashing("password", error))?,
        };
        self.note(id, Work::Registration, &index).await?;
        let now = self.clock.now();
        let key = self.keys.create(id).await?;
        let profile = Profile {
            id,
            email_index: index.clone(),
            roles,
            epoch: 0,
            created_at: now,
            updated_at: now,
            credentials: seal(&key, CREDENTIALS, id, &credentials)?,
        };
        let record = ContactRecord {
            contact: seal(&key, CONTACT, id, &contact)?,
        };
        let (user_key, contact_key) = (user_key(id), id.to_string());
        try_join!(
            self.users.put(&user_key, Revision::NONE, &profile, None),
            self.contacts.put(&contact_key, Revision::NONE, &record, None)
        )?;
        if let Err(error) = self.claim(&index, id).await {
            // If this fails, or the claim has been made after all, whoever finds the note puts it right.
            if matches!(error, Error::EmailTaken) {
                let _ = self.remove(id, &index).await;
            }
            return Err(error);
        }
        if let Err(error) = self.forget_note(id).await {
            tracing::warn!(user = %id, "registered; its note stays for a while: {error}");
        }
        metrics::counter!("holdfast_user_registrations_total").increment(1);
        Ok(Person::new(&profile, credentials.email, contact))
    }

    /// Who has this e-mail address and this password.
    ///
    /// # Errors
    /// [`Error::WrongPassword`] after the same work whether there is such an account or not; [`Error::TooSoon`],
    /// [`Error::Busy`].
    pub async fn authenticate(&self, email: &str, password: &str) -> Result<Owner, Error> {
        let email = Email::parse(email);
        // What is no address is an address that nobody has.
        let identity = email.as_ref().map_or("", Email::identity);
        let index = self.index.mac(identity);
        let (attempt, account) = try_join!(self.attempts.begin(&index), async {
            Ok(self.find(&index).await?)
        })?;
        let hash = account
            .as_ref()
            .map(|account| account.credentials.password.clone());
        if self.verify(password, hash).await? {
            self.attempts.succeeded(&index, attempt).await;
            metrics::counter!("holdfast_user_logins_total", "outcome" => "ok").increment(1);
            return account.map(|account| account.owner()).ok_or(Error::WrongPassword);
        }
        self.attempts.failed(&index).await?;
        metrics::counter!("holdfast_user_logins_total", "outcome" => "wrong").increment(1);
        Err(Error::WrongPassword)
    }

    /// Changes a password. All sessions are over.
    ///
    /// # Errors
    /// [`Error::WrongPassword`] if the current one is another; as [`Accounts::authenticate`] and
    /// [`Accounts::register`].
    pub async fn change_password(&self, user: Uuid, current: &str, new: &str) -> Result<(), Error> {
        let new = password::prepare(new).map_err(|reason| Error::invalid("new_password", reason))?;
        let account = self.confirmed(user, current).await?;
        let mut words = vec![account.credentials.email.clone()];
        words.push(self.contact(user, &account.key).await?.name);
        let hashed = self.hasher.hash(new, words).await;
        let credentials = Credentials {
            email: account.credentials.email,
            password: hashed.map_err(|error| Error::hashing("new_password", error))?,
        };
        let profile = Profile {
            epoch: account.profile.epoch.saturating_add(1),
            updated_at: self.clock.now(),
            credentials: seal(&account.key, CREDENTIALS, user, &credentials)?,
            ..account.profile
        };
        self.users
            .put(&user_key(user), account.revision, &profile, None)
            .await?;
        Ok(())
    }

    /// The owner of an account, as it is now.
    ///
    /// # Errors
    /// [`Error::NoAccount`].
    pub async fn owner(&self, user: Uuid) -> Result<Owner, Error> {
        Ok(self.load(user).await?.owner())
    }

    /// An account whose owner has shown to know the password.
    async fn confirmed(&self, user: Uuid, password: &str) -> Result<Account, Error> {
        let account = self.load(user).await?;
        let index = &account.profile.email_index;
        let attempt = self.attempts.begin(index).await?;
        let hash = Some(account.credentials.password.clone());
        if self.verify(password, hash).await? {
            self.attempts.succeeded(index, attempt).await;
            return Ok(account);
        }
        self.attempts.failed(index).await?;
        Err(Error::WrongPassword)
    }

    async fn verify(&self, password: &str, hash: Option<String>) -> Result<bool, Error> {
        // What can be no password is one that nobody has.
        let password = password::prepare(password).unwrap_or_default();
        let verified = self.hasher.verify(password, hash).await;
        verified.map_err(|error| Error::hashing("password", error))
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

/// All that is wrong with a registration, or its parts.
fn check(new: Registration) -> Result<(Email, String, Contact), Error> {
    let mut wrong = Vec::new();
    let mut keep = |field, reason| wrong.push((field, reason));
    let email = Email::parse(&new.email).map_err(|reason| keep("email", reason));
    let password = password::prepare(&new.password).map_err(|reason| keep("password", reason));
    let name = holdfast_user_core::contact::name(&new.name).map_err(|reason| keep("name", reason));
    let phone = new.phone.as_deref().map(holdfast_user_core::contact::phone);
    let phone = phone.transpose().map_err(|reason| keep("phone", reason));
    match (email, password, name, phone) {
        (Ok(email), Ok(password), Ok(name), Ok(phone)) => {
            let contact = Contact {
                name,
                phone,
                notifications: new.notifications,
            };
            Ok((email, password, contact))
        }
        _ => Err(Error::Invalid(wrong)),
    }
}
