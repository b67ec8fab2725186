//! What is measured.

use crate::probe;
use holdfast_envoy_harness::bootstrap::wasm_filter;
use holdfast_envoy_harness::{Script, filter};
use serde_json::{Value, json};

/// One line of the result: filters, and what happens to each request.
pub struct Row {
    pub name: &'static str,
    /// The row that shows the same without the filter.
    pub compared_with: Option<&'static str>,
    pub filters: Vec<Value>,
    /// How often what is measured is in the chain: several times shows small costs better.
    pub copies: usize,
    pub method: &'static str,
    pub path: &'static str,
    pub upstream: Script,
    /// The status that every caller gets; anything else is an error of the measurement.
    pub status: u16,
}

const NONE: &str = "no filter";
const NONE_FAILING: &str = "no filter, upstream fails with 503";

/// How often a filter is in the chain where requests pass it.
const COPIES: usize = 5;

pub fn all() -> Vec<Row> {
    let row = |name, filters: Vec<Value>, method, path| Row {
        name,
        compared_with: (name != NONE).then_some(NONE),
        copies: 1,
        filters,
        method,
        path,
        upstream: Script::answer(200, &[("content-type", "application/json")], r#"{"status":"ok"}"#),
        status: 200,
    };
    let failing = |row: Row, status| Row {
        compared_with: (row.name != NONE_FAILING).then_some(NONE_FAILING),
        upstream: Script::answer(503, &[], ""),
        status,
        ..row
    };
    let passing = |name, filter: &dyn Fn(usize) -> Value, method, path| Row {
        copies: COPIES,
        ..row(name, (0..COPIES).map(filter).collect(), method, path)
    };
    let limited =
        |name, rules: &'static [&str]| passing(name, &|at| rate_limit(rules, at), "GET", "/v1/stock");
    let mut rows = vec![
        row(NONE, Vec::new(), "GET", "/v1/stock"),
        passing(
            "Envoy's local_ratelimit, allowed",
            &|_| local_rate_limit(),
            "GET",
            "/v1/stock",
        ),
        limited("rate-limit, 1 rule for all, allowed", &["all"]),
        limited("rate-limit, 1 rule per address, allowed", &["address"]),
        limited(
            "rate-limit, 3 rules with different keys, allowed",
            &["address", "header", "all"],
        ),
        limited(
            "rate-limit, 1 rule of scope cluster, allowed by its floor",
            &["cluster"],
        ),
        passing("fallback, no rule for the path", &fallback, "GET", "/other"),
        passing(
            "fallback, passes through a rule with a fixed answer",
            &fallback,
            "POST",
            "/v1/charges",
        ),
        passing(
            "fallback, passes through a rule that keeps copies",
            &fallback,
            "GET",
            "/v1/stock",
        ),
        row(
            "Envoy's local_ratelimit, once",
            vec![local_rate_limit()],
            "GET",
            "/v1/stock",
        ),
        row(
            "rate-limit, 1 rule per address, once",
            vec![rate_limit(&["address"], 0)],
            "GET",
            "/v1/stock",
        ),
        row(
            "fallback, no rule for the path, once",
            vec![fallback(0)],
            "GET",
            "/other",
        ),
        row(
            "fallback that keeps copies, once",
            vec![fallback(0)],
            "GET",
            "/v1/stock",
        ),
        row(
            "rate-limit, 1 rule, and fallback that keeps copies, once",
            vec![rate_limit(&["address"], 0), fallback(0)],
            "GET",
            "/v1/stock",
        ),
        Row {
            status: 429,
            ..row(
                "rate-limit, 1 rule, refused (no upstream call)",
                vec![rate_limit(&["refusing"], 0)],
                "GET",
                "/v1/stock",
            )
        },
        failing(row(NONE_FAILING, Vec::new(), "GET", "/v1/stock"), 503),
        failing(
            row("fallback, fixed answer", vec![fallback(0)], "POST", "/v1/charges"),
            202,
        ),
        failing(
            row("fallback, stale hit", vec![fallback(0)], "GET", "/v1/stock"),
            200,
        ),
    ];
    let probe = |name: &'static str, callbacks: &[probe::Callback], calls: &[probe::HostCall]| {
        let module = probe::module(callbacks, calls);
        passing(
            name,
            &|_| wasm_filter("probe", &module, &json!({})),
            "GET",
            "/v1/stock",
        )
    };
    let probe_once = probe::module(FIRST_RESPONSE, &[]);
    rows.push(row(
        "floor: request and response headers, create, delete, once",
        vec![wasm_filter("probe", &probe_once, &json!({}))],
        "GET",
        "/v1/stock",
    ));
    rows.extend(
        CALLBACKS
            .iter()
            .map(|(name, callbacks)| probe(name, callbacks, &[])),
    );
    rows.extend(CALLS.iter().map(|(name, call, prepare)| Row {
        compared_with: Some(FLOOR),
        copies: COPIES * CALLS_AT_ONCE,
        ..probe(
            name,
            FIRST_RESPONSE,
            &[&[*call; CALLS_AT_ONCE], *prepare].concat(),
        )
    }));
    rows
}

const FLOOR: &str = "floor: request and response headers, create, delete";
/// What no filter with these callbacks can go below.
const CALLBACKS: [(&str, &[probe::Callback]); 5] = [
    ("floor: a module without callbacks", &[]),
    ("floor: request headers", &[probe::REQUEST]),
    (
        "floor: request and response headers",
        &[probe::REQUEST, probe::RESPONSE],
    ),
    (FLOOR, FIRST_RESPONSE),
    (
        "floor: the same and response body",
        &[
            probe::RESPONSE,
            probe::REQUEST,
            probe::BODY,
            probe::CREATE,
            probe::DELETE,
        ],
    ),
];
const FIRST_RESPONSE: &[probe::Callback] = &[probe::RESPONSE, probe::REQUEST, probe::CREATE, probe::DELETE];
/// How often a probe makes its call.
const CALLS_AT_ONCE: usize = 10;
/// Each with what it needs to find something the next time.
const CALLS: [(&str, probe::HostCall, &[probe::HostCall]); 9] = [
    ("call: a header read", probe::HEADER, &[]),
    ("call: all headers read", probe::HEADERS, &[]),
    ("call: a property read", probe::PROPERTY, &[]),
    ("call: monotonic clock", probe::CLOCK, &[]),
    ("call: wall clock", probe::TIME, &[]),
    ("call: a shared value stored", probe::STORE, &[]),
    ("call: a shared value read", probe::FETCH, &[probe::STORE]),
    ("call: a header set", probe::SET, &[]),
    ("call: a counter that is not there", probe::COUNT, &[]),
];

/// The example of the README.
fn fallback(at: usize) -> Value {
    let on = json!({"statuses": [500, 502, 503, 504]});
    let config = json!({"rules": [
        {"name": "payment-pending", "match": {"methods": ["POST"], "path_prefix": "/v1/charges"}, "on": on,
         "respond": {"status": 202, "headers": {"content-type": "application/json"},
                     "body": "{\"status\":\"payment-pending\"}"}},
        {"name": "stale-availability", "match": {"methods": ["GET"], "path_prefix": "/v1/stock"}, "on": on,
         "stale": {"max_age": "3600s", "vary": ["accept"]},
         "respond": {"status": 503, "problem": {"type": "about:blank", "title": "Service unavailable"}}}
    ]});
    wasm_filter(
        &format!("mesh.fallback-{at}"),
        &filter("holdfast_filter_fallback"),
        &config,
    )
}

/// Only the rule `refusing` is ever reached, after its first request.
fn rate_limit(rules: &[&str], at: usize) -> Value {
    let rule = |name: &&str| {
        let never = json!({"requests": 1_000_000, "per": "1s"});
        let (key, limit) = match *name {
            "address" => (json!([{"source_ip": true}]), never),
            "header" => (json!([{"header": "accept"}]), never),
            "cluster" => (
                json!([{"source_ip": true}]),
                json!({"requests": 1_000_000, "per": "1s", "burst": 1_000_000_000}),
            ),
            "refusing" => (
                json!([{"source_ip": true}]),
                json!({"requests": 1, "per": "366d"}),
            ),
            _ => (json!([]), never),
        };
        let scope = if *name == "cluster" { "cluster" } else { "proxy" };
        json!({"name": name, "match": {"path_prefix": "/v1"}, "key": key, "limit": limit, "scope": scope})
    };
    // Nobody is there, so that what is measured is the same at all times; a lease costs a counter less.
    let mut config = json!({"rules": rules.iter().map(rule).collect::<Vec<_>>()});
    if rules.contains(&"cluster") {
        config["quota"] = json!({"cluster": "nobody"});
    }
    wasm_filter(
        &format!("mesh.rate-limit-{at}"),
        &filter("holdfast_filter_rate_limit"),
        &config,
    )
}

/// Never empty: what is measured is the way of a request that is let through.
fn local_rate_limit() -> Value {
    let always =
        json!({"default_value": {"numerator": 100, "denominator": "HUNDRED"}, "runtime_key": "unused"});
    json!({"name": "envoy.filters.http.local_ratelimit", "typed_config": {
        "@type": "type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit",
        "stat_prefix": "bench", "filter_enabled": always, "filter_enforced": always,
        "token_bucket": {"max_tokens": 1_000_000_000, "tokens_per_fill": 1_000_000_000, "fill_interval": "1s"}}})
}
