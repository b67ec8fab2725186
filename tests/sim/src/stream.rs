//! A JetStream stream as services see it on a bad day: the real in-memory journal behind a network that loses,
//! delays and repeats.

mod follow;

use std::sync::Arc;
use std::time::Duration;

use holdfast_platform::clock::Clock;
use holdfast_platform::journal::memory::MemoryJournal;
use holdfast_platform::journal::{Append, Error, Journal, Record, Revision, Scan};
use jiff::Timestamp;

use crate::bank::Bank;
use crate::executor::{Host, Process, Sim};
use crate::faults::{Faults, within};
use crate::signal::Signal;

/// The process that stands for nats-server. It is away at times, it forgets nothing.
pub const SERVER: Process = Process(0);
/// After this long a caller of the journal gives up.
const DEADLINE: Duration = Duration::from_secs(5);

/// The virtual clock as services see it.
#[derive(Clone)]
pub struct SimClock(pub Sim);

impl Clock for SimClock {
    fn now(&self) -> Timestamp {
        self.0.now()
    }
}

/// One stream: what is stored, and who is told.
#[derive(Clone)]
pub struct SimStream {
    inner: MemoryJournal,
    sim: Sim,
    faults: Arc<Faults>,
    /// Raised at every append.
    pub changed: Signal,
}

impl SimStream {
    /// An empty stream.
    #[must_use]
    pub fn new(sim: &Sim, faults: &Arc<Faults>) -> Self {
        let inner = MemoryJournal::new(SimClock(sim.clone()));
        Self {
            inner,
            sim: sim.clone(),
            faults: faults.clone(),
            changed: Signal::default(),
        }
    }

    /// The port of one process to this stream.
    #[must_use]
    pub fn port(&self, host: &Host) -> SimJournal {
        SimJournal {
            stream: self.clone(),
            host: host.clone(),
            unfenced: false,
            charge_first: None,
        }
    }

    /// Whether the server does not answer now.
    #[must_use]
    pub fn is_away(&self) -> bool {
        within(&self.faults.outages, self.sim.elapsed())
    }

    /// All records, oldest first.
    #[must_use]
    pub fn records(&self) -> Vec<Record> {
        self.inner.records()
    }

    /// The oldest record after `after` whose subject matches.
    #[must_use]
    pub fn next_after(&self, after: Revision, filter: &str) -> Option<Record> {
        self.inner.next_after(filter, after)
    }

    /// One record.
    #[must_use]
    pub fn get(&self, revision: Revision) -> Option<Record> {
        self.next_after(Revision(revision.0.checked_sub(1)?), ">")
    }

    /// Where the newest record of a subject stands.
    pub async fn newest(&self, subject: &str) -> Revision {
        // The journal in memory always answers.
        let last = self.inner.last(subject).await.ok().flatten();
        last.map_or(Revision::NONE, |record| record.revision)
    }

    /// Stores without a network in between.
    ///
    /// # Errors
    /// As [`Journal::append`].
    pub async fn store(&self, append: Append) -> Result<Revision, Error> {
        let revision = self.inner.append(append).await?;
        self.changed.raise();
        Ok(revision)
    }
}

/// The journal as one process reaches it.
#[derive(Clone)]
pub struct SimJournal {
    stream: SimStream,
    host: Host,
    /// Plants a bug: appends whatever was appended since.
    pub(crate) unfenced: bool,
    /// Plants a bug: charges the card before the commit that asks for it is appended.
    pub(crate) charge_first: Option<Bank>,
}

/// What becomes of one append.
enum Fate {
    Stored,
    Lost,
    AckLost,
    Late,
}

impl SimJournal {
    fn faults(&self) -> &Faults {
        &self.stream.faults
    }

    async fn before(&self, label: &'static str) -> Result<(), Error> {
        let sim = &self.host.sim;
        self.host.crash_point(self.faults().crash_rate(sim), label).await;
        sim.sleep(self.faults().latency(sim)).await;
        if self.stream.is_away() {
            return self.give_up(label).await;
        }
        Ok(())
    }

    async fn after(&self, label: &'static str) {
        let sim = &self.host.sim;
        sim.sleep(self.faults().latency(sim)).await;
        self.host.crash_point(self.faults().crash_rate(sim), label).await;
    }

    async fn give_up<T>(&self, label: &'static str) -> Result<T, Error> {
        self.host.sim.sleep(DEADLINE).await;
        self.host.note("unavailable", 0, || label.to_owned());
        Err(Error::Unavailable {
            detail: format!("{label}: no answer in {DEADLINE:?}"),
        })
    }

    fn fate(&self) -> Fate {
        let (faults, sim) = (self.faults(), &self.host.sim);
        if faults.strikes(sim, faults.append_lost) {
            Fate::Lost
        } else if faults.strikes(sim, faults.append_ack_lost) {
            Fate::AckLost
        } else if faults.strikes(sim, faults.append_late) {
            Fate::Late
        } else {
            Fate::Stored
        }
    }

    async fn fail_some_reads(&self) -> Result<(), Error> {
        if self.faults().strikes(&self.host.sim, self.faults().read_fails) {
            return self.give_up("read").await;
        }
        Ok(())
    }

    /// What a replica that lags would have answered.
    fn forget_some(&self, mut records: Vec<Record>, at_least: Revision) -> Vec<Record> {
        let sim = &self.host.sim;
        if self.faults().strikes(sim, self.faults().read_stale) {
            for _ in 0..sim.below(records.len() as u64 + 1) {
                records.pop_if(|record| record.revision > at_least);
            }
        }
        records
    }

    async fn store(&self, mut append: Append) -> Result<Revision, Error> {
        if self.unfenced {
            append.expected = self.stream.newest(&append.subject).await;
            append.message_id.clear();
        }
        let (subject, expected) = (append.subject.clone(), append.expected);
        let payload = append.payload.clone();
        let stored = self.stream.store(append).await;
        match &stored {
            Ok(revision) => {
                self.host
                    .note("append", revision.0, || describe(&subject, expected, &payload));
            }
            Err(error) => self.host.note("append refused", expected.0, || error.to_string()),
        }
        stored
    }

    /// The request is on its way although nobody waits for it any more, not even a living process.
    fn store_later(&self, append: Append) {
        let port = self.clone();
        let delay = port.host.sim.up_to(2 * DEADLINE);
        self.host.sim.spawn(SERVER, async move {
            port.host.sim.sleep(delay).await;
            port.host
                .note("late write", append.expected.0, || append.subject.clone());
            // Nobody is left to be told: a refused late write changed nothing, a stored one is in the log.
            let _ = port.store(append).await;
        });
    }
}

impl Journal for SimJournal {
    async fn append(&self, append: Append) -> Result<Revision, Error> {
        self.before("append").await?;
        if let Some(bank) = &self.charge_first {
            bank.charge_early(&self.host, &append).await;
        }
        match self.fate() {
            Fate::Lost => self.give_up("append lost").await,
            Fate::Late => {
                self.store_later(append);
                self.give_up("append late").await
            }
            Fate::AckLost => {
                // A refusal on its way back can be lost as well.
                let _ = self.store(append).await;
                self.give_up("append ack lost").await
            }
            Fate::Stored => {
                let stored = self.store(append).await;
                self.after("appended").await;
                stored
            }
        }
    }

    async fn read(&self, subject: &str, at_least: Revision) -> Result<Vec<Record>, Error> {
        self.before("read").await?;
        self.fail_some_reads().await?;
        let records = self.stream.inner.read(subject, at_least).await?;
        let records = self.forget_some(records, at_least);
        self.after("read").await;
        Ok(records)
    }

    async fn last(&self, subject: &str) -> Result<Option<Record>, Error> {
        self.before("last").await?;
        self.fail_some_reads().await?;
        let last = self.stream.inner.last(subject).await?;
        self.after("last").await;
        Ok(last)
    }
}

impl Scan for SimJournal {
    async fn scan(
        &self,
        filter: &str,
        after: Revision,
        at_least: Revision,
        limit: usize,
    ) -> Result<Vec<Record>, Error> {
        self.before("scan").await?;
        self.fail_some_reads().await?;
        let records = self.stream.inner.scan(filter, after, at_least, limit).await?;
        self.after("scan").await;
        Ok(self.forget_some(records, at_least))
    }

    async fn first_after(&self, filter: &str, after: Revision) -> Result<Option<Record>, Error> {
        self.before("first_after").await?;
        self.fail_some_reads().await?;
        let first = self.stream.inner.first_after(filter, after).await?;
        self.after("first_after").await;
        Ok(first)
    }
}

/// A record in one line: the names of its events and commands where there are such.
fn describe(subject: &str, expected: Revision, payload: &[u8]) -> String {
    let json: serde_json::Value = serde_json::from_slice(payload).unwrap_or_default();
    let of_interest = ["events", "commands", "decisions"]
        .iter()
        .filter_map(|field| json.get(field));
    let parts: Vec<String> = of_interest
        .flat_map(|list| list.as_array())
        .flatten()
        .map(name)
        .collect();
    format!("{subject} after {expected}: {}", parts.join(", "))
}

fn name(part: &serde_json::Value) -> String {
    let fields = part.as_object().into_iter().flatten();
    fields
        .map(|(name, value)| {
            if value.is_object() {
                name.clone()
            } else {
                format!("{value}")
            }
        })
        .collect::<Vec<_>>()
        .join(" ")
}
