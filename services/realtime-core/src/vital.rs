//! When to ask a client whether it is still there, and when to end a stream. Times are since any moment, the same for all.

use std::time::Duration;

/// How often a client is asked whether it is still there. Less than what proxies on the way keep a silent connection for.
pub const HEARTBEAT: Duration = Duration::from_secs(25);
/// Without a sign of life for so long, a client is gone: two questions were not answered.
pub const SILENCE: Duration = Duration::from_secs(65);

/// What is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// Ask whether the client is still there.
    Ping,
    /// It is not.
    Silent,
    /// What the client was let in with is no longer good.
    Expired,
}

/// The signs of life of one client.
#[derive(Clone, Copy, Debug)]
pub struct Vital {
    heard: Duration,
    next_ping: Duration,
    expires: Option<Duration>,
}

impl Vital {
    /// A client that came at `now`, and may stay until `expires`.
    #[must_use]
    pub fn new(now: Duration, expires: Option<Duration>) -> Self {
        Self {
            heard: now,
            next_ping: now + HEARTBEAT,
            expires,
        }
    }

    /// Something whole came from it.
    pub fn heard(&mut self, now: Duration) {
        self.heard = now;
    }

    /// When to look again.
    #[must_use]
    pub fn next(&self) -> Duration {
        let next = self.next_ping.min(self.heard + SILENCE);
        self.expires.map_or(next, |expires| next.min(expires))
    }

    /// What is due at `now`; a ping counts as sent.
    pub fn due(&mut self, now: Duration) -> Option<Due> {
        if self.expires.is_some_and(|expires| expires <= now) {
            return Some(Due::Expired);
        }
        if self.heard + SILENCE <= now {
            return Some(Due::Silent);
        }
        (self.next_ping <= now).then(|| {
            self.next_ping = now + HEARTBEAT;
            Due::Ping
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn until_the_end(mut vital: Vital, answers: bool) -> (Vec<u64>, Due, u64) {
        let mut pings = Vec::new();
        loop {
            let now = vital.next();
            match vital.due(now) {
                Some(Due::Ping) => {
                    pings.push(now.as_secs());
                    if answers {
                        vital.heard(now + SECOND);
                    }
                }
                Some(end) => return (pings, end, now.as_secs()),
                None => panic!("nothing was due at {now:?}"),
            }
        }
    }

    #[test]
    fn given_a_client_that_is_gone_it_is_asked_twice_and_given_up() {
        assert_eq!(
            until_the_end(Vital::new(Duration::ZERO, None), false),
            (vec![25, 50], Due::Silent, 65)
        );
    }

    #[test]
    fn given_a_client_that_answers_it_stays_until_its_token_expires() {
        let vital = Vital::new(Duration::ZERO, Some(100 * SECOND));
        assert_eq!(until_the_end(vital, true), (vec![25, 50, 75], Due::Expired, 100));
    }

    #[test]
    fn given_a_token_that_has_expired_the_end_comes_at_once() {
        let mut vital = Vital::new(9 * SECOND, Some(8 * SECOND));
        assert_eq!(
            (vital.next(), vital.due(9 * SECOND)),
            (8 * SECOND, Some(Due::Expired))
        );
    }
}
