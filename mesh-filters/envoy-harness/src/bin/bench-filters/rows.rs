//! What is measured.

use holdfast_envoy_harness::bootstrap::wasm_filter;
use holdfast_envoy_harness::{Script, filter};
use serde_json::{Value, json};

/// One line of the result: filters, and what happens to each request.
pub struct Row {
    pub name: &'static str,
    /// The row that shows the same without the filter.
    pub compared_with: Option<&'static str>,
    pub filters: Vec<Value>,
    pub method: &'static str,
    pub path: &'static str,
    pub upstream: Script,
    /// The status that every caller gets; anything else is an error of the measurement.
    pub status: u16,
}

const NONE: &str = "no filter";
const NONE_FAILING: &str = "no filter, upstream fails with 503";

pub fn all() -> Vec<Row> {
    let row = |name, filters: Vec<Value>, method, path| Row {
        name,
        compared_with: (name != NONE).then_some(NONE),
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
    vec![
        row(NONE, Vec::new(), "GET", "/v1/stock"),
        row(
            "Envoy's local_ratelimit, allowed",
            vec![local_rate_limit()],
            "GET",
            "/v1/stock",
        ),
        row("a filter that does nothing", vec![nothing(0)], "GET", "/v1/stock"),
        row(
            "a filter that calls the proxy six times, for the clock",
            vec![nothing(6)],
            "GET",
            "/v1/stock",
        ),
        row(
            "rate-limit, 1 rule, allowed",
            vec![rate_limit(&["address"])],
            "GET",
            "/v1/stock",
        ),
        row(
            "rate-limit, 3 rules with different keys, allowed",
            vec![rate_limit(&["address", "header", "all"])],
            "GET",
            "/v1/stock",
        ),
        row(
            "rate-limit, 1 rule of scope cluster, allowed by its floor",
            vec![rate_limit(&["cluster"])],
            "GET",
            "/v1/stock",
        ),
        Row {
            status: 429,
            ..row(
                "rate-limit, 1 rule, refused (no upstream call)",
                vec![rate_limit(&["refusing"])],
                "GET",
                "/v1/stock",
            )
        },
        row(
            "rate-limit, 1 rule, and fallback that keeps copies",
            vec![rate_limit(&["address"]), fallback()],
            "GET",
            "/v1/stock",
        ),
        row(
            "fallback, no rule for the path",
            vec![fallback()],
            "GET",
            "/other",
        ),
        row(
            "fallback, passes through a rule with a fixed answer",
            vec![fallback()],
            "POST",
            "/v1/charges",
        ),
        row(
            "fallback, passes through a rule that keeps copies",
            vec![fallback()],
            "GET",
            "/v1/stock",
        ),
        failing(row(NONE_FAILING, Vec::new(), "GET", "/v1/stock"), 503),
        failing(
            row("fallback, fixed answer", vec![fallback()], "POST", "/v1/charges"),
            202,
        ),
        failing(
            row("fallback, stale hit", vec![fallback()], "GET", "/v1/stock"),
            200,
        ),
    ]
}

fn nothing(calls: usize) -> Value {
    wasm_filter("mesh.nothing", &crate::nothing::filter(calls), &json!({}))
}

/// The example of the README.
fn fallback() -> Value {
    let on = json!({"statuses": [500, 502, 503, 504]});
    let config = json!({"rules": [
        {"name": "payment-pending", "match": {"methods": ["POST"], "path_prefix": "/v1/charges"}, "on": on,
         "respond": {"status": 202, "headers": {"content-type": "application/json"},
                     "body": "{\"status\":\"payment-pending\"}"}},
        {"name": "stale-availability", "match": {"methods": ["GET"], "path_prefix": "/v1/stock"}, "on": on,
         "stale": {"max_age": "3600s", "vary": ["accept"]},
         "respond": {"status": 503, "problem": {"type": "about:blank", "title": "Service unavailable"}}}
    ]});
    wasm_filter("mesh.fallback", &filter("holdfast_filter_fallback"), &config)
}

/// Only the rule `refusing` is ever reached, after its first request.
fn rate_limit(rules: &[&str]) -> Value {
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
    wasm_filter("mesh.rate-limit", &filter("holdfast_filter_rate_limit"), &config)
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
