//! Operations on many letters: planned, begun, carried out, resumed; the same for the command line and the API.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use holdfast_contracts::ops::v1::OperationStarted;
use holdfast_platform::nats::Nats;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::Error;
use super::audit::{self, Actor, Operation};
use super::bulk::{self, Outcome, Rate, Tally};
use super::filter::LetterFilter;
use super::letters::{Kind, Letters};
use super::redrive::{Discard, Redrive};

/// What can be done to letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// They go back to the consumers that gave them up.
    Redrive {
        /// Also what came back too often.
        forced: bool,
    },
    /// They are given up for good.
    Discard,
}

impl What {
    /// As it stands in records and on the command line.
    #[must_use]
    pub fn command(self) -> &'static str {
        match self {
            Self::Redrive { .. } => "dlq redrive",
            Self::Discard => "dlq discard",
        }
    }

    fn recorded(started: &OperationStarted) -> Option<Self> {
        let forced = started.forced;
        [Self::Redrive { forced }, Self::Discard]
            .into_iter()
            .find(|what| what.command() == started.command)
    }
}

/// An operation that may begin.
pub struct Job {
    nats: Nats,
    letters: Letters,
    what: What,
    filter: LetterFilter,
    started: OperationStarted,
    resumes: Option<Uuid>,
    /// How many letters it means, by kind.
    pub tally: BTreeMap<Kind, u64>,
}

impl Job {
    /// Looks which letters are meant. Nothing is done or recorded yet.
    ///
    /// # Errors
    /// [`Error`] if the letters cannot be read.
    pub async fn plan(
        nats: &Nats,
        what: What,
        filter: LetterFilter,
        actor: Actor,
        rate: Rate,
    ) -> Result<Self, Error> {
        let letters = Letters::new(nats);
        let up_to = letters.newest().await?;
        let tally = letters.tally(&filter, up_to).await?;
        let started = OperationStarted {
            actor: actor.name,
            via: actor.via.to_owned(),
            command: what.command().to_owned(),
            filter: serde_json::to_string(&filter).unwrap_or_default(),
            up_to,
            matching: tally.values().sum(),
            forced: what == What::Redrive { forced: true },
            rate: rate.map_or(0, NonZeroU32::get),
        };
        Ok(Self {
            nats: nats.clone(),
            letters,
            what,
            filter,
            started,
            resumes: None,
            tally,
        })
    }

    /// Plans to go on with an operation that was cut off: with what is left of the letters that it meant.
    ///
    /// # Errors
    /// [`Error`] if there is no such operation, or it cannot be read.
    pub async fn resume(nats: &Nats, id: Uuid, actor: Actor, rate: Rate) -> Result<Self, Error> {
        let started = audit::history(nats, id).await?.started;
        let unreadable = |detail: String| Error::Operation { id, detail };
        let what = What::recorded(&started)
            .ok_or_else(|| unreadable(format!("{:?} is not known", started.command)))?;
        let filter: LetterFilter =
            serde_json::from_str(&started.filter).map_err(|error| unreadable(error.to_string()))?;
        let letters = Letters::new(nats);
        let tally = letters.tally(&filter, started.up_to).await?;
        let started = OperationStarted {
            actor: actor.name,
            via: actor.via.to_owned(),
            matching: tally.values().sum(),
            rate: rate.map_or(started.rate, NonZeroU32::get),
            ..started
        };
        Ok(Self {
            nats: nats.clone(),
            letters,
            what,
            filter,
            started,
            resumes: Some(id),
            tally,
        })
    }

    /// How many letters it means.
    #[must_use]
    pub fn matching(&self) -> u64 {
        self.started.matching
    }

    /// What it does.
    #[must_use]
    pub fn what(&self) -> What {
        self.what
    }

    /// Records that it begins.
    ///
    /// # Errors
    /// [`Error::Journal`] if it cannot be recorded: it does not begin then.
    pub async fn begin(&self) -> Result<Operation, Error> {
        let started = self.started.clone();
        match self.resumes {
            Some(id) => Operation::resume(&self.nats, id, started).await,
            None => Operation::start(&self.nats, started).await,
        }
    }

    /// Does it, until it is done or `stop`.
    ///
    /// # Errors
    /// As [`bulk::run`].
    pub async fn carry_out(
        &self,
        operation: &Operation,
        stop: &CancellationToken,
        tell: impl FnMut(&str, &Outcome) + Send,
    ) -> Result<Tally, Error> {
        let pages = self.letters.pages(&self.filter, self.started.up_to);
        let how = (operation, NonZeroU32::new(self.started.rate));
        match self.what {
            What::Redrive { forced } => {
                let act = Redrive::new(&self.nats, operation.id, forced).await?;
                bulk::run(&act, pages, how, stop, tell).await
            }
            What::Discard => bulk::run(&Discard::new(&self.nats).await?, pages, how, stop, tell).await,
        }
    }
}
