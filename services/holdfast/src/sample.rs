//! Being one of the sample people: access tokens of the platform that runs from a folder.
//!
//! They are got by logging in and kept in `run/credentials.json` until shortly before they end, so that scripts may ask
//! for one with every request.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use holdfast_platform::http;
use jiff::{SignedDuration, Timestamp};
use reqwest::header::RETRY_AFTER;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::local::{Proxy, RunDir, Service};
use crate::secret;

/// A token that is given out holds for at least this long.
const HOLDS_FOR: SignedDuration = SignedDuration::from_mins(2);
/// Longer than the gateway's patience with a login.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No platform runs there.
    #[error("no platform runs from {home}: `holdfast up` starts one")]
    NotRunning {
        /// The folder that was looked into.
        home: PathBuf,
    },
    /// What is kept cannot be read or written.
    #[error("{path}: {source}")]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// There is no answer.
    #[error("{url}: {source}")]
    Unreachable {
        /// Where the login was sent.
        url: String,
        /// Why.
        #[source]
        source: reqwest::Error,
    },
    /// The platform does not let them in.
    #[error("{url} does not let {email} in: {detail}")]
    Refused {
        /// Where the login was sent.
        url: String,
        /// Who would come in.
        email: String,
        /// What was answered.
        detail: String,
    },
}

/// One of the sample people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Person {
    /// Orders.
    Customer,
    /// Sees the orders of all, and maintains products and stock.
    Staff,
}

impl Person {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Staff => "staff",
        }
    }
}

/// What it takes to be somebody.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Login {
    pub(crate) user_id: Uuid,
    pub(crate) email: String,
    pub(crate) password: String,
    pub(crate) roles: Vec<String>,
    /// None: they were not let in when this was written.
    #[serde(flatten)]
    pub(crate) token: Option<Token>,
}

/// A bearer token.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Token {
    #[serde(rename = "token")]
    pub(crate) text: String,
    expires_at: Timestamp,
}

impl Token {
    fn holds(&self) -> bool {
        Timestamp::now() + HOLDS_FOR < self.expires_at
    }
}

/// By name.
pub(crate) type Logins = BTreeMap<String, Login>;

/// A token for somebody at the platform that runs from `home`.
///
/// # Errors
/// [`Error`] says why there is none, and what helps.
pub async fn token(home: &Path, person: Person) -> Result<String, Error> {
    if let Some(token) = kept(home, person)? {
        return Ok(token.text);
    }
    // Of many who ask at once, one logs in.
    let _turn = turn(home)?;
    if let Some(token) = kept(home, person)? {
        return Ok(token.text);
    }
    let mut logins = read(home)?;
    let login = logins.get_mut(person.name()).ok_or_else(|| not_running(home))?;
    let url = entrance(home)?;
    let token = log_in(&url, &login.email, &login.password).await?;
    login.token = Some(token.clone());
    write(home, &logins)?;
    Ok(token.text)
}

/// Logs somebody in at `url`, the gateway or the user service itself.
pub(crate) async fn log_in(url: &str, email: &str, password: &str) -> Result<Token, Error> {
    let unreachable = |source| Error::Unreachable {
        url: url.to_owned(),
        source,
    };
    let client = http::client(ANSWER_WITHIN, None).map_err(unreachable)?;
    let body = json!({"email": email, "password": password});
    let asked = Timestamp::now();
    let request = client.post(format!("{url}/v1/sessions")).json(&body);
    let answer = request.send().await.map_err(unreachable)?;
    let status = answer.status();
    let again = answer.headers().get(RETRY_AFTER).cloned();
    let body: Value = answer.json().await.unwrap_or_default();
    let text = body.get("access_token").and_then(Value::as_str);
    let seconds = body.get("expires_in").and_then(Value::as_i64);
    if let (true, Some(text), Some(seconds)) = (status.is_success(), text, seconds) {
        return Ok(Token {
            text: text.to_owned(),
            expires_at: asked
                .saturating_add(SignedDuration::from_secs(seconds))
                .unwrap_or(asked),
        });
    }
    let title = body.get("title").and_then(Value::as_str).unwrap_or_default();
    let again = again.and_then(|seconds| seconds.to_str().ok().map(|s| format!("; try again in {s} s")));
    Err(Error::Refused {
        url: url.to_owned(),
        email: email.to_owned(),
        detail: format!("{status} {title}{}", again.unwrap_or_default()),
    })
}

/// Tokens are in it: nobody else may read it.
pub(crate) fn write(home: &Path, logins: &Logins) -> Result<(), Error> {
    let path = credentials_file(home);
    let mut text = serde_json::to_vec_pretty(logins).unwrap_or_default();
    text.push(b'\n');
    secret::keep(&path, &text).map_err(|source| Error::File { path, source })
}

fn credentials_file(home: &Path) -> PathBuf {
    home.join("run/credentials.json")
}

fn kept(home: &Path, person: Person) -> Result<Option<Token>, Error> {
    let login = read(home)?.remove(person.name());
    Ok(login.and_then(|login| login.token).filter(Token::holds))
}

fn read(home: &Path) -> Result<Logins, Error> {
    let path = credentials_file(home);
    match fs::read(&path) {
        Ok(text) => serde_json::from_slice(&text).map_err(|error| Error::File {
            path,
            source: error.into(),
        }),
        Err(error) if error.kind() == ErrorKind::NotFound => Err(not_running(home)),
        Err(source) => Err(Error::File { path, source }),
    }
}

fn not_running(home: &Path) -> Error {
    Error::NotRunning {
        home: home.to_owned(),
    }
}

/// Held until it is dropped; another process waits as long as one login takes.
fn turn(home: &Path) -> Result<File, Error> {
    let path = home.join("run/credentials.lock");
    let lock = File::options()
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path);
    let locked = lock.and_then(|lock| lock.lock().map(|()| lock));
    locked.map_err(|source| Error::File { path, source })
}

/// Where people come in: the gateway, or where there is none the user service.
fn entrance(home: &Path) -> Result<String, Error> {
    let processes = RunDir::find(home);
    let port = |name: &str| {
        let found = processes.iter().find(|process| process.name == name);
        found.map(|process| process.http_port)
    };
    let port = port(Proxy::Gateway.name()).or_else(|| port(Service::User.name()));
    let port = port.ok_or_else(|| not_running(home))?;
    Ok(format!("http://127.0.0.1:{port}"))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn login(left: SignedDuration) -> Login {
        Login {
            user_id: Uuid::nil(),
            email: "a@example.com".to_owned(),
            password: "p".to_owned(),
            roles: Vec::new(),
            token: Some(Token {
                text: "t".to_owned(),
                expires_at: Timestamp::now() + left,
            }),
        }
    }

    #[tokio::test]
    async fn a_kept_token_is_given_as_long_as_it_holds() {
        let home = tempfile::tempdir().unwrap();
        let keep = |left| {
            let logins = [("customer".to_owned(), login(left))].into();
            write(home.path(), &logins).unwrap();
        };
        keep(SignedDuration::from_mins(5));
        assert_eq!(token(home.path(), Person::Customer).await.unwrap(), "t");
        let mode = fs::metadata(credentials_file(home.path()))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);

        keep(SignedDuration::from_mins(1));
        let none = token(home.path(), Person::Customer).await;
        assert!(matches!(none, Err(Error::NotRunning { .. })), "{none:?}");
    }

    #[tokio::test]
    async fn where_no_platform_runs_there_is_no_token_and_the_remedy_is_named() {
        let home = tempfile::tempdir().unwrap();
        let error = token(home.path(), Person::Staff).await.unwrap_err().to_string();
        assert!(error.contains("holdfast up"), "{error}");
    }
}
