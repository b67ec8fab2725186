//! Resuming and cancelling many orders.

use std::time::Duration;

use clap::Args;
use futures::stream;
use holdfast_contracts::ops::v1::OperationStarted;
use jiff::Timestamp;
use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

use super::api::{Answer, Api};
use super::{show_stuck, text, unfinished};
use crate::audit::Unfinished;
use crate::cli::bulk::{Options, Screen};
use crate::cli::{Error, Outcome};
use crate::ops::audit::Operation;
use crate::ops::bulk::{self, Act};
use crate::sample::Person;
use crate::ui;

#[derive(Debug, Args)]
pub(super) struct Which {
    /// All unfinished orders of this status, such as parked or payment_pending.
    #[arg(long, value_name = "STATUS", conflicts_with = "order")]
    status: Option<String>,
    /// All unfinished orders of this user.
    #[arg(long, value_name = "ID", conflicts_with = "order")]
    user: Option<Uuid>,
    /// All unfinished orders to which nothing has happened for this long.
    #[arg(long, value_name = "TIME", conflicts_with = "order", value_parser = crate::cli::duration)]
    older_than: Option<Duration>,
    #[command(flatten)]
    options: Options,
}

impl Which {
    pub(super) fn is_empty(&self) -> bool {
        self.status.is_none() && self.user.is_none() && self.older_than.is_none()
    }

    fn admits(&self, order: &Unfinished, now: Timestamp) -> bool {
        let before = |age: Duration| now.checked_sub(age).unwrap_or(Timestamp::MIN);
        self.status.as_ref().is_none_or(|status| order.status == status)
            && self.user.is_none_or(|user| order.user_id == user)
            && self.older_than.is_none_or(|age| order.since <= before(age))
    }

    fn started(&self, verb: &str, matching: u64) -> OperationStarted {
        let older_than = self.older_than.map(|age| age.as_secs());
        let filter = json!({"status": self.status, "user": self.user, "older_than_seconds": older_than});
        let actor = self.options.actor();
        OperationStarted {
            actor: actor.name,
            via: actor.via.to_owned(),
            command: format!("orders {verb}"),
            filter: filter.to_string(),
            up_to: 0,
            matching,
            forced: false,
            rate: self.options.rate.map_or(0, std::num::NonZeroU32::get),
        }
    }
}

/// Asks the order service to `verb` each order that is meant. Done again, it concerns those that are left.
pub(super) async fn run(api: &Api, which: &Which, verb: &'static str) -> Result<Outcome, Error> {
    let nats = api.platform().connect().await?;
    let now = Timestamp::now();
    let mut orders = unfinished(&nats, now, Duration::ZERO).await?;
    orders.retain(|order| which.admits(order, now));
    if which.options.dry_run {
        match api.json {
            true => ui::line(json!({"total": orders.len()})),
            false => orders.iter().for_each(|order| show_stuck(order, now)),
        }
        return Ok(Outcome::Done);
    }
    let matching = orders.len() as u64;
    let operation = Operation::start(&nats, which.started(verb, matching)).await?;
    let (act, pages) = (Change { api, verb }, stream::iter([Ok(orders)]));
    let screen = Screen::open(matching, &which.options, api.json);
    let tell = |name: &str, outcome: &bulk::Outcome| screen.tell(name, outcome);
    let tally = bulk::run(&act, pages, (&operation, which.options.rate), &screen.stop, tell).await;
    screen.close(&operation, tally, "the same command again")
}

struct Change<'a> {
    api: &'a Api,
    verb: &'static str,
}

impl Act for Change<'_> {
    type Item = Unfinished;

    fn name(&self, order: &Unfinished) -> String {
        order.order_id.to_string()
    }

    async fn act(&self, order: &Unfinished) -> bulk::Outcome {
        let path = format!("/{}/{}", order.order_id, self.verb);
        let answer = async {
            let request = self.api.of(Person::Staff, Method::POST, &path).await?;
            self.api.send(request).await
        };
        match answer.await {
            Ok(Answer::Yes(_)) => bulk::Outcome::Done,
            Ok(Answer::No(problem)) => bulk::Outcome::Skipped(text(&problem, "title").to_owned()),
            Err(error) => bulk::Outcome::Failed(error.to_string()),
        }
    }
}
