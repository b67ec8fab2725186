//! Folding the records of one order into its state.

use std::sync::Arc;

use holdfast_contracts::events::ORDER_COMMIT;
use holdfast_contracts::subjects;
use holdfast_order_core::{EvolveError, OrderId, State, UserId, evolve};
use holdfast_platform::journal::{DeadLetterReason, Record, Revision};
use holdfast_platform::telemetry::TraceContext;

use crate::codec::{self, Commit};

/// The state of an order, and the record up to which it was folded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Versioned {
    /// The state.
    pub state: Arc<State>,
    /// The record; [`Revision::NONE`] if there is none.
    pub revision: Revision,
    /// The trace that it was appended in, or the last of the earlier ones that had one.
    pub trace: Option<TraceContext>,
}

/// A record that cannot be folded. It stops this order, and no other.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{subject} is not readable at sequence {sequence}: {fault}")]
pub struct Corrupt {
    /// The subject of the order.
    pub subject: String,
    /// The stream sequence of the record.
    pub sequence: Revision,
    /// What is wrong with it.
    pub fault: Fault,
}

/// What is wrong with a record.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Its payload cannot be read.
    #[error(transparent)]
    Codec(#[from] codec::Error),
    /// One of its events cannot have happened.
    #[error(transparent)]
    Impossible(#[from] EvolveError),
    /// It does not continue where the record before it ended.
    #[error("it starts with version {found} where {expected} is due")]
    Gap {
        /// The version that is due.
        expected: u64,
        /// The version that it starts with.
        found: u64,
    },
    /// It ends in the middle of what is always appended together.
    #[error("it ends between two events that belong together")]
    Torn,
    /// It is the commit of another order.
    #[error("it belongs to order {0}")]
    Misplaced(OrderId),
}

impl Fault {
    /// Why a message that needs this order goes to the dead-letter queue.
    #[must_use]
    pub fn reason(&self) -> DeadLetterReason {
        match self {
            Self::Codec(error) => error.reason(),
            _ => DeadLetterReason::Malformed,
        }
    }
}

/// The state after all records of one order, oldest first.
///
/// # Errors
/// [`Corrupt`] names the first record that cannot be folded.
pub fn replay(records: &[Record]) -> Result<Versioned, Corrupt> {
    records.iter().try_fold(Versioned::default(), advance)
}

/// The state after the next record of the same order.
///
/// # Errors
/// [`Corrupt`] if it cannot be folded.
pub fn advance(before: Versioned, record: &Record) -> Result<Versioned, Corrupt> {
    let Record {
        subject,
        revision,
        headers,
        payload,
        ..
    } = record;
    let corrupt = |fault| Corrupt {
        subject: subject.clone(),
        sequence: *revision,
        fault,
    };
    let known = record.is_event(ORDER_COMMIT).map_err(codec::Error::Unknown);
    let commit = known.and_then(|()| codec::decode_events(payload));
    let commit = commit.map_err(|error| corrupt(error.into()))?;
    if subjects::parse_order(subject) != Some((commit.user.0, commit.order.0)) {
        return Err(corrupt(Fault::Misplaced(commit.order)));
    }
    let state = fold(Arc::unwrap_or_clone(before.state), &commit).map_err(corrupt)?;
    Ok(Versioned {
        state: Arc::new(state),
        revision: *revision,
        trace: TraceContext::of_record(headers).or(before.trace),
    })
}

fn fold(state: State, commit: &Commit) -> Result<State, Fault> {
    let (expected, found) = (state.version() + 1, commit.first_version);
    if expected != found {
        return Err(Fault::Gap { expected, found });
    }
    let state = commit
        .events
        .iter()
        .try_fold(state, |state, event| evolve(state, event, commit.time))?;
    match state.order() {
        Some(order) if order.phase.is_transient() => Err(Fault::Torn),
        _ => Ok(state),
    }
}

/// One order of one user: names its subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OrderKey {
    /// The owner.
    pub user: UserId,
    /// The order.
    pub order: OrderId,
}

impl OrderKey {
    /// The subject of the order's commits.
    #[must_use]
    pub fn subject(&self) -> String {
        subjects::order(self.user.0, self.order.0)
    }

    /// The order that a subject names.
    #[must_use]
    pub fn of_subject(subject: &str) -> Option<Self> {
        let (user, order) = subjects::parse_order(subject)?;
        Some(Self {
            user: UserId(user),
            order: OrderId(order),
        })
    }
}
