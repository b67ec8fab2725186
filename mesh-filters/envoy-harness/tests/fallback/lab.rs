//! One Envoy with the filter, an upstream that fails to order, and a client of each protocol.

use holdfast_envoy_harness::bootstrap::{Bootstrap, cluster, route, wasm_filter};
use holdfast_envoy_harness::{AccessLog, Answer, Client, Envoy, Fault, Protocol, Script, Upstream, filter};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The route that fails so, or the one to the scripted upstream.
fn route_of(fault: Fault) -> &'static str {
    match fault {
        Fault::Refused => "refused",
        Fault::NoHost => "no-host",
        Fault::Overflow => "overflow",
        Fault::Timeout => "timeout",
        Fault::PerTryTimeout => "per-try",
        Fault::Reset | Fault::Status(..) | Fault::SlowBody => "plain",
    }
}

pub struct Lab {
    pub envoy: Envoy,
    pub upstream: Upstream,
    http1: Client,
    http2: Client,
    next: AtomicUsize,
}

/// Rules for all tests; `entries` is the size of the table.
pub fn config(entries: u32) -> Value {
    let on = json!({"statuses": [500, 502, 503, 504]});
    json!({
        "cache": {"entries": entries, "max_body_bytes": 1024, "refresh": "0s"},
        "rules": [
            {"name": "fixed", "match": {"methods": ["POST"], "path_prefix": "/fixed"}, "on": on,
             "respond": {"status": 202, "headers": {"content-type": "application/json", "x-fixed": "yes"},
                         "body": "{\"status\":\"payment-pending\"}"}},
            {"name": "stock", "match": {"methods": ["GET", "HEAD"], "path_prefix": "/stock"}, "on": on,
             "stale": {"max_age": "300s", "vary": ["accept"], "query": ["page", "sku"]},
             "respond": {"status": 503, "retry_after": "5s",
                         "problem": {"type": "https://example.test/unavailable", "title": "Service unavailable"}}},
            {"name": "mine", "match": {"methods": ["GET"], "path_prefix": "/mine"}, "on": on,
             "stale": {"max_age": "300s", "principal": {"header": "x-user"}}},
            {"name": "grpc", "match": {"path_prefix": "/pkg.Service"}, "on": on,
             "respond": {"status": 503, "grpc": {"status": "ABORTED", "message": "später"}}}
        ]
    })
}

/// Routes and clusters to every fault in both protocols, chosen by `x-fault` and `x-protocol`.
pub fn bootstrap(filters: Vec<Value>, upstream: SocketAddr) -> Bootstrap {
    // Bound and dropped: nobody listens there.
    let refused = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let none = json!({});
    let full = json!({"max_connections": 0, "max_pending_requests": 0, "max_requests": 0});
    let (mut clusters, mut routes) = (Vec::new(), Vec::new());
    for (tag, protocol) in [("h1", Protocol::Http1), ("h2", Protocol::Http2)] {
        let name = |kind: &str| format!("{kind}-{tag}");
        clusters.push(cluster(&name("plain"), protocol, &[upstream], &none));
        clusters.push(cluster(&name("refused"), protocol, &[refused], &none));
        clusters.push(cluster(&name("no-host"), protocol, &[], &none));
        clusters.push(cluster(&name("overflow"), protocol, &[upstream], &full));
        let per_try = json!({"timeout": "10s", "retry_policy":
            {"retry_on": "5xx,reset", "num_retries": 1, "per_try_timeout": "0.1s"}});
        for (fault, target, action) in [
            ("plain", "plain", json!({"timeout": "10s"})),
            ("refused", "refused", json!({})),
            ("no-host", "no-host", json!({})),
            ("overflow", "overflow", json!({})),
            ("timeout", "plain", json!({"timeout": "0.1s"})),
            ("per-try", "plain", per_try),
        ] {
            routes.push(route(
                &[("x-fault", fault), ("x-protocol", tag)],
                &name(target),
                action,
            ));
        }
    }
    Bootstrap {
        filters,
        routes,
        clusters,
        concurrency: 2,
        access_log: true,
    }
}

/// The filter with this configuration.
pub fn fallback(config: &Value) -> Value {
    wasm_filter("mesh.fallback", &filter("holdfast_filter_fallback"), config)
}

impl Lab {
    pub async fn start() -> Self {
        Self::with(vec![fallback(&config(256))]).await
    }

    pub async fn with(filters: Vec<Value>) -> Self {
        let upstream = Upstream::start().await;
        let envoy = Envoy::start(&bootstrap(filters, upstream.address)).await;
        let client = |protocol| Client::new(envoy.address, protocol);
        let (http1, http2) = (client(Protocol::Http1), client(Protocol::Http2));
        Self {
            envoy,
            upstream,
            http1,
            http2,
            next: AtomicUsize::new(1),
        }
    }

    /// Sends a request (method and path) on a route, in one protocol all the way.
    pub async fn send(
        &self,
        protocol: Protocol,
        route: &str,
        line: (&str, &str),
        headers: &[(&str, &str)],
    ) -> (Answer, AccessLog) {
        let (client, tag) = match protocol {
            Protocol::Http1 => (&self.http1, "h1"),
            Protocol::Http2 => (&self.http2, "h2"),
        };
        let id = self.next.fetch_add(1, Ordering::SeqCst).to_string();
        let mut fields = vec![
            ("x-fault", route),
            ("x-protocol", tag),
            ("x-test-id", id.as_str()),
        ];
        fields.extend(headers);
        let answer = client.send(line.0, line.1, &fields).await;
        (answer, self.envoy.access_log(&id).await)
    }

    /// Sends a request that fails in this way.
    pub async fn fail(
        &self,
        protocol: Protocol,
        fault: Fault,
        line: (&str, &str),
        headers: &[(&str, &str)],
    ) -> (Answer, AccessLog) {
        self.upstream.script(fault.script());
        self.send(protocol, route_of(fault), line, headers).await
    }

    /// A GET that fails for want of a connection.
    pub async fn refused(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.fail(Protocol::Http1, Fault::Refused, ("GET", path), headers)
            .await
            .0
    }

    /// A GET that the upstream answers so.
    pub async fn get(&self, path: &str, headers: &[(&str, &str)], script: Script) -> Answer {
        self.upstream.script(script);
        self.send(Protocol::Http1, "plain", ("GET", path), headers)
            .await
            .0
    }

    pub async fn count(&self, rule: &str, event: &str) -> u64 {
        self.envoy
            .stat(&format!("wasmcustom.fallback.{rule}.{event}"))
            .await
    }
}

/// The members of `Cache-Status`, over all its lines.
pub fn cache_status(answer: &Answer) -> Vec<String> {
    let lines = answer.headers.get_all("cache-status").iter();
    lines.map(|line| line.to_str().unwrap().to_owned()).collect()
}

/// `Age`, in seconds.
pub fn age(answer: &Answer) -> u64 {
    answer.header("age").expect("an age").parse().expect("a number")
}
