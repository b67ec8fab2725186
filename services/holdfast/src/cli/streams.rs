//! `holdfast streams`.

use std::time::Duration;

use clap::Args;

use super::connect::Platform;
use super::{Error, Outcome};
use crate::ops::health::{self, ConsumerHealth, Thresholds};
use crate::ui::{self, Colour, Paint};

pub(super) const EXAMPLES: &str = "\
Examples:
  holdfast streams                                  every durable consumer
  holdfast streams ORDERS --max-age 30s             only of this stream, impatiently
  holdfast streams --max-pending 10000 || page-me   thresholds make an exit status
  holdfast streams --json

Exit status: 0 all are within the thresholds, 1 some are not (marked with !), 2 they cannot be asked.";

#[derive(Debug, Args)]
pub(super) struct Streams {
    #[command(flatten)]
    platform: Platform,
    /// Only of these streams [default: all].
    #[arg(value_name = "STREAM")]
    streams: Vec<String>,
    /// How old the oldest message may be that is not settled.
    #[arg(long, default_value = "5m", value_name = "TIME", value_parser = super::duration)]
    max_age: Duration,
    /// How many messages may wait to be delivered [default: any number].
    #[arg(long, value_name = "N")]
    max_pending: Option<u64>,
    /// How many unsettled messages may have been delivered more than once [default: any number].
    #[arg(long, value_name = "N")]
    max_redelivered: Option<u64>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(streams: Streams) -> Result<Outcome, Error> {
    let nats = streams.platform.connect().await?;
    let wanted =
        |name: &str| streams.streams.is_empty() || streams.streams.iter().any(|wanted| wanted == name);
    let consumers = health::consumers(&nats, wanted).await?;
    let thresholds = Thresholds {
        oldest: streams.max_age,
        pending: streams.max_pending,
        redelivered: streams.max_redelivered,
    };
    let sick = consumers
        .iter()
        .any(|health| !health.complaints(&thresholds).is_empty());
    if streams.json {
        ui::line(serde_json::to_string(&consumers).unwrap_or_default());
    } else {
        show(&consumers, &thresholds);
    }
    Ok(if sick { Outcome::Negative } else { Outcome::Done })
}

fn show(consumers: &[ConsumerHealth], thresholds: &Thresholds) {
    let paint = Paint::from_environment();
    ui::line(paint.paint(
        Colour::Bold,
        format_args!(
            "  {:<12} {:<24} {:>9} {:>9} {:>9} {:>9} {:>9}",
            "stream", "consumer", "pending", "unsettled", "redeliv.", "lag", "oldest"
        ),
    ));
    for health in consumers {
        let complaints = health.complaints(thresholds);
        let (mark, colour) = match complaints.is_empty() {
            true => (' ', Colour::Green),
            false => ('!', Colour::Red),
        };
        let oldest = health
            .oldest_seconds
            .map_or_else(|| "-".to_owned(), |age| format!("{age}s"));
        ui::line(format_args!(
            "{} {:<12} {:<24} {:>9} {:>9} {:>9} {:>9} {oldest:>9}  {}",
            paint.paint(colour, mark),
            health.stream,
            health.consumer,
            health.pending,
            health.unsettled,
            health.redelivered,
            health.lag,
            complaints.join(", "),
        ));
    }
}
