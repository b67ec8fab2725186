//! What the user service is given to begin with: a master key and the sample accounts. Both are made once, and kept with
//! the data that they belong to.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{CUSTOMER, Error, Logs, STAFF};
use crate::sample::{self, Login, Logins, Person};
use crate::secret;

/// Somebody who has an account from the start.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Account {
    pub(super) id: Uuid,
    pub(super) email: String,
    pub(super) password: String,
    pub(super) name: String,
    pub(super) roles: Vec<String>,
}

/// As the user service reads it.
#[derive(Serialize, Deserialize)]
struct Seed {
    users: [Account; 2],
}

pub(super) fn master_keys_file(home: &Path) -> PathBuf {
    home.join("data/user/master-keys")
}

pub(super) fn seed_file(home: &Path) -> PathBuf {
    home.join("data/user/seed.json")
}

/// The sample customer and the sample member of the staff. Makes the files if there are none.
pub(super) fn establish(home: &Path) -> Result<[Account; 2], Error> {
    let fresh_key = || format!("k1:{}\n", BASE64_STANDARD.encode(rand::random::<[u8; 32]>()));
    read_or_make(&master_keys_file(home), || fresh_key().into_bytes())?;
    let path = seed_file(home);
    let seed = read_or_make(&path, || {
        let users = [
            account(CUSTOMER, "customer", "Anna Sample", &[]),
            account(STAFF, "staff", "Otto Sample", &["staff"]),
        ];
        serde_json::to_vec_pretty(&Seed { users }).unwrap_or_default()
    })?;
    let seed: Seed = serde_json::from_slice(&seed).map_err(|error| Error::File {
        path,
        source: error.into(),
    })?;
    Ok(seed.users)
}

/// Logs both in at the user service. Who has another password by now stays without a token.
pub(super) async fn log_in(url: &str, accounts: [Account; 2], logs: &Logs) -> Result<Logins, Error> {
    let mut logins = Logins::new();
    for (person, account) in [Person::Customer, Person::Staff].into_iter().zip(accounts) {
        let token = match sample::log_in(url, &account.email, &account.password).await {
            Ok(token) => Some(token),
            Err(error @ sample::Error::Refused { .. }) => {
                logs.say(format_args!("the sample {} has no token: {error}", person.name()));
                None
            }
            Err(error) => return Err(error.into()),
        };
        let login = Login {
            user_id: account.id,
            email: account.email,
            password: account.password,
            roles: account.roles,
            token,
        };
        logins.insert(person.name().to_owned(), login);
    }
    Ok(logins)
}

fn account(id: Uuid, mailbox: &str, name: &str, roles: &[&str]) -> Account {
    Account {
        id,
        email: format!("{mailbox}@example.com"),
        password: format!("{:032x}", rand::random::<u128>()),
        name: name.to_owned(),
        roles: roles.iter().map(|role| (*role).to_owned()).collect(),
    }
}

fn read_or_make(path: &Path, make: impl Fn() -> Vec<u8>) -> Result<Vec<u8>, Error> {
    let failed = |source| Error::File {
        path: path.to_owned(),
        source,
    };
    match fs::read(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let made = make();
            secret::keep(path, &made).map_err(failed)?;
            Ok(made)
        }
        read => read.map_err(failed),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn keys_and_passwords_are_made_once_and_are_their_owners_alone() {
        let home = tempfile::tempdir().unwrap();
        let [customer, staff] = establish(home.path()).unwrap();
        let files = [master_keys_file(home.path()), seed_file(home.path())];
        let before = files.each_ref().map(|file| fs::read(file).unwrap());
        assert_ne!(customer.password, staff.password);

        let [again, _] = establish(home.path()).unwrap();
        assert_eq!(again.password, customer.password);
        assert_eq!(files.each_ref().map(|file| fs::read(file).unwrap()), before);
        for file in files {
            let mode = fs::metadata(file).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn a_seed_that_cannot_be_read_is_named() {
        let home = tempfile::tempdir().unwrap();
        secret::keep(&seed_file(home.path()), b"?").unwrap();
        let error = establish(home.path()).map(drop).unwrap_err().to_string();
        assert!(error.contains("seed.json"), "{error}");
    }
}
