//! Who somebody is and how to reach them: shown, changed, exported.

use futures::try_join;
use holdfast_platform::journal::Revision;
use holdfast_user_core::contact::{self, Notifications};
use holdfast_user_core::email::Email;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::records::{Contact, ContactRecord, Credentials, Profile, open, seal, user_key};
use super::{Accounts, CONTACT, CREDENTIALS, Error};
use crate::bucket::{self, contended};
use crate::crypto::Key;

/// An account as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Account)]
pub struct Person {
    /// The account.
    pub id: Uuid,
    /// Where e-mail goes.
    pub email: String,
    /// For people.
    pub name: String,
    /// In the form of E.164.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub phone: Option<String>,
    /// By which ways to be notified.
    #[schema(value_type = crate::http::schemas::Notifications)]
    pub notifications: Notifications,
    /// What the account may do beside what all may.
    pub roles: Vec<String>,
    /// When it was registered.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When the e-mail address or the password was changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
}

impl Person {
    pub(super) fn new(profile: &Profile, email: String, contact: Contact) -> Self {
        Self {
            id: profile.id,
            email,
            name: contact.name,
            phone: contact.phone,
            notifications: contact.notifications,
            roles: profile.roles.clone(),
            created_at: profile.created_at,
            updated_at: profile.updated_at,
        }
    }
}

/// What is to be changed of an account; none: stays.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// The name.
    pub name: Option<String>,
    /// The phone number, or none.
    pub phone: Option<Option<String>>,
    /// By which ways to be notified.
    pub notifications: Option<Notifications>,
    /// The e-mail address. Whoever has it can be sent a new password one day, so the password must be known.
    pub email: Option<String>,
    /// The password, for a change of the e-mail address.
    pub current_password: Option<String>,
}

impl Accounts {
    /// Who somebody is and how to reach them.
    ///
    /// # Errors
    /// [`Error::NoAccount`], also after erasure.
    pub async fn person(&self, user: Uuid) -> Result<Person, Error> {
        let account = self.load(user).await?;
        let contact = self.contact(user, &account.key).await?;
        Ok(Person::new(&account.profile, account.credentials.email, contact))
    }

    /// Changes an account.
    ///
    /// # Errors
    /// [`Error::Invalid`]; for an e-mail address as [`Accounts::change_password`] and [`Error::EmailTaken`].
    pub async fn change(&self, user: Uuid, change: Change) -> Result<Person, Error> {
        let (name, phone) = check(&change)?;
        if let Some(email) = &change.email {
            let password = change.current_password.as_deref().unwrap_or_default();
            self.change_email(user, email, password).await?;
        }
        if name.is_some() || phone.is_some() || change.notifications.is_some() {
            self.change_contact(user, |contact| Contact {
                name: name.clone().unwrap_or(contact.name),
                phone: phone.clone().unwrap_or(contact.phone),
                notifications: change.notifications.unwrap_or(contact.notifications),
            })
            .await?;
        }
        self.person(user).await
    }

    pub(super) async fn contact(&self, user: Uuid, key: &Key) -> Result<Contact, Error> {
        Ok(self.stored_contact(user, key).await?.1)
    }

    async fn stored_contact(&self, user: Uuid, key: &Key) -> Result<(Revision, Contact), Error> {
        let found = self.contacts.get::<ContactRecord>(&user.to_string()).await?;
        let record = found.value.ok_or(Error::NoAccount)?;
        Ok((found.revision, open(key, CONTACT, user, &record.contact)?))
    }

    async fn change_contact(&self, user: Uuid, change: impl Fn(Contact) -> Contact) -> Result<(), Error> {
        let key = self.keys.open(user).await?.ok_or(Error::NoAccount)?;
        let at = user.to_string();
        for _ in 0..3 {
            let (revision, before) = self.stored_contact(user, &key).await?;
            let record = ContactRecord {
                contact: seal(&key, CONTACT, user, &change(before))?,
            };
            match self.contacts.put(&at, revision, &record, None).await {
                Err(error) if error.is_conflict() => {}
                ended => return Ok(ended.map(drop)?),
            }
        }
        Err(contended(&at).into())
    }

    /// The new address is claimed before the account has it, and the old one given back after: it never is without.
    async fn change_email(&self, user: Uuid, email: &str, password: &str) -> Result<(), Error> {
        let email = Email::parse(email).map_err(|reason| Error::invalid("email", reason))?;
        let account = self.confirmed(user, password).await?;
        let (before, index) = (
            account.profile.email_index.clone(),
            self.index.mac(email.identity()),
        );
        self.claim(&index, user).await?;
        let credentials = Credentials {
            email: email.address().to_owned(),
            ..account.credentials
        };
        let profile = Profile {
            email_index: index.clone(),
            updated_at: self.clock.now(),
            credentials: seal(&account.key, CREDENTIALS, user, &credentials)?,
            ..account.profile
        };
        let stored = self
            .users
            .put(&user_key(user), account.revision, &profile, None)
            .await;
        let gone = match (&stored, index == before) {
            (Ok(_), false) => &before,
            (Err(error), false) if error.is_conflict() => &index,
            _ => return Ok(stored.map(drop)?),
        };
        self.given_back(gone, user).await;
        Ok(stored.map(drop)?)
    }

    /// A claim that stays by mistake is void after a while.
    async fn given_back(&self, index: &str, user: Uuid) {
        if let Err(error) = self.release(index, user).await {
            tracing::warn!(%user, "an e-mail address is given back later: {error}");
        }
    }

    /// All that is kept of a user (GDPR art. 15): who they are, and their sessions.
    ///
    /// # Errors
    /// [`Error::NoAccount`].
    pub async fn export(&self, user: Uuid) -> Result<Export, Error> {
        let (person, sessions) = try_join!(self.person(user), async { Ok(self.sessions_of(user).await?) })?;
        Ok(Export {
            exported_at: self.clock.now(),
            account: person,
            sessions,
        })
    }

    async fn sessions_of(&self, user: Uuid) -> Result<Vec<SessionInfo>, bucket::Error> {
        let filter = crate::sessions::keys_of(user);
        let found = self
            .sessions
            .list::<holdfast_user_core::family::Family>(&filter)
            .await?;
        let families = found.into_iter().filter_map(|(_, found)| found.value);
        Ok(families
            .map(|family| SessionInfo {
                logged_in_at: family.created_at,
                last_used_at: family.used_at,
                expires_at: family.expires_at,
                is_revoked: family.revoked.is_some(),
            })
            .collect())
    }
}

/// All that is kept of a user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = AccountExport)]
pub struct Export {
    /// When it was read.
    #[schema(value_type = String, format = DateTime)]
    pub exported_at: Timestamp,
    /// Who they are.
    pub account: Person,
    /// Where they are or were logged in.
    pub sessions: Vec<SessionInfo>,
}

/// A session as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Session)]
pub struct SessionInfo {
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    pub logged_in_at: Timestamp,
    /// When its last token was given.
    #[schema(value_type = String, format = DateTime)]
    pub last_used_at: Timestamp,
    /// When it ends.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
    /// Whether it has ended by a logout or since a token was used twice.
    pub is_revoked: bool,
}

type Checked = (Option<String>, Option<Option<String>>);

fn check(change: &Change) -> Result<Checked, Error> {
    let mut wrong = Vec::new();
    let mut keep = |field, reason| wrong.push((field, reason));
    let name = change.name.as_deref().map(contact::name).transpose();
    let name = name.map_err(|reason| keep("name", reason));
    let phone = change.phone.as_ref();
    let phone = phone.map(|phone| phone.as_deref().map(contact::phone).transpose());
    let phone = phone.transpose().map_err(|reason| keep("phone", reason));
    if change.email.is_some() && change.current_password.is_none() {
        keep(
            "current_password",
            "is needed to change the e-mail address".into(),
        );
    }
    match (name, phone) {
        (Ok(name), Ok(phone)) if wrong.is_empty() => Ok((name, phone)),
        _ => Err(Error::Invalid(wrong)),
    }
}
