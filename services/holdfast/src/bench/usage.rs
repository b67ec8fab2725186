//! CPU time and memory of processes, from `/proc`.

use std::collections::BTreeMap;
use std::fs;

use crate::local::Process;

/// Linux counts CPU time for user space in hundredths of a second, whatever the kernel's own clock.
const MICROS_PER_TICK: u64 = 10_000;

/// What each process has used so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Usage(BTreeMap<(String, u32), Sample>);

#[derive(Clone, Copy, Debug, Default)]
struct Sample {
    cpu_micros: u64,
    rss_kib: u64,
}

/// What one process has used between two looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Used {
    pub(super) name: String,
    pub(super) cpu_micros: u64,
    pub(super) rss_kib_before: u64,
    pub(super) rss_kib_after: u64,
}

impl Usage {
    /// A look at `processes` and at this one.
    pub(super) fn of(processes: &[Process]) -> Self {
        let own = ("load generator".to_owned(), std::process::id());
        let processes = processes
            .iter()
            .map(|process| (process.name.clone(), process.pid));
        Self(
            processes
                .chain([own])
                .filter_map(|key| Some((key.clone(), sample(key.1)?)))
                .collect(),
        )
    }
}

pub(super) fn difference(before: &Usage, after: &Usage) -> Vec<Used> {
    let used = after.0.iter().map(|((name, pid), after)| {
        let before = before.0.get(&(name.clone(), *pid)).copied().unwrap_or_default();
        Used {
            name: name.clone(),
            cpu_micros: after.cpu_micros.saturating_sub(before.cpu_micros),
            rss_kib_before: before.rss_kib,
            rss_kib_after: after.rss_kib,
        }
    });
    used.collect()
}

fn sample(pid: u32) -> Option<Sample> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    Some(Sample {
        cpu_micros: cpu_micros(&stat)?,
        rss_kib: rss_kib(&status)?,
    })
}

/// Fields 14 (utime) and 15 (stime); the second field, the name, may hold anything but ends with the last `)`.
fn cpu_micros(stat: &str) -> Option<u64> {
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some((user + system) * MICROS_PER_TICK)
}

fn rss_kib(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_time_is_read_behind_any_name() {
        let stat = "42 (a) b (c) S 1 2 3 4 5 6 7 8 9 10 30 12 0 0 20 0 1 0";
        assert_eq!(cpu_micros(stat), Some(42 * MICROS_PER_TICK));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn this_process_has_memory() {
        assert!(sample(std::process::id()).is_some_and(|sample| sample.rss_kib > 0));
    }

    #[test]
    fn a_process_that_is_gone_has_no_sample() {
        let gone = Process {
            name: "x".to_owned(),
            pid: u32::MAX,
            http_port: 0,
            admin_port: 0,
        };
        assert_eq!(Usage::of(&[gone]).0.len(), Usage::of(&[]).0.len());
    }
}
