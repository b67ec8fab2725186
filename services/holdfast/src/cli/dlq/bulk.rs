//! `holdfast dlq redrive` and `discard`.

use std::num::NonZeroU32;

use clap::Args;
use holdfast_contracts::ops::v1::OperationStarted;
use holdfast_platform::nats::Nats;
use uuid::Uuid;

use super::filter::Filter;
use super::show_tally;
use crate::cli::bulk::{self, Display, Options};
use crate::cli::connect::Platform;
use crate::cli::{Error, Outcome};
use crate::ops::audit::{self, Operation};
use crate::ops::bulk::Act;
use crate::ops::filter::LetterFilter;
use crate::ops::letters::{Letters, StoredLetter};
use crate::ops::redrive;
use crate::ui;

#[derive(Debug, Args)]
pub(super) struct Which {
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

/// What is to be done, to what.
struct Plan {
    nats: Nats,
    letters: Letters,
    filter: LetterFilter,
    started: OperationStarted,
    resumed: Option<Uuid>,
}

impl Which {
    /// None: it was said what would be done, or nothing is to be done.
    async fn plan(&self, command: &str, forced: bool) -> Result<Result<Plan, Outcome>, Error> {
        let nats = self.platform.connect().await?;
        let letters = Letters::new(&nats);
        if let Some(id) = self.resume {
            return self.resumed(nats, letters, (id, command)).await;
        }
        if self.filter.is_empty() && !self.all {
            ui::note("which letters? say so by flags, or --all");
            return Ok(Err(Outcome::Negative));
        }
        let (filter, up_to) = (self.filter.resolve(), letters.newest().await?);
        let tally = letters.tally(&filter, up_to).await?;
        if self.options.dry_run {
            show_tally(&tally, self.options.json);
            return Ok(Err(Outcome::Done));
        }
        let started = OperationStarted {
            actor: self.options.actor(),
            via: "cli".to_owned(),
            command: command.to_owned(),
            filter: serde_json::to_string(&filter).unwrap_or_default(),
            up_to,
            matching: tally.values().sum(),
            forced,
            rate: self.options.rate.map_or(0, NonZeroU32::get),
        };
        Ok(Ok(Plan {
            nats,
            letters,
            filter,
            started,
            resumed: None,
        }))
    }

    async fn resumed(
        &self,
        nats: Nats,
        letters: Letters,
        (id, command): (Uuid, &str),
    ) -> Result<Result<Plan, Outcome>, Error> {
        let started = audit::history(&nats, id).await?.started;
        let filter = serde_json::from_str(&started.filter);
        let (true, Ok(filter)) = (started.command == command, filter) else {
            ui::note(format_args!(
                "operation {id} is no `{command}`: {}",
                started.command
            ));
            return Ok(Err(Outcome::Negative));
        };
        let tally = letters.tally(&filter, started.up_to).await?;
        let started = OperationStarted {
            actor: self.options.actor(),
            via: "cli".to_owned(),
            matching: tally.values().sum(),
            rate: self.options.rate.map_or(started.rate, NonZeroU32::get),
            ..started
        };
        Ok(Ok(Plan {
            nats,
            letters,
            filter,
            started,
            resumed: Some(id),
        }))
    }
}

impl Plan {
    async fn begin(&self) -> Result<Operation, Error> {
        let started = self.started.clone();
        Ok(match self.resumed {
            Some(id) => Operation::resume(&self.nats, id, started).await?,
            None => Operation::start(&self.nats, started).await?,
        })
    }

    async fn carry_out<A: Act<Item = StoredLetter>>(
        &self,
        act: &A,
        operation: &Operation,
        options: &Options,
    ) -> Result<Outcome, Error> {
        let OperationStarted {
            matching,
            up_to,
            rate,
            ref command,
            ..
        } = self.started;
        let display = Display {
            matching,
            resume: format!("holdfast {command} --resume {}", operation.id),
        };
        let pages = self.letters.pages(&self.filter, up_to);
        bulk::run(act, pages, (operation, NonZeroU32::new(rate)), (options, display)).await
    }
}

impl Redrive {
    pub(super) async fn run(self) -> Result<Outcome, Error> {
        let plan = match self.which.plan("dlq redrive", self.force).await? {
            Ok(plan) => plan,
            Err(outcome) => return Ok(outcome),
        };
        let operation = plan.begin().await?;
        let forced = plan.started.forced || self.force;
        let act = redrive::Redrive::new(&plan.nats, operation.id, forced).await?;
        plan.carry_out(&act, &operation, &self.which.options).await
    }
}

impl Discard {
    pub(super) async fn run(self) -> Result<Outcome, Error> {
        let plan = match self.which.plan("dlq discard", false).await? {
            Ok(plan) => plan,
            Err(outcome) => return Ok(outcome),
        };
        let operation = plan.begin().await?;
        let act = redrive::Discard::new(&plan.nats).await?;
        plan.carry_out(&act, &operation, &self.which.options).await
    }
}
