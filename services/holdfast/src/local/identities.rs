//! Who is who for NATS: one user per service, with a password of this run.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use holdfast_platform::nats::Credentials;
use serde::{Deserialize, Serialize};

use super::Error;
use crate::secret;

/// The operator: who provisions, and looks at the logs.
pub const OPERATOR: &str = "holdfast";

const USERS_CONF: &str = include_str!("../../../../nats/server/users.conf");
const LAPTOP_CONF: &str = include_str!("../../../../nats/server/laptop.conf");

/// A user, as the files of `nats` have it.
struct User {
    name: &'static str,
    /// The variable of nats-server's environment that has the password.
    variable: &'static str,
    /// What the user may do, in nats-server's language.
    permissions: &'static str,
}

macro_rules! users {
    ($($name:literal $upper:literal),* $(,)?) => {
        [$(User {
            name: $name,
            variable: concat!("HOLDFAST_NATS_PASSWORD_", $upper),
            permissions: include_str!(concat!("../../../../nats/users/", $name, ".conf")),
        }),*]
    };
}

static USERS: [User; 10] = users![
    "order" "ORDER",
    "inventory" "INVENTORY",
    "payment" "PAYMENT",
    "catalog" "CATALOG",
    "quota" "QUOTA",
    "user" "USER",
    "realtime" "REALTIME",
    "ops" "OPS",
    "notification" "NOTIFICATION",
    "holdfast" "HOLDFAST",
];

/// The users of one run, with their passwords.
pub(super) struct Identities(Vec<(&'static User, Credentials)>);

/// The password is in the file that only its owner may read, and nowhere else.
#[derive(Serialize, Deserialize)]
struct Kept {
    user: String,
    password: String,
}

impl std::fmt::Debug for Identities {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|(_, credentials)| credentials))
            .finish()
    }
}

impl Identities {
    /// All users, with fresh passwords.
    pub(super) fn new() -> Self {
        let fresh = |user: &'static User| {
            let password = format!("{:032x}{:032x}", rand::random::<u128>(), rand::random::<u128>());
            let name = user.name.to_owned();
            (user, Credentials { user: name, password })
        };
        Self(USERS.iter().map(fresh).collect())
    }

    /// The credentials of one user; none of a service that does not use NATS.
    pub(super) fn of(&self, user: &str) -> Option<Credentials> {
        let found = self.0.iter().find(|(known, _)| known.name == user);
        found.map(|(_, credentials)| credentials.clone())
    }

    /// What nats-server is told: the variables that its configuration names. Quoted, so that it takes any password
    /// for a string.
    pub(super) fn environment(&self) -> impl Iterator<Item = (&'static str, String)> {
        self.0
            .iter()
            .map(|(user, credentials)| (user.variable, format!("\"{}\"", credentials.password)))
    }

    /// Writes nats-server's configuration under `run`, and the operator's credentials, which nobody else may read.
    pub(super) fn write(&self, run: &Path) -> Result<PathBuf, Error> {
        let folder = run.join("nats");
        let conf = folder.join("server/laptop.conf");
        write_all(&folder).map_err(|source| Error::File {
            path: folder.clone(),
            source,
        })?;
        if let Some(Credentials { user, password }) = self.of(OPERATOR) {
            let kept = serde_json::to_vec(&Kept { user, password }).unwrap_or_default();
            let path = operator_file(run);
            secret::keep(&path, &kept).map_err(|source| Error::File { path, source })?;
        }
        Ok(conf)
    }
}

/// The operator's credentials for the platform that runs from `home`, if one does.
#[must_use]
pub fn operator(home: &Path) -> Option<Credentials> {
    let text = fs::read(operator_file(&home.join("run"))).ok()?;
    let Kept { user, password } = serde_json::from_slice(&text).ok()?;
    Some(Credentials { user, password })
}

fn operator_file(run: &Path) -> PathBuf {
    run.join("nats/operator.json")
}

/// In the folders of the repository, since the files include each other.
fn write_all(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder.join("server"))?;
    fs::create_dir_all(folder.join("users"))?;
    fs::write(folder.join("server/laptop.conf"), LAPTOP_CONF)?;
    fs::write(folder.join("server/users.conf"), USERS_CONF)?;
    for user in &USERS {
        fs::write(folder.join(format!("users/{}.conf", user.name)), user.permissions)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn the_built_in_users_are_those_of_the_repository() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../nats/users");
        let mut files: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        let mut built_in = USERS
            .each_ref()
            .map(|user| format!("{}.conf", user.name))
            .to_vec();
        files.sort();
        built_in.sort();
        assert_eq!(files, built_in);
        for User { name, variable, .. } in &USERS {
            let line = format!(
                "user: {name}, password: ${variable}, permissions: {{ include \"../users/{name}.conf\" }}"
            );
            assert!(USERS_CONF.contains(&line), "{name} is not in users.conf");
        }
    }

    #[test]
    fn passwords_are_of_one_user_and_one_run_and_are_not_shown() {
        let (one, other) = (Identities::new(), Identities::new());
        let password = |identities: &Identities, user| identities.of(user).unwrap().password;
        assert_ne!(password(&one, "order"), password(&one, "payment"));
        assert_ne!(password(&one, "order"), password(&other, "order"));
        assert!(!format!("{one:?}").contains(&password(&one, "order")));
        assert_eq!(one.of("sandbox"), None);
    }

    #[test]
    fn the_operators_credentials_are_found_and_are_nobody_elses_to_read() {
        let home = tempfile::tempdir().unwrap();
        let identities = Identities::new();
        identities.write(&home.path().join("run")).unwrap();
        assert_eq!(operator(home.path()), identities.of(OPERATOR));
        let file = fs::metadata(home.path().join("run/nats/operator.json")).unwrap();
        assert_eq!(file.permissions().mode() & 0o777, 0o600);
    }
}
