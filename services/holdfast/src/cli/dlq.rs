//! `holdfast dlq`.

mod bulk;
mod filter;
mod help;
mod show;

use std::collections::BTreeMap;

use clap::{Args, Subcommand};
use futures::TryStreamExt as _;

use super::connect::Platform;
use super::{Error, Outcome};
use crate::ops::letters::{Kind, Letters, StoredLetter};
use crate::ops::{self, audit, view};
use crate::ui;
use filter::Filter;
pub(super) use help::EXAMPLES;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Messages that consumers gave up on, oldest first.
    #[command(after_help = help::LIST)]
    List(List),
    /// One letter: why it was given up, and the message itself.
    #[command(after_help = help::SHOW)]
    Show(Show),
    /// Send letters back to the consumers that gave them up.
    #[command(after_help = help::REDRIVE)]
    Redrive(bulk::Redrive),
    /// Give letters up for good.
    #[command(after_help = help::DISCARD)]
    Discard(bulk::Discard),
    /// What operators did, newest first.
    #[command(after_help = help::HISTORY)]
    History(History),
}

#[derive(Debug, Args)]
pub(super) struct List {
    #[command(flatten)]
    platform: Platform,
    #[command(flatten)]
    filter: Filter,
    /// How many at most; 0: all.
    #[arg(long, default_value_t = 100)]
    limit: usize,
    /// Only how many there are, by service, consumer and reason.
    #[arg(long)]
    count: bool,
    /// Print JSON, one object per line.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Show {
    #[command(flatten)]
    platform: Platform,
    /// The letter's number, as `list` has it.
    letter: u64,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct History {
    #[command(flatten)]
    platform: Platform,
    /// Of this operation, with what was not done and why.
    operation: Option<uuid::Uuid>,
    /// How many.
    #[arg(long, default_value_t = 20)]
    limit: usize,
    /// Print JSON, one object per line.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(command: Command) -> Result<Outcome, Error> {
    match command {
        Command::List(list) => list.run().await,
        Command::Show(show) => show.run().await,
        Command::Redrive(redrive) => redrive.run().await,
        Command::Discard(discard) => discard.run().await,
        Command::History(history) => history.run().await,
    }
}

impl List {
    async fn run(self) -> Result<Outcome, Error> {
        let letters = Letters::new(&self.platform.connect().await?);
        let (filter, up_to) = (self.filter.resolve(), letters.newest().await?);
        if self.count {
            let tally = letters.tally(&filter, up_to).await?;
            show_tally(&tally, self.json);
            return Ok(Outcome::Done);
        }
        let limit = if self.limit == 0 { usize::MAX } else { self.limit };
        let mut pages = std::pin::pin!(letters.pages(&filter, up_to));
        let mut shown = 0;
        while let Some(page) = pages.try_next().await? {
            for letter in page {
                if shown == limit {
                    ui::note(format_args!(
                        "there are more than {limit}: --limit 0 shows all, --count counts them"
                    ));
                    return Ok(Outcome::Done);
                }
                shown += 1;
                match self.json {
                    true => ui::line(view::brief(&letter)),
                    false => show::line(&letter),
                }
            }
            if !ui::is_open() {
                break;
            }
        }
        Ok(Outcome::Done)
    }
}

/// Prints how many letters there are of each kind.
fn show_tally(tally: &BTreeMap<Kind, u64>, as_json: bool) {
    if as_json {
        return ui::line(view::tally(tally));
    }
    for (kind, count) in tally {
        let Kind {
            service,
            consumer,
            reason,
        } = kind;
        ui::line(format_args!("{count:>8}  {service:<14} {consumer:<22} {reason}"));
    }
    let total: u64 = tally.values().sum();
    ui::line(format_args!("{total:>8}  in all"));
}

impl Show {
    async fn run(self) -> Result<Outcome, Error> {
        let letters = Letters::new(&self.platform.connect().await?);
        let filter = ops::filter::LetterFilter::one(self.letter);
        let page: Option<Vec<StoredLetter>> = std::pin::pin!(letters.pages(&filter, u64::MAX))
            .try_next()
            .await?;
        let Some(letter) = page.and_then(|page| page.into_iter().next()) else {
            ui::note(format_args!("there is no letter {}", self.letter));
            return Ok(Outcome::Negative);
        };
        match self.json {
            true => ui::line(view::whole(&letter)),
            false => show::story(&letter),
        }
        Ok(Outcome::Done)
    }
}

impl History {
    async fn run(self) -> Result<Outcome, Error> {
        let nats = self.platform.connect().await?;
        let ids = match self.operation {
            Some(id) => vec![id],
            None => audit::newest(&nats, self.limit).await?,
        };
        for id in ids {
            let history = match audit::history(&nats, id).await {
                Err(error @ ops::Error::NoSuchOperation(_)) => {
                    ui::note(error);
                    return Ok(Outcome::Negative);
                }
                history => history?,
            };
            show::history(&history, self.json, self.operation.is_some());
        }
        Ok(Outcome::Done)
    }
}
