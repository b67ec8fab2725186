use std::collections::VecDeque;

use holdfast_filter_abi::Error as HostError;
use holdfast_filter_abi::fake::{Called, FakeProxy, FakeShared};
use proptest::prelude::*;

use super::super::wire::{KeyLease, RuleLeases};
use super::*;
use crate::config;
use crate::gcra::{self, Verdict};
use crate::lease::demand::fingerprint;

const SECOND: u64 = 1_000_000_000;
const MILLISECOND: u64 = 1_000_000;
const TICK: u64 = 200 * MILLISECOND;
const LEASE: u64 = 2 * SECOND;
const BURST: u64 = 40;
const RATE: u64 = 20;
const FLOOR_BURST: u64 = 3;
const FLOOR_RATE: u64 = 2;

const CONFIG: &str = r#"{"quota": {"cluster": "quota", "domain": "d"}, "rules": [
    {"name": "per-key", "key": [{"header": "x-key"}], "scope": "cluster",
     "limit": {"requests": 20, "per": "1s", "burst": 40}, "floor": {"requests": 2, "per": "1s", "burst": 3}},
    {"name": "own", "limit": {"requests": 1000, "per": "1s"}}]}"#;

/// The quota service without its network and its store.
#[derive(Default)]
struct Service(HashMap<Vec<u8>, u64>);

impl Service {
    fn lease(&mut self, now: u64, message: &[u8]) -> Vec<u8> {
        let request = LeaseRequest::decode(message).unwrap();
        let rules = request.rules.into_iter().map(|rule| {
            let limit = rule.limit.unwrap();
            let limit = gcra::Limit::new(
                limit.requests.try_into().unwrap(),
                limit.per_milliseconds * MILLISECOND,
                limit.burst.try_into().unwrap(),
            )
            .unwrap();
            let mut keys = Vec::new();
            for demand in rule.keys {
                let tat = self.0.entry(demand.key.clone()).or_default();
                let handout = limit.hand_out(*tat, now, demand.wanted, demand.spent);
                *tat = handout.tat;
                if demand.wanted > 0 {
                    keys.push(KeyLease {
                        key: demand.key,
                        tokens: handout.tokens,
                    });
                }
            }
            RuleLeases {
                rule: rule.rule,
                lease_milliseconds: LEASE / MILLISECOND,
                keys,
            }
        });
        LeaseResponse {
            rules: rules.collect(),
        }
        .encode_to_vec()
    }
}

struct Worker {
    host: FakeProxy,
    broker: Broker,
    limiter: Limiter,
}

struct Proxy {
    shared: FakeShared,
    workers: Vec<Worker>,
    /// Calls under way, with the worker that began them.
    calls: VecDeque<(usize, Called)>,
}

/// How a call ends.
#[derive(Debug, Clone, Copy)]
enum End {
    Answered,
    /// The service has given its tokens, but nobody hears of it.
    AnswerLost,
    NeverArrived,
}

struct Cluster {
    now: u64,
    rules: Vec<Rule>,
    proxies: Vec<Proxy>,
    service: Service,
    /// Per key, when requests passed.
    passed: HashMap<u8, Vec<u64>>,
}

impl Cluster {
    fn new(proxies: usize, workers: usize) -> Self {
        let config = config::parse("p", CONFIG.as_bytes()).unwrap();
        let quota = config.quota.unwrap();
        let proxy = |_| {
            let shared = FakeShared::default();
            let worker = |_| Worker {
                host: FakeProxy::new(&shared),
                broker: Broker::new("p", quota.clone()),
                limiter: Limiter::new("p", 4096),
            };
            Proxy {
                workers: (0..workers).map(worker).collect(),
                calls: VecDeque::new(),
                shared: shared.clone(),
            }
        };
        let proxies = (0..proxies).map(proxy).collect();
        let mut cluster = Self {
            now: 0,
            rules: config.rules,
            proxies,
            service: Service::default(),
            passed: HashMap::new(),
        };
        cluster.advance(1000 * SECOND);
        cluster
    }

    fn advance(&mut self, by: u64) {
        self.now += by;
        for (i, proxy) in self.proxies.iter().enumerate() {
            // No two processes count from the same start.
            proxy.shared.set_time(self.now + i as u64 * 77_777 * SECOND);
        }
    }

    fn request(&mut self, proxy: usize, worker: usize, key: u8) -> Verdict {
        let Worker {
            host,
            broker,
            limiter,
        } = &self.proxies[proxy].workers[worker];
        let (fingerprint, empty) = (fingerprint(&[key]), &b""[..]);
        let asked = [(&self.rules[0], &fingerprint[..]), (&self.rules[1], empty)];
        let asks: Vec<_> = asked.iter().map(|(rule, key)| rule.ask(key)).collect();
        let decision = limiter.decide(host, &asks).unwrap();
        assert_eq!(decision.evicted, 0);
        broker.note(asked.into_iter(), &decision);
        if decision.allowed {
            self.passed.entry(key).or_default().push(self.now);
        }
        decision.verdicts[0]
    }

    fn tick(&mut self, proxy: usize, worker: usize) -> Ticked {
        let Proxy { workers, calls, .. } = &mut self.proxies[proxy];
        let Worker {
            host,
            broker,
            limiter,
        } = &workers[worker];
        let ticked = broker.tick(host, limiter, &self.rules).unwrap();
        calls.extend(host.take_calls().into_iter().map(|call| (worker, call)));
        ticked
    }

    fn end(&mut self, proxy: usize, end: End) -> Answered {
        let Proxy { workers, calls, .. } = &mut self.proxies[proxy];
        let Some((worker, call)) = calls.pop_front() else {
            return Answered::default();
        };
        let reply = match end {
            End::NeverArrived => Err(GrpcStatus(14)),
            End::Answered => Ok(self.service.lease(self.now, &call.message)),
            End::AnswerLost => {
                self.service.lease(self.now, &call.message);
                Err(GrpcStatus(4))
            }
        };
        let Worker {
            host,
            broker,
            limiter,
        } = &workers[worker];
        broker.reply(host, limiter, &self.rules, call.id, reply).unwrap()
    }

    /// Every proxy asks and is answered at once.
    fn tick_all(&mut self, end: End) {
        for proxy in 0..self.proxies.len() {
            for worker in 0..self.proxies[proxy].workers.len() {
                self.tick(proxy, worker);
            }
            self.end(proxy, end);
        }
    }

    /// What README promises: in no window of any length more than
    /// burst + rate × (length + lease) + proxies × (floor's burst + floor's rate × length).
    fn assert_bounded(&self) {
        let proxies = self.proxies.len() as u64;
        for (key, passed) in &self.passed {
            for (i, start) in passed.iter().enumerate() {
                for (j, end) in passed.iter().enumerate().skip(i) {
                    let length = end - start;
                    let most = BURST
                        + RATE * (length + LEASE) / SECOND
                        + proxies * (FLOOR_BURST + FLOOR_RATE * length / SECOND + 1);
                    let count = (j - i + 1) as u64;
                    assert!(count <= most, "key {key}: {count} of {most} in {length} ns");
                }
            }
        }
    }
}

/// Requests per tick and proxy, evenly; how many passed.
fn load(cluster: &mut Cluster, ticks: u32, requests: u32, end: End) -> u64 {
    let mut passed = 0;
    for _ in 0..ticks {
        for _ in 0..requests {
            cluster.advance(TICK / u64::from(requests));
            for proxy in 0..cluster.proxies.len() {
                let worker = passed as usize % cluster.proxies[proxy].workers.len();
                passed += u64::from(cluster.request(proxy, worker, 7).allowed);
            }
        }
        cluster.tick_all(end);
    }
    passed
}

#[test]
fn proxies_under_full_load_together_use_nearly_all_of_the_limit_and_no_more() {
    let mut cluster = Cluster::new(3, 2);
    let passed = load(&mut cluster, 100, 20, End::Answered);
    let limit = BURST + RATE * 100 * TICK / SECOND;
    assert!(
        passed >= limit * 95 / 100 && passed <= limit + 3 * FLOOR_BURST,
        "{passed} of {limit}"
    );
    cluster.assert_bounded();
}

#[test]
fn one_proxy_alone_may_use_the_whole_limit() {
    let mut cluster = Cluster::new(3, 1);
    let (mut passed, ticks) = (0, 50);
    for _ in 0..ticks {
        for _ in 0..40 {
            cluster.advance(TICK / 40);
            passed += u64::from(cluster.request(1, 0, 7).allowed);
        }
        cluster.tick_all(End::Answered);
    }
    let limit = BURST + RATE * ticks * TICK / SECOND;
    assert!(passed >= limit * 95 / 100, "{passed} of {limit}");
}

#[test]
fn demand_below_the_limit_is_met() {
    let mut cluster = Cluster::new(3, 1);
    // 3 × 5 a second of 20, an uneven one: none, two, none, two.
    let mut refused = 0;
    for tick in 0..200 {
        for proxy in 0..3 {
            let requests = if tick % 2 == 0 { 2 } else { 0 };
            refused += (0..requests)
                .filter(|_| !cluster.request(proxy, 0, 7).allowed)
                .count();
        }
        cluster.advance(TICK);
        cluster.tick_all(End::Answered);
    }
    assert!(refused <= 10, "{refused} of 600");
}

#[test]
fn while_the_service_is_away_each_proxy_has_its_floor_and_leases_resume_after() {
    let mut cluster = Cluster::new(2, 2);
    load(&mut cluster, 20, 10, End::Answered);
    // The last answers still hold.
    cluster.advance(LEASE);
    let away = load(&mut cluster, 50, 10, End::NeverArrived);
    let floors = 2 * (FLOOR_BURST + FLOOR_RATE * 50 * TICK / SECOND);
    assert!(
        away >= floors * 9 / 10 && away <= floors + 2,
        "{away} of {floors}"
    );
    let back = load(&mut cluster, 50, 10, End::Answered);
    assert!(back >= RATE * 50 * TICK / SECOND, "{back}");
    cluster.assert_bounded();
}

#[test]
fn what_the_floor_gave_is_told_and_an_answer_makes_an_end_of_it() {
    let mut cluster = Cluster::new(1, 1);
    let sources: Vec<_> = (0..5)
        .map(|_| cluster.request(0, 0, 7))
        .map(|v| (v.source, v.allowed))
        .collect();
    assert_eq!(sources[2..4], [(Source::Floor, true), (Source::Floor, false)]);
    cluster.tick(0, 0);
    let request = LeaseRequest::decode(&*cluster.proxies[0].calls[0].1.message).unwrap();
    let key = KeyDemand {
        key: fingerprint(&[7]).to_vec(),
        wanted: 7,
        spent: 3,
    };
    assert_eq!(
        (request.domain.as_str(), &request.rules[0].keys),
        ("d", &vec![key])
    );
    assert_eq!(
        request.rules[0].limit,
        Some(Limit {
            requests: 20,
            per_milliseconds: 1000,
            burst: 40
        })
    );
    assert_eq!(cluster.end(0, End::Answered).leased, [(0, 7)]);
    assert_eq!(cluster.request(0, 0, 7).source, Source::Lease);
}

#[test]
fn what_is_leased_and_kept_for_later_is_worth_one_lease_time_and_no_more() {
    let mut cluster = Cluster::new(3, 1);
    for proxy in 0..3 {
        // Enough to want all that the bucket holds, which is full again when the next proxy asks.
        for _ in 0..40 {
            cluster.request(proxy, 0, 7);
        }
        cluster.tick(proxy, 0);
        assert!(cluster.end(proxy, End::Answered).leased[0].1 > 30);
        cluster.advance(LEASE - TICK / 10);
    }
    let from_lease = |verdict: Verdict| verdict.allowed && verdict.source == Source::Lease;
    let mut used = |proxy| {
        (0..100)
            .filter(|_| from_lease(cluster.request(proxy, 0, 7)))
            .count()
    };
    assert_eq!(
        (used(0), used(2) > 30),
        (0, true),
        "the first is over, the last is not"
    );
    used(1);
    cluster.assert_bounded();
}

#[test]
fn only_one_worker_of_a_proxy_asks_for_all_of_them() {
    let mut cluster = Cluster::new(1, 4);
    for worker in 0..4 {
        cluster.request(0, worker, worker as u8);
    }
    for worker in (0..4).cycle().take(8) {
        cluster.advance(TICK / 8);
        cluster.tick(0, worker);
    }
    let calls = std::mem::take(&mut cluster.proxies[0].calls);
    let keys: Vec<usize> = calls
        .iter()
        .map(|(_, call)| LeaseRequest::decode(&*call.message).unwrap().rules[0].keys.len())
        .collect();
    assert_eq!(keys, [1, 3], "the first at once, the others a tick later");
}

#[test]
fn a_request_that_another_limit_refused_wants_nothing() {
    let mut cluster = Cluster::new(1, 1);
    for key in 0..100 {
        cluster.request(0, 0, key);
    }
    // The other rule allows a thousand a second.
    for _ in 0..1500 {
        cluster.request(0, 0, 200);
    }
    cluster.tick(0, 0);
    let request = LeaseRequest::decode(&*cluster.proxies[0].calls[0].1.message).unwrap();
    let wanted: u32 = request.rules[0].keys.iter().map(|key| key.wanted).sum();
    assert!(wanted <= 100 + 1500 * 3 / 2, "{wanted}");
}

#[test]
fn a_cluster_that_the_proxy_does_not_know_is_told_and_the_floor_holds() {
    let mut cluster = Cluster::new(1, 1);
    cluster.proxies[0].workers[0]
        .host
        .fail_calls(Some(HostError::BadArgument));
    cluster.request(0, 0, 7);
    assert_eq!(cluster.tick(0, 0).failed, [0]);
    assert_eq!(cluster.request(0, 0, 7).source, Source::Floor);
}

#[test]
fn an_answer_that_is_none_is_a_failure() {
    let mut cluster = Cluster::new(1, 1);
    for garbage in [&b"\xff\xff"[..], b""] {
        cluster.request(0, 0, 7);
        cluster.advance(TICK);
        cluster.tick(0, 0);
        let (_, call) = cluster.proxies[0].calls.pop_front().unwrap();
        let Worker {
            host,
            broker,
            limiter,
        } = &cluster.proxies[0].workers[0];
        let answered = broker
            .reply(host, limiter, &cluster.rules, call.id, Ok(garbage.to_vec()))
            .unwrap();
        assert_eq!(answered.failed, [0], "{garbage:?}");
    }
}

#[derive(Debug, Clone)]
enum Step {
    /// So many at once.
    Requests(usize, usize, u8, u8),
    Tick(usize, usize),
    End(usize, End),
}

fn step() -> impl Strategy<Value = (u64, Step)> {
    let end = prop_oneof![4 => Just(End::Answered), 1 => Just(End::AnswerLost), 2 => Just(End::NeverArrived)];
    let step = prop_oneof![
        6 => (0..3usize, 0..2usize, 0..2u8, 1..60u8).prop_map(|(proxy, worker, key, count)| Step::Requests(proxy, worker, key, count)),
        2 => (0..3usize, 0..2usize).prop_map(|(proxy, worker)| Step::Tick(proxy, worker)),
        2 => (0..3usize, end).prop_map(|(proxy, end)| Step::End(proxy, end)),
    ];
    // Long enough now and then for a bucket to fill, and for a lease to end.
    (prop_oneof![9 => 0..80 * MILLISECOND, 1 => 0..3 * SECOND], step)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn whatever_is_lost_or_late_no_window_holds_more_than_promised(steps in prop::collection::vec(step(), 1..600)) {
        let mut cluster = Cluster::new(3, 2);
        for (gap, step) in steps {
            cluster.advance(gap);
            match step {
                Step::Requests(proxy, worker, key, count) => for _ in 0..count {
                    cluster.request(proxy, worker, key);
                },
                Step::Tick(proxy, worker) => { cluster.tick(proxy, worker); }
                Step::End(proxy, end) => { cluster.end(proxy, end); }
            }
        }
        cluster.assert_bounded();
    }

    #[test]
    fn any_answer_is_taken_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..80), tokens: u32, lease: u64) {
        let mut cluster = Cluster::new(1, 1);
        let rules = vec![RuleLeases { rule: "per-key".into(), lease_milliseconds: lease, keys: vec![
            KeyLease { key: fingerprint(&[7]).to_vec(), tokens }, KeyLease { key: bytes.clone(), tokens }] }];
        for reply in [bytes, LeaseResponse { rules }.encode_to_vec()] {
            cluster.request(0, 0, 7);
            cluster.advance(TICK);
            cluster.tick(0, 0);
            if let Some((_, call)) = cluster.proxies[0].calls.pop_front() {
                let Worker { host, broker, limiter } = &cluster.proxies[0].workers[0];
                prop_assert!(broker.reply(host, limiter, &cluster.rules, call.id, Ok(reply)).is_ok());
            }
        }
    }
}
