//! What an operator reads: counters per rule, never per client.

use std::cell::Cell;

use holdfast_filter_abi::{Counter, Host, Level, Result};

use crate::config::Rule;
use crate::gcra::{Source, Verdict};
use crate::lease::broker::{Answered, Ticked};
use crate::limiter::{Decision, Error, Granted};

/// The counters of one configuration on one worker. The proxy adds up those of all workers.
///
/// `rate_limit.rule.<name>.allowed`, `.denied` or, of a shadow rule, `.shadow_denied`; `rate_limit.evicted`
/// (buckets that still counted and had to go: give the table more slots), `rate_limit.lost_races`,
/// `rate_limit.errors` (no decision, the request passed), and the gauge `rate_limit.rules`.
///
/// Of a rule of scope `cluster` also `.leased` (tokens that the quota service gave), `.lease_denied` (requests refused
/// since it had no more), `.floor_allowed` and `.floor_denied` (requests on which the floor decided), `.lease_errors`
/// (calls without an answer); `rate_limit.quota_dropped` counts requests whose key was not asked for.
#[derive(Debug)]
pub struct Meters {
    rules: Vec<Meter>,
    evicted: Counter,
    lost_races: Counter,
    errors: Counter,
    quota_dropped: Counter,
    /// When a line was last logged: a flood of requests must not be a flood of lines.
    logged_at: Cell<u64>,
}

#[derive(Debug)]
struct Meter {
    allowed: Counter,
    denied: Counter,
    cluster: Option<ClusterMeter>,
}

#[derive(Debug)]
struct ClusterMeter {
    leased: Counter,
    lease_denied: Counter,
    floor_allowed: Counter,
    floor_denied: Counter,
    lease_errors: Counter,
}

impl Meters {
    /// Defines the counters for these rules.
    ///
    /// # Errors
    /// Only faults of the proxy.
    pub fn define(host: &impl Host, rules: &[Rule]) -> Result<Self> {
        host.record(host.define_gauge("rate_limit.rules")?, rules.len() as u64)?;
        Ok(Self {
            rules: rules
                .iter()
                .map(|rule| Meter::define(host, rule))
                .collect::<Result<_>>()?,
            evicted: host.define_counter("rate_limit.evicted")?,
            lost_races: host.define_counter("rate_limit.lost_races")?,
            errors: host.define_counter("rate_limit.errors")?,
            quota_dropped: host.define_counter("rate_limit.quota_dropped")?,
            logged_at: Cell::new(0),
        })
    }

    /// Counts a decision on these rules. A counter that fails is no reason to fail the request.
    pub fn decided(&self, host: &impl Host, rules: &[(usize, &Rule)], decision: &Decision) {
        for ((place, rule), verdict) in rules.iter().zip(&decision.verdicts) {
            let Some(meter) = self.rules.get(*place) else {
                continue;
            };
            if !verdict.allowed {
                let _ = host.add(meter.denied, 1);
            } else if decision.allowed {
                let _ = host.add(meter.allowed, 1);
            }
            let cluster = meter.cluster.as_ref();
            if let Some(counter) = cluster.and_then(|cluster| cluster.of(verdict, decision.allowed)) {
                let _ = host.add(counter, 1);
            }
            if !verdict.allowed && !rule.enforced {
                let line = || format!("shadow rule {} would refuse a request", rule.name);
                self.log(host, decision.now, Level::Info, line);
            }
        }
        let _ = host.add(self.evicted, decision.evicted);
        let _ = host.add(self.lost_races, decision.lost_races);
    }

    /// Counts requests whose key will not be asked for.
    pub fn dropped(&self, host: &impl Host, keys: u32) {
        let _ = host.add(self.quota_dropped, keys);
    }

    /// Counts what came of a tick.
    pub fn ticked(&self, host: &impl Host, ticked: &Ticked) {
        self.dropped(host, ticked.dropped);
        self.failed(host, &ticked.failed);
    }

    /// Counts what an answer of the quota service brought.
    pub fn answered(&self, host: &impl Host, answered: &Answered) {
        let Granted { evicted, lost_races } = answered.granted;
        let _ = host.add(self.evicted, evicted);
        let _ = host.add(self.lost_races, lost_races);
        for (place, tokens) in &answered.leased {
            if let Some(cluster) = self.cluster(*place) {
                let _ = host.add(cluster.leased, *tokens);
            }
        }
        self.failed(host, &answered.failed);
    }

    /// Counts that leases could not be asked for or taken.
    pub fn unleased(&self, host: &impl Host, error: &Error) {
        let _ = host.add(self.errors, 1);
        let now = host.monotonic().unwrap_or_default();
        self.log(host, now, Level::Error, || format!("no leases: {error}"));
    }

    fn failed(&self, host: &impl Host, places: &[usize]) {
        for cluster in places.iter().filter_map(|place| self.cluster(*place)) {
            let _ = host.add(cluster.lease_errors, 1);
        }
        if !places.is_empty() {
            let now = host.monotonic().unwrap_or_default();
            self.log(host, now, Level::Warn, || {
                "the quota service has not answered".to_owned()
            });
        }
    }

    fn cluster(&self, place: usize) -> Option<&ClusterMeter> {
        self.rules.get(place)?.cluster.as_ref()
    }

    /// Counts and tells that no decision was possible.
    pub fn undecided(&self, host: &impl Host, error: &Error) {
        let _ = host.add(self.errors, 1);
        let now = host.monotonic().unwrap_or_default();
        self.log(host, now, Level::Error, || {
            format!("no decision, the request passes: {error}")
        });
    }

    /// Logs at most one line per second.
    fn log(&self, host: &impl Host, now: u64, level: Level, line: impl FnOnce() -> String) {
        if self.logged_at.get() == 0 || now.saturating_sub(self.logged_at.get()) >= 1_000_000_000 {
            self.logged_at.set(now);
            host.log(level, &line());
        }
    }
}

impl Meter {
    fn define(host: &impl Host, rule: &Rule) -> Result<Self> {
        let denied = if rule.enforced { "denied" } else { "shadow_denied" };
        let counter = |what: &str| host.define_counter(&format!("rate_limit.rule.{}.{what}", rule.name));
        Ok(Self {
            allowed: counter("allowed")?,
            denied: counter(denied)?,
            cluster: rule.floor.map(|_| ClusterMeter::define(&counter)).transpose()?,
        })
    }
}

impl ClusterMeter {
    fn define(counter: &impl Fn(&str) -> Result<Counter>) -> Result<Self> {
        Ok(Self {
            leased: counter("leased")?,
            lease_denied: counter("lease_denied")?,
            floor_allowed: counter("floor_allowed")?,
            floor_denied: counter("floor_denied")?,
            lease_errors: counter("lease_errors")?,
        })
    }

    const fn of(&self, verdict: &Verdict, passed: bool) -> Option<Counter> {
        match (verdict.source, verdict.allowed) {
            (Source::Lease, false) => Some(self.lease_denied),
            (Source::Floor, false) => Some(self.floor_denied),
            (Source::Floor, true) if passed => Some(self.floor_allowed),
            _ => None,
        }
    }
}
