//! The generic cell rate algorithm: a token bucket in one number.
//!
//! The number is the theoretical arrival time (TAT): the instant at which the bucket is full again. It
//! needs no timer: an old TAT simply lies in the past.

use std::num::NonZeroU32;

/// How many requests in how much time. Times are nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    requests: NonZeroU32,
    per: u64,
    interval: u64,
    tolerance: u64,
}

/// What a verdict rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// A bucket of this proxy.
    Bucket,
    /// Tokens leased from the quota service.
    Lease,
    /// The bucket that stands in while the quota service has not answered.
    Floor,
}

/// What a bucket says to one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// May it pass?
    pub allowed: bool,
    /// Requests that could follow at once.
    pub remaining: u64,
    /// Nanoseconds until a request can pass again; 0 if this one may.
    pub wait: u64,
    /// Nanoseconds until the bucket is full.
    pub reset: u64,
    /// The bucket's TAT once this request has passed; unchanged if it may not, unless [`Self::lowered`].
    pub tat: u64,
    /// Whether the bucket's TAT was further ahead than that of an empty bucket: it is left from a slower limit of the same
    /// name, and `tat` is to take its place although the request may not pass.
    pub lowered: bool,
    /// What said so.
    pub source: Source,
}

/// What a bucket gives at once to somebody who hands it on one by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Handout {
    /// Tokens given; at most those wanted.
    pub tokens: u32,
    /// The bucket's TAT after it.
    pub tat: u64,
}

impl Limit {
    /// `requests` in every `per` nanoseconds on average, and up to `burst` at once. `None` if one request
    /// takes less than a microsecond or filling the bucket more than a hundred years: both lose precision.
    #[must_use]
    pub fn new(requests: NonZeroU32, per: u64, burst: NonZeroU32) -> Option<Self> {
        const CENTURY: u64 = 100 * 366 * 24 * 3600 * 1_000_000_000;
        // Rounded up, so that the average never exceeds what is allowed; by a thousandth at most.
        let interval = per.div_ceil(u64::from(requests.get()));
        let tolerance = interval.checked_mul(u64::from(burst.get()))?;
        (interval >= 1_000 && tolerance <= CENTURY).then_some(Self {
            requests,
            per,
            interval,
            tolerance,
        })
    }

    /// Requests per [`Self::per`].
    #[must_use]
    pub const fn requests(&self) -> u32 {
        self.requests.get()
    }

    /// The nanoseconds in which [`Self::requests`] may pass.
    #[must_use]
    pub const fn per(&self) -> u64 {
        self.per
    }

    /// Nanoseconds in which one request is earned.
    #[must_use]
    pub const fn interval(&self) -> u64 {
        self.interval
    }

    /// A tenth of it: a tenth of the rate and of the burst, which is one request at least.
    #[must_use]
    pub fn tenth(&self) -> Self {
        let one =
            |n: u64| NonZeroU32::new(u32::try_from(n / 10).unwrap_or(u32::MAX)).unwrap_or(NonZeroU32::MIN);
        let tenth = Self::new(one(u64::from(self.requests.get())), self.per, one(self.burst()));
        tenth.unwrap_or(*self)
    }

    /// Requests that may pass at once.
    #[must_use]
    pub const fn burst(&self) -> u64 {
        self.tolerance / self.interval
    }

    /// Takes as many of the tokens `wanted` at `now` from a bucket with this TAT as it has, after `spent` tokens that
    /// were used without asking. More than it had is forgiven: a bucket is never less than empty.
    #[must_use]
    pub fn hand_out(&self, tat: u64, now: u64, wanted: u32, spent: u32) -> Handout {
        let empty = now.saturating_add(self.tolerance);
        let charge = self.interval.saturating_mul(u64::from(spent));
        let tat = tat.clamp(now, empty).saturating_add(charge).min(empty);
        // At most `wanted`, thus a u32.
        let tokens = u64::from(wanted).min((empty - tat) / self.interval) as u32;
        Handout {
            tokens,
            tat: tat + u64::from(tokens) * self.interval,
        }
    }

    /// Asks a bucket with this TAT (0: never used) whether one request may pass at `now`.
    #[must_use]
    pub fn check(&self, tat: u64, now: u64) -> Verdict {
        let empty = now.saturating_add(self.tolerance);
        let lowered = tat > empty;
        let tat = tat.clamp(now, empty);
        let next = tat.saturating_add(self.interval);
        let used = next - now;
        if used > self.tolerance {
            let (wait, reset) = (used - self.tolerance, tat - now);
            return Verdict {
                allowed: false,
                remaining: 0,
                wait,
                reset,
                tat,
                lowered,
                source: Source::Bucket,
            };
        }
        let remaining = (self.tolerance - used) / self.interval;
        Verdict {
            allowed: true,
            remaining,
            wait: 0,
            reset: used,
            tat: next,
            lowered: false,
            source: Source::Bucket,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECOND: u64 = 1_000_000_000;

    fn limit(requests: u32, per: u64, burst: u32) -> Limit {
        Limit::new(requests.try_into().unwrap(), per, burst.try_into().unwrap()).unwrap()
    }

    #[test]
    fn a_fresh_bucket_gives_its_burst_and_then_one_per_interval() {
        let limit = limit(20, SECOND, 3);
        let mut tat = 0;
        let mut ask = |now| {
            let verdict = limit.check(tat, now);
            tat = verdict.tat;
            (verdict.allowed, verdict.remaining, verdict.wait)
        };
        assert_eq!(ask(7), (true, 2, 0));
        assert_eq!(ask(7), (true, 1, 0));
        assert_eq!(ask(7), (true, 0, 0));
        assert_eq!(ask(7), (false, 0, SECOND / 20));
        assert_eq!(ask(7 + SECOND / 20), (true, 0, 0));
    }

    #[test]
    fn a_bucket_of_a_slower_limit_is_at_most_empty() {
        let verdict = limit(1, SECOND, 1).check(3600 * SECOND, 0);
        assert_eq!((verdict.allowed, verdict.wait), (false, SECOND));
        assert_eq!((verdict.lowered, verdict.tat), (true, SECOND));
        assert!(!limit(1, SECOND, 1).check(verdict.tat, 0).lowered);
    }

    #[test]
    fn what_cannot_be_counted_precisely_is_no_limit() {
        let one = NonZeroU32::MIN;
        assert_eq!(Limit::new(NonZeroU32::new(2_000_000).unwrap(), SECOND, one), None);
        assert_eq!(
            Limit::new(one, 366 * 24 * 3600 * SECOND, NonZeroU32::new(101).unwrap()),
            None
        );
    }

    #[test]
    fn what_is_handed_out_is_what_as_many_requests_would_have_taken() {
        let limit = limit(20, SECOND, 5);
        let (mut tat, now) = (0, 7 * SECOND);
        for _ in 0..3 {
            tat = limit.check(tat, now).tat;
        }
        assert_eq!(limit.hand_out(0, now, 3, 0), Handout { tokens: 3, tat });
        assert_eq!(limit.hand_out(tat, now, 9, 0).tokens, 2);
        assert_eq!(limit.hand_out(tat, now, 9, 1).tokens, 1);
    }

    #[test]
    fn what_was_spent_beyond_the_bucket_is_forgiven() {
        let (limit, now) = (limit(20, SECOND, 5), 7 * SECOND);
        let handout = limit.hand_out(0, now, 1, u32::MAX);
        assert_eq!(handout.tokens, 0);
        assert_eq!(limit.hand_out(handout.tat, now + SECOND / 20, 9, 0).tokens, 1);
    }

    proptest! {
        #[test]
        fn handouts_of_any_window_are_at_most_burst_plus_rate_times_its_length(
            requests in 1..50u32, burst in 1..50u32,
            steps in prop::collection::vec((0..SECOND / 2, 0..60u32, 0..4u32), 1..100),
        ) {
            let limit = limit(requests, SECOND, burst);
            let (mut tat, mut now, mut given) = (0, 5 * SECOND, Vec::new());
            for (gap, wanted, spent) in steps {
                now += gap;
                let handout = limit.hand_out(tat, now, wanted, spent);
                prop_assert!(handout.tokens <= wanted);
                tat = handout.tat;
                given.push((now, u64::from(handout.tokens)));
            }
            for (i, (start, _)) in given.iter().enumerate() {
                let mut sum = 0;
                for (end, tokens) in given.iter().skip(i) {
                    sum += tokens;
                    prop_assert!(sum <= u64::from(burst) + (end - start) * u64::from(requests) / SECOND);
                }
            }
        }

        #[test]
        fn no_window_holds_more_than_burst_plus_rate_times_its_length(
            requests in 1..50u32, burst in 1..50u32, gaps in prop::collection::vec(0..SECOND / 10, 1..200),
        ) {
            let limit = limit(requests, SECOND, burst);
            let (mut tat, mut now, mut passed) = (0, 5 * SECOND, Vec::new());
            for gap in gaps {
                now += gap;
                let verdict = limit.check(tat, now);
                tat = verdict.tat;
                prop_assert_eq!(verdict.allowed, verdict.wait == 0);
                if verdict.allowed {
                    passed.push(now);
                } else {
                    prop_assert!(limit.check(tat, now + verdict.wait).allowed);
                    prop_assert!(!limit.check(tat, now + verdict.wait - 1).allowed);
                }
            }
            for (i, start) in passed.iter().enumerate() {
                for (j, end) in passed.iter().enumerate().skip(i) {
                    let most = u64::from(burst) + (end - start) * u64::from(requests) / SECOND;
                    prop_assert!((j - i + 1) as u64 <= most);
                }
            }
        }
    }
}
