//! `holdfast orders`.

mod api;
mod bulk;
mod help;

use std::time::Duration;

use clap::{Args, Subcommand};
use holdfast_contracts::subjects;
use holdfast_platform::nats::Nats;
use jiff::Timestamp;
use reqwest::Method;
use serde_json::Value;
use uuid::Uuid;

use super::connect::Platform;
use super::{Error, Outcome};
use crate::audit::{Auditor, Rules, Unfinished};
use crate::logs::Log;
use crate::sample::Person;
use crate::ui::{self, Colour, Paint};
use api::{Answer, Api};
pub(super) use help::EXAMPLES;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// The newest orders of a user.
    #[command(after_help = help::LIST)]
    List(List),
    /// One order and everything that happened to it.
    #[command(after_help = help::SHOW, visible_alias = "timeline")]
    Show(One),
    /// Orders that are parked, have a broken log, or have not ended for too long.
    #[command(after_help = help::STUCK)]
    Stuck(Stuck),
    /// Let parked orders try their step again.
    #[command(after_help = help::RESUME, visible_alias = "retry-step")]
    Resume(Change),
    /// Cancel orders; what was reserved and charged is given back.
    #[command(after_help = help::CANCEL)]
    Cancel(Change),
}

#[derive(Debug, Args)]
pub(super) struct One {
    #[command(flatten)]
    api: Api,
    /// The order.
    order: Uuid,
}

#[derive(Debug, Args)]
pub(super) struct Change {
    #[command(flatten)]
    api: Api,
    /// The order; or say by flags which.
    order: Option<Uuid>,
    #[command(flatten)]
    which: bulk::Which,
}

#[derive(Debug, Args)]
pub(super) struct List {
    #[command(flatten)]
    api: Api,
    /// Whose orders, as the order service itself tells them [default: the sample customer's, through the gateway].
    #[arg(long, value_name = "ID")]
    user: Option<Uuid>,
    /// How many.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=100))]
    limit: u16,
    /// Where an earlier list ended.
    #[arg(long)]
    cursor: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct Stuck {
    #[command(flatten)]
    platform: Platform,
    /// An order that is neither parked nor broken is stuck when nothing has happened to it for this long.
    #[arg(long, default_value = "15m", value_name = "TIME", value_parser = super::duration)]
    older_than: Duration,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(command: Command) -> Result<Outcome, Error> {
    match command {
        Command::List(list) => list.run().await,
        Command::Show(one) => one.show().await,
        Command::Stuck(stuck) => stuck.run().await,
        Command::Resume(change) => change.run("resume").await,
        Command::Cancel(change) => change.run("cancel").await,
    }
}

/// Prints the problem that kept a request from being done.
fn refuse(problem: &Value) -> Outcome {
    let said = ["title", "detail"]
        .map(|field| text(problem, field))
        .into_iter()
        .filter(|said| !said.is_empty());
    ui::note(said.collect::<Vec<_>>().join(": "));
    Outcome::Negative
}

impl List {
    async fn run(&self) -> Result<Outcome, Error> {
        let request = match self.user {
            Some(user) => self.api.of_user(user, Method::GET, "")?,
            None => self.api.of(Person::Customer, Method::GET, "").await?,
        };
        let mut request = request.query(&[("limit", self.limit)]);
        if let Some(cursor) = &self.cursor {
            request = request.query(&[("cursor", cursor)]);
        }
        let page = match self.api.send(request).await? {
            Answer::Yes(page) => page,
            Answer::No(problem) => return Ok(refuse(&problem)),
        };
        if self.api.json {
            ui::line(page);
            return Ok(Outcome::Done);
        }
        page.get("items")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .for_each(show_order);
        page.get("omitted")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .for_each(show_omitted);
        if let Some(cursor) = page.get("next_cursor").and_then(Value::as_str) {
            ui::line(format_args!("more: --cursor {cursor}"));
        }
        Ok(Outcome::Done)
    }
}

impl One {
    async fn show(&self) -> Result<Outcome, Error> {
        let path = format!("/{}", self.order);
        let order = match self.as_staff(Method::GET, &path).await? {
            Answer::Yes(order) => order,
            Answer::No(problem) => return Ok(refuse(&problem)),
        };
        let events = match self.as_staff(Method::GET, &format!("{path}/events")).await? {
            Answer::Yes(events) => events,
            Answer::No(problem) => return Ok(refuse(&problem)),
        };
        let events = events.get("items").cloned().unwrap_or_default();
        if self.api.json {
            ui::line(serde_json::json!({"order": order, "events": events}));
            return Ok(Outcome::Done);
        }
        show_order(&order);
        events.as_array().into_iter().flatten().for_each(show_event);
        Ok(Outcome::Done)
    }

    async fn as_staff(&self, method: Method, path: &str) -> Result<Answer, Error> {
        let request = self.api.of(Person::Staff, method, path).await?;
        self.api.send(request).await
    }
}

impl Change {
    async fn run(self, what: &'static str) -> Result<Outcome, Error> {
        match self.order {
            Some(order) => One { api: self.api, order }.ask(what).await,
            None if self.which.is_empty() => {
                ui::note("which order? or which of them, by flags");
                Ok(Outcome::Negative)
            }
            None => bulk::run(&self.api, &self.which, what).await,
        }
    }
}

impl One {
    async fn ask(&self, what: &str) -> Result<Outcome, Error> {
        let path = format!("/{}/{what}", self.order);
        match self.as_staff(Method::POST, &path).await? {
            Answer::Yes(order) if self.api.json => ui::line(order),
            Answer::Yes(order) if order.is_object() => show_order(&order),
            Answer::Yes(_) => ui::line(format_args!("{}: {what} accepted", self.order)),
            Answer::No(problem) => return Ok(refuse(&problem)),
        }
        Ok(Outcome::Done)
    }
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value.get(field).and_then(Value::as_str).unwrap_or_default()
}

fn show_order(order: &Value) {
    let paint = Paint::from_environment();
    let status = text(order, "status");
    let colour = match status {
        "completed" => Colour::Green,
        "cancelled" => Colour::Yellow,
        "parked" => Colour::Red,
        _ => Colour::Cyan,
    };
    let total = order.get("total").unwrap_or(&Value::Null);
    ui::line(format_args!(
        "{}  {}  {:>8} {}  {}  {}",
        text(order, "id"),
        paint.paint(colour, format_args!("{status:<18}")),
        total.get("amount").unwrap_or(&Value::Null),
        text(total, "currency"),
        text(order, "created_at"),
        text(order, "reason"),
    ));
}

/// An order that the list cannot show, since it cannot be folded, or is out of reach for the moment.
fn show_omitted(order: &Value) {
    let paint = Paint::from_environment();
    let reason = text(order, "reason");
    ui::line(format_args!(
        "{}  {}  not shown: {}",
        text(order, "id"),
        paint.paint(Colour::Red, format_args!("{reason:<18}")),
        match reason {
            "unreadable" => "its log has a record that cannot be read (`holdfast orders show` tells which)",
            _ => "it is out of reach for the moment",
        },
    ));
}

fn show_event(event: &Value) {
    let version = event.get("version").unwrap_or(&Value::Null);
    let data = event.get("data").unwrap_or(&Value::Null);
    ui::line(format_args!(
        "  {}  v{version:<3} {:<21} {data}",
        text(event, "time"),
        text(event, "type")
    ));
}

impl Stuck {
    async fn run(&self) -> Result<Outcome, Error> {
        let nats = self.platform.connect().await?;
        let now = Timestamp::now();
        let before = now.checked_sub(self.older_than).unwrap_or(Timestamp::MIN);
        let mut stuck = unfinished(&nats, now, self.older_than).await?;
        stuck.retain(|order| order.needs_a_person() || order.since <= before);
        let found = !stuck.is_empty();
        if self.json {
            ui::line(serde_json::to_string(&stuck).unwrap_or_default());
        } else {
            stuck.iter().for_each(|order| show_stuck(order, now));
        }
        Ok(if found { Outcome::Negative } else { Outcome::Done })
    }
}

/// All orders that have not ended, as the log itself tells.
async fn unfinished(nats: &Nats, now: Timestamp, grace: Duration) -> Result<Vec<Unfinished>, Error> {
    let mut auditor = Auditor::new(Rules { now, grace });
    let orders = Log::now(nats, subjects::ORDERS).await?;
    orders.read("orders.>", |record| auditor.order(record)).await?;
    for unreadable in auditor.take_found() {
        ui::note(unreadable);
    }
    Ok(auditor.unfinished())
}

fn show_stuck(order: &Unfinished, now: Timestamp) {
    let waited = now.duration_since(order.since).as_secs();
    if let Some(fault) = &order.fault {
        return ui::line(format_args!(
            "{}  {:<18} for {waited}s, {fault}  user {}  #{}",
            order.order_id, order.status, order.user_id, order.sequence
        ));
    }
    ui::line(format_args!(
        "{}  {:<18} for {waited}s, waits for {}  user {}  #{}",
        order.order_id, order.status, order.waits_for, order.user_id, order.sequence
    ));
}
