//! What goes wrong in a run: drawn from its seed, so that each seed mixes other faults at other rates.

use std::time::Duration;

use crate::executor::Sim;

/// Rates of all faults of one run. `per mille` counts per call, `crash` per 10,000 crash points.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// A process dies at a crash point (two per port call), per 10,000.
    pub crash: u32,
    /// Longest time that a crashed process stays down.
    pub restart_within: Duration,
    /// An append is not written, and its caller learns only that it timed out.
    pub append_lost: u32,
    /// An append is written, and its caller learns only that it timed out.
    pub append_ack_lost: u32,
    /// An append is written after its caller gave up.
    pub append_late: u32,
    /// A read fails.
    pub read_fails: u32,
    /// A read comes from a replica that lags.
    pub read_stale: u32,
    /// An acknowledgement of a delivery never arrives.
    pub ack_lost: u32,
    /// A delivery that is still being handled is delivered once more.
    pub delivered_twice: u32,
    /// A request between services is lost on its way out.
    pub request_lost: u32,
    /// A request is handled, its answer is lost.
    pub answer_lost: u32,
    /// A request arrives twice.
    pub request_twice: u32,
    /// A message or request takes long.
    pub slow: u32,
    /// How long a slow one takes at most.
    pub slow_by: Duration,
    /// A charge is long on its way to the provider.
    pub charge_slow: u32,
    /// A webhook is sent twice.
    pub webhook_twice: u32,
    /// A fired timer is delivered late by up to a minute.
    pub timer_late: u32,
    /// When the whole journal is away: start and end, sorted.
    pub outages: Vec<(Duration, Duration)>,
    /// When the payment service is away.
    pub payment_outages: Vec<(Duration, Duration)>,
    /// How often the inventory consumer is handed to the other writer although the first one lives, per mille
    /// of deliveries.
    pub take_over: u32,
    /// The faults stop here.
    pub until: Duration,
}

impl Faults {
    /// Draws the faults of a run that stop after `until`. Each kind is absent in half of the runs.
    #[must_use]
    pub fn draw(sim: &Sim, until: Duration) -> Self {
        let rate = |most: u64| -> u32 {
            if sim.chance(500) {
                0
            } else {
                u32::try_from(1 + sim.below(most)).unwrap_or(1)
            }
        };
        Self {
            crash: rate(400),
            restart_within: Duration::from_millis(50 << sim.below(10)),
            append_lost: rate(60),
            append_ack_lost: rate(60),
            append_late: rate(60),
            read_fails: rate(60),
            read_stale: rate(300),
            ack_lost: rate(100),
            delivered_twice: rate(100),
            request_lost: rate(100),
            answer_lost: rate(100),
            request_twice: rate(100),
            slow: rate(100),
            slow_by: Duration::from_millis(100 << sim.below(9)),
            charge_slow: rate(400),
            webhook_twice: rate(500),
            timer_late: rate(300),
            outages: windows(sim, until, Duration::from_secs(20)),
            payment_outages: windows(sim, until, Duration::from_secs(120)),
            take_over: rate(60),
            until,
        }
    }

    /// A run in which nothing goes wrong.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// The same, but most charges are long on their way, and whoever waits for them hears late.
    #[must_use]
    pub fn with_late_charges(self) -> Self {
        Self {
            charge_slow: 800,
            slow: 150,
            slow_by: Duration::from_secs(8),
            append_ack_lost: 60,
            ..self
        }
    }

    /// Whether a fault of this rate happens now.
    #[must_use]
    pub fn strikes(&self, sim: &Sim, per_mille: u32) -> bool {
        per_mille > 0 && sim.elapsed() < self.until && sim.chance(per_mille)
    }

    /// The rate of crashes now.
    #[must_use]
    pub fn crash_rate(&self, sim: &Sim) -> u32 {
        if sim.elapsed() < self.until { self.crash } else { 0 }
    }

    /// How long a message travels.
    #[must_use]
    pub fn latency(&self, sim: &Sim) -> Duration {
        let most = if self.strikes(sim, self.slow) {
            self.slow_by
        } else {
            Duration::from_micros(800)
        };
        sim.up_to(most)
    }
}

/// None in half of the runs, otherwise up to two windows.
fn windows(sim: &Sim, until: Duration, longest: Duration) -> Vec<(Duration, Duration)> {
    let count = if sim.chance(500) { 0 } else { 1 + sim.below(2) };
    let mut windows: Vec<_> = (0..count)
        .map(|_| {
            let start = sim.up_to(until);
            (start, (start + sim.up_to(longest)).min(until))
        })
        .collect();
    windows.sort();
    windows
}

/// Whether a moment lies in one of the windows.
#[must_use]
pub fn within(windows: &[(Duration, Duration)], now: Duration) -> bool {
    windows.iter().any(|(start, end)| (*start..*end).contains(&now))
}
