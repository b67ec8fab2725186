//! How the service behaves, from flags or the environment.

use std::time::Duration;

use holdfast_platform::config::{self, ServiceArgs};
use holdfast_platform::journal::jetstream::JournalConfig;

use crate::skip::{self, Skip};

/// Stock levels: one writer, group commit, availability reads.
#[derive(Clone, Debug, clap::Parser)]
#[command(version)]
pub struct Config {
    /// What every service is told.
    #[command(flatten)]
    pub service: ServiceArgs,
    /// What is told to this one.
    #[command(flatten)]
    pub inventory: InventoryArgs,
}

/// What the inventory is told.
#[derive(Clone, Debug, clap::Args)]
pub struct InventoryArgs {
    /// Into how many shards the stock is divided; more than 1 is not supported yet
    #[arg(long, env = "HOLDFAST_INVENTORY_SHARDS", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1))]
    pub shards: u32,
    /// A snapshot is taken every so many decisions, 100 or more
    #[arg(long, env = "HOLDFAST_INVENTORY_SNAPSHOT_EVERY", default_value_t = 20_000, value_parser = clap::value_parser!(u64).range(100..))]
    pub snapshot_every: u64,
    /// Up to this many available units a SKU is shown as limited
    #[arg(long, env = "HOLDFAST_INVENTORY_LIMITED_UP_TO", default_value_t = 5)]
    pub limited_up_to: u64,
    /// After so long without a sign of NATS reads are marked stale; a sign comes every 2s
    #[arg(long, env = "HOLDFAST_INVENTORY_STALE_AFTER", default_value = "3s", value_parser = config::duration)]
    pub stale_after: Duration,
    /// Log messages that cannot be read and that an operator has given up: stream sequences, separated by commas. They
    /// stay named for as long as the stream exists
    #[arg(long, env = skip::VARIABLE, default_value = "", value_name = "SEQUENCES")]
    pub skip: Skip,
}

/// How one replica behaves.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Which shard this replica serves.
    pub shard: u32,
    /// A snapshot is taken every so many decisions.
    pub snapshot_every: u64,
    /// Up to this many available units a SKU is `limited`.
    pub limited_up_to: u64,
    /// After so long without a sign of NATS reads are marked stale.
    pub stale_after: Duration,
    /// Log messages that are passed over.
    pub skip: Skip,
    /// How long to finish what is under way when told to stop, and to hand over, each.
    pub drain_deadline: Duration,
    /// How appends and reads behave.
    pub journal: JournalConfig,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            shard: 0,
            snapshot_every: 20_000,
            limited_up_to: 5,
            stale_after: Duration::from_secs(3),
            skip: Skip::default(),
            drain_deadline: Duration::from_secs(5),
            journal: JournalConfig::default(),
        }
    }
}

impl From<&Config> for Settings {
    fn from(Config { service, inventory }: &Config) -> Self {
        Self {
            shard: 0,
            snapshot_every: inventory.snapshot_every,
            limited_up_to: inventory.limited_up_to,
            stale_after: inventory.stale_after,
            skip: inventory.skip.clone(),
            drain_deadline: service.drain_deadline / 2,
            journal: service.journal(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_of_the_configuration_are_those_of_the_service() {
        let config: Config = config::parse_from(["inventory"]).unwrap();
        assert_eq!(
            format!("{:?}", Settings::from(&config)),
            format!("{:?}", Settings::default())
        );
    }

    #[test]
    fn more_than_one_shard_is_refused() {
        let error = config::parse_from::<Config, _>(["inventory", "--shards", "2"]).unwrap_err();
        assert!(error.to_string().contains("shards"), "{error}");
    }
}
