//! Message schedules: timers that survive every service, fire late at times, and are replaced by name.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use holdfast_contracts::subjects;
use holdfast_order::codec::{Timer, encode_timer};
use holdfast_order::ports::{TimerError, TimerName, Timers};
use holdfast_platform::journal::{Append, Headers};
use jiff::Timestamp;
use uuid::Uuid;

use crate::executor::{Host, lock};
use crate::faults::Faults;
use crate::provider::key;
use crate::signal::Signal;
use crate::stream::{SERVER, SimStream};

/// A server fires at most this late by itself.
const PRECISION: Duration = Duration::from_millis(250);
const LATE: Duration = Duration::from_secs(60);
const DEADLINE: Duration = Duration::from_secs(5);

#[derive(Clone, Debug)]
struct Armed {
    at: Duration,
    timer: Timer,
}

/// The schedules of the server, by subject.
#[derive(Clone)]
pub struct Clockwork {
    /// Stream `TIMERS`, where they fire.
    pub fired: SimStream,
    faults: Arc<Faults>,
    armed: Arc<Mutex<BTreeMap<String, Armed>>>,
    changed: Signal,
}

impl Clockwork {
    /// No timer is set.
    #[must_use]
    pub fn new(fired: SimStream, faults: &Arc<Faults>) -> Self {
        Self {
            fired,
            faults: faults.clone(),
            armed: Arc::default(),
            changed: Signal::default(),
        }
    }

    /// The port of one process.
    #[must_use]
    pub fn port(&self, host: &Host) -> SimTimers {
        SimTimers {
            clockwork: self.clone(),
            host: host.clone(),
        }
    }

    /// The orders that have a timer set.
    #[must_use]
    pub fn armed(&self) -> Vec<Uuid> {
        lock(&self.armed)
            .values()
            .map(|armed| armed.timer.order.0)
            .collect()
    }

    /// Fires for ever.
    pub async fn run(self, host: Host) {
        let sim = &host.sim;
        loop {
            let seen = self.changed.version();
            let next = lock(&self.armed).values().map(|armed| armed.at).min();
            let Some(at) = next else {
                self.changed.after(seen).await;
                continue;
            };
            let wait = at.saturating_sub(sim.elapsed());
            if wait > Duration::ZERO {
                sim.timeout(wait, self.changed.after(seen)).await;
            } else if self.fired.is_away() {
                sim.sleep(Duration::from_millis(500)).await;
            } else {
                self.fire_due(&host).await;
            }
        }
    }

    async fn fire_due(&self, host: &Host) {
        let now = host.sim.elapsed();
        let due: Vec<(String, Armed)> = lock(&self.armed)
            .iter()
            .filter(|(_, armed)| armed.at <= now)
            .map(|(s, a)| (s.clone(), a.clone()))
            .collect();
        for (subject, armed) in due {
            lock(&self.armed).remove(&subject);
            host.note("timer fires", key(armed.timer.order.0), || {
                format!("{:?}", armed.timer)
            });
            self.deliver(subject, &armed.timer).await;
        }
    }

    async fn deliver(&self, schedule: String, timer: &Timer) {
        let subject = subjects::timer_fired(timer.order.0);
        let newest = self.fired.newest(&subject).await;
        let headers = Headers::from([("Nats-Scheduler".to_owned(), schedule)]);
        let Ok(payload) = encode_timer(timer).map(Bytes::from) else {
            return;
        };
        let append = Append {
            subject,
            expected: newest,
            message_id: String::new(),
            headers,
            payload,
        };
        // The server is the only writer of these subjects: nothing can refuse it.
        let _ = self.fired.store(append).await;
    }

    fn set(&self, subject: String, armed: Armed) {
        lock(&self.armed).insert(subject, armed);
        self.changed.raise();
    }
}

/// The timers as one process reaches them.
pub struct SimTimers {
    clockwork: Clockwork,
    host: Host,
}

impl SimTimers {
    async fn give_up(&self) -> Result<(), TimerError> {
        self.host.sim.sleep(DEADLINE).await;
        Err(TimerError("no answer".to_owned()))
    }

    fn lateness(&self) -> Duration {
        let (sim, faults) = (&self.host.sim, &self.clockwork.faults);
        sim.up_to(if faults.strikes(sim, faults.timer_late) {
            LATE
        } else {
            PRECISION
        })
    }
}

impl Timers for SimTimers {
    async fn schedule(&self, name: TimerName, timer: &Timer, at: Timestamp) -> Result<(), TimerError> {
        let (sim, faults) = (&self.host.sim, &self.clockwork.faults);
        self.host.crash_point(faults.crash_rate(sim), "arm").await;
        sim.sleep(faults.latency(sim)).await;
        if self.clockwork.fired.is_away() || faults.strikes(sim, faults.append_lost) {
            return self.give_up().await;
        }
        let subject = subjects::timer(timer.order.0, name.as_str());
        let armed = Armed {
            at: sim.since_start(at) + self.lateness(),
            timer: *timer,
        };
        self.host
            .note("timer set", key(timer.order.0), || format!("{armed:?}"));
        if faults.strikes(sim, faults.append_late) {
            let (clockwork, clock, delay) = (self.clockwork.clone(), sim.clone(), sim.up_to(2 * DEADLINE));
            sim.spawn(SERVER, async move {
                clock.sleep(delay).await;
                clockwork.set(subject, armed);
            });
            return self.give_up().await;
        }
        self.clockwork.set(subject, armed);
        if faults.strikes(sim, faults.append_ack_lost) {
            return self.give_up().await;
        }
        self.host.crash_point(faults.crash_rate(sim), "armed").await;
        Ok(())
    }
}
