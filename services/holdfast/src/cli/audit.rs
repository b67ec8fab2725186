//! `holdfast audit`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use holdfast_contracts::subjects;
use holdfast_inventory::skip::{self, Skip};
use holdfast_platform::http;
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::connect::Platform;
use super::{Error, Outcome};
use crate::audit::{Auditor, ProviderCharge, Rules, Totals, Violation};
use crate::logs::Log;
use crate::ui::{self, Colour, Paint};

pub(super) const EXAMPLES: &str = "\
What is checked, over the whole of the streams ORDERS, INVENTORY and PAYMENTS:
  I1   for every SKU: available + reserved + sold = received, and sold is what completed orders bought
  I2   captured - refunded is the order's total if it completed, else nothing
  I3   every order ends completed, cancelled or parked
  I4   an order that was accepted is never lost
  Log  commits follow one another without fork or gap, and each could follow on the one before

Examples:
  holdfast audit                                      the platform that runs here
  holdfast audit --sandbox http://127.0.0.1:8190      compare with what the provider really did
  holdfast audit --grace 0s --accepted ids.txt        after a test: nothing may be under way any more
  holdfast audit --skip 4711                          as inventory runs, with a message that nobody can read

Exit status: 0 all holds, 1 something does not, 2 it could not be checked.";

/// What `holdfast audit` can be told.
#[derive(Debug, Args)]
pub(super) struct Audit {
    #[command(flatten)]
    platform: Platform,
    /// How long an order or a refund may be under way before it counts as not ended.
    #[arg(long, default_value = "15m", value_name = "TIME", value_parser = super::duration)]
    grace: Duration,
    /// Compare with the list of charges of the provider's sandbox.
    #[arg(long, value_name = "URL")]
    sandbox: Option<String>,
    /// Ids of orders that were accepted, one per line: each must be there.
    #[arg(long, value_name = "FILE")]
    accepted: Option<PathBuf>,
    /// Messages of the log of stock decisions that `inventory` skips, since nobody can read them: stream sequences,
    /// separated by commas. They are named and not counted.
    #[arg(long, env = skip::VARIABLE, default_value = "", hide_default_value = true, value_name = "SEQUENCES")]
    skip: Skip,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Report {
    clean: bool,
    checked_at: Timestamp,
    totals: Totals,
    /// Sequences in `INVENTORY` that cannot be read and are not counted.
    skipped: Vec<u64>,
    violations: Vec<Violation>,
}

pub(super) async fn run(audit: Audit) -> Result<Outcome, Error> {
    let now = Timestamp::now();
    let rules = Rules {
        now,
        grace: audit.grace,
    };
    let mut auditor = Auditor::skipping(rules, audit.skip.clone());
    audit.read(&mut auditor).await?;
    let skipped = auditor.skipped().to_vec();
    let mut violations = auditor.take_found();
    let (totals, at_the_end) = auditor.finish();
    violations.extend(at_the_end);
    let outcome = if violations.is_empty() {
        Outcome::Done
    } else {
        Outcome::Negative
    };
    if audit.json {
        let report = Report {
            clean: violations.is_empty(),
            checked_at: now,
            totals,
            skipped,
            violations,
        };
        ui::line(serde_json::to_string(&report).unwrap_or_default());
    } else {
        show_skipped(&skipped);
        show(&totals, &violations, audit.sandbox.is_some());
    }
    Ok(outcome)
}

impl Audit {
    async fn read(&self, auditor: &mut Auditor) -> Result<(), Error> {
        let nats = self.platform.connect().await?;
        // In this order, so that every decision about stock has its order, and every paid order its payment.
        let stock = Log::now(&nats, subjects::INVENTORY).await?;
        let orders = Log::now(&nats, subjects::ORDERS).await?;
        let payments = Log::now(&nats, subjects::PAYMENTS).await?;
        let bar = self.progress(stock.end() + orders.end() + payments.end());
        let step = |visit: &mut dyn FnMut()| {
            visit();
            bar.inc(1);
        };
        stock
            .read("inventory.>", |record| step(&mut || auditor.stock(record)))
            .await?;
        orders
            .read("orders.>", |record| step(&mut || auditor.order(record)))
            .await?;
        if let Some(file) = &self.accepted {
            accepted(file)?
                .into_iter()
                .for_each(|order| auditor.accepted(order));
        }
        payments
            .read("payments.>", |record| step(&mut || auditor.payment(record)))
            .await?;
        bar.finish_and_clear();
        if let Some(url) = &self.sandbox {
            ask_provider(url, auditor).await?;
        }
        Ok(())
    }

    /// Drawn on standard error, and only on a terminal.
    fn progress(&self, messages: u64) -> ProgressBar {
        if self.json {
            return ProgressBar::hidden();
        }
        let style = ProgressStyle::with_template("reading {bar:40} {human_pos}/{human_len} {per_sec} {eta}");
        ProgressBar::new(messages).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
    }
}

fn accepted(file: &Path) -> Result<Vec<Uuid>, Error> {
    let failed = |detail: String| Error::File {
        path: file.to_owned(),
        detail,
    };
    let text = std::fs::read_to_string(file).map_err(|error| failed(error.to_string()))?;
    let ids = text
        .split_whitespace()
        .map(|id| id.parse().map_err(|_| failed(format!("{id:?} is no order id"))));
    ids.collect()
}

/// How long the provider may take for one page.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

#[derive(Deserialize)]
struct Page {
    items: Vec<ProviderCharge>,
    next_cursor: Option<serde_json::Value>,
}

async fn ask_provider(url: &str, auditor: &mut Auditor) -> Result<(), Error> {
    let failed = |error: reqwest::Error| Error::Http {
        url: url.to_owned(),
        detail: error.to_string(),
    };
    let address = format!("{}/sandbox/charges", url.trim_end_matches('/'));
    let client = http::client(ANSWER_WITHIN, None).map_err(failed)?;
    auditor.ask_provider();
    let mut cursor = None::<serde_json::Value>;
    loop {
        let mut request = client.get(&address).query(&[("limit", "1000")]);
        if let Some(cursor) = &cursor {
            request = request.query(&[("cursor", cursor)]);
        }
        let answer = request
            .send()
            .await
            .and_then(reqwest::Response::error_for_status)
            .map_err(failed)?;
        let page: Page = answer.json().await.map_err(failed)?;
        page.items
            .iter()
            .for_each(|charge| auditor.provider_charge(charge));
        cursor = page.next_cursor;
        if cursor.is_none() {
            return Ok(());
        }
    }
}

fn show_skipped(skipped: &[u64]) {
    let paint = Paint::from_environment();
    for sequence in skipped {
        ui::line(format_args!(
            "{} INVENTORY [{sequence}]: unreadable, not counted (--skip)",
            paint.paint(Colour::Yellow, "skipped")
        ));
    }
}

fn show(totals: &Totals, violations: &[Violation], provider_asked: bool) {
    let paint = Paint::from_environment();
    for violation in violations {
        ui::line(format_args!(
            "{} {violation}",
            paint.paint(Colour::Red, "violated")
        ));
    }
    let Totals {
        orders,
        completed,
        cancelled,
        parked,
        open,
        ..
    } = totals;
    ui::line(format_args!(
        "{orders} orders: {completed} completed, {cancelled} cancelled, {parked} parked, {open} not ended"
    ));
    let Totals {
        order_commits,
        stock_batches,
        payment_commits,
        provider_charges,
        ..
    } = totals;
    let provider = match provider_asked {
        true => format!("{provider_charges} charges at the provider"),
        false => "the provider was not asked (--sandbox)".to_owned(),
    };
    ui::line(paint.paint(
        Colour::Dim,
        format_args!(
            "read: {order_commits} order commits, {stock_batches} batches of stock decisions, \
             {payment_commits} payment commits; {provider}"
        ),
    ));
    ui::line(match violations.len() {
        0 => paint.paint(Colour::Green, "all invariants hold"),
        count => paint.paint(Colour::Red, format_args!("{count} violations")),
    });
}
