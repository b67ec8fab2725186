//! A deterministic executor: tasks are polled one at a time, in an order that a seed chooses, on a virtual
//! clock that jumps to the next due moment when nothing can run.
//!
//! A *process* is a set of tasks. Crashing it drops them all, wherever they are suspended, and with them
//! everything that they held in memory. That is what `kill -9` does to a service.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};

use crate::trace::{Note, Trace};

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

    /// A number in `0..bound`; 0 if the bound is 0.
    #[must_use]
    pub fn below(&self, bound: u64) -> u64 {
        if bound == 0 {
            0
        } else {
            lock(&self.core).rng.random_range(0..bound)
        }
    }

    /// Whether an event of this probability (in 1/1000) happens now.
    #[must_use]
    pub fn chance(&self, per_mille: u32) -> bool {
        per_mille > 0 && self.below(1000) < u64::from(per_mille)
    }

    /// A duration in `0..=most`, in whole microseconds.
    #[must_use]
    pub fn up_to(&self, most: Duration) -> Duration {
        let micros = u64::try_from(most.as_micros()).unwrap_or(u64::MAX - 1);
        Duration::from_micros(self.below(micros + 1))
    }

    /// One of several; `None` of none.
    #[must_use]
    pub fn pick<'a, T>(&self, of: &'a [T]) -> Option<&'a T> {
        of.get(usize::try_from(self.below(of.len() as u64)).unwrap_or(0))
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

    /// Runs until `until` of the simulation has passed, `done` says so while nothing can run, or `max_steps` were
    /// taken in all. Returns whether it stopped for one of the first two.
    pub fn run(&self, until: Duration, max_steps: u64, mut done: impl FnMut() -> bool) -> bool {
        loop {
            if lock(&self.core).steps >= max_steps {
                return false;
            }
            if !self.step() && (done() || !self.advance(until)) {
                return true;
            }
        }
    }

    /// Polls one of the tasks that are ready; `false` if there is none.
    fn step(&self) -> bool {
        let Some((id, mut future, waker, process)) = self.take_ready() else {
            return false;
        };
        let outcome = future.as_mut().poll(&mut Context::from_waker(&waker));
        let mut core = lock(&self.core);
        match outcome {
            Poll::Ready(()) => drop(core.tasks.remove(&id)),
            Poll::Pending if core.down.contains(&process) => {}
            Poll::Pending => {
                if let Some(task) = core.tasks.get_mut(&id) {
                    task.future = Some(future);
                    return true;
                }
            }
        }
        drop(core);
        drop(future);
        true
    }

    fn take_ready(&self) -> Option<(TaskId, BoxFuture, Waker, Process)> {
        loop {
            let mut core = lock(&self.core);
            let id = {
                let mut ids = lock(&self.ready.ids);
                let count = ids.len();
                if count == 0 {
                    return None;
                }
                let index = if count == 1 {
                    0
                } else {
                    core.rng.random_range(0..count)
                };
                ids.swap_remove(index)
            };
            let Some(task) = core.tasks.get_mut(&id) else {
                continue;
            };
            let (waker, process) = (task.waker.clone(), task.process);
            let Some(future) = task.future.take() else {
                continue;
            };
            core.steps += 1;
            let now = core.now;
            core.trace.step(now, process, id);
            return Some((id, future, waker, process));
        }
    }

    /// Moves the clock to the next sleeper; `false` if there is none before `until`.
    fn advance(&self, until: Duration) -> bool {
        let mut core = lock(&self.core);
        let Some((&(due, _), _)) = core.sleepers.first_key_value() else {
            return false;
        };
        if due > until {
            core.now = until;
            return false;
        }
        core.now = core.now.max(due);
        let mut woken = Vec::new();
        while let Some(entry) = core.sleepers.first_entry() {
            if entry.key().0 > due {
                break;
            }
            woken.push(entry.remove());
        }
        drop(core);
        woken.into_iter().for_each(Waker::wake);
        true
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

/// Becomes ready when the virtual clock reaches a moment.
pub struct Sleep {
    sim: Sim,
    due: Duration,
    key: Option<(Duration, u64)>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let sim = self.sim.clone();
        let mut core = lock(&sim.core);
        if core.now >= self.due {
            return Poll::Ready(());
        }
        let key = match self.key {
            Some(key) => key,
            None => {
                core.next_id += 1;
                (self.due, core.next_id)
            }
        };
        self.key = Some(key);
        core.sleepers.insert(key, context.waker().clone());
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            lock(&self.sim.core).sleepers.remove(&key);
        }
    }
}

/// One running incarnation of a process, as its tasks see it.
#[derive(Clone)]
pub struct Host {
    /// The simulation.
    pub sim: Sim,
    /// Which process.
    pub process: Process,
    /// Its name in the trace.
    pub name: &'static str,
    /// How often it was booted; 1 at first.
    pub incarnation: u32,
    /// Part of the world rather than of the product: never crashes.
    pub immortal: bool,
}

impl Host {
    /// Starts a task that dies with this process.
    pub fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) {
        self.sim.spawn(self.process, future);
    }

    /// Writes a line to the trace; `key` also enters the hash.
    pub fn note(&self, label: &'static str, key: u64, text: impl FnOnce() -> String) {
        let mut core = lock(&self.sim.core);
        let now = core.now;
        core.trace.note(
            Note {
                now,
                process: self.process,
                name: self.name,
                label,
                key,
            },
            text,
        );
    }

    /// A point at which the process may be killed, and after which any other task may have run. Every port
    /// calls it before and after its effect.
    pub async fn crash_point(&self, per_ten_thousand: u32, label: &'static str) {
        if !self.immortal && per_ten_thousand > 0 && self.sim.below(10_000) < u64::from(per_ten_thousand) {
            self.note("CRASH", 0, || label.to_owned());
            self.sim.crash(self.process);
            std::future::pending::<()>().await;
        }
        self.sim.yield_now().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORLD: Process = Process(0);

    fn order_of_three_tasks(seed: u64) -> (Vec<u8>, u64) {
        let sim = Sim::new(seed, false);
        let seen = Arc::new(Mutex::new(Vec::new()));
        for name in 0..3 {
            let (seen, local) = (seen.clone(), sim.clone());
            sim.spawn(WORLD, async move {
                for _ in 0..3 {
                    local.yield_now().await;
                    lock(&seen).push(name);
                }
            });
        }
        sim.run(Duration::from_secs(1), 1_000, || false);
        let order = lock(&seen).clone();
        (order, sim.trace_hash())
    }

    #[test]
    fn the_same_seed_schedules_alike_and_another_does_not() {
        assert_eq!(order_of_three_tasks(7), order_of_three_tasks(7));
        assert!((0..20).any(|seed| order_of_three_tasks(seed).0 != order_of_three_tasks(7).0));
    }

    #[test]
    fn the_clock_jumps_to_the_next_sleeper() {
        let sim = Sim::new(1, false);
        let woke = Arc::new(Mutex::new(Duration::ZERO));
        let (local, at) = (sim.clone(), woke.clone());
        sim.spawn(WORLD, async move {
            local.sleep(Duration::from_secs(3600)).await;
            *lock(&at) = local.elapsed();
        });
        sim.run(Duration::from_secs(7200), 100, || false);
        assert_eq!(*lock(&woke), Duration::from_secs(3600));
    }

    #[test]
    fn a_crash_drops_every_task_of_the_process_and_no_other() {
        let sim = Sim::new(1, false);
        let host = sim.boot(Process(1), "victim");
        let count = Arc::new(Mutex::new(0));
        for process in [Process(1), Process(2)] {
            let (local, count) = (sim.clone(), count.clone());
            sim.spawn(process, async move {
                local.sleep(Duration::from_secs(1)).await;
                *lock(&count) += 1;
            });
        }
        let victim = host.clone();
        host.spawn(async move { victim.crash_point(10_000, "here").await });
        sim.run(Duration::from_secs(2), 100, || false);
        assert_eq!(*lock(&count), 1);
        assert!(!sim.is_up(Process(1)));
    }

    #[test]
    fn a_timeout_gives_up_on_what_never_comes() {
        let sim = Sim::new(1, false);
        let result = Arc::new(Mutex::new(None));
        let (local, out) = (sim.clone(), result.clone());
        sim.spawn(WORLD, async move {
            let answer = local
                .timeout(Duration::from_secs(2), std::future::pending::<u8>())
                .await;
            *lock(&out) = Some((answer, local.elapsed()));
        });
        sim.run(Duration::from_secs(9), 100, || false);
        assert_eq!(*lock(&result), Some((None, Duration::from_secs(2))));
    }
}
