//! Does something to many items: some at once, no faster than asked for, told item by item, recorded before it is done.
//!
//! Whoever is interrupted, or killed, does it again: each action is such that what was done is not done twice.

use std::future::Future;
use std::num::NonZeroU32;
use std::time::Duration;

use futures::{Stream, StreamExt as _, stream};
use serde::Serialize;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::Error;
use super::audit::Operation;

/// So many items are recorded, and then done, together.
const GROUP: usize = 500;
/// So many are done at once.
const AT_ONCE: usize = 64;

/// What became of one item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "result", content = "detail")]
pub enum Outcome {
    /// It is done.
    Done,
    /// It was left alone, for this reason.
    Skipped(String),
    /// It could not be done, for this reason.
    Failed(String),
}

/// What is done to each item.
pub trait Act: Sync {
    /// What it is done to.
    type Item: Send + Sync;

    /// The name of an item, in results and records.
    fn name(&self, item: &Self::Item) -> String;

    /// Does it. Done twice, it has the effect of once.
    fn act(&self, item: &Self::Item) -> impl Future<Output = Outcome> + Send;
}

/// How it went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Items to which it was done.
    pub done: u64,
    /// Items that were left alone.
    pub skipped: u64,
    /// Items to which it could not be done.
    pub failed: u64,
    /// It was stopped before the end.
    pub interrupted: bool,
}

impl Tally {
    fn count(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Done => self.done += 1,
            Outcome::Skipped(_) => self.skipped += 1,
            Outcome::Failed(_) => self.failed += 1,
        }
    }
}

/// Items at most per second; none: as many as can be.
pub type Rate = Option<NonZeroU32>;

/// Does it to the items of all pages until there are no more, or until `stop`; what has begun is finished then. Every
/// result is told to `tell`.
///
/// # Errors
/// [`Error`] if the items cannot be read on, or what is done cannot be recorded.
pub async fn run<A: Act>(
    act: &A,
    pages: impl Stream<Item = Result<Vec<A::Item>, Error>>,
    (operation, rate): (&Operation, Rate),
    stop: &CancellationToken,
    mut tell: impl FnMut(&str, &Outcome),
) -> Result<Tally, Error> {
    let mut tally = Tally::default();
    let mut pace = Pace::new(rate);
    let mut pages = std::pin::pin!(pages);
    'all: while let Some(page) = pages.next().await {
        let mut page = page?.into_iter();
        loop {
            let group: Vec<A::Item> = page.by_ref().take(pace.group()).collect();
            match group.is_empty() {
                true => break,
                false if stop.is_cancelled() => break 'all,
                false => work_off(act, group, (operation, &mut pace), &mut tally, &mut tell).await?,
            }
        }
    }
    tally.interrupted = stop.is_cancelled();
    operation.end(&tally).await?;
    Ok(tally)
}

async fn work_off<A: Act>(
    act: &A,
    group: Vec<A::Item>,
    (operation, pace): (&Operation, &mut Pace),
    tally: &mut Tally,
    tell: &mut impl FnMut(&str, &Outcome),
) -> Result<(), Error> {
    operation
        .begin(group.iter().map(|item| act.name(item)).collect())
        .await?;
    let mut results = stream::iter(group)
        .map(|item| {
            let due = pace.next();
            async move {
                sleep_until(due).await;
                (act.name(&item), act.act(&item).await)
            }
        })
        .buffer_unordered(AT_ONCE);
    let (mut done, mut others) = (0, Vec::new());
    while let Some((name, outcome)) = results.next().await {
        tell(&name, &outcome);
        tally.count(&outcome);
        match outcome {
            Outcome::Done => done += 1,
            outcome => others.push((name, outcome)),
        }
    }
    operation.done(done, others).await
}

/// When the next item is due.
struct Pace {
    rate: Rate,
    due: Instant,
}

impl Pace {
    fn new(rate: Rate) -> Self {
        Self {
            rate,
            due: Instant::now(),
        }
    }

    fn next(&mut self) -> Instant {
        let due = self.due;
        if let Some(rate) = self.rate {
            // Time that was lost is not made up for: the rate is the most that is done.
            self.due = due.max(Instant::now()) + Duration::from_secs(1) / rate.get();
        }
        due
    }

    /// Of a slow one no more than a second's worth, so that it can be stopped soon.
    fn group(&self) -> usize {
        self.rate
            .and_then(|rate| usize::try_from(rate.get()).ok())
            .map_or(GROUP, |rate| rate.min(GROUP))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn no_more_is_due_in_a_second_than_was_asked_for() {
        let mut pace = Pace::new(NonZeroU32::new(10));
        let first = pace.next();
        let last = (0..20).map(|_| pace.next()).last().unwrap();
        assert_eq!(last - first, Duration::from_secs(2));
        assert_eq!(pace.group(), 10);
        let mut unlimited = Pace::new(None);
        assert_eq!(unlimited.next(), unlimited.next());
        assert_eq!(unlimited.group(), GROUP);
    }
}
