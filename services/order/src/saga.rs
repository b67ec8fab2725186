//! The orchestrator: decides, appends, and executes what was appended.
//!
//! Every handler may be called any number of times with the same delivery, in any order and by several
//! processes at once. Nothing here spawns, sleeps, reads a clock or rolls dice by itself.

mod meter;
mod payment_lane;
mod results;
mod timers;

#[cfg(test)]
mod tests;

use std::time::Duration;

use holdfast_order_core::{Command, Event, Phase, Policy, Refusal, State, decide, evolve, react};
use holdfast_platform::clock::Clock;
use holdfast_platform::journal::{self, DeadLetterReason, Disposition, Journal, Revision};

use crate::codec::Commit;
use crate::locks::Stripes;
use crate::ports::{Jitter, Payments, Timers};
use crate::replay::{Fault, OrderKey, Versioned};
use crate::store::{self, Store};

/// Writers that meet on one order settle it in a few rounds; more is a sign of a fault.
const MAX_CONFLICTS: usize = 8;

/// Why a command was not applied.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The order refuses it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The order could not be loaded or appended to.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// Others write to this order without end. Retryable.
    #[error("the order is contended")]
    Contended,
    /// What was decided cannot be folded. A fault of ours.
    #[error("what was decided is impossible: {0}")]
    Inconsistent(#[from] holdfast_order_core::EvolveError),
}

/// What is known about the order before a command is decided on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// It probably does not exist yet: nothing is read before the first append.
    New,
    /// The command follows from this record of the order.
    Cause(Revision),
    /// Nothing: a state that may be stale is good enough to append on, but not to do nothing on.
    Unknown,
}

/// A command that was applied.
#[derive(Clone, Debug)]
pub struct Applied {
    /// The order after it.
    pub order: Versioned,
    /// The events that it caused; none if there was nothing new in it.
    pub events: Vec<Event>,
}

/// How patiently the orchestrator works.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// The times of the saga.
    pub policy: Policy,
    /// How often a refund or the resolving of a charge is tried before the order is parked; at least 1.
    pub payment_attempts: u64,
    /// Delay of the first redelivery; doubles with each.
    pub retry_base: Duration,
    /// The longest delay of a redelivery.
    pub retry_cap: Duration,
    /// How many decisions of one inventory batch are applied at once.
    pub batch_concurrency: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            policy: Policy::default(),
            payment_attempts: 8,
            retry_base: Duration::from_millis(500),
            retry_cap: Duration::from_secs(30),
            batch_concurrency: 64,
        }
    }
}

/// Applies commands to orders and works the lanes.
pub struct Orchestrator<J, P, T, C, R> {
    store: Store<J>,
    payments: P,
    timers: T,
    clock: C,
    jitter: R,
    settings: Settings,
    locks: Stripes,
}

impl<J, P, T, C, R> Orchestrator<J, P, T, C, R>
where
    J: Journal,
    P: Payments,
    T: Timers,
    C: Clock,
    R: Jitter,
{
    /// An orchestrator of the orders in `store`.
    pub fn new(
        store: Store<J>,
        (payments, timers): (P, T),
        (clock, jitter): (C, R),
        settings: Settings,
    ) -> Self {
        Self {
            store,
            payments,
            timers,
            clock,
            jitter,
            settings,
            locks: Stripes::default(),
        }
    }

    /// The orders.
    pub fn store(&self) -> &Store<J> {
        &self.store
    }

    /// Applies a command to an order: decides, appends, and decides again when somebody else was faster.
    ///
    /// # Errors
    /// [`Error`]; after anything but a refusal, whether events were appended is known only to the journal.
    pub async fn apply(&self, key: OrderKey, basis: Basis, command: Command) -> Result<Applied, Error> {
        let _turn = self.locks.lock(key.order).await;
        let (mut order, mut trusted) = match basis {
            Basis::New => (self.store.cached(&key).unwrap_or_default(), false),
            Basis::Cause(cause) => (self.store.load(&key, cause).await?, true),
            Basis::Unknown => (self.store.load(&key, Revision::NONE).await?, false),
        };
        let mut newest = false;
        for _ in 0..MAX_CONFLICTS {
            let now = self.clock.now();
            match decide(&order.state, command.clone(), now, &self.settings.policy) {
                Ok(events) if !events.is_empty() => match self.append(&key, &order, events).await {
                    Err(Error::Store(store::Error::Journal(journal::Error::Conflict { .. }))) => {
                        meter::conflict()
                    }
                    appended => return appended,
                },
                Ok(events) if trusted || newest || is_over(&order.state) => {
                    return Ok(Applied { order, events });
                }
                Err(refusal) if newest => return Err(refusal.into()),
                // An old copy must not have the last word.
                Ok(_) | Err(_) => {}
            }
            order = self.store.newest(&key).await?;
            (trusted, newest) = (true, true);
        }
        Err(Error::Contended)
    }

    async fn append(&self, key: &OrderKey, before: &Versioned, events: Vec<Event>) -> Result<Applied, Error> {
        let now = self.clock.now();
        let mut state = State::clone(&before.state);
        let first_version = state.version() + 1;
        let mut effects = Vec::with_capacity(1);
        for event in &events {
            state = evolve(state, event, now)?;
            effects.extend(react(&state, event, &self.settings.policy));
        }
        let commit = Commit {
            order: key.order,
            user: key.user,
            time: now,
            first_version,
            events,
            effects,
        };
        let order = self.store.append(&commit, before, state).await?;
        meter::committed(&order.state, &commit.events);
        Ok(Applied {
            order,
            events: commit.events,
        })
    }

    /// How a delivery is settled whose command was, or was not, applied.
    fn settle(&self, result: Result<Applied, Error>, attempt: u64) -> Disposition {
        match result {
            Ok(_) => Disposition::Ack,
            Err(error) => self.settle_error(&error, attempt),
        }
    }

    fn settle_error(&self, error: &Error, attempt: u64) -> Disposition {
        match error {
            Error::Contended | Error::Refused(Refusal::StillReleasing) => self.retry(attempt),
            Error::Store(store::Error::Journal(journal)) if !is_final(journal) => self.retry(attempt),
            Error::Store(store::Error::Corrupt(corrupt)) => dead(corrupt.fault.reason(), corrupt),
            Error::Inconsistent(error) => dead(Fault::from(error.clone()).reason(), error),
            Error::Store(error) => dead(DeadLetterReason::Refused, error),
            Error::Refused(refusal) => dead(DeadLetterReason::Refused, refusal),
        }
    }

    /// Redelivery after a delay that doubles with each attempt, jittered.
    fn retry(&self, attempt: u64) -> Disposition {
        let doublings = u32::try_from(attempt.saturating_sub(1))
            .unwrap_or(u32::MAX)
            .min(16);
        let delay = self
            .settings
            .retry_base
            .saturating_mul(1 << doublings)
            .min(self.settings.retry_cap);
        Disposition::Retry(self.jitter.spread(delay))
    }
}

/// Whether nothing can ever happen to this order again, so that even an old copy tells the truth.
fn is_over(state: &State) -> bool {
    matches!(state.order().map(|order| &order.phase), Some(Phase::Completed))
}

fn is_final(error: &journal::Error) -> bool {
    matches!(error, journal::Error::Refused { .. })
}

fn dead(reason: DeadLetterReason, detail: impl std::fmt::Display) -> Disposition {
    Disposition::DeadLetter(reason, detail.to_string())
}
