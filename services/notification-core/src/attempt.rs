//! What follows from a try to send something.

use std::time::Duration;

use crate::route::Channel;

/// What a provider made of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It has it.
    Taken,
    /// It will never take it.
    Refused,
    /// It failed, or did not answer: it may have it or not.
    Failed,
    /// It takes it later: after this long, if it says.
    PutOff(Option<Duration>),
}

/// How often something was tried before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tries {
    /// Failures.
    pub failed: u32,
    /// How often the provider put it off.
    pub put_off: u32,
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Nothing.
    Done,
    /// Try again after this long, with this history.
    Again(Duration, Tries),
    /// Send it by e-mail instead.
    ByEmail,
    /// Send it by e-mail instead, and let somebody look at this.
    ByEmailAndGiveUp,
    /// Let somebody look at it: refused for good.
    Refused,
    /// Let somebody look at it: tried often enough.
    Exhausted,
}

/// When something is tried again, and how often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retries {
    /// How often it is tried in all; at least 1.
    pub tries: u32,
    /// The longest pause after the first failure; each further one is four times as long.
    pub base: Duration,
    /// The longest pause of all.
    pub longest: Duration,
}

/// How often a provider may put something off, before that counts as failures.
const MAX_PUT_OFF: u32 = 50;
/// The least pause for what is put off.
const SHORTEST: Duration = Duration::from_secs(1);

impl Retries {
    /// The pause after `failed` failures, for a `random` number of [0, 1); none: that was the last try.
    #[must_use]
    pub fn pause(&self, failed: u32, random: f64) -> Option<Duration> {
        (failed < self.tries).then(|| {
            let longest = self
                .base
                .saturating_mul(4_u32.saturating_pow(failed.saturating_sub(1)));
            longest
                .min(self.longest)
                .mul_f64(0.5 + 0.5 * random.clamp(0.0, 1.0))
        })
    }

    fn again(&self, tries: Tries, random: f64) -> Next {
        let tries = Tries {
            failed: tries.failed.saturating_add(1),
            ..tries
        };
        match self.pause(tries.failed, random) {
            Some(pause) => Next::Again(pause, tries),
            None => Next::Exhausted,
        }
    }

    fn put_off(&self, tries: Tries, after: Option<Duration>, random: f64) -> Next {
        if tries.put_off >= MAX_PUT_OFF {
            return self.again(tries, random);
        }
        let after = after
            .unwrap_or(self.base)
            .clamp(SHORTEST, self.longest.max(SHORTEST));
        // Never earlier than told, and not all at once.
        let pause = after.mul_f64(1.0 + 0.25 * random.clamp(0.0, 1.0));
        let put_off = tries.put_off + 1;
        Next::Again(pause, Tries { put_off, ..tries })
    }
}

/// What follows from `outcome`, after `tries` that came to nothing. `random` is of [0, 1).
///
/// A short message that fails is not tried again: the mesh did that, and there is e-mail.
#[must_use]
pub fn next(channel: Channel, outcome: Outcome, tries: Tries, retries: &Retries, random: f64) -> Next {
    match (outcome, channel) {
        (Outcome::Taken, _) => Next::Done,
        (Outcome::Refused, Channel::Email) => Next::Refused,
        (Outcome::Refused, Channel::Sms) => Next::ByEmailAndGiveUp,
        (Outcome::Failed, Channel::Email) => retries.again(tries, random),
        (Outcome::Failed, Channel::Sms) => Next::ByEmail,
        (Outcome::PutOff(after), _) => retries.put_off(tries, after, random),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const RETRIES: Retries = Retries {
        tries: 5,
        base: Duration::from_secs(10),
        longest: Duration::from_secs(3600),
    };

    /// The pauses until it is given up, if it always fails.
    fn pauses(retries: &Retries, random: f64) -> Vec<Duration> {
        let mut tries = Tries::default();
        let mut pauses = Vec::new();
        while let Next::Again(pause, after) = next(Channel::Email, Outcome::Failed, tries, retries, random) {
            pauses.push(pause);
            tries = after;
        }
        assert_eq!(
            next(Channel::Email, Outcome::Failed, tries, retries, random),
            Next::Exhausted
        );
        pauses
    }

    #[test]
    fn five_tries_outlast_an_outage_of_minutes() {
        assert_eq!(pauses(&RETRIES, 0.0), [5, 20, 80, 320].map(Duration::from_secs));
        assert_eq!(pauses(&RETRIES, 1.0), [10, 40, 160, 640].map(Duration::from_secs));
    }

    #[test]
    fn an_sms_that_fails_becomes_a_mail() {
        let sms = |outcome| next(Channel::Sms, outcome, Tries::default(), &RETRIES, 0.0);
        assert_eq!(sms(Outcome::Failed), Next::ByEmail);
        assert_eq!(sms(Outcome::Refused), Next::ByEmailAndGiveUp);
        assert_eq!(sms(Outcome::Taken), Next::Done);
        assert_eq!(
            next(Channel::Email, Outcome::Refused, Tries::default(), &RETRIES, 0.0),
            Next::Refused
        );
    }

    #[test]
    fn what_is_put_off_keeps_its_tries_but_not_for_ever() {
        let after = Some(Duration::from_secs(7));
        let put_off = |tries| next(Channel::Sms, Outcome::PutOff(after), tries, &RETRIES, 0.0);
        let tries = Tries {
            failed: 2,
            put_off: 0,
        };
        assert_eq!(
            put_off(tries),
            Next::Again(
                Duration::from_secs(7),
                Tries {
                    failed: 2,
                    put_off: 1
                }
            )
        );
        let often = Tries {
            failed: 4,
            put_off: MAX_PUT_OFF,
        };
        assert_eq!(put_off(often), Next::Exhausted);
    }

    proptest! {
        #[test]
        fn pauses_grow_within_their_bounds(random in 0.0..1.0_f64, tries in 1..9_u32, base in 1..100_000_u64) {
            let retries = Retries { tries, base: Duration::from_millis(base), longest: Duration::from_secs(60) };
            let pauses = pauses(&retries, random);
            prop_assert_eq!(pauses.len() as u32, tries - 1);
            prop_assert!(pauses.is_sorted());
            prop_assert!(pauses.iter().all(|pause| *pause <= retries.longest));
        }

        #[test]
        fn nothing_is_sent_earlier_than_the_provider_says(random in 0.0..1.0_f64, seconds in 0..5000_u64) {
            let after = Duration::from_secs(seconds);
            let Next::Again(pause, _) = next(Channel::Email, Outcome::PutOff(Some(after)), Tries::default(), &RETRIES, random)
            else { return Err(TestCaseError::fail("given up")) };
            prop_assert!(pause >= after.min(RETRIES.longest) && pause <= RETRIES.longest.mul_f64(1.25));
        }
    }
}
