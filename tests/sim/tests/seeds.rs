//! Runs the seeds: as many as `HOLDFAST_SIM_SEEDS` says (default 10,000) from `HOLDFAST_SIM_FIRST` (default 0), or
//! the one that `HOLDFAST_SIM_SEED` names, with its whole trace.

#![allow(
    clippy::panic,
    clippy::expect_used,
    reason = "a test that fails, or is asked for nonsense"
)]

use std::collections::BTreeMap;
use std::time::Instant;

use holdfast_tests_sim::runner::{Summary, describe, run_all};
use holdfast_tests_sim::world::{Options, run};

/// Longer traces are cut at their beginning.
const LAST_LINES: usize = 400;

fn from_env(name: &str) -> Option<u64> {
    let value = std::env::var(name).ok()?;
    Some(value.parse().expect(name))
}

/// What a thousand seeds must have come to: a simulation that never gets there proves nothing.
const EXPECTED: [&str; 33] = [
    "OrderCreated",
    "InventoryReserved",
    "InventoryNotAvailable",
    "PaymentPending",
    "PaymentSucceeded",
    "PaymentFailed",
    "PaymentRefunded",
    "InventoryReleased",
    "OrderCompleted",
    "OrderCancelled",
    "CancelRequested",
    "SagaParked",
    "SagaResumed",
    "out_of_stock",
    "payment_declined",
    "payment_timeout",
    "cancelled_by_customer",
    "CRASH",
    "append",
    "append refused",
    "batch",
    "late write",
    "pinned",
    "provider charge",
    "provider find",
    "provider refund",
    "provider silent",
    "provider void",
    "refused",
    "stray charge",
    "timer fires",
    "unavailable",
    "writer failed",
];

fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

fn table(seen: &BTreeMap<&'static str, u64>) -> String {
    seen.iter()
        .map(|(what, times)| format!("{what} {times}"))
        .collect::<Vec<_>>()
        .join(", ")
}

/// The options that the environment asks for beside the seeds.
fn options() -> Options {
    let late_charges = std::env::var_os("HOLDFAST_SIM_LATE_CHARGES").is_some();
    Options {
        late_charges,
        ..Options::default()
    }
}

fn run_seeds(seeds: u64, options: Options) -> Summary {
    let first = from_env("HOLDFAST_SIM_FIRST").unwrap_or(0);
    let started = Instant::now();
    let summary = run_all(first..first + seeds, threads(), 5, |seed| run(seed, options));
    let (runs, seen) = (summary.runs, table(&summary.seen));
    eprintln!("{runs} seeds in {:.1?}: {seen}", started.elapsed());
    for failure in summary.failures.iter().skip(1) {
        eprintln!("also seed {}: {:?}", failure.seed, failure.violations);
    }
    if let Some(failure) = summary.failures.first() {
        let replayed = run(
            failure.seed,
            Options {
                verbose: true,
                ..options
            },
        );
        panic!("{}", describe(failure, &replayed, LAST_LINES));
    }
    summary
}

fn replay(seed: u64) {
    let outcome = run(
        seed,
        Options {
            verbose: true,
            ..options()
        },
    );
    for line in &outcome.transcript {
        eprintln!("{line}");
    }
    eprintln!("seed {seed}: {}", table(&outcome.seen));
    assert!(
        outcome.violations.is_empty(),
        "{}",
        describe(&outcome, &outcome, 0)
    );
}

#[test]
fn every_seed_keeps_the_invariants() {
    if let Some(seed) = from_env("HOLDFAST_SIM_SEED") {
        return replay(seed);
    }
    let summary = run_seeds(from_env("HOLDFAST_SIM_SEEDS").unwrap_or(10_000), options());
    if summary.runs >= 1_000 {
        let seen = |what: &&&str| summary.seen.get(**what).is_some_and(|times| *times > 0);
        let unseen: Vec<_> = EXPECTED.iter().filter(|what| !seen(what)).collect();
        assert!(unseen.is_empty(), "so many seeds never came to {unseen:?}");
    }
}

#[test]
fn seeds_in_which_most_charges_land_late_keep_them_too() {
    let seeds = from_env("HOLDFAST_SIM_SEEDS").unwrap_or(10_000) / 10;
    run_seeds(
        seeds,
        Options {
            late_charges: true,
            ..options()
        },
    );
}

#[test]
fn the_same_seed_runs_the_same_course() {
    for seed in 0..20 {
        let once = run(seed, Options::default());
        let again = run(
            seed,
            Options {
                verbose: true,
                ..Options::default()
            },
        );
        assert_eq!(once.hash, again.hash, "seed {seed}");
        assert_eq!(once.seen, again.seen, "seed {seed}");
    }
}

#[test]
fn when_nothing_goes_wrong_no_order_is_parked_and_nothing_is_left_over() {
    for seed in 0..50 {
        let outcome = run(
            seed,
            Options {
                calm: true,
                ..Options::default()
            },
        );
        assert_eq!(outcome.violations, Vec::<String>::new(), "seed {seed}");
    }
}
