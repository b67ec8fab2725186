//! A deterministic executor: tasks are polled one at a time, in an order that a seed chooses, on a virtual
//! clock that jumps to the next due moment when nothing can run.
//!
//! A *process* is a set of tasks. Crashing it drops them all, wherever they are suspended, and with them
//! everything that they held in memory. That is what `kill -9` does to a service.

mod choice;
mod host;
mod run;
mod sleep;

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Wake, Waker};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;

use crate::trace::Trace;

pub use host::Host;
pub use sleep::Sleep;

/// The moment at which every simulation begins: 2026-01-01T00:00:00Z.
const EPOCH_SECONDS: i64 = 1_767_225_600;

/// Identifies a process for the whole run, across its restarts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Process(pub u16);

type TaskId = u64;
type BoxFuture = Pin<Box<dyn Future<Output = ()> + Send>>;

struct Task {
    process: Process,
    /// Absent while it is being polled.
    future: Option<BoxFuture>,
    waker: Waker,
}

/// Tasks that may make progress. Apart from the core, since wakers reach for it while the core is locked.
#[derive(Default)]
struct Ready {
    ids: Mutex<Vec<TaskId>>,
}

struct TaskWaker {
    id: TaskId,
    ready: Arc<Ready>,
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        let mut ids = lock(&self.ready.ids);
        if !ids.contains(&self.id) {
            ids.push(self.id);
        }
    }
}

struct Core {
    rng: Xoshiro256PlusPlus,
    now: Duration,
    next_id: u64,
    tasks: BTreeMap<TaskId, Task>,
    sleepers: BTreeMap<(Duration, u64), Waker>,
    incarnations: BTreeMap<Process, u32>,
    down: BTreeSet<Process>,
    crash_hook: Option<Waker>,
    crashed: Vec<Process>,
    trace: Trace,
    steps: u64,
}

/// Handle to one simulation; clones share it.
#[derive(Clone)]
pub struct Sim {
    core: Arc<Mutex<Core>>,
    ready: Arc<Ready>,
}

/// Locks a mutex that only one thread ever uses; a poisoned one belongs to a failed run that is being reported.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Sim {
    /// A simulation in which all choices follow from `seed`.
    #[must_use]
    pub fn new(seed: u64, verbose: bool) -> Self {
        let core = Core {
            rng: Xoshiro256PlusPlus::seed_from_u64(seed),
            now: Duration::ZERO,
            next_id: 0,
            tasks: BTreeMap::new(),
            sleepers: BTreeMap::new(),
            incarnations: BTreeMap::new(),
            down: BTreeSet::new(),
            crash_hook: None,
            crashed: Vec::new(),
            trace: Trace::new(verbose),
            steps: 0,
        };
        Self {
            core: Arc::new(Mutex::new(core)),
            ready: Arc::default(),
        }
    }

    /// Time since the simulation began.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        lock(&self.core).now
    }

    /// The virtual wall clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.at(self.elapsed())
    }

    /// The wall-clock time of a moment of the simulation.
    #[must_use]
    pub fn at(&self, elapsed: Duration) -> Timestamp {
        let epoch = Timestamp::from_second(EPOCH_SECONDS).unwrap_or(Timestamp::UNIX_EPOCH);
        let offset = SignedDuration::try_from(elapsed).unwrap_or(SignedDuration::MAX);
        epoch.checked_add(offset).unwrap_or(Timestamp::MAX)
    }

    /// The moment of the simulation that a wall-clock time names; zero if it was before the start.
    #[must_use]
    pub fn since_start(&self, time: Timestamp) -> Duration {
        Duration::try_from(time.duration_since(self.at(Duration::ZERO))).unwrap_or(Duration::ZERO)
    }

    /// Starts a task of a process. A process that is down starts nothing.
    pub fn spawn(&self, process: Process, future: impl Future<Output = ()> + Send + 'static) {
        let mut core = lock(&self.core);
        if core.down.contains(&process) {
            return;
        }
        let id = core.next_id;
        core.next_id += 1;
        let waker = Waker::from(Arc::new(TaskWaker {
            id,
            ready: self.ready.clone(),
        }));
        core.tasks.insert(
            id,
            Task {
                process,
                future: Some(Box::pin(future)),
                waker: waker.clone(),
            },
        );
        waker.wake();
    }

    /// Lets a process run (again), with nothing in memory; returns its handle.
    #[must_use]
    pub fn boot(&self, process: Process, name: &'static str) -> Host {
        let mut core = lock(&self.core);
        core.down.remove(&process);
        let incarnation = core.incarnations.entry(process).or_insert(0);
        *incarnation += 1;
        let host = Host {
            sim: self.clone(),
            process,
            name,
            incarnation: *incarnation,
            immortal: false,
        };
        drop(core);
        host.note("boot", u64::from(host.incarnation), String::new);
        host
    }

    /// Starts a process that never crashes.
    #[must_use]
    pub fn boot_immortal(&self, process: Process, name: &'static str) -> Host {
        Host {
            immortal: true,
            ..self.boot(process, name)
        }
    }

    /// Whether a process is running.
    #[must_use]
    pub fn is_up(&self, process: Process) -> bool {
        !lock(&self.core).down.contains(&process)
    }

    /// Whether a process still is in this incarnation.
    #[must_use]
    pub fn is_running(&self, process: Process, incarnation: u32) -> bool {
        let core = lock(&self.core);
        !core.down.contains(&process) && core.incarnations.get(&process) == Some(&incarnation)
    }

    /// Kills a process: none of its tasks is polled again.
    pub fn crash(&self, process: Process) {
        let mut core = lock(&self.core);
        if !core.down.insert(process) {
            return;
        }
        core.crashed.push(process);
        let hook = core.crash_hook.take();
        let dead: Vec<TaskId> = core
            .tasks
            .iter()
            .filter(|(_, task)| task.process == process)
            .map(|(id, _)| *id)
            .collect();
        let futures: Vec<Task> = dead.iter().filter_map(|id| core.tasks.remove(id)).collect();
        drop(core);
        // Dropping a task may wake others, which locks what is locked above.
        drop(futures);
        if let Some(hook) = hook {
            hook.wake();
        }
    }

    /// The next process that crashed and was not reported yet.
    pub fn next_crash(&self) -> impl Future<Output = Process> + Send + 'static {
        let sim = self.clone();
        std::future::poll_fn(move |context| {
            let mut core = lock(&sim.core);
            match core.crashed.pop() {
                Some(process) => Poll::Ready(process),
                None => {
                    core.crash_hook = Some(context.waker().clone());
                    Poll::Pending
                }
            }
        })
    }

    /// Waits on the virtual clock.
    pub fn sleep(&self, duration: Duration) -> Sleep {
        self.sleep_until(self.elapsed().saturating_add(duration))
    }

    /// Waits until a moment of the simulation.
    #[must_use]
    pub fn sleep_until(&self, due: Duration) -> Sleep {
        Sleep {
            sim: self.clone(),
            due,
            key: None,
        }
    }

    /// Lets any other task go first.
    pub fn yield_now(&self) -> impl Future<Output = ()> + Send + 'static {
        let mut yielded = false;
        std::future::poll_fn(move |context| {
            if std::mem::replace(&mut yielded, true) {
                return Poll::Ready(());
            }
            context.waker().wake_by_ref();
            Poll::Pending
        })
    }

    /// The future's output, or `None` if it is not there in time.
    pub async fn timeout<F: Future>(&self, limit: Duration, future: F) -> Option<F::Output> {
        let sleep = std::pin::pin!(self.sleep(limit));
        match futures::future::select(std::pin::pin!(future), sleep).await {
            futures::future::Either::Left((output, _)) => Some(output),
            futures::future::Either::Right(_) => None,
        }
    }

    /// Polls made so far.
    #[must_use]
    pub fn steps(&self) -> u64 {
        lock(&self.core).steps
    }

    /// A number that differs whenever two runs made different decisions.
    #[must_use]
    pub fn trace_hash(&self) -> u64 {
        lock(&self.core).trace.hash()
    }

    /// How often each kind of thing was noted.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<&'static str, u64> {
        lock(&self.core).trace.counts().clone()
    }

    /// What happened, one line each; empty unless the simulation is verbose.
    #[must_use]
    pub fn transcript(&self) -> Vec<String> {
        lock(&self.core).trace.lines().to_vec()
    }

    /// Drops all tasks, so that cycles between tasks and this handle are freed.
    pub fn shut_down(&self) {
        let mut core = lock(&self.core);
        let tasks = std::mem::take(&mut core.tasks);
        let sleepers = std::mem::take(&mut core.sleepers);
        let hook = core.crash_hook.take();
        drop(core);
        drop((tasks, sleepers, hook));
    }
}

#[cfg(test)]
mod tests;
