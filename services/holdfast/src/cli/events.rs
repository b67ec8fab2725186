//! `holdfast events`.

mod ops;

use std::pin::pin;
use std::time::Duration;

use clap::{Args, Subcommand};
use futures::StreamExt as _;
use holdfast_contracts::subjects;
use holdfast_order::codec::{self, Commit};
use holdfast_order_core::{Event, SagaStep};
use holdfast_platform::journal::jetstream::{JetStreamJournal, JournalConfig};
use holdfast_platform::journal::{Feed as _, Record, Revision, Tail};
use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;

use super::connect::Platform;
use super::{Error, Outcome};
use crate::logs::{self, Log};
use crate::ui::{self, Colour, Paint};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Follow what happens to orders, one line per event, until Ctrl-C.
    #[command(after_help = EXAMPLES)]
    Tail(TailArguments),
}

pub(super) const EXAMPLES: &str = "\
Examples:
  holdfast events tail                                    from now on
  holdfast events tail --since 1h --type SagaParked       what was parked in the last hour, and what will be
  holdfast events tail --order ID --since 0s --json       one order, from its beginning
  holdfast events tail --since 1d --no-follow             and end at the newest
  holdfast events tail --ops --since 1h                   what operators are told: parked, dead letters, breakers, writers

--since takes a time span (`90s`, `2h`, `1d`), an RFC 3339 time, or 0s for the beginning.

Exit status: 0 the end, or whoever read it went away; 2 the events cannot be read or written. Ctrl-C ends it as a signal.";

#[derive(Debug, Args)]
pub(super) struct TailArguments {
    #[command(flatten)]
    platform: Platform,
    /// Begin this long ago, at this time, or with `0s` at the beginning.
    #[arg(long, value_name = "WHEN", value_parser = since)]
    since: Option<Since>,
    /// Only this order.
    #[arg(long, value_name = "ID")]
    order: Option<Uuid>,
    /// Only orders of this user.
    #[arg(long, value_name = "ID")]
    user: Option<Uuid>,
    /// Only events of this type, such as OrderCompleted; may be repeated.
    #[arg(long = "type", value_name = "TYPE", ignore_case = true, value_parser = TYPES)]
    types: Vec<String>,
    /// What operators are told, instead of what happens to orders: the subjects `ops.>`.
    #[arg(long, conflicts_with_all = ["order", "user", "types"])]
    ops: bool,
    /// End when the newest event was shown.
    #[arg(long)]
    no_follow: bool,
    /// One JSON object per line.
    #[arg(long)]
    json: bool,
}

const TYPES: [&str; 13] = [
    "OrderCreated",
    "InventoryReserved",
    "InventoryNotAvailable",
    "PaymentPending",
    "PaymentSucceeded",
    "PaymentFailed",
    "InventoryReleased",
    "OrderCompleted",
    "OrderCancelled",
    "CancelRequested",
    "PaymentRefunded",
    "SagaParked",
    "SagaResumed",
];

#[derive(Clone, Copy, Debug)]
enum Since {
    Beginning,
    Ago(Duration),
    Time(Timestamp),
}

fn since(text: &str) -> Result<Since, String> {
    if let Ok(time) = text.parse() {
        return Ok(Since::Time(time));
    }
    let ago = super::duration(text)?;
    Ok(if ago.is_zero() {
        Since::Beginning
    } else {
        Since::Ago(ago)
    })
}

pub(super) async fn run(command: Command) -> Result<Outcome, Error> {
    let Command::Tail(arguments) = command;
    let nats = arguments.platform.connect().await?;
    let stream = match arguments.ops {
        true => subjects::OPS,
        false => subjects::ORDERS,
    };
    let after = match arguments.since {
        None => Revision(Log::now(&nats, stream).await?.end()),
        Some(Since::Beginning) => Revision::NONE,
        Some(Since::Time(time)) => logs::revision_before(&nats, stream, time).await?,
        Some(Since::Ago(ago)) => {
            let time = Timestamp::now().checked_sub(ago).unwrap_or(Timestamp::MIN);
            logs::revision_before(&nats, stream, time).await?
        }
    };
    let journal = JetStreamJournal::new(&nats, stream, JournalConfig::default());
    let mut tail = pin!(journal.tail(&arguments.filter(), after));
    let paint = Paint::from_environment();
    while let Some(next) = tail.next().await {
        match next {
            Tail::Record(record) => arguments.show(&record, paint),
            Tail::CaughtUp if arguments.no_follow => break,
            Tail::CaughtUp => {}
        }
        if !ui::is_open() {
            break;
        }
    }
    Ok(Outcome::Done)
}

impl TailArguments {
    fn filter(&self) -> String {
        if self.ops {
            return "ops.>".to_owned();
        }
        let token = |id: Option<Uuid>| id.map_or_else(|| "*".to_owned(), |id| id.to_string());
        format!("orders.{}.{}", token(self.user), token(self.order))
    }

    fn show(&self, record: &Record, paint: Paint) {
        if self.ops {
            return ops::show(record, paint, self.json);
        }
        match codec::decode_events(&record.payload) {
            Err(error) => ui::note(format_args!(
                "sequence {} cannot be read: {error}",
                record.revision
            )),
            Ok(commit) => {
                for (version, event) in (commit.first_version..).zip(&commit.events) {
                    if self.types.is_empty()
                        || self.types.iter().any(|t| t.eq_ignore_ascii_case(event.name()))
                    {
                        self.show_event(record, &commit, version, event, paint);
                    }
                }
            }
        }
    }

    fn show_event(&self, record: &Record, commit: &Commit, version: u64, event: &Event, paint: Paint) {
        if self.json {
            let line = json!({
                "sequence": record.revision.0,
                "time": commit.time,
                "order_id": commit.order.0,
                "user_id": commit.user.0,
                "version": version,
                "type": event.name(),
                "detail": detail(event),
            });
            return ui::line(line);
        }
        let name = paint.paint(colour(event), format_args!("{:<21}", event.name()));
        let sequence = paint.paint(Colour::Dim, format_args!("#{:<7}", record.revision.0));
        let time = commit.time.strftime("%Y-%m-%dT%H:%M:%S%.3fZ");
        ui::line(format_args!(
            "{time} {sequence} {} v{version:<2} {name} {}",
            commit.order,
            detail(event)
        ));
    }
}

fn colour(event: &Event) -> Colour {
    match event {
        Event::OrderCompleted => Colour::Green,
        Event::SagaParked { .. } | Event::PaymentFailed { .. } | Event::InventoryNotAvailable { .. } => {
            Colour::Red
        }
        Event::OrderCancelled { .. } | Event::CancelRequested { .. } | Event::PaymentRefunded { .. } => {
            Colour::Yellow
        }
        _ => Colour::Cyan,
    }
}

/// What an operator wants to know of an event, in a few words.
fn detail(event: &Event) -> String {
    match event {
        Event::OrderCreated {
            lines,
            total,
            limited_stock,
            ..
        } => {
            let limited = if *limited_stock { ", limited stock" } else { "" };
            format!("{} lines, {total}{limited}", lines.len())
        }
        Event::InventoryNotAvailable { skus } => skus
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(", "),
        Event::PaymentPending {
            attempt,
            deadline_passed: false,
        } => format!("attempt {attempt}"),
        Event::PaymentPending {
            attempt,
            deadline_passed: true,
        } => format!("attempt {attempt}, past the deadline"),
        Event::PaymentSucceeded { charge_id, amount } => format!("{amount}, charge {charge_id}"),
        Event::PaymentFailed { reason, detail } => format!("{reason:?} {detail}"),
        Event::OrderCancelled { reason } => reason.as_str().to_owned(),
        Event::CancelRequested { requester } | Event::SagaResumed { requester } => {
            format!("by {requester:?}")
        }
        Event::PaymentRefunded { refund_id, amount } => format!("{amount}, refund {refund_id}"),
        Event::SagaParked {
            step,
            detail,
            attempts,
        } => parked(*step, detail, *attempts),
        Event::InventoryReserved | Event::InventoryReleased | Event::OrderCompleted => String::new(),
    }
}

fn parked(step: SagaStep, detail: &str, attempts: u32) -> String {
    format!("{} given up after {attempts}: {detail}", step.as_str())
}
