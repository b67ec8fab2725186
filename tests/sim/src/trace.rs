//! What a run decided: always as a hash, in words when asked for.
//!
//! A failing seed is run again verbosely. The hash proves that it was the same run.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::executor::Process;

/// One remark of a process.
pub(crate) struct Note {
    pub now: Duration,
    pub process: Process,
    pub name: &'static str,
    pub label: &'static str,
    pub key: u64,
}

pub(crate) struct Trace {
    hash: u64,
    lines: Option<Vec<String>>,
    counts: BTreeMap<&'static str, u64>,
}

/// FNV-1a, 64 bit: its offset basis and prime.
const BASIS: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0100_0000_01b3;

impl Trace {
    pub(crate) fn new(verbose: bool) -> Self {
        Self {
            hash: BASIS,
            lines: verbose.then(Vec::new),
            counts: BTreeMap::new(),
        }
    }

    fn mix(&mut self, value: u64) {
        self.hash = (self.hash ^ value).wrapping_mul(PRIME);
    }

    fn mix_time(&mut self, now: Duration) {
        self.mix(u64::try_from(now.as_nanos()).unwrap_or(u64::MAX));
    }

    pub(crate) fn step(&mut self, now: Duration, process: Process, task: u64) {
        self.mix_time(now);
        self.mix(u64::from(process.0));
        self.mix(task);
    }

    pub(crate) fn note(&mut self, note: Note, text: impl FnOnce() -> String) {
        self.mix_time(note.now);
        self.mix(u64::from(note.process.0));
        note.label.bytes().for_each(|byte| self.mix(u64::from(byte)));
        self.mix(note.key);
        *self.counts.entry(note.label).or_default() += 1;
        if let Some(lines) = &mut self.lines {
            let Note {
                now,
                name,
                label,
                key,
                ..
            } = note;
            lines.push(format!(
                "{:>12.6} {name:<12} {label:<24} {key:>6} {}",
                now.as_secs_f64(),
                text()
            ));
        }
    }

    pub(crate) fn counts(&self) -> &BTreeMap<&'static str, u64> {
        &self.counts
    }

    pub(crate) fn hash(&self) -> u64 {
        self.hash
    }

    pub(crate) fn lines(&self) -> &[String] {
        self.lines.as_deref().unwrap_or_default()
    }
}
