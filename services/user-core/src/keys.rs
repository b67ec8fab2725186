//! When signing keys are published, sign, and go.
//!
//! Verifiers keep the set of keys for a while, so a key is published before it signs (`lead`), and stays after its last
//! token has expired (`overlap`). Keys are in the order of the time from which they sign; a key signs until the next.

use jiff::{SignedDuration, Timestamp};

/// How keys follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// How long a key signs.
    pub period: SignedDuration,
    /// How long a key is published before it signs: longer than any verifier or replica keeps an old set.
    pub lead: SignedDuration,
    /// How long a key stays after it signed last: longer than a token holds, by the lead, since a replica may hear of
    /// its successor late.
    pub overlap: SignedDuration,
}

/// What is to be done with a set of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Add a key that signs from this time on.
    Publish(Timestamp),
    /// Drop this many of the oldest.
    Retire(usize),
}

/// The place of the key that signs at `now`, among keys that sign from these times on; none if there is no key.
#[must_use]
pub fn signing(from: &[Timestamp], now: Timestamp) -> Option<usize> {
    let started = from.iter().rposition(|from| *from <= now);
    started.or((!from.is_empty()).then_some(0))
}

/// What is due at `now`, if anything. Ask again after each step.
#[must_use]
pub fn due(from: &[Timestamp], now: Timestamp, schedule: Schedule) -> Option<Step> {
    let Some(last) = from.last() else {
        // Nobody holds an older set.
        return Some(Step::Publish(now));
    };
    let next = later(*last, schedule.period);
    if later(now, schedule.lead) >= next {
        return Some(Step::Publish(next.max(later(now, schedule.lead))));
    }
    let successors = from.iter().skip(1);
    let gone = successors.take_while(|successor| later(**successor, schedule.overlap) <= now);
    match gone.count() {
        0 => None,
        count => Some(Step::Retire(count)),
    }
}

fn later(time: Timestamp, by: SignedDuration) -> Timestamp {
    time.saturating_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SCHEDULE: Schedule = Schedule {
        period: SignedDuration::from_secs(1000),
        lead: SignedDuration::from_secs(100),
        overlap: SignedDuration::from_secs(200),
    };

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn due_at(from: &[i64], now: i64) -> Option<Step> {
        let from: Vec<_> = from.iter().copied().map(at).collect();
        due(&from, at(now), SCHEDULE)
    }

    #[test]
    fn the_first_key_signs_at_once() {
        assert_eq!(due_at(&[], 50), Some(Step::Publish(at(50))));
    }

    #[test]
    fn a_key_is_published_a_lead_before_it_signs_and_goes_an_overlap_after_it_did() {
        assert_eq!(due_at(&[0], 899), None);
        assert_eq!(due_at(&[0], 900), Some(Step::Publish(at(1000))));
        assert_eq!(signing(&[at(0), at(1000)], at(999)), Some(0));
        assert_eq!(signing(&[at(0), at(1000)], at(1000)), Some(1));
        assert_eq!(due_at(&[0, 1000], 1199), None);
        assert_eq!(due_at(&[0, 1000], 1200), Some(Step::Retire(1)));
    }

    #[test]
    fn after_a_long_sleep_the_old_key_signs_until_the_new_one_is_known() {
        assert_eq!(due_at(&[0], 50_000), Some(Step::Publish(at(50_100))));
        assert_eq!(signing(&[at(0), at(50_100)], at(50_050)), Some(0));
        assert_eq!(due_at(&[0, 50_100], 50_299), None);
    }

    proptest! {
        /// Verifiers and signers hold sets of keys that are up to a lead old; whatever the times at which keys are
        /// looked after, each token is known to each verifier for as long as it holds.
        #[test]
        fn no_valid_token_is_ever_refused(pauses in prop::collection::vec(1i64..1500, 1..60), age in 0i64..100) {
            let token = 100;
            let (mut keys, mut now) = (Vec::<Timestamp>::new(), 0);
            // (from, until, set): which set was current when.
            let mut history: Vec<(i64, Vec<Timestamp>)> = Vec::new();
            for pause in pauses {
                while let Some(step) = due(&keys, at(now), SCHEDULE) {
                    match step {
                        Step::Publish(from) => keys.push(from),
                        Step::Retire(count) => { keys.drain(..count); }
                    }
                }
                prop_assert!(keys.is_sorted() && !keys.is_empty());
                history.push((now, keys.clone()));
                now += pause;
            }
            let set_at = |time: i64| {
                let current = history.iter().rev().find(|(from, _)| *from <= time);
                current.map_or_else(|| history[0].1.clone(), |(_, set)| set.clone())
            };
            for signed_at in (0..now).step_by(37) {
                let signers = set_at(signed_at - age);
                let key = signers[signing(&signers, at(signed_at)).unwrap()];
                for used_at in [signed_at, signed_at + token / 2, signed_at + token] {
                    for verifier_age in [0, 99] {
                        let known = set_at(used_at - verifier_age);
                        prop_assert!(known.contains(&key), "{key} of {signed_at} at {used_at}: {known:?}");
                    }
                }
            }
        }
    }
}
