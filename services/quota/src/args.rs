//! What the service is told.

use std::time::Duration;

use clap::Parser;
use holdfast_platform::config::{ServiceArgs, duration};

/// Leases of rate-limit tokens for the proxies of a cluster
#[derive(Parser)]
#[command(name = "holdfast-quota", version)]
pub struct Args {
    /// What every service is told.
    #[command(flatten)]
    pub service: ServiceArgs,
    /// What this one is told.
    #[command(flatten)]
    pub quota: QuotaArgs,
}

/// What only the quota service is told.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct QuotaArgs {
    /// How long a proxy may use what it leases, 1s to 60s. Longer for limits that earn a token more slowly: that long
    #[arg(long, env = "HOLDFAST_QUOTA_LEASE", default_value = "2s", value_parser = lease)]
    pub lease: Duration,
    /// How long a request may take, such as 100ms; less than the proxies wait. Keys that are not decided on by then are
    /// left out of the answer
    #[arg(long, env = "HOLDFAST_QUOTA_DEADLINE", default_value = "100ms", value_parser = duration)]
    pub deadline: Duration,
}

fn lease(text: &str) -> Result<Duration, String> {
    let lease = duration(text)?;
    let possible = Duration::from_secs(1)..=Duration::from_secs(60);
    possible
        .contains(&lease)
        .then_some(lease)
        .ok_or_else(|| "is not between 1s and 60s".to_owned())
}
