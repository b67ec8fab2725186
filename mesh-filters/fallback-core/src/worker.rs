//! One configured filter on one worker of the proxy.

use crate::config::{Config, Rule, Stale};
use crate::refresh::Refresh;
use crate::table::Table;
use crate::target::Kind;
use std::cell::Cell;

/// A configuration in use, and what a worker remembers beside it.
#[derive(Debug)]
pub struct Worker {
    config: Config,
    pub(crate) table: Table,
    pub(crate) refresh: Refresh,
    /// The rules that keep copies.
    pub(crate) keeping: RuleSet,
    /// Whether this worker has made sure that an earlier, larger table was given back.
    pub(crate) shrunk: Cell<bool>,
}

impl Worker {
    /// `namespace`: the plugin's name; plugins of different names share no copies.
    pub fn new(config: Config, namespace: &str) -> Self {
        let max_age = config
            .rules
            .iter()
            .filter_map(|rule| rule.stale.as_ref())
            .map(|stale| stale.max_age)
            .max();
        let keeping = RuleSet::of(&config.rules, |_, rule| rule.stale.is_some());
        let parts = keeping.len().saturating_mul(2);
        let of_each = config.cache.entries / 2;
        Self {
            table: Table::new(namespace.as_bytes(), parts, of_each, max_age.unwrap_or(0)),
            refresh: Refresh::new(config.cache.entries, config.cache.refresh_ms),
            keeping,
            shrunk: Cell::new(false),
            config,
        }
    }

    /// The configuration in use.
    pub fn config(&self) -> &Config {
        &self.config
    }

    pub(crate) fn rule(&self, at: usize) -> Option<&Rule> {
        self.config.rules.get(at)
    }

    pub(crate) fn stale(&self, at: usize) -> Option<&Stale> {
        self.rule(at)?.stale.as_ref()
    }

    /// The part of the table for copies of this kind under a rule that keeps them.
    pub(crate) fn part(&self, rule: usize, kind: Kind) -> u32 {
        let of_rule = self.keeping.before(rule).len().saturating_mul(2);
        of_rule.saturating_add(u32::from(kind == Kind::Open))
    }

    pub(crate) fn all(&self) -> RuleSet {
        RuleSet::of(&self.config.rules, |_, _| true)
    }

    /// The rules of a set for which a condition holds.
    pub(crate) fn narrow(&self, set: RuleSet, holds: impl Fn(&Rule) -> bool) -> RuleSet {
        RuleSet::of(&self.config.rules, |at, rule| set.has(at) && holds(rule))
    }

    /// The first rule of a set for which a condition holds.
    pub(crate) fn first(&self, set: RuleSet, holds: impl Fn(&Rule) -> bool) -> Option<usize> {
        (0..)
            .zip(&self.config.rules)
            .find(|(at, rule)| set.has(*at) && holds(rule))
            .map(|(at, _)| at)
    }
}

/// Some of the rules, by position. There are 64 at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct RuleSet(u64);

impl RuleSet {
    fn of(rules: &[Rule], holds: impl Fn(usize, &Rule) -> bool) -> Self {
        let rules = rules.iter().enumerate().rev();
        rules.fold(Self(0), |Self(bits), (at, rule)| {
            Self((bits << 1) | u64::from(holds(at, rule)))
        })
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub const fn len(self) -> u32 {
        self.0.count_ones()
    }

    /// Those that come before this one.
    pub fn before(self, at: usize) -> Self {
        let from = u32::try_from(at).ok().and_then(|at| u64::MAX.checked_shl(at));
        Self(self.0 & !from.unwrap_or(0))
    }

    /// The positions, in order.
    pub fn iter(self) -> impl Iterator<Item = usize> {
        (0..64).filter(move |at| self.has(*at))
    }

    pub fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    fn has(self, at: usize) -> bool {
        u32::try_from(at)
            .ok()
            .and_then(|at| self.0.checked_shr(at))
            .is_some_and(|bits| bits & 1 == 1)
    }
}
