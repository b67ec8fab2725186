//! The whole filter on the fake proxy: what a client sees and what an operator reads.
// A panic here is a failed assertion, in helpers too.
#![allow(clippy::unwrap_used, clippy::panic)]

use holdfast_filter_abi::fake::{FakeProxy, FakeShared};
use holdfast_filter_abi::{
    Action, Error, Exchange, Filter, GrpcStatus, HeaderMap, Host, Level, Plugin, Registry,
};
use holdfast_filter_rate_limit::RateLimit;
use holdfast_rate_limit_core::lease::wire;
use prost::Message;

const SECOND: u64 = 1_000_000_000;

const CONFIG: &str = r#"{"rules": [
    {"name": "per-key", "key": [{"header": "x-api-key"}], "limit": {"requests": 2, "per": "1s"}},
    {"name": "trial", "limit": {"requests": 1, "per": "1h"}, "mode": "shadow"}
]}"#;

struct Worker {
    registry: Registry<RateLimit>,
    shared: FakeShared,
    proxy: FakeProxy,
}

fn worker(config: &str) -> Worker {
    let shared = FakeShared::default();
    shared.set_time(SECOND);
    worker_on(&shared, config)
}

fn worker_on(shared: &FakeShared, config: &str) -> Worker {
    let (registry, proxy) = (Registry::default(), FakeProxy::new(shared));
    registry.configure(1, &proxy, plugin(config)).unwrap();
    let shared = shared.clone();
    Worker {
        registry,
        shared,
        proxy,
    }
}

fn plugin(config: &str) -> Plugin<'_> {
    Plugin {
        name: "ns.rate-limit",
        config: config.as_bytes(),
    }
}

impl Worker {
    /// One exchange: the action on the request and the `ratelimit` of the response.
    fn exchange<V: AsRef<[u8]>>(&self, headers: &[(&str, V)]) -> (Action, Option<String>) {
        self.registry.create(2, 1);
        self.proxy.give_headers(HeaderMap::Request, headers);
        let action = self
            .registry
            .on(2, |f, s| f.on_request_headers(s, &self.proxy, true));
        self.proxy
            .give_headers(HeaderMap::Response, &[(":status", "200")]);
        let on = self
            .registry
            .on(2, |f, s| f.on_response_headers(s, &self.proxy, true));
        assert_eq!(on, Action::Continue);
        self.registry.delete(2);
        let field = self.proxy.header(HeaderMap::Response, "ratelimit").unwrap();
        (action, field.map(|f| String::from_utf8(f).unwrap()))
    }
}

#[test]
fn an_allowed_response_tells_what_is_left_and_hides_the_shadow() {
    let worker = worker(CONFIG);
    let answer = worker.exchange(&[("x-api-key", "k")]);
    assert_eq!(
        answer,
        (Action::Continue, Some(r#""per-key";r=1;t=1"#.to_owned()))
    );
}

#[test]
fn a_refusal_is_a_problem_that_tells_when_to_come_back() {
    let worker = worker(CONFIG);
    let headers = [
        ("x-api-key", "k"),
        (
            "traceparent",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ),
    ];
    let actions: Vec<_> = (0..3).map(|_| worker.exchange(&headers)).collect();
    assert_eq!(actions[2], (Action::Pause, None));
    let replies = worker.proxy.replies();
    let [reply] = &replies[..] else {
        panic!("one reply, not {replies:?}")
    };
    assert_eq!(
        (reply.status, reply.grpc_status, reply.details.as_str()),
        (429, Some(8), "rate_limited{per-key}")
    );
    assert_eq!(reply.header("content-type").unwrap(), "application/problem+json");
    assert_eq!(reply.header("ratelimit-policy").unwrap(), r#""per-key";q=2;w=1"#);
    assert_eq!(reply.header("ratelimit").unwrap(), r#""per-key";r=0;t=1"#);
    assert_eq!(reply.header("retry-after").unwrap(), "1");
    let body = String::from_utf8(reply.body.clone()).unwrap();
    assert!(body.contains(r#""violated-policies":["per-key"]"#), "{body}");
    assert!(
        body.contains(r#""trace_id":"0af7651916cd43dd8448eb211c80319c""#),
        "{body}"
    );
}

#[test]
fn a_grpc_caller_gets_a_sentence_and_not_a_document() {
    let worker = worker(CONFIG);
    for _ in 0..3 {
        worker.exchange(&[("x-api-key", "k"), ("content-type", "application/grpc+proto")]);
    }
    assert_eq!(
        worker.proxy.replies()[0].body,
        b"The limit per-key is reached. Try again in 1 s."
    );
}

#[test]
fn each_rule_counts_for_itself() {
    let worker = worker(CONFIG);
    for _ in 0..5 {
        worker.exchange(&[("x-api-key", "k")]);
    }
    let metric = |name| worker.proxy.metric(name);
    assert_eq!(metric("rate_limit.rules"), 2);
    assert_eq!(
        (
            metric("rate_limit.rule.per-key.allowed"),
            metric("rate_limit.rule.per-key.denied")
        ),
        (2, 3)
    );
    assert_eq!(
        (
            metric("rate_limit.rule.trial.allowed"),
            metric("rate_limit.rule.trial.shadow_denied")
        ),
        (1, 4)
    );
    let lines = worker.proxy.logs();
    assert_eq!(
        lines,
        [(Level::Info, "shadow rule trial would refuse a request".to_owned())],
        "one per second"
    );
}

#[test]
fn workers_share_their_buckets() {
    let shared = FakeShared::default();
    shared.set_time(SECOND);
    let workers = [worker_on(&shared, CONFIG), worker_on(&shared, CONFIG)];
    let allowed = |worker: &Worker| worker.exchange(&[("x-api-key", "k")]).0 == Action::Continue;
    assert_eq!(workers.iter().cycle().take(6).filter(|w| allowed(w)).count(), 2);
}

#[test]
fn a_refused_configuration_names_its_field_and_leaves_the_one_before() {
    let worker = worker(CONFIG);
    let bad = CONFIG.replace("1h", "soon");
    let reason = worker
        .registry
        .configure(1, &worker.proxy, plugin(&bad))
        .unwrap_err();
    assert!(reason.starts_with("rules[1].limit.per: "), "{reason}");
    assert!(worker.exchange(&[("x-api-key", "k")]).1.is_some());
}

#[test]
fn a_limiter_that_is_out_of_order_lets_requests_pass_and_says_so() {
    let worker = worker(CONFIG);
    worker.proxy.fail_stores(Some(Error::Internal));
    for _ in 0..5 {
        assert_eq!(worker.exchange(&[("x-api-key", "k")]), (Action::Continue, None));
    }
    assert_eq!(worker.proxy.metric("rate_limit.errors"), 5);
    assert_eq!(worker.proxy.logs().len(), 1);
}

#[test]
fn what_no_rule_is_for_costs_only_the_headers_that_decide_so() {
    let worker = worker(
        r#"{"rules": [{"name": "a", "match": {"methods": ["POST"]}, "limit": {"requests": 1, "per": "1s"}}]}"#,
    );
    let before = worker.proxy.calls();
    assert_eq!(worker.exchange(&[(":method", "GET")]).0, Action::Continue);
    let reading_the_answer = 1;
    assert_eq!(worker.proxy.calls() - before, 1 + reading_the_answer);
}

/// The calls of an exchange after the first, of which `exchange` makes one to read the answer.
fn calls_per_request(rules: &str, limit: &str) -> usize {
    let (key, limit) = (
        r#""key": [{"header": "x-api-key"}]"#,
        format!(r#""limit": {limit}"#),
    );
    let rules = rules.replace("KEY", key).replace("LIMIT", &limit);
    let worker = worker(&format!(r#"{{"rules": [{rules}]}}"#));
    let headers = [(":path", "/v1/x"), ("x-api-key", "k")];
    worker.exchange(&headers);
    let before = worker.proxy.calls();
    worker.exchange(&headers);
    worker.proxy.calls() - before - 1
}

#[test]
fn the_calls_that_a_request_costs_are_those_of_the_readme() {
    let ample = r#"{"requests": 9, "per": "1s"}"#;
    let all = r#"{"name": "all", LIMIT}"#;
    let one = r#"{"name": "one", KEY, LIMIT}"#;
    let below = r#"{"name": "below", "match": {"path_prefix": "/v1"}, KEY, LIMIT}"#;
    assert_eq!(
        calls_per_request(all, ample),
        5,
        "clock, read, swap, count, field"
    );
    assert_eq!(calls_per_request(one, ample), 6, "and the key");
    assert_eq!(calls_per_request(below, ample), 6, "key and path at once");
    let three = [all, one, below].join(",");
    assert_eq!(calls_per_request(&three, ample), 8, "and two counts more");
    let spent = r#"{"requests": 1, "per": "1h"}"#;
    // Key and path, clock, read, count, what to tell of the request, the answer.
    assert_eq!(calls_per_request(below, spent), 6, "a refusal");
}

const CLUSTER: &str = r#"{"quota": {"cluster": "quota"}, "rules": [
    {"name": "per-key", "key": [{"header": "x-api-key"}], "limit": {"requests": 20, "per": "1s"}, "scope": "cluster"}]}"#;

/// A message of one rule with one key, as the quota service would send it.
fn lease(request: &[u8], tokens: u32) -> Vec<u8> {
    let request = wire::LeaseRequest::decode(request).unwrap();
    let [rule] = &request.rules[..] else {
        panic!("one rule, not {request:?}")
    };
    let key = rule.keys[0].key.clone();
    let keys = vec![wire::KeyLease { key, tokens }];
    let rule = wire::RuleLeases {
        rule: rule.rule.clone(),
        lease_milliseconds: 2000,
        keys,
    };
    wire::LeaseResponse { rules: vec![rule] }.encode_to_vec()
}

#[test]
fn a_rule_of_scope_cluster_has_its_floor_then_its_lease_and_a_push_takes_neither() {
    let worker = worker(CLUSTER);
    let allowed = |of: usize| {
        let passed = (0..of).filter(|_| worker.exchange(&[("x-api-key", "k")]).0 == Action::Continue);
        passed.count()
    };
    assert_eq!(allowed(5), 2, "a tenth of the limit");
    worker.registry.on_root(1, |f| f.on_tick(&worker.proxy));
    let calls = worker.proxy.take_calls();
    let [call] = &calls[..] else {
        panic!("one call, not {calls:?}")
    };
    assert_eq!((call.cluster.as_str(), call.timeout.as_millis()), ("quota", 150));
    let answer = lease(&call.message, 4);
    worker
        .registry
        .on_root(1, |f| f.on_grpc_reply(&worker.proxy, call.id, Ok(answer)));
    assert_eq!(allowed(2), 2);
    worker
        .registry
        .configure(1, &worker.proxy, plugin(CLUSTER))
        .unwrap();
    assert_eq!(allowed(5), 2, "what is left of the lease");

    let metric = |name| worker.proxy.metric(&format!("rate_limit.rule.per-key.{name}"));
    assert_eq!((metric("allowed"), metric("denied")), (6, 6));
    assert_eq!((metric("floor_allowed"), metric("floor_denied")), (2, 3));
    assert_eq!(
        (metric("leased"), metric("lease_denied"), metric("lease_errors")),
        (4, 3, 0)
    );
}

#[test]
fn a_quota_service_that_is_away_is_counted_and_told_once_a_second() {
    let worker = worker(CLUSTER);
    for status in [14, 4, 7] {
        worker.exchange(&[("x-api-key", "k")]);
        worker.shared.advance(SECOND / 4);
        worker.registry.on_root(1, |f| f.on_tick(&worker.proxy));
        for call in worker.proxy.take_calls() {
            let reply = Err(GrpcStatus(status));
            worker
                .registry
                .on_root(1, |f| f.on_grpc_reply(&worker.proxy, call.id, reply.clone()));
        }
    }
    assert_eq!(worker.proxy.metric("rate_limit.rule.per-key.lease_errors"), 3);
    assert_eq!(
        worker.proxy.logs(),
        [(Level::Warn, "the quota service has not answered".to_owned())]
    );
}

#[test]
fn hostile_headers_are_only_bytes() {
    let worker = worker(CONFIG);
    let long = vec![b'x'; 65_536];
    for key in [&b"\xff\xfe\x00"[..], &long, b""] {
        assert_eq!(
            worker
                .exchange(&[("x-api-key", key), ("x-api-key", b"2"), ("content-type", b"\xff")])
                .0,
            Action::Continue
        );
    }
    assert!(worker.proxy.monotonic().is_ok());
}
