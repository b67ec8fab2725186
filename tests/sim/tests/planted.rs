//! Bugs that are planted into the simulated world, to prove that the simulation would find them in the product.
//! Each is a switch of a wrapper; the product's code is not touched.

#![allow(clippy::panic, reason = "a test that fails")]

use std::num::NonZero;

use holdfast_tests_sim::runner::{Outcome, run_all};
use holdfast_tests_sim::sabotage::Sabotage;
use holdfast_tests_sim::world::{Options, run};

/// So many seeds at most may pass before a planted bug is found.
const SEEDS: u64 = 5_000;

/// The first seed that finds the bug; `invariant` is what it must say.
#[track_caller]
fn is_found(sabotage: Sabotage, invariant: &str) {
    is_found_with(
        Options {
            sabotage,
            ..Options::default()
        },
        invariant,
    );
}

#[track_caller]
fn is_found_with(options: Options, invariant: &str) {
    let sabotage = options.sabotage;
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
    let planted = |seed| -> Outcome {
        let mut outcome = run(seed, options);
        outcome
            .violations
            .retain(|violation| violation.contains(invariant));
        outcome
    };
    let summary = run_all(0..SEEDS, threads, 1, planted);
    let Some(found) = summary.failures.first() else {
        panic!("{sabotage:?} passes {} seeds", summary.runs);
    };
    let seed = found.seed;
    eprintln!(
        "{sabotage:?} is found by seed {seed}, after {} seeds: {:?}",
        summary.runs, found.violations
    );
    let clean = run(
        seed,
        Options {
            sabotage: Sabotage::None,
            ..options
        },
    );
    assert!(
        clean.violations.is_empty(),
        "seed {seed} fails without the bug: {:?}",
        clean.violations
    );
}

#[test]
fn a_charge_before_its_commit_is_appended() {
    is_found(Sabotage::EffectBeforeAppend, "I2");
}

#[test]
fn an_acknowledgement_before_the_append() {
    is_found(Sabotage::AckBeforeAppend, "I3");
}

#[test]
fn a_redelivered_charge_that_is_passed_over_since_its_order_is_cancelled() {
    is_found(Sabotage::SkipCancelled, "I2");
}

#[test]
fn a_resolve_that_refunds() {
    is_found(Sabotage::ResolveByRefund, "I2");
}

#[test]
fn a_stray_charge_that_is_taken_for_a_payment() {
    let options = Options {
        sabotage: Sabotage::StrayAsPayment,
        late_charges: true,
        ..Options::default()
    };
    is_found_with(options, "I2");
}

#[test]
fn a_writer_of_the_stock_without_fencing() {
    is_found(Sabotage::UnfencedWriter, "I1");
}
