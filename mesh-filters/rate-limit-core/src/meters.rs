//! What an operator reads: counters per rule, never per client.

use std::cell::Cell;

use holdfast_filter_abi::{Counter, Host, Level, Result};

use crate::config::Rule;
use crate::limiter::{Decision, Error};

/// The counters of one configuration on one worker. The proxy adds up those of all workers.
///
/// `rate_limit.rule.<name>.allowed`, `.denied` or, of a shadow rule, `.shadow_denied`; `rate_limit.evicted`
/// (buckets that still counted and had to go: give the table more slots), `rate_limit.lost_races`,
/// `rate_limit.errors` (no decision, the request passed), and the gauge `rate_limit.rules`.
#[derive(Debug)]
pub struct Meters {
    rules: Vec<Meter>,
    evicted: Counter,
    lost_races: Counter,
    errors: Counter,
    /// When a line was last logged: a flood of requests must not be a flood of lines.
    logged_at: Cell<u64>,
}

#[derive(Debug)]
struct Meter {
    allowed: Counter,
    denied: Counter,
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
            if !verdict.allowed && !rule.enforced {
                let line = || format!("shadow rule {} would refuse a request", rule.name);
                self.log(host, decision.now, Level::Info, line);
            }
        }
        let _ = host.add(self.evicted, decision.evicted);
        let _ = host.add(self.lost_races, decision.lost_races);
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
        let counter = |what| host.define_counter(&format!("rate_limit.rule.{}.{what}", rule.name));
        Ok(Self {
            allowed: counter("allowed")?,
            denied: counter(denied)?,
        })
    }
}
