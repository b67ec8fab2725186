use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};

use holdfast_filter_abi::fake::{FakeProxy, FakeShared};
use holdfast_filter_abi::{Counter, Gauge, Level, Result as HostResult};
use proptest::prelude::*;

use super::*;
use crate::gcra::Source;
use crate::lease::Lease;
use crate::lease::demand::fingerprint;
use crate::table::{HOT, PAGE};

const SECOND: u64 = 1_000_000_000;

fn limit(requests: u32, burst: u32) -> Limit {
    Limit::new(requests.try_into().unwrap(), SECOND, burst.try_into().unwrap()).unwrap()
}

fn ask<'a>(rule: &'a str, key: &'a [u8], limit: Limit) -> Ask<'a> {
    Ask {
        rule,
        key,
        limit,
        floor: None,
        enforced: true,
    }
}

fn worker(time: u64) -> (FakeShared, FakeProxy, Limiter) {
    let shared = FakeShared::default();
    shared.set_time(time);
    let proxy = FakeProxy::new(&shared);
    (shared, proxy, Limiter::new("ns.limit", 1024))
}

fn allowed(limiter: &Limiter, host: &impl Host, asks: &[Ask<'_>]) -> bool {
    limiter.decide(host, asks).unwrap().allowed
}

fn passed(limiter: &Limiter, host: &impl Host, asks: &[Ask<'_>], of: usize) -> usize {
    (0..of).filter(|_| allowed(limiter, host, asks)).count()
}

#[test]
fn a_refusal_by_one_rule_takes_a_token_from_none() {
    let (_, host, limiter) = worker(SECOND);
    let (wide, narrow) = (
        ask("wide", b"k", limit(1, 10)),
        ask("narrow", b"other", limit(1, 2)),
    );
    assert_eq!(passed(&limiter, &host, &[wide, narrow], 7), 2);
    assert_eq!(passed(&limiter, &host, &[wide], 20), 8);
}

#[test]
fn a_shadow_rule_counts_but_hinders_nobody() {
    let (_, host, limiter) = worker(SECOND);
    let shadow = Ask {
        enforced: false,
        ..ask("shadow", b"k", limit(1, 1))
    };
    let asks = [shadow, ask("real", b"k", limit(1, 3))];
    let decisions: Vec<_> = (0..4).map(|_| limiter.decide(&host, &asks).unwrap()).collect();
    let own = |place: usize| {
        decisions
            .iter()
            .map(|d| d.verdicts[place].allowed)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        decisions.iter().map(|d| d.allowed).collect::<Vec<_>>(),
        [true, true, true, false]
    );
    assert_eq!(own(0), [true, false, false, false]);
    assert_eq!(own(1), [true, true, true, false]);
}

#[test]
fn a_clock_that_goes_back_gives_nothing_and_loses_nothing() {
    let (shared, host, limiter) = worker(100 * SECOND);
    let asks = [ask("a", b"k", limit(1, 3))];
    assert_eq!(passed(&limiter, &host, &asks, 5), 3);
    shared.set_time(SECOND);
    assert!(!allowed(&limiter, &host, &asks));
    shared.set_time(101 * SECOND);
    assert_eq!(passed(&limiter, &host, &asks, 5), 1);
}

#[test]
fn a_push_of_the_configuration_resets_no_bucket() {
    let (_, host, before) = worker(SECOND);
    assert_eq!(passed(&before, &host, &[ask("a", b"k", limit(1, 3))], 5), 3);
    let after = Limiter::new("ns.limit", 4096);
    assert!(!allowed(&after, &host, &[ask("a", b"k", limit(1, 3))]));
    assert!(
        allowed(&after, &host, &[ask("b", b"k", limit(1, 3))]),
        "another name is another bucket"
    );
}

/// A bucket that an hourly limit has emptied, one second ago.
fn emptied_by_the_hour(floor: Option<Limit>) -> (FakeShared, FakeProxy, Limiter) {
    let (shared, host, limiter) = worker(SECOND);
    let hourly = Limit::new(10.try_into().unwrap(), 3600 * SECOND, 10.try_into().unwrap()).unwrap();
    let before = Ask {
        floor: floor.map(|_| hourly),
        ..ask("a", b"k", hourly)
    };
    assert_eq!(passed(&limiter, &host, &[before], 20), 10);
    shared.advance(SECOND);
    (shared, host, limiter)
}

#[test]
fn a_limit_that_is_relaxed_holds_from_the_next_request_on() {
    for floor in [None, Some(limit(10, 3))] {
        let (shared, host, limiter) = emptied_by_the_hour(floor);
        let after = [Ask {
            floor,
            ..ask("a", b"k", limit(10, 3))
        }];
        let refused = limiter.decide(&host, &after).unwrap().verdicts[0];
        assert_eq!((refused.allowed, refused.wait), (false, SECOND / 10));
        assert_eq!(
            passed(&limiter, &host, &after, 5),
            0,
            "a relaxed limit is no gift"
        );
        shared.advance(SECOND / 10);
        assert_eq!(
            passed(&limiter, &host, &after, 5),
            1,
            "the wait it told was true: {floor:?}"
        );
        shared.advance(SECOND);
        assert_eq!(passed(&limiter, &host, &after, 5), 3);
    }
}

#[test]
fn a_limit_that_is_relaxed_holds_for_buckets_that_were_spilled_too() {
    let (shared, host, limiter) = emptied_by_the_hour(None);
    let crowd = |key: u32| {
        let key = key.to_le_bytes();
        assert!(allowed(&limiter, &host, &[ask("crowd", &key, limit(1, 99))]));
    };
    (0..HOT as u32 + 9).for_each(crowd);
    let after = [ask("a", b"k", limit(10, 3))];
    assert!(!allowed(&limiter, &host, &after));
    (0..HOT as u32 + 9).for_each(crowd);
    shared.advance(SECOND / 10);
    assert_eq!(passed(&limiter, &host, &after, 5), 1);
}

#[test]
fn a_shadow_rule_that_is_relaxed_counts_right_from_the_next_request_on() {
    let (shared, host, limiter) = emptied_by_the_hour(None);
    let shadow = Ask {
        enforced: false,
        ..ask("a", b"k", limit(10, 3))
    };
    assert!(allowed(&limiter, &host, &[shadow]));
    shared.advance(SECOND / 10);
    let verdict = limiter.decide(&host, &[shadow]).unwrap().verdicts[0];
    assert!(verdict.allowed);
}

#[test]
fn leases_of_a_limit_that_is_relaxed_make_room_for_those_of_the_new_one() {
    let (_, host, limiter) = worker(SECOND);
    let key = fingerprint(b"k");
    let grant = |tokens, expiry| {
        let lease = Lease::new(tokens, expiry);
        let grants = [Grant {
            rule: "a",
            key,
            lease,
        }];
        limiter.grant(&host, &grants).unwrap();
    };
    let crowd = |key: u32| {
        let key = key.to_le_bytes();
        assert!(allowed(&limiter, &host, &[ask("crowd", &key, limit(1, 99))]));
    };
    grant(0, 3600 * SECOND);
    grant(0, 7200 * SECOND);
    let asks = [Ask {
        floor: Some(limit(1, 1)),
        ..ask("a", &key, limit(10, 10))
    }];
    assert_eq!(passed(&limiter, &host, &asks, 5), 0);
    // The old ones are in the pages by then.
    (0..HOT as u32 + 9).for_each(crowd);
    grant(2, 3 * SECOND);
    grant(3, 4 * SECOND);
    (0..HOT as u32 + 9).for_each(crowd);
    assert_eq!(passed(&limiter, &host, &asks, 9), 5);
}

#[test]
fn another_plugin_has_its_own_buckets() {
    let (_, host, one) = worker(SECOND);
    assert_eq!(passed(&one, &host, &[ask("a", b"k", limit(1, 3))], 5), 3);
    assert!(allowed(
        &Limiter::new("ns.other", 1024),
        &host,
        &[ask("a", b"k", limit(1, 3))]
    ));
}

#[test]
fn what_somebody_else_wrote_there_is_replaced() {
    let (_, host, limiter) = worker(SECOND);
    let _ = host
        .store(b"holdfast.rate-limit/ns.limit/", b"garbage", Expected::Any)
        .unwrap();
    assert_eq!(passed(&limiter, &host, &[ask("a", b"k", limit(1, 3))], 5), 3);
}

#[test]
fn a_proxy_that_cannot_store_is_an_error_and_not_a_token() {
    let (_, host, limiter) = worker(SECOND);
    host.fail_stores(Some(HostError::Internal));
    assert_eq!(
        limiter.decide(&host, &[ask("a", b"k", limit(1, 3))]),
        Err(Error::Host(HostError::Internal))
    );
}

#[test]
fn one_rule_costs_three_host_calls() {
    let (_, host, limiter) = worker(SECOND);
    let asks = [
        ask("a", b"k", limit(10, 10)),
        ask("b", b"l", limit(10, 10)),
        ask("c", b"m", limit(10, 10)),
    ];
    let cost = |asks: &[Ask<'_>]| {
        assert!(allowed(&limiter, &host, asks));
        let before = host.calls();
        assert!(allowed(&limiter, &host, asks));
        host.calls() - before
    };
    assert_eq!(cost(&asks[..1]), 3, "clock, read, swap");
    assert_eq!(cost(&asks), 3, "and no more for three rules");
}

#[test]
fn a_million_keys_take_bounded_memory_and_their_losses_are_counted() {
    let (shared, host, limiter) = worker(SECOND);
    let hourly = Limit::new(10.try_into().unwrap(), 3600 * SECOND, 10.try_into().unwrap()).unwrap();
    let mut evicted = 0;
    for key in 0..1_000_000u32 {
        evicted += limiter
            .decide(&host, &[ask("a", &key.to_le_bytes(), hourly)])
            .unwrap()
            .evicted;
    }
    let (keys, bytes) = shared.size();
    assert!(keys <= 1024 / PAGE + 1, "{keys} keys");
    assert!(bytes <= (1024 + HOT) * 16 + 32 + keys * 40, "{bytes} bytes");
    assert_eq!(
        evicted as usize,
        1_000_000 - 1024 - HOT,
        "every bucket that had to go, and no other"
    );
}

#[test]
fn short_lived_buckets_are_never_lost_however_many_they_are() {
    let (shared, host, limiter) = worker(SECOND);
    for key in 0..100_000u32 {
        shared.advance(SECOND / 1000);
        let decision = limiter
            .decide(&host, &[ask("a", &key.to_le_bytes(), limit(2, 2))])
            .unwrap();
        assert_eq!((decision.allowed, decision.evicted), (true, 0));
    }
}

#[test]
fn workers_together_allow_exactly_the_burst() {
    const WORKERS: usize = 8;
    let shared = FakeShared::default();
    shared.set_time(SECOND);
    let shadow = Ask {
        enforced: false,
        ..ask("shadow", b"k", limit(1, 5))
    };
    let asks = [
        ask("per-key", b"k", limit(1, 10_000)),
        ask("all", b"", limit(1, 20_000)),
        shadow,
    ];
    let start = Barrier::new(WORKERS);
    let total: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..WORKERS)
            .map(|_| {
                let host_of = shared.clone();
                let start = &start;
                scope.spawn(move || {
                    start.wait();
                    let (host, limiter) = (FakeProxy::new(&host_of), Limiter::new("p", 1024));
                    (0..4000)
                        .filter(|_| limiter.decide(&host, &asks).is_ok_and(|d| d.allowed))
                        .count()
                })
            })
            .collect();
        threads.into_iter().map(|t| t.join().unwrap()).sum()
    });
    assert_eq!(total, 10_000);
}

#[test]
fn workers_together_use_each_leased_token_once_while_more_are_leased() {
    const WORKERS: usize = 4;
    const LEASES: u32 = 30;
    let shared = FakeShared::default();
    shared.set_time(SECOND);
    let (start, leasing) = (Barrier::new(WORKERS + 1), AtomicBool::new(true));
    let key = fingerprint(b"k");
    let asks = [Ask {
        floor: Some(limit(1, 1)),
        ..ask("per-key", &key, limit(1, 1))
    }];
    let used: usize = std::thread::scope(|scope| {
        let worker = || {
            let (host, limiter) = (FakeProxy::new(&shared), Limiter::new("p", 64));
            start.wait();
            let mut used = 0;
            loop {
                let last = !leasing.load(Ordering::SeqCst);
                let Ok(decision) = limiter.decide(&host, &asks) else {
                    continue;
                };
                let verdict = decision.verdicts[0];
                if verdict.allowed && verdict.source == Source::Lease {
                    used += 1;
                } else if last {
                    return used;
                } else {
                    std::thread::yield_now();
                }
            }
        };
        let threads: Vec<_> = (0..WORKERS).map(|_| scope.spawn(worker)).collect();
        let (host, limiter) = (FakeProxy::new(&shared), Limiter::new("p", 64));
        start.wait();
        for lease in 0..u64::from(LEASES) {
            // Each ends later than the one before, and replaces it only when two more have come.
            let lease = Lease::new(50, 100 * SECOND + lease * SECOND);
            let grant = Grant {
                rule: "per-key",
                key,
                lease,
            };
            while limiter.stocks(&host, &[("per-key", key)], SECOND).unwrap()[0] > 0 {
                std::thread::yield_now();
            }
            limiter.grant(&host, &[grant]).unwrap();
        }
        leasing.store(false, Ordering::SeqCst);
        threads.into_iter().map(|t| t.join().unwrap()).sum()
    });
    assert_eq!(used, 50 * LEASES as usize, "every token, and none twice");
}

/// A host that lets another worker decide between two calls of this one: the races of real threads, chosen.
struct Interrupted<'a> {
    host: &'a FakeProxy,
    others: &'a dyn Fn(),
    /// Before which calls others come in.
    when: RefCell<Vec<bool>>,
    inside: Cell<bool>,
}

impl Interrupted<'_> {
    fn pause(&self) {
        let due = self.when.borrow_mut().pop().unwrap_or(false);
        if due && !self.inside.replace(true) {
            (self.others)();
            self.inside.set(false);
        }
    }
}

impl Host for Interrupted<'_> {
    fn monotonic(&self) -> HostResult<u64> {
        self.pause();
        self.host.monotonic()
    }
    fn unix_time(&self) -> HostResult<u64> {
        self.host.unix_time()
    }
    fn random(&self) -> HostResult<[u8; 16]> {
        self.host.random()
    }
    fn shared(&self, key: &[u8]) -> HostResult<Option<Shared>> {
        self.pause();
        self.host.shared(key)
    }
    fn store(&self, key: &[u8], value: &[u8], expected: Expected) -> HostResult<Swap> {
        self.pause();
        self.host.store(key, value, expected)
    }
    fn define_counter(&self, name: &str) -> HostResult<Counter> {
        self.host.define_counter(name)
    }
    fn define_gauge(&self, name: &str) -> HostResult<Gauge> {
        self.host.define_gauge(name)
    }
    fn add(&self, counter: Counter, n: u32) -> HostResult<()> {
        self.host.add(counter, n)
    }
    fn record(&self, gauge: Gauge, value: u64) -> HostResult<()> {
        self.host.record(gauge, value)
    }
    fn log(&self, level: Level, message: &str) {
        self.host.log(level, message);
    }
}

/// What a limiter with endless memory and no other workers would do.
#[derive(Default)]
struct Model {
    now: u64,
    tats: HashMap<(String, Vec<u8>), u64>,
}

impl Model {
    fn decide(&mut self, clock: u64, asks: &[Ask<'_>]) -> (bool, Vec<Verdict>, u64) {
        let now = self.now.max(clock);
        let key = |ask: &Ask<'_>| (ask.rule.to_owned(), ask.key.to_vec());
        let verdicts: Vec<_> = asks
            .iter()
            .map(|a| a.limit.check(*self.tats.get(&key(a)).unwrap_or(&0), now))
            .collect();
        let allowed = asks.iter().zip(&verdicts).all(|(a, v)| v.allowed || !a.enforced);
        let kept: Vec<_> = asks
            .iter()
            .zip(&verdicts)
            .filter(|(_, v)| v.lowered || allowed && v.allowed)
            .map(|(a, v)| (key(a), v.tat))
            .collect();
        // A refusal leaves no trace, not even of its time, unless a limit was relaxed.
        if allowed || !kept.is_empty() {
            self.now = now;
        }
        self.tats.extend(kept);
        (allowed, verdicts, now)
    }
}

const RULES: [&str; 3] = ["a", "b", "c"];

#[derive(Debug, Clone)]
struct Step {
    clock: u64,
    keys: [u8; 3],
    rules: u8,
    /// Which configuration is in use.
    config: u8,
}

fn step(keys: u8, configs: u8) -> impl Strategy<Value = Step> {
    let parts = (1..20 * SECOND, prop::array::uniform3(0..keys), 1..8u8, 0..configs);
    parts.prop_map(|(clock, keys, rules, config)| Step {
        clock,
        keys,
        rules,
        config,
    })
}

/// Of the rules, under each configuration: some are relaxed by it and some are tightened.
fn limits(config: u8) -> [Limit; 3] {
    let hourly = Limit::new(9.try_into().unwrap(), 3600 * SECOND, 9.try_into().unwrap()).unwrap();
    match config {
        0 => [limit(5, 10), limit(1, 4), limit(40, 2)],
        1 => [hourly, limit(30, 3), hourly],
        _ => [limit(1, 1), hourly, limit(2, 30)],
    }
}

/// The rules of a step; each has its own key, limit and mode.
fn asks(step: &Step) -> Vec<Ask<'_>> {
    RULES
        .iter()
        .zip(&step.keys)
        .zip(limits(step.config))
        .enumerate()
        .filter(|(place, _)| step.rules >> place & 1 == 1)
        .map(|(place, ((rule, key), limit))| Ask {
            rule,
            key: std::slice::from_ref(key),
            limit,
            floor: None,
            enforced: place != 1,
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn the_table_does_what_a_map_would_do_as_long_as_nothing_is_evicted(
        steps in prop::collection::vec(step(200, 3), 1..400), slots in prop_oneof![Just(1u32), Just(64), Just(4096)],
    ) {
        let shared = FakeShared::default();
        let (host, limiter, mut model) = (FakeProxy::new(&shared), Limiter::new("p", slots), Model::default());
        for step in &steps {
            shared.set_time(step.clock);
            let asks = asks(step);
            let decision = limiter.decide(&host, &asks).unwrap();
            let (allowed, verdicts, now) = model.decide(step.clock, &asks);
            if decision.evicted > 0 {
                break;
            }
            prop_assert_eq!((decision.allowed, decision.now), (allowed, now));
            prop_assert_eq!(decision.verdicts, verdicts);
        }
        prop_assert!(shared.size().0 <= slots as usize / PAGE + 2);
    }

    #[test]
    fn whoever_comes_in_between_the_decisions_are_those_of_some_order(
        // Few keys meet in the hot set; many spill, and meet in the pages.
        steps in prop_oneof![prop::collection::vec(step(3, 1), 1..60), prop::collection::vec(step(40, 1), 80..200)],
        when in prop::collection::vec(prop::bool::weighted(0.4), 0..1000),
    ) {
        // The clock stands still, so whatever the order, a bucket can give no more than its burst.
        let shared = FakeShared::default();
        shared.set_time(SECOND);
        let (host, other_host, limiter) = (FakeProxy::new(&shared), FakeProxy::new(&shared), Limiter::new("p", 128));
        let evicted = Cell::new(0);
        let taken: RefCell<HashMap<(String, Vec<u8>), u64>> = RefCell::default();
        let tally = |asks: &[Ask<'_>], decision: &Decision| {
            let given = asks.iter().zip(&decision.verdicts).filter(|(_, v)| decision.allowed && v.allowed);
            evicted.set(evicted.get() + decision.evicted);
            for (ask, _) in given {
                *taken.borrow_mut().entry((ask.rule.to_owned(), ask.key.to_vec())).or_default() += 1;
            }
        };
        let next = Cell::new(0);
        let others = || {
            let step = &steps[next.replace((next.get() + 1) % steps.len())];
            let asks = asks(step);
            tally(&asks, &limiter.decide(&other_host, &asks).unwrap());
        };
        let interrupted = Interrupted { host: &host, others: &others, when: RefCell::new(when), inside: Cell::new(false) };
        for step in &steps {
            let asks = asks(step);
            match limiter.decide(&interrupted, &asks) {
                Ok(decision) => tally(&asks, &decision),
                Err(error) => prop_assert_eq!(error, Error::Contended),
            }
        }
        prop_assume!(evicted.get() == 0);
        let bursts = HashMap::from([("a", 10), ("b", 4), ("c", 2)]);
        for ((rule, key), given) in taken.borrow().iter() {
            prop_assert!(*given <= bursts[rule.as_str()], "{rule} {key:?} gave {given}");
            // And no token was lost: what is left is what was not given.
            let rest = ask(rule, key, match rule.as_str() { "a" => limit(5, 10), "b" => limit(1, 4), _ => limit(40, 2) });
            let left = passed(&limiter, &host, &[rest], 20) as u64;
            prop_assert_eq!(left, bursts[rule.as_str()] - given);
        }
    }
}
