//! What the service is told.

use std::time::Duration;

use clap::Parser;
use holdfast_notification_core::Retries;
use holdfast_platform::config::{ServiceArgs, duration};

/// Tells customers what becomes of their orders
#[derive(Parser)]
#[command(name = "holdfast-notification", version)]
pub struct Args {
    /// What every service is told.
    #[command(flatten)]
    pub service: ServiceArgs,
    /// Where contact data is asked for
    #[arg(long, env = "HOLDFAST_USER_URL", default_value = "http://127.0.0.1:8105")]
    pub user_url: String,
    /// How long contact data is kept in memory, such as 10s: so long after an erasure mail may still go out
    #[arg(long, env = "HOLDFAST_NOTIFICATION_CONTACT_AGE", default_value = "10s", value_parser = duration)]
    pub contact_age: Duration,
    /// How often, and when, what fails is tried again.
    #[command(flatten)]
    pub retry: RetryArgs,
    /// Mail.
    #[command(flatten)]
    pub mail: MailArgs,
    /// Short messages.
    #[command(flatten)]
    pub sms: SmsArgs,
}

/// How often, and when, what fails is tried again.
#[derive(Clone, Debug, clap::Args)]
pub struct RetryArgs {
    /// How often a message is tried before it becomes a dead letter, 1-20
    #[arg(long, env = "HOLDFAST_NOTIFICATION_TRIES", default_value = "5", value_parser = clap::value_parser!(u32).range(1..=20))]
    pub tries: u32,
    /// The longest pause after the first failure, such as 10s; each further one is four times as long, up to an hour
    #[arg(long, env = "HOLDFAST_NOTIFICATION_RETRY", default_value = "10s", value_parser = duration)]
    pub retry: Duration,
}

impl RetryArgs {
    /// The same for the core.
    #[must_use]
    pub fn retries(&self) -> Retries {
        Retries {
            tries: self.tries,
            base: self.retry,
            longest: Duration::from_secs(3600),
        }
    }
}

/// How mail is sent.
#[derive(Clone, Debug, clap::Args)]
pub struct MailArgs {
    /// The mail server: smtp://host:port, smtps://host:port, or smtp://…?tls=required for STARTTLS
    #[arg(long, env = "HOLDFAST_SMTP_URL", default_value = "smtp://127.0.0.1:8125")]
    pub smtp_url: String,
    /// Who we are there; none: nobody
    #[arg(long, env = "HOLDFAST_SMTP_USER")]
    pub smtp_user: Option<String>,
    /// The password of that user
    #[arg(
        long,
        env = "HOLDFAST_SMTP_PASSWORD",
        hide_env_values = true,
        default_value = "",
        hide_default_value = true
    )]
    pub smtp_password: String,
    /// Who mail is from
    #[arg(
        long,
        env = "HOLDFAST_MAIL_FROM",
        default_value = "Holdfast <orders@holdfast.example>"
    )]
    pub mail_from: String,
    /// How many mails are handed over at once, 1-256: as many connections are kept
    #[arg(long, env = "HOLDFAST_MAIL_AT_ONCE", default_value = "16", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub mail_at_once: u16,
    /// How many mails a minute each replica may send, at least 6; none: as many as the server takes
    #[arg(long, env = "HOLDFAST_MAIL_PER_MINUTE", value_parser = clap::value_parser!(u32).range(6..))]
    pub mail_per_minute: Option<u32>,
    /// How many of them at a stroke; none: a tenth
    #[arg(long, env = "HOLDFAST_MAIL_BATCH", value_parser = clap::value_parser!(u32).range(1..))]
    pub mail_batch: Option<u32>,
    /// How long the mail server may take for an answer, such as 10s
    #[arg(long, env = "HOLDFAST_MAIL_TIMEOUT", default_value = "10s", value_parser = duration)]
    pub mail_timeout: Duration,
}

/// How short messages are sent.
#[derive(Clone, Debug, clap::Args)]
pub struct SmsArgs {
    /// The SMS provider: Twilio's API, or what looks like it
    #[arg(long, env = "HOLDFAST_SMS_URL", default_value = "http://127.0.0.1:8190")]
    pub sms_url: String,
    /// Our account there
    #[arg(
        long,
        env = "HOLDFAST_SMS_ACCOUNT",
        default_value = "AC00000000000000000000000000000000"
    )]
    pub sms_account: String,
    /// Its token
    #[arg(
        long,
        env = "HOLDFAST_SMS_TOKEN",
        hide_env_values = true,
        default_value = "",
        hide_default_value = true
    )]
    pub sms_token: String,
    /// Our number
    #[arg(long, env = "HOLDFAST_SMS_FROM", default_value = "+15005550006")]
    pub sms_from: String,
    /// How many are handed over at once, 1-256
    #[arg(long, env = "HOLDFAST_SMS_AT_ONCE", default_value = "16", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub sms_at_once: u16,
    /// How many a minute each replica may send, at least 6; none: as many as the provider takes
    #[arg(long, env = "HOLDFAST_SMS_PER_MINUTE", value_parser = clap::value_parser!(u32).range(6..))]
    pub sms_per_minute: Option<u32>,
    /// How many of them at a stroke; none: a tenth
    #[arg(long, env = "HOLDFAST_SMS_BATCH", value_parser = clap::value_parser!(u32).range(1..))]
    pub sms_batch: Option<u32>,
    /// How long the provider may take, such as 15s: longer than the mesh tries
    #[arg(long, env = "HOLDFAST_SMS_TIMEOUT", default_value = "15s", value_parser = duration)]
    pub sms_timeout: Duration,
}
