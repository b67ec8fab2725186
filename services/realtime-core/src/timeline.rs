//! One order: all that happened to it, as far as it is known here.

use jiff::Timestamp;

use crate::commit::Commit;
use crate::status::{Event, Reason, Standing, Status};

/// Steps that are kept. Whoever has seen none of them is told where the order stands, instead of how it came there.
const KEPT: usize = 64;

/// An order after one of its events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// The place of the event among those of the order, from 1.
    pub version: u64,
    /// The event.
    pub event: Event,
    /// The status after it.
    pub status: Status,
    /// Why the order ended or is ending, as far as it was known then.
    pub reason: Option<Reason>,
    /// When it was decided.
    pub time: Timestamp,
}

/// What a commit was to a timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    /// It told nothing new.
    Known,
    /// It was the next.
    Extended,
    /// There are others before it that are not known; nothing was done.
    Gap,
}

/// What happened to one order, without a gap from its beginning.
#[derive(Clone, Debug, Default)]
pub struct Timeline {
    standing: Standing,
    version: u64,
    revision: u64,
    steps: Vec<Step>,
}

impl Timeline {
    /// The newest version that is known; 0: none.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Where the newest commit stands in the stream; 0: none.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Whether nothing more is to be expected.
    #[must_use]
    pub fn is_final(&self) -> bool {
        self.standing.is_final()
    }

    /// The newest step.
    #[must_use]
    pub fn newest(&self) -> Option<&Step> {
        self.steps.last()
    }

    /// The steps after `version`; none if that is too long ago, or not known here.
    #[must_use]
    pub fn after(&self, version: u64) -> Option<&[Step]> {
        let behind = usize::try_from(self.version.checked_sub(version)?).ok()?;
        self.steps.get(self.steps.len().checked_sub(behind)?..)
    }

    /// Takes in a commit that stands at `revision` of the stream.
    pub fn apply(&mut self, commit: &Commit, revision: u64) -> Applied {
        let (first, last) = (commit.first_version(), commit.last_version());
        if last <= self.version {
            return Applied::Known;
        }
        if first > self.version + 1 {
            return Applied::Gap;
        }
        for numbered in &commit.events {
            if numbered.version > self.version {
                self.extend(numbered.version, numbered.event, commit.time);
            }
        }
        self.revision = self.revision.max(revision);
        Applied::Extended
    }

    fn extend(&mut self, version: u64, event: Event, time: Timestamp) {
        self.standing = self.standing.after(event);
        self.version = version;
        if self.steps.len() == KEPT {
            self.steps.remove(0);
        }
        self.steps.push(Step {
            version,
            event,
            status: self.standing.status(),
            reason: self.standing.reason(),
            time,
        });
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::commit::Numbered;

    /// A commit of `order` with the versions of `range`.
    pub(crate) fn commit(order: u128, range: std::ops::RangeInclusive<u64>) -> Commit {
        let event = |version: u64| match version {
            1 => Event::OrderCreated,
            2 => Event::InventoryReserved,
            3 => Event::PaymentPending,
            4 => Event::PaymentSucceeded,
            5 => Event::OrderCompleted,
            _ => Event::Unknown,
        };
        Commit {
            order: Uuid::from_u128(order),
            user: Uuid::from_u128(7),
            time: Timestamp::UNIX_EPOCH,
            events: range
                .map(|version| Numbered {
                    version,
                    event: event(version),
                })
                .collect(),
        }
    }

    fn versions(steps: Option<&[Step]>) -> Option<Vec<u64>> {
        steps.map(|steps| steps.iter().map(|step| step.version).collect())
    }

    #[test]
    fn given_commits_twice_and_with_a_gap_each_version_counts_once_and_in_order() {
        let mut timeline = Timeline::default();
        assert_eq!(timeline.apply(&commit(1, 2..=3), 2), Applied::Gap);
        assert_eq!(timeline.apply(&commit(1, 1..=1), 1), Applied::Extended);
        assert_eq!(timeline.apply(&commit(1, 1..=1), 1), Applied::Known);
        assert_eq!(timeline.apply(&commit(1, 1..=3), 2), Applied::Extended);
        assert_eq!(timeline.apply(&commit(1, 5..=5), 4), Applied::Gap);
        assert_eq!((timeline.version(), timeline.revision()), (3, 2));
        assert_eq!(timeline.newest().unwrap().status, Status::PaymentPending);
        assert_eq!(versions(timeline.after(1)), Some(vec![2, 3]));
        assert_eq!(versions(timeline.after(3)), Some(vec![]));
        assert_eq!(timeline.after(4), None);
    }

    #[test]
    fn given_a_long_life_only_the_newest_steps_are_kept() {
        let mut timeline = Timeline::default();
        (1..=200).for_each(|version| {
            timeline.apply(&commit(1, version..=version), version);
        });
        assert_eq!(timeline.steps.len(), KEPT);
        assert_eq!(timeline.after(200 - KEPT as u64).map(<[_]>::len), Some(KEPT));
        assert_eq!(timeline.after(199 - KEPT as u64), None);
    }
}
