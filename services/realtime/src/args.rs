//! What the service is told.

use clap::Parser;
use holdfast_platform::config::ServiceArgs;

/// Order status as it changes, over WebSockets and server-sent events
#[derive(Parser)]
#[command(name = "holdfast-realtime", version)]
pub struct Args {
    /// What every service is told.
    #[command(flatten)]
    pub service: ServiceArgs,
    /// What this one is told.
    #[command(flatten)]
    pub realtime: RealtimeArgs,
}

/// What only the realtime service is told.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct RealtimeArgs {
    /// Streams of one user at once, 1-100000
    #[arg(long, env = "HOLDFAST_REALTIME_STREAMS_PER_USER", default_value = "20", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub streams_per_user: u32,
    /// Streams of this process at once, 1-1000000
    #[arg(long, env = "HOLDFAST_REALTIME_STREAMS", default_value = "50000", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub streams: u32,
}
