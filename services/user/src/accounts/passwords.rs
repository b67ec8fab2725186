//! Who knows the password of an account, and another one for it.

use futures::try_join;
use holdfast_user_core::email::Email;
use holdfast_user_core::password;
use uuid::Uuid;

use super::records::{Credentials, Profile, seal, user_key};
use super::{Account, Accounts, CREDENTIALS, Error, Owner};

impl Accounts {
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
        let is_right = self.verify(password, hash).await?;
        let Some(account) = account.filter(|_| is_right) else {
            self.attempts.failed(&index).await?;
            metrics::counter!("holdfast_user_logins_total", "outcome" => "wrong").increment(1);
            return Err(Error::WrongPassword);
        };
        self.attempts.succeeded(&index, attempt).await;
        metrics::counter!("holdfast_user_logins_total", "outcome" => "ok").increment(1);
        let owner = account.owner();
        if self.hasher.is_outdated(&account.credentials.password)
            && let Err(error) = self.rehash(account, password).await
        {
            tracing::info!(user = %owner.id, "the password is hashed anew another time: {error}");
        }
        Ok(owner)
    }

    /// Hashes a password with the parameters of today. It is only known while somebody logs in.
    async fn rehash(&self, account: Account, password: &str) -> Result<(), Error> {
        let password = password::prepare(password).map_err(|reason| Error::invalid("password", reason))?;
        let hashed = self.hasher.rehash(password).await;
        let hash = hashed.map_err(|error| Error::hashing("password", error))?;
        self.store_password(account, hash).await
    }

    /// Keeps the account with this hash of its password, and with what else its profile says.
    async fn store_password(&self, account: Account, hash: String) -> Result<(), Error> {
        let user = account.profile.id;
        let credentials = Credentials {
            email: account.credentials.email,
            password: hash,
        };
        let profile = Profile {
            credentials: seal(&account.key, CREDENTIALS, user, &credentials)?,
            ..account.profile
        };
        self.users
            .put(&user_key(user), account.revision, &profile, None)
            .await?;
        Ok(())
    }

    /// Changes a password. All sessions are over.
    ///
    /// # Errors
    /// [`Error::WrongPassword`] if the current one is another; as [`Accounts::authenticate`] and
    /// [`Accounts::register`].
    pub async fn change_password(&self, user: Uuid, current: &str, new: &str) -> Result<(), Error> {
        let new = password::prepare(new).map_err(|reason| Error::invalid("new_password", reason))?;
        let mut account = self.confirmed(user, current).await?;
        let mut words = vec![account.credentials.email.clone()];
        words.push(self.contact(user, &account.key).await?.name);
        let hashed = self.hasher.hash(new, words).await;
        let hash = hashed.map_err(|error| Error::hashing("new_password", error))?;
        account.profile.epoch = account.profile.epoch.saturating_add(1);
        account.profile.updated_at = self.clock.now();
        self.store_password(account, hash).await
    }

    /// An account whose owner has shown to know the password.
    pub(super) async fn confirmed(&self, user: Uuid, password: &str) -> Result<Account, Error> {
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
}
