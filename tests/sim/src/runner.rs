//! Runs many seeds and reports those that fail.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::executor::lock;

/// What one seed did.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// The seed.
    pub seed: u64,
    /// Broken invariants, in words. Empty: the seed passes.
    pub violations: Vec<String>,
    /// Hash of all decisions of the run.
    pub hash: u64,
    /// How often interesting things happened.
    pub seen: BTreeMap<&'static str, u64>,
    /// What happened, one line each; only of a verbose run.
    pub transcript: Vec<String>,
}

/// What many seeds did.
#[derive(Debug, Default)]
pub struct Summary {
    /// Seeds run.
    pub runs: u64,
    /// Those that failed, by seed.
    pub failures: Vec<Outcome>,
    /// Sums of what was seen.
    pub seen: BTreeMap<&'static str, u64>,
}

impl Summary {
    fn add(&mut self, outcome: Outcome) {
        self.runs += 1;
        for (what, times) in &outcome.seen {
            *self.seen.entry(what).or_default() += times;
        }
        if !outcome.violations.is_empty() {
            self.failures.push(outcome);
        }
    }
}

/// Runs each seed of a range once, on `threads` threads; stops early after `max_failures` failures.
pub fn run_all(
    seeds: Range<u64>,
    threads: usize,
    max_failures: usize,
    run: impl Fn(u64) -> Outcome + Sync,
) -> Summary {
    let next = AtomicU64::new(seeds.start);
    let summary = Mutex::new(Summary::default());
    std::thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(|| {
                while lock(&summary).failures.len() < max_failures {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end {
                        break;
                    }
                    let outcome = run(seed);
                    lock(&summary).add(outcome);
                }
            });
        }
    });
    let mut summary = summary
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    summary.failures.sort_by_key(|failure| failure.seed);
    summary
}

/// A failure as a developer wants to read it: what is broken, how to see it again, and the end of the trace.
#[must_use]
pub fn describe(failure: &Outcome, replayed: &Outcome, last_lines: usize) -> String {
    let Outcome {
        seed,
        violations,
        hash,
        ..
    } = failure;
    let mut text = format!("seed {seed} breaks:\n");
    for violation in violations {
        text += &format!("  - {violation}\n");
    }
    text += &format!("replay it with its whole trace: make test-sim HOLDFAST_SIM_SEED={seed}\n");
    if *hash != replayed.hash {
        text += "the replay took another course: something in the run does not come from the seed\n";
    }
    let lines = &replayed.transcript;
    let skipped = lines.len().saturating_sub(last_lines);
    text += &format!(
        "the last {} of {} lines of the trace:\n",
        lines.len() - skipped,
        lines.len()
    );
    for line in lines.iter().skip(skipped) {
        text += line;
        text += "\n";
    }
    text
}
