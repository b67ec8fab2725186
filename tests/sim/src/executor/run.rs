//! The loop: one ready task after the other, in seeded order; when there is none, time passes.

use std::task::{Context, Poll, Waker};
use std::time::Duration;

use rand::RngExt;

use super::{BoxFuture, Process, Sim, TaskId, lock};

impl Sim {
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
}
