//! A process, as its tasks see it.

use std::future::Future;

use super::{Process, Sim, lock};
use crate::trace::Note;

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
