//! What the order service is told.

use std::time::Duration;

use clap::Parser;
use holdfast_order_core::Policy;
use holdfast_platform::config::{ServiceArgs, duration};

use crate::saga::Settings;

/// The order service: orders over REST, and the orchestrator of their sagas.
#[derive(Clone, Debug, Parser)]
pub struct Config {
    /// What every service is told.
    #[command(flatten)]
    pub service: ServiceArgs,
    /// Other services.
    #[command(flatten)]
    pub upstreams: Upstreams,
    /// How patient the sagas are.
    #[command(flatten)]
    pub saga: SagaArgs,
    /// How much is done at once, and kept.
    #[command(flatten)]
    pub bounds: Bounds,
}

/// Where other services are, and how long they may take.
#[derive(Clone, Debug, clap::Args)]
pub struct Upstreams {
    /// The catalogue: http://host:port
    #[arg(long, env = "HOLDFAST_CATALOG_URL", default_value = "http://127.0.0.1:8102")]
    pub catalog_url: String,
    /// The inventory: http://host:port
    #[arg(long, env = "HOLDFAST_INVENTORY_URL", default_value = "http://127.0.0.1:8103")]
    pub inventory_url: String,
    /// The payment service: http://host:port
    #[arg(long, env = "HOLDFAST_PAYMENT_URL", default_value = "http://127.0.0.1:8104")]
    pub payment_url: String,
    /// How long an answer of the catalogue or the inventory is awaited, such as 2s
    #[arg(long, env = "HOLDFAST_READ_TIMEOUT", default_value = "2s", value_parser = duration)]
    pub read_timeout: Duration,
    /// How long an answer of payment is awaited, the mesh's retries included, such as 15s
    #[arg(long, env = "HOLDFAST_PAYMENT_TIMEOUT", default_value = "15s", value_parser = duration)]
    pub payment_timeout: Duration,
}

/// The times and budgets of the sagas.
#[derive(Clone, Debug, clap::Args)]
pub struct SagaArgs {
    /// From the first charge until its outcome is resolved and no other is tried, such as 10m
    #[arg(long, env = "HOLDFAST_PAYMENT_DEADLINE", default_value = "10m", value_parser = duration)]
    pub payment_deadline: Duration,
    /// Delay of the second charge, doubled with each, such as 2s
    #[arg(long, env = "HOLDFAST_CHARGE_RETRY_BASE", default_value = "2s", value_parser = duration)]
    pub charge_retry_base: Duration,
    /// The longest delay between two charges, such as 1m
    #[arg(long, env = "HOLDFAST_CHARGE_RETRY_CAP", default_value = "1m", value_parser = duration)]
    pub charge_retry_cap: Duration,
    /// How often a refund or the resolving of a charge is tried before the order is parked, 1-100
    #[arg(long, env = "HOLDFAST_PAYMENT_ATTEMPTS", default_value = "8", value_parser = clap::value_parser!(u64).range(1..=100))]
    pub payment_attempts: u64,
    /// From a void until no charge that was on its way can land any more: above the sum of all deadlines on that
    /// way, such as 2m
    #[arg(long, env = "HOLDFAST_CHARGE_IN_FLIGHT", default_value = "2m", value_parser = duration)]
    pub charge_in_flight: Duration,
    /// From each parking of an order until it is tried again, such as 15m
    #[arg(long, env = "HOLDFAST_PARKED_RETRY", default_value = "15m", value_parser = duration)]
    pub parked_retry: Duration,
    /// Delay of the first redelivery of what failed, doubled with each, such as 500ms
    #[arg(long, env = "HOLDFAST_REDELIVERY_BASE", default_value = "500ms", value_parser = duration)]
    pub redelivery_base: Duration,
    /// The longest delay of a redelivery, such as 30s
    #[arg(long, env = "HOLDFAST_REDELIVERY_CAP", default_value = "30s", value_parser = duration)]
    pub redelivery_cap: Duration,
}

/// Bulkheads and caches.
#[derive(Clone, Debug, clap::Args)]
pub struct Bounds {
    /// Payment commands executed at once, 1-10000
    #[arg(long, env = "HOLDFAST_LANE_PAYMENT", default_value = "256", value_parser = clap::value_parser!(u16).range(1..=10000))]
    pub lane_payment: u16,
    /// Batches of stock decisions applied at once, 1-1000
    #[arg(long, env = "HOLDFAST_LANE_INVENTORY", default_value = "4", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub lane_inventory: u16,
    /// Decisions of one batch applied at once, 1-1000
    #[arg(long, env = "HOLDFAST_LANE_INVENTORY_BATCH", default_value = "64", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub lane_inventory_batch: u16,
    /// Payment results applied at once, 1-10000
    #[arg(long, env = "HOLDFAST_LANE_PAYMENTS", default_value = "64", value_parser = clap::value_parser!(u16).range(1..=10000))]
    pub lane_payments: u16,
    /// Fired timers handled at once, 1-10000
    #[arg(long, env = "HOLDFAST_LANE_TIMERS", default_value = "64", value_parser = clap::value_parser!(u16).range(1..=10000))]
    pub lane_timers: u16,
    /// Orders kept in memory
    #[arg(long, env = "HOLDFAST_CACHED_ORDERS", default_value = "20000")]
    pub cached_orders: u64,
    /// Order ids kept in memory for lists
    #[arg(long, env = "HOLDFAST_CACHED_LISTS", default_value = "200000")]
    pub cached_lists: u64,
    /// Audit trails kept in memory for when NATS is away, in bytes
    #[arg(long, env = "HOLDFAST_CACHED_TRAILS", default_value = "16777216")]
    pub cached_trails: u64,
}

impl Config {
    /// How patiently the orchestrator works.
    #[must_use]
    pub fn settings(&self) -> Settings {
        let saga = &self.saga;
        Settings {
            policy: Policy {
                payment_deadline: saga.payment_deadline,
                charge_retry_base: saga.charge_retry_base,
                charge_retry_cap: saga.charge_retry_cap,
                parked_retry_after: saga.parked_retry,
                charge_in_flight: saga.charge_in_flight,
            },
            payment_attempts: saga.payment_attempts,
            retry_base: saga.redelivery_base,
            retry_cap: saga.redelivery_cap,
            batch_concurrency: self.bounds.lane_inventory_batch.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use holdfast_platform::config::parse_from;

    use super::*;

    #[test]
    fn the_defaults_are_those_of_the_saga() {
        let config: Config = parse_from(["order"]).expect("defaults");
        let (settings, defaults) = (config.settings(), Settings::default());
        assert_eq!(settings.policy, defaults.policy);
        assert_eq!(settings.payment_attempts, defaults.payment_attempts);
        assert_eq!(
            (settings.retry_base, settings.retry_cap),
            (defaults.retry_base, defaults.retry_cap)
        );
        assert_eq!(settings.batch_concurrency, defaults.batch_concurrency);
    }
}
