//! What a benchmark found: as JSON to keep, as a table to read.

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use super::client::Measured;
use super::usage::Used;
use super::{Error, Load, Logins, Restart, Target};
use crate::local::Sync;
use crate::ui::{self, Colour, Paint};

/// All runs of one call.
#[derive(Debug, Serialize)]
pub struct Report {
    /// When it began.
    pub started_at: Timestamp,
    /// How many processors everything shared.
    pub processors: usize,
    /// The version of this program.
    pub version: &'static str,
    /// Whether the binaries were optimised.
    pub optimised: bool,
    /// One per load.
    pub runs: Vec<Run>,
    /// What was killed at the end.
    pub restarts: Vec<Restart>,
}

/// One load and what became of it.
#[derive(Clone, Debug, Serialize)]
pub struct Run {
    /// nats-server's `sync_interval`: `default` (every two minutes) or `always` (before every acknowledgement).
    pub sync: Option<&'static str>,
    /// Closed-loop clients.
    pub clients: usize,
    /// Whether they came in through the gateway, and services called each other by sidecars.
    pub through_gateway: bool,
    /// Who logged in beside them.
    pub logins: Option<Logins>,
    /// How many SKUs they ordered; 1 is a flash sale.
    pub skus: usize,
    /// Length of the measured window.
    pub seconds: f64,
    /// Orders answered with 201, per second.
    pub accepted_per_second: f64,
    /// Orders that reached their end, per second; the declined ones are among them.
    pub ended_per_second: f64,
    /// Orders that ended sold, per second.
    pub completed_per_second: f64,
    /// Orders that ended sold.
    pub completed: u64,
    /// Orders that ended without a sale.
    pub cancelled: u64,
    /// Orders that wait for an operator.
    pub parked: u64,
    /// Orders without an end in time.
    pub unfinished: u64,
    /// Requests that were not answered with 201.
    pub refused: u64,
    /// From sending the request to its 201.
    pub accept: Latency,
    /// From the 201 to the last event.
    pub accept_to_final: Latency,
    /// CPU time of all processes, per order that ended, in microseconds.
    pub cpu_micros_per_order: f64,
    /// Each process.
    pub processes: Vec<ProcessUsage>,
}

/// Quantiles in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Latency {
    /// Half of the orders were faster.
    pub p50_ms: f64,
    /// 99 of 100 were faster.
    pub p99_ms: f64,
    /// The slowest.
    pub max_ms: f64,
}

/// What one process used in the measured window.
#[derive(Clone, Debug, Serialize)]
pub struct ProcessUsage {
    /// Its name.
    pub name: String,
    /// Its CPU time per order that ended, in microseconds.
    pub cpu_micros_per_order: f64,
    /// Resident memory at the beginning.
    pub rss_kib_before: u64,
    /// Resident memory at the end.
    pub rss_kib_after: u64,
}

impl Run {
    pub(super) fn new(
        target: &Target,
        load: &Load,
        elapsed: Duration,
        measured: &Measured,
        used: &[Used],
    ) -> Self {
        let seconds = elapsed.as_secs_f64();
        let ended = measured.ended() as f64;
        let processes = used.iter().map(|used| ProcessUsage {
            name: used.name.clone(),
            cpu_micros_per_order: used.cpu_micros as f64 / ended,
            rss_kib_before: used.rss_kib_before,
            rss_kib_after: used.rss_kib_after,
        });
        Self {
            sync: target.sync.map(Sync::name),
            clients: load.clients,
            through_gateway: target.through_gateway,
            logins: None,
            skus: load.skus.len(),
            seconds,
            accepted_per_second: measured.accepted as f64 / seconds,
            ended_per_second: ended / seconds,
            completed_per_second: measured.completed as f64 / seconds,
            completed: measured.completed,
            cancelled: measured.cancelled,
            parked: measured.parked,
            unfinished: measured.unfinished,
            refused: measured.refused,
            accept: Latency::of(&measured.accept),
            accept_to_final: Latency::of(&measured.finish),
            cpu_micros_per_order: used.iter().map(|used| used.cpu_micros).sum::<u64>() as f64 / ended,
            processes: processes.collect(),
        }
    }
}

impl Latency {
    fn of(micros: &[u64]) -> Self {
        let mut sorted = micros.to_vec();
        sorted.sort_unstable();
        let at = |per_cent: usize| {
            // The smallest value that this share of all values does not exceed.
            let rank = (sorted.len() * per_cent).div_ceil(100).saturating_sub(1);
            sorted.get(rank).copied().unwrap_or_default() as f64 / 1_000.0
        };
        Self {
            p50_ms: at(50),
            p99_ms: at(99),
            max_ms: at(100),
        }
    }
}

impl Report {
    /// A report without runs.
    #[must_use]
    pub fn begin() -> Self {
        Self {
            started_at: Timestamp::now(),
            processors: std::thread::available_parallelism().map_or(1, usize::from),
            version: env!("CARGO_PKG_VERSION"),
            optimised: !cfg!(debug_assertions),
            runs: Vec::new(),
            restarts: Vec::new(),
        }
    }

    /// Keeps it as `<folder>/<time>.json`.
    ///
    /// # Errors
    /// [`Error::Report`] if it cannot be written.
    pub fn write(&self, folder: &Path) -> Result<PathBuf, Error> {
        let path = folder.join(format!("{}.json", self.started_at.strftime("%Y%m%dT%H%M%SZ")));
        let mut text = serde_json::to_vec_pretty(self).unwrap_or_default();
        text.push(b'\n');
        std::fs::create_dir_all(folder)
            .and_then(|()| std::fs::write(&path, text))
            .map_err(|source| Error::Report {
                path: path.clone(),
                source,
            })?;
        Ok(path)
    }
}

/// The names of the columns of [`show`].
pub(crate) fn show_heading(paint: Paint) {
    ui::line(paint.paint(
        Colour::Bold,
        "   sync  clients  SKUs  orders/s  accept p50/p99 ms  accept→final p50/p99 ms  CPU µs/order  lost",
    ));
}

/// One run, and what each process used in it.
pub(crate) fn show(run: &Run, paint: Paint) {
    let lost = run.refused + run.unfinished + run.parked;
    ui::line(format_args!(
        "{:>7}  {:>7}  {:>4}  {:>8.0}  {:>8.1} /{:>7.1}  {:>13.1} /{:>8.1}  {:>12.0}  {lost:>4}",
        run.sync.unwrap_or("?"),
        run.clients,
        run.skus,
        run.ended_per_second,
        run.accept.p50_ms,
        run.accept.p99_ms,
        run.accept_to_final.p50_ms,
        run.accept_to_final.p99_ms,
        run.cpu_micros_per_order,
    ));
    if let Some(logins) = &run.logins {
        ui::line(format_args!(
            "         while {} people log in: {:.1} let in and {:.0} told to come again per second, {} failed",
            logins.people, logins.per_second, logins.refused_per_second, logins.failed
        ));
    }
    for process in &run.processes {
        ui::line(paint.paint(
            Colour::Dim,
            format_args!(
                "         {:<15} {:>5.0} µs/order   RSS {:>4} → {:>4} MiB",
                process.name,
                process.cpu_micros_per_order,
                process.rss_kib_before / 1024,
                process.rss_kib_after / 1024
            ),
        ));
    }
}

/// One restart.
pub(crate) fn show_restart(restart: &Restart) {
    ui::line(format_args!(
        "{} killed with {} orders behind it: ready again after {:.2} s",
        restart.process, restart.orders_before, restart.seconds
    ));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_values_that_were_measured() {
        let micros: Vec<u64> = (1..=100).rev().map(|n| n * 1_000).collect();
        assert_eq!(
            Latency::of(&micros),
            Latency {
                p50_ms: 50.0,
                p99_ms: 99.0,
                max_ms: 100.0
            }
        );
    }

    #[test]
    fn nothing_measured_is_zero() {
        assert_eq!(
            Latency::of(&[]),
            Latency {
                p50_ms: 0.0,
                p99_ms: 0.0,
                max_ms: 0.0
            }
        );
    }
}
