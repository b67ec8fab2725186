//! Registration.

use futures::try_join;
use holdfast_user_core::contact::{self, Notifications};
use holdfast_user_core::email::Email;
use holdfast_user_core::password;
use uuid::Uuid;

use super::records::{Contact, ContactRecord, Credentials, Profile, Work, seal, user_key};
use super::{Accounts, CONTACT, CREDENTIALS, Error, Person};

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

impl Accounts {
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
            self.users.create(&user_key, &profile),
            self.contacts.create(&contact_key, &record)
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
}

/// All that is wrong with a registration, or its parts.
fn check(new: Registration) -> Result<(Email, String, Contact), Error> {
    let mut wrong = Vec::new();
    let mut keep = |field, reason| wrong.push((field, reason));
    let email = Email::parse(&new.email).map_err(|reason| keep("email", reason));
    let password = password::prepare(&new.password).map_err(|reason| keep("password", reason));
    let name = contact::name(&new.name).map_err(|reason| keep("name", reason));
    let phone = new.phone.as_deref().map(contact::phone);
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
