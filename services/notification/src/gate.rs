//! Waiting for one's turn at a provider: so many at once, so many a minute, bad news first, users in turns.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use holdfast_notification_core::Class;
use holdfast_notification_core::bucket::TokenBucket;
use holdfast_notification_core::pace::Pace;
use holdfast_notification_core::queue::Queue;
use holdfast_platform::lifecycle::Shutdown;
use tokio::sync::{Notify, oneshot};
use uuid::Uuid;

/// The most that are taken from the stream at once.
const WINDOW: u32 = 256;

/// How much goes through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How many at once.
    pub at_once: u16,
    /// How many a minute; none: no limit.
    pub per_minute: Option<u32>,
    /// How many of them at a stroke; none: a tenth.
    pub batch: Option<u32>,
}

impl Limits {
    /// How many may wait: no longer than half a minute, since their deliveries are held meanwhile.
    #[must_use]
    pub fn window(&self) -> usize {
        let window = self
            .per_minute
            .map_or(WINDOW, |limit| (limit / 2).clamp(4, WINDOW));
        usize::try_from(window).unwrap_or(usize::MAX)
    }

    fn bucket(&self) -> Option<TokenBucket> {
        self.per_minute
            .map(|limit| TokenBucket::new(limit, self.batch.unwrap_or(limit / 10)))
    }

    /// How long one message takes, if there is a limit.
    fn step(&self) -> Option<Duration> {
        self.per_minute
            .map(|limit| Duration::from_secs(60) / limit.max(1))
    }
}

/// Whether one may go on.
pub enum Admission {
    /// Now, until the permit is dropped.
    Now(Permit),
    /// Later: this user has enough in the queue.
    PutOff(Duration),
}

/// The gate of one provider. Clones are one gate.
#[derive(Clone)]
pub struct Gate(Arc<Inner>);

struct Inner {
    state: Mutex<State>,
    started: Instant,
    /// How many of a user may wait, of those that may wait.
    share: Option<usize>,
    timer: Notify,
}

struct State {
    queue: Queue<oneshot::Sender<Permit>>,
    bucket: Option<TokenBucket>,
    pace: Pace,
    free: u16,
}

/// A place at the provider.
pub struct Permit(Gate);

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.lock().free += 1;
        self.0.pump();
    }
}

impl Gate {
    /// A gate with these limits. [`Gate::run`] must run.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self(Arc::new(Inner {
            state: Mutex::new(State {
                queue: Queue::default(),
                bucket: limits.bucket(),
                pace: Pace::new(limits.step().unwrap_or_default()),
                free: limits.at_once,
            }),
            started: Instant::now(),
            share: limits.per_minute.map(|_| (limits.window() / 4).max(1)),
            timer: Notify::new(),
        }))
    }

    /// Waits for a turn. Who stops waiting loses nothing but his place.
    pub async fn admit(&self, class: Class, user: Uuid) -> Admission {
        let turn = {
            let mut state = self.lock();
            let waiting = state.queue.waiting(class, user);
            if class == Class::Bulk && self.0.share.is_some_and(|share| waiting >= share) {
                let now = self.0.started.elapsed();
                return Admission::PutOff(state.pace.put_off(user, waiting, now));
            }
            let (go, turn) = oneshot::channel();
            state.queue.push(class, user, go);
            turn
        };
        if self.pump().is_some() {
            self.0.timer.notify_one();
        }
        match turn.await {
            Ok(permit) => Admission::Now(permit),
            // Cannot happen: a sender is kept until it is used.
            Err(_) => Admission::PutOff(Duration::from_secs(1)),
        }
    }

    /// Lets nobody through for a while: the provider wants a pause.
    pub fn pause(&self, pause: Duration) {
        let until = self.0.started.elapsed() + pause;
        if let Some(bucket) = &mut self.lock().bucket {
            bucket.pause(until);
        }
    }

    /// Lets through whose time has come, until shutdown.
    pub async fn run(self, shutdown: Shutdown) {
        loop {
            let wait = self.pump().unwrap_or(Duration::from_secs(3600));
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = self.0.timer.notified() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// Lets through whoever may go, and tells when the next one may, if only time is missing.
    fn pump(&self) -> Option<Duration> {
        let (turns, wait) = self.decide();
        for turn in turns {
            // Whoever has stopped waiting gives the place back.
            let _ = turn.send(Permit(self.clone()));
        }
        wait
    }

    fn decide(&self) -> (Vec<oneshot::Sender<Permit>>, Option<Duration>) {
        let mut state = self.lock();
        let now = self.0.started.elapsed();
        let mut turns = Vec::new();
        while state.free > 0 && !state.queue.is_empty() {
            if let Some(Err(wait)) = state.bucket.as_mut().map(|bucket| bucket.take(now)) {
                return (turns, Some(wait));
            }
            let Some(turn) = state.queue.pop() else { break };
            state.free -= 1;
            turns.push(turn);
        }
        (turns, None)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::pin::pin;

    fn gate(at_once: u16, per_minute: Option<u32>) -> Gate {
        Gate::new(Limits {
            at_once,
            per_minute,
            batch: Some(1),
        })
    }

    fn user(n: u128) -> Uuid {
        Uuid::from_u128(n)
    }

    async fn permit(gate: &Gate, class: Class, of: u128) -> Permit {
        match gate.admit(class, user(of)).await {
            Admission::Now(permit) => permit,
            Admission::PutOff(pause) => panic!("put off by {pause:?}"),
        }
    }

    #[tokio::test]
    async fn a_place_is_given_on_to_what_is_urgent() {
        let gate = gate(1, None);
        let first = permit(&gate, Class::Bulk, 1).await;
        let mut bulk = pin!(permit(&gate, Class::Bulk, 1));
        let mut urgent = pin!(permit(&gate, Class::Urgent, 2));
        assert!(futures::poll!(&mut bulk).is_pending());
        assert!(futures::poll!(&mut urgent).is_pending());
        drop(first);
        assert!(futures::poll!(&mut bulk).is_pending());
        let second = urgent.await;
        drop(second);
        bulk.await;
    }

    #[tokio::test]
    async fn who_stops_waiting_holds_nobody_up() {
        let gate = gate(1, None);
        let first = permit(&gate, Class::Bulk, 1).await;
        {
            let mut impatient = pin!(permit(&gate, Class::Bulk, 1));
            assert!(futures::poll!(&mut impatient).is_pending());
        }
        let mut patient = pin!(permit(&gate, Class::Bulk, 2));
        assert!(futures::poll!(&mut patient).is_pending());
        drop(first);
        patient.await;
    }

    #[tokio::test]
    async fn who_has_his_share_in_the_queue_is_put_off_and_others_are_not() {
        let gate = gate(1, Some(6));
        let _first = permit(&gate, Class::Bulk, 1).await;
        let mut waits = pin!(gate.admit(Class::Bulk, user(1)));
        assert!(futures::poll!(&mut waits).is_pending());
        let Admission::PutOff(pause) = gate.admit(Class::Bulk, user(1)).await else {
            panic!("admitted")
        };
        assert!(pause >= Duration::from_secs(20), "{pause:?}");
        let mut other = pin!(gate.admit(Class::Bulk, user(2)));
        assert!(futures::poll!(&mut other).is_pending());
        let mut urgent = pin!(gate.admit(Class::Urgent, user(1)));
        assert!(futures::poll!(&mut urgent).is_pending());
    }

    #[tokio::test]
    async fn time_lets_the_next_one_through() {
        let gate = gate(8, Some(60_000));
        let shutdown = Shutdown::new();
        let running = tokio::spawn(gate.clone().run(shutdown.clone()));
        for of in 0..20 {
            permit(&gate, Class::Bulk, of).await;
        }
        shutdown.cancel();
        running.await.unwrap();
    }
}
