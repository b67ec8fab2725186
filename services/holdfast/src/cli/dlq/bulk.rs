//! `holdfast dlq redrive` and `discard`.

use clap::Args;
use uuid::Uuid;

use super::filter::Filter;
use super::show_tally;
use crate::cli::bulk::{Options, Screen};
use crate::cli::connect::Platform;
use crate::cli::{Error, Outcome};
use crate::ops::bulk;
use crate::ops::job::{Job, What};
use crate::ui;

#[derive(Debug, Args)]
struct Which {
    #[command(flatten)]
    platform: Platform,
    #[command(flatten)]
    filter: Filter,
    /// All letters.
    #[arg(long)]
    all: bool,
    /// Go on with an operation that was cut off: what its filter meant when it began, and no younger letters.
    #[arg(long, value_name = "OPERATION", conflicts_with_all = ["all", "dry_run"])]
    resume: Option<Uuid>,
    #[command(flatten)]
    options: Options,
    /// Print JSON: an object per item, and one at the end.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Redrive {
    #[command(flatten)]
    which: Which,
    /// Also what came back three times or more.
    #[arg(long)]
    force: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Discard {
    #[command(flatten)]
    which: Which,
}

impl Redrive {
    pub(super) async fn run(self) -> Result<Outcome, Error> {
        self.which.run(What::Redrive { forced: self.force }).await
    }
}

impl Discard {
    pub(super) async fn run(self) -> Result<Outcome, Error> {
        self.which.run(What::Discard).await
    }
}

impl Which {
    async fn run(&self, what: What) -> Result<Outcome, Error> {
        let nats = self.platform.connect().await?;
        let (actor, rate) = (self.options.actor(), self.options.rate);
        let job = match self.resume {
            Some(id) => Job::resume(&nats, id, actor, rate).await?,
            None if self.filter.is_empty() && !self.all => {
                ui::note("which letters? say so by flags, or --all");
                return Ok(Outcome::Negative);
            }
            None => Job::plan(&nats, what, self.filter.resolve(), actor, rate).await?,
        };
        if self.options.dry_run {
            show_tally(&job.tally, self.json);
            return Ok(Outcome::Done);
        }
        if job.what().command() != what.command() {
            ui::note(format_args!("that operation is a `{}`", job.what().command()));
            return Ok(Outcome::Negative);
        }
        let operation = job.begin().await?;
        let screen = Screen::open(job.matching(), &self.options, self.json);
        let tell = |name: &str, outcome: &bulk::Outcome| screen.tell(name, outcome);
        let tally = job.carry_out(&operation, &screen.stop, tell).await;
        let go_on = format!("holdfast {} --resume {}", what.command(), operation.id);
        screen.close(&operation, tally, &go_on)
    }
}
