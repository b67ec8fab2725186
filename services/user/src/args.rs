//! What the service is told.

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use holdfast_platform::config::{ServiceArgs, duration};
use holdfast_user_core::keys::Schedule;
use jiff::SignedDuration;

use crate::crypto::MasterKeys;
use crate::signing::Issue;

/// What a replica may lag behind another's clock.
const SKEW: Duration = Duration::from_secs(60);

/// Accounts, tokens and contact data
#[derive(Parser)]
#[command(name = "holdfast-user", version)]
pub struct Args {
    /// What every service is told.
    #[command(flatten)]
    pub service: ServiceArgs,
    /// What this one is told.
    #[command(flatten)]
    pub user: UserArgs,
}

/// What only the user service is told.
#[derive(Clone, Debug, clap::Args)]
pub struct UserArgs {
    /// Keys that encrypt what is stored: `id:base64` of 32 bytes each, separated by commas, the current one first. The
    /// others are kept to decrypt until all is encrypted with the first
    #[arg(
        long,
        env = "HOLDFAST_USER_MASTER_KEYS",
        hide_env_values = true,
        conflicts_with = "master_keys_file"
    )]
    pub master_keys: Option<String>,
    /// A file with the same, one per line
    #[arg(
        long,
        env = "HOLDFAST_USER_MASTER_KEYS_FILE",
        required_unless_present = "master_keys"
    )]
    pub master_keys_file: Option<PathBuf>,
    /// `iss` of tokens, as the mesh demands it
    #[arg(long, env = "HOLDFAST_USER_ISSUER", default_value = "https://holdfast.dev")]
    pub issuer: String,
    /// `aud` of tokens, as the mesh demands it
    #[arg(long, env = "HOLDFAST_USER_AUDIENCE", default_value = "holdfast")]
    pub audience: String,
    /// How long an access token holds, 30s to 60m: also how long one goes on to hold after a logout
    #[arg(long, env = "HOLDFAST_USER_ACCESS_LIFETIME", default_value = "15m", value_parser = lifetime)]
    pub access_lifetime: Duration,
    /// How long a login holds at most, such as 43200m (30 days)
    #[arg(long, env = "HOLDFAST_USER_SESSION_LIFETIME", default_value = "43200m", value_parser = duration)]
    pub session_lifetime: Duration,
    /// How long a key signs, such as 1440m (a day); at least twice the lead
    #[arg(long, env = "HOLDFAST_USER_KEY_PERIOD", default_value = "1440m", value_parser = duration)]
    pub key_period: Duration,
    /// How long a key is published before it signs, at least 1m: longer than anybody keeps an old set of keys (istiod:
    /// 20 minutes)
    #[arg(long, env = "HOLDFAST_USER_KEY_LEAD", default_value = "60m", value_parser = lead)]
    pub key_lead: Duration,
    /// How many passwords are checked at once, 1 to 64; none: by half of the cores
    #[arg(long, env = "HOLDFAST_USER_PASSWORD_THREADS", value_parser = clap::value_parser!(u16).range(1..=64))]
    pub password_threads: Option<u16>,
    /// How many passwords wait to be checked, up to 1024; beyond these the answer is 503
    #[arg(long, env = "HOLDFAST_USER_PASSWORD_QUEUE", default_value = "32", value_parser = clap::value_parser!(u16).range(0..=1024))]
    pub password_queue: u16,
    /// How long a password waits to be checked; then the answer is 503. Less than the gateway waits for the answer (5 s),
    /// with time left for the rest
    #[arg(long, env = "HOLDFAST_USER_PASSWORD_WAIT", default_value = "3s", value_parser = duration)]
    pub password_wait: Duration,
    /// By how much the threads that check passwords give way to all others, in steps of `nice`, 0 to 19
    #[arg(long, env = "HOLDFAST_USER_PASSWORD_NICE", default_value = "10", value_parser = clap::value_parser!(u8).range(0..=19))]
    pub password_nice: u8,
    /// A JSON file of accounts and clients that are to be there from the start: {"users": [{"id"?, "email", "password",
    /// "name", "phone"?, "roles"?}], "clients": [{"id", "secret", "roles"?, "scope"?}]}
    #[arg(long, env = "HOLDFAST_USER_SEED_FILE")]
    pub seed_file: Option<PathBuf>,
}

impl UserArgs {
    /// The master keys.
    ///
    /// # Errors
    /// Names the variable and says what is wrong; no key is shown.
    pub fn masters(&self) -> Result<MasterKeys, String> {
        let (variable, text) = match (&self.master_keys, &self.master_keys_file) {
            (Some(keys), _) => ("HOLDFAST_USER_MASTER_KEYS=***".to_owned(), Ok(keys.clone())),
            (None, Some(path)) => {
                let text = std::fs::read_to_string(path).map_err(|error| error.to_string());
                (format!("HOLDFAST_USER_MASTER_KEYS_FILE={}", path.display()), text)
            }
            (None, None) => return Err("HOLDFAST_USER_MASTER_KEYS is not set".to_owned()),
        };
        text.and_then(|text| MasterKeys::parse(&text))
            .map_err(|reason| format!("{variable}: {reason}"))
    }

    /// How tokens are made.
    ///
    /// # Errors
    /// Names the variable whose value does not go with the others.
    pub fn issue(&self) -> Result<Issue, String> {
        if self.key_period < 2 * self.key_lead {
            return Err("HOLDFAST_USER_KEY_PERIOD is less than twice HOLDFAST_USER_KEY_LEAD".to_owned());
        }
        Ok(Issue {
            issuer: self.issuer.clone(),
            audience: self.audience.clone(),
            lifetime: signed(self.access_lifetime),
            schedule: Schedule {
                period: signed(self.key_period),
                lead: signed(self.key_lead),
                overlap: signed(self.access_lifetime + self.key_lead + SKEW),
            },
        })
    }

    /// How many passwords are checked at once.
    #[must_use]
    pub fn threads(&self) -> usize {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        self.password_threads
            .map_or_else(|| (cores / 2).max(1), usize::from)
    }
}

/// As the core counts time.
pub(crate) fn signed(duration: Duration) -> SignedDuration {
    SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
}

fn lifetime(text: &str) -> Result<Duration, String> {
    within(
        text,
        Duration::from_secs(30),
        Duration::from_secs(3600),
        "is not between 30s and 60m",
    )
}

fn lead(text: &str) -> Result<Duration, String> {
    within(text, Duration::from_secs(60), Duration::MAX, "is less than 1m")
}

fn within(text: &str, least: Duration, most: Duration, reason: &str) -> Result<Duration, String> {
    let value = duration(text)?;
    let fits = (least..=most).contains(&value);
    fits.then_some(value).ok_or_else(|| reason.to_owned())
}
