//! What payment is told at its start.

use std::time::Duration;

use clap::{Parser, ValueEnum};
use holdfast_platform::config::{ServiceArgs, duration};

use crate::provider::stripe::ApiKey;
use crate::signature::Secrets;

/// Idempotent charges and refunds.
#[derive(Debug, Parser)]
#[command(name = "holdfast-payment", version)]
pub struct Args {
    /// What every service is told.
    #[command(flatten)]
    pub service: ServiceArgs,
    /// Who charges the cards: sandbox or stripe
    #[arg(
        long,
        env = "HOLDFAST_PAYMENT_PROVIDER",
        value_enum,
        default_value = "sandbox"
    )]
    pub provider: ProviderKind,
    /// How long one call to the provider may take, such as 10s
    #[arg(long, env = "HOLDFAST_PAYMENT_PROVIDER_TIMEOUT", default_value = "10s", value_parser = duration)]
    pub provider_timeout: Duration,
    /// How many charges, refunds and webhooks may be in flight; more are answered 503
    #[arg(long, env = "HOLDFAST_PAYMENT_MAX_IN_FLIGHT", default_value = "1024")]
    pub max_in_flight: usize,
    /// The sandbox.
    #[command(flatten)]
    pub sandbox: SandboxArgs,
    /// Stripe.
    #[command(flatten)]
    pub stripe: StripeArgs,
}

/// The adapters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ProviderKind {
    /// The simulated provider of this platform.
    Sandbox,
    /// Stripe.
    Stripe,
}

/// How to reach the sandbox.
#[derive(Debug, clap::Args)]
pub struct SandboxArgs {
    /// Base URL of the sandbox: http://host:port
    #[arg(
        long = "sandbox-url",
        env = "HOLDFAST_SANDBOX_URL",
        default_value = "http://127.0.0.1:8190", value_parser = base_url
    )]
    pub sandbox_url: String,
    /// Secrets that the sandbox may sign its webhooks with, comma-separated
    #[arg(
        long = "sandbox-webhook-secret",
        env = "HOLDFAST_SANDBOX_WEBHOOK_SECRET",
        hide_env_values = true,
        value_parser = secrets
    )]
    pub sandbox_secrets: Option<Secrets>,
}

/// How to reach Stripe.
#[derive(Debug, clap::Args)]
pub struct StripeArgs {
    /// Base URL of Stripe's API: http://host:port of the sidecar, which makes it https
    #[arg(long = "stripe-url", env = "HOLDFAST_STRIPE_URL", value_parser = base_url)]
    pub stripe_url: Option<String>,
    /// Secret key of Stripe's API
    #[arg(
        long = "stripe-api-key",
        env = "HOLDFAST_STRIPE_API_KEY",
        hide_env_values = true,
        value_parser = api_key
    )]
    pub stripe_key: Option<ApiKey>,
    /// Secrets that Stripe may sign its webhooks with, comma-separated
    #[arg(
        long = "stripe-webhook-secret",
        env = "HOLDFAST_STRIPE_WEBHOOK_SECRET",
        hide_env_values = true,
        value_parser = secrets
    )]
    pub stripe_secrets: Option<Secrets>,
}

/// The provider that was chosen, with all that it needs.
#[derive(Debug)]
pub enum Adapter {
    /// The sandbox at a URL.
    Sandbox(String, Secrets),
    /// Stripe at a URL.
    Stripe(String, ApiKey, Secrets),
}

/// A variable that the chosen provider needs is not set.
#[derive(Debug, thiserror::Error)]
#[error("{0} is not set; the chosen HOLDFAST_PAYMENT_PROVIDER needs it")]
pub struct Missing(&'static str);

impl Args {
    /// The provider that was chosen.
    ///
    /// # Errors
    /// [`Missing`] names the variable.
    pub fn adapter(&self) -> Result<Adapter, Missing> {
        let (sandbox, stripe) = (&self.sandbox, &self.stripe);
        match self.provider {
            ProviderKind::Sandbox => Ok(Adapter::Sandbox(
                sandbox.sandbox_url.clone(),
                given(&sandbox.sandbox_secrets, "HOLDFAST_SANDBOX_WEBHOOK_SECRET")?,
            )),
            ProviderKind::Stripe => Ok(Adapter::Stripe(
                given(&stripe.stripe_url, "HOLDFAST_STRIPE_URL")?,
                given(&stripe.stripe_key, "HOLDFAST_STRIPE_API_KEY")?,
                given(&stripe.stripe_secrets, "HOLDFAST_STRIPE_WEBHOOK_SECRET")?,
            )),
        }
    }
}

fn given<T: Clone>(value: &Option<T>, variable: &'static str) -> Result<T, Missing> {
    value.clone().ok_or(Missing(variable))
}

/// TLS to providers is the sidecar's, as all that concerns calls to others: this process has none, and says so
/// at its start rather than at its first charge.
fn base_url(text: &str) -> Result<String, String> {
    let url: reqwest::Url = text.parse().map_err(|error| format!("{error}"))?;
    match url.scheme() {
        "http" => Ok(text.to_owned()),
        "https" => Err("name the sidecar by http, it originates the TLS".to_owned()),
        _ => Err("not an http URL".to_owned()),
    }
}

fn secrets(list: &str) -> Result<Secrets, String> {
    Secrets::parse(list).ok_or_else(|| "no secret in it".to_owned())
}

fn api_key(key: &str) -> Result<ApiKey, String> {
    let printable = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_graphic());
    printable
        .then(|| ApiKey::new(key.to_owned()))
        .ok_or_else(|| "not a key".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_platform::config::{Error, parse_from};

    fn parse(flags: &[&str]) -> Result<Args, Error> {
        parse_from(std::iter::once(&"payment").chain(flags))
    }

    #[test]
    fn the_sandbox_is_the_default_and_needs_its_secret() {
        let args = parse(&["--sandbox-webhook-secret", "new,old"]).unwrap();
        assert!(matches!(args.adapter(), Ok(Adapter::Sandbox(..))));
        assert_eq!(args.provider_timeout, Duration::from_secs(10));
        let missing = parse(&[]).unwrap().adapter().unwrap_err();
        assert!(
            missing.to_string().starts_with("HOLDFAST_SANDBOX_WEBHOOK_SECRET"),
            "{missing}"
        );
    }

    #[test]
    fn stripe_needs_a_key_and_a_secret() {
        let stripe = [
            "--provider",
            "stripe",
            "--stripe-api-key",
            "sk_1",
            "--stripe-url",
            "http://localhost:1",
        ];
        assert!(parse(&stripe).unwrap().adapter().is_err());
        let complete = [&stripe[..], &["--stripe-webhook-secret", "whsec_1"]].concat();
        assert!(matches!(
            parse(&complete).unwrap().adapter(),
            Ok(Adapter::Stripe(..))
        ));
    }

    #[test]
    fn a_url_that_cannot_be_called_is_refused_at_the_start() {
        for url in ["https://api.stripe.com", "ftp://x", "nonsense"] {
            assert!(parse(&["--stripe-url", url]).is_err(), "{url}");
        }
    }

    #[test]
    fn secrets_are_not_repeated_in_errors() {
        let error = parse(&["--sandbox-webhook-secret", "s", "--stripe-api-key", "two words"]).unwrap_err();
        assert!(!error.to_string().contains("two words"), "{error}");
    }
}
