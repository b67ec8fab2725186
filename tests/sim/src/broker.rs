//! A durable pull consumer: remembers across crashes of its clients what is still to be settled, and delivers
//! it again.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use holdfast_platform::journal::{DeadLetterReason, Delivery, Disposition, Record, Revision};

use crate::executor::{Host, Process, Sim, lock};
use crate::faults::Faults;
use crate::signal::Signal;
use crate::stream::SimStream;

/// How a consumer is declared.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Its durable name.
    pub name: &'static str,
    /// Which subjects it takes.
    pub filter: &'static str,
    /// A delivery that is not settled for this long is delivered again.
    pub ack_wait: Duration,
    /// At most this many deliveries are unsettled.
    pub max_ack_pending: usize,
    /// Only one client is served; another takes over when it is gone.
    pub pinned: bool,
}

/// A message that a handler gave up on.
#[derive(Clone, Debug)]
pub struct DeadLetter {
    /// The consumer.
    pub consumer: &'static str,
    /// The record.
    pub record: Record,
    /// Why.
    pub reason: DeadLetterReason,
    /// The handler's words.
    pub detail: String,
}

struct Pending {
    attempt: u64,
    due: Duration,
}

#[derive(Default)]
struct State {
    delivered: Revision,
    pending: BTreeMap<Revision, Pending>,
    pin: Option<(Process, u32)>,
    dead: Vec<DeadLetter>,
}

/// One durable consumer. Clones share it.
#[derive(Clone)]
pub struct Consumer {
    settings: Settings,
    stream: SimStream,
    sim: Sim,
    faults: Arc<Faults>,
    state: Arc<Mutex<State>>,
    changed: Signal,
}

enum Turn {
    Deliver(Delivery),
    WaitUntil(Duration),
    Wait,
}

impl Consumer {
    /// A consumer of `stream` that has delivered nothing yet.
    #[must_use]
    pub fn new(settings: Settings, stream: &SimStream, sim: &Sim, faults: &Arc<Faults>) -> Self {
        let (stream, sim, faults) = (stream.clone(), sim.clone(), faults.clone());
        Self {
            settings,
            stream,
            sim,
            faults,
            state: Arc::default(),
            changed: Signal::default(),
        }
    }

    /// The next delivery to this client. Dropped while it waits, it loses nothing.
    pub async fn next(&self, host: &Host) -> Delivery {
        loop {
            self.sim.sleep(self.faults.latency(&self.sim)).await;
            let (appended, settled) = (self.stream.changed.version(), self.changed.version());
            let turn = self.turn(host);
            let stored = std::pin::pin!(self.stream.changed.after(appended));
            let freed = std::pin::pin!(self.changed.after(settled));
            let news = futures::future::select(stored, freed);
            match turn {
                Turn::Deliver(delivery) => return delivery,
                Turn::WaitUntil(due) => {
                    let wait = due.saturating_sub(self.sim.elapsed());
                    self.sim.timeout(wait, news).await;
                }
                Turn::Wait => {
                    news.await;
                }
            }
        }
    }

    /// A delivery that is there already, without waiting.
    #[must_use]
    pub fn try_next(&self, host: &Host) -> Option<Delivery> {
        match self.turn(host) {
            Turn::Deliver(delivery) => Some(delivery),
            _ => None,
        }
    }

    fn turn(&self, host: &Host) -> Turn {
        let now = self.sim.elapsed();
        if self.stream.is_away() {
            return Turn::WaitUntil(now + Duration::from_millis(500));
        }
        let mut state = lock(&self.state);
        if self.settings.pinned && !self.is_served(&mut state, host) {
            return Turn::WaitUntil(now + Duration::from_secs(1));
        }
        match self.next_due(&mut state, now) {
            Some(delivery) => {
                host.note("deliver", delivery.record.revision.0, || {
                    format!("{} attempt {}", self.settings.name, delivery.attempt)
                });
                Turn::Deliver(delivery)
            }
            None => state
                .pending
                .values()
                .map(|pending| pending.due)
                .min()
                .map_or(Turn::Wait, |due| {
                    Turn::WaitUntil(due.max(now + Duration::from_millis(1)))
                }),
        }
    }

    fn next_due(&self, state: &mut State, now: Duration) -> Option<Delivery> {
        let again = state
            .pending
            .iter()
            .find(|(_, pending)| pending.due <= now)
            .map(|(at, _)| *at);
        let record = match again {
            Some(revision) => self.stream.get(revision)?,
            None if state.pending.len() >= self.settings.max_ack_pending => return None,
            None => self.stream.next_after(state.delivered, self.settings.filter)?,
        };
        state.delivered = state.delivered.max(record.revision);
        let twice = self.faults.strikes(&self.sim, self.faults.delivered_twice);
        let wait = if twice {
            self.sim.up_to(Duration::from_millis(5))
        } else {
            self.settings.ack_wait
        };
        let pending = state
            .pending
            .entry(record.revision)
            .or_insert(Pending { attempt: 0, due: now });
        pending.attempt += 1;
        pending.due = now + wait;
        let attempt = pending.attempt;
        Some(Delivery { record, attempt })
    }

    /// Whether this client is the pinned one. The pin moves when its holder is gone, and at times when it is not.
    fn is_served(&self, state: &mut State, host: &Host) -> bool {
        let me = (host.process, host.incarnation);
        let holder_lives = state
            .pin
            .is_some_and(|(process, boot)| self.sim.is_running(process, boot));
        let usurped = self.faults.strikes(&self.sim, self.faults.take_over);
        if state.pin != Some(me) && (!holder_lives || usurped) {
            host.note("pinned", u64::from(host.process.0), || {
                self.settings.name.to_owned()
            });
            state.pin = Some(me);
        }
        state.pin == Some(me)
    }

    /// Settles a delivery, if the message about it arrives.
    pub fn settle(&self, delivery: &Delivery, disposition: Disposition) {
        if self.stream.is_away() || self.faults.strikes(&self.sim, self.faults.ack_lost) {
            return;
        }
        let mut state = lock(&self.state);
        let was_full = state.pending.len() >= self.settings.max_ack_pending;
        let is_retry = matches!(disposition, Disposition::Retry(_) | Disposition::Failed(..));
        let revision = delivery.record.revision;
        match disposition {
            Disposition::Ack => drop(state.pending.remove(&revision)),
            Disposition::Retry(after) | Disposition::Failed(after, _) => {
                if let Some(pending) = state.pending.get_mut(&revision) {
                    pending.due = self.sim.elapsed() + after;
                }
            }
            Disposition::DeadLetter(reason, detail) => {
                state.pending.remove(&revision);
                let (consumer, record) = (self.settings.name, delivery.record.clone());
                state.dead.push(DeadLetter {
                    consumer,
                    record,
                    reason,
                    detail,
                });
            }
        }
        drop(state);
        if was_full || is_retry {
            self.changed.raise();
        }
    }

    /// What is not delivered or not settled yet, in words; none if everything is.
    #[must_use]
    pub fn backlog(&self, excused: impl Fn(&Record) -> bool) -> Option<String> {
        let (state, name) = (lock(&self.state), self.settings.name);
        let is_due = |at: Revision| self.stream.get(at).is_some_and(|record| !excused(&record));
        let mut pending = state.pending.iter().filter(|(revision, _)| is_due(**revision));
        if let Some((revision, pending)) = pending.next() {
            return Some(format!(
                "{name} has not settled {revision} after {} attempts",
                pending.attempt
            ));
        }
        let next = self.stream.next_after(state.delivered, self.settings.filter)?;
        Some(format!("{name} has not delivered {}", next.revision))
    }

    /// What its handlers gave up on.
    #[must_use]
    pub fn dead_letters(&self) -> Vec<DeadLetter> {
        lock(&self.state).dead.clone()
    }
}
