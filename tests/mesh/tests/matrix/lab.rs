//! order's sidecar and that of one service, which fails to order.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use holdfast_envoy_harness::{AccessLog, Answer, Client, Fault, Protocol, Script, Upstream};
use holdfast_tests_mesh::{ALL_LOGGED, Mesh};
use tokio::time::{Instant, sleep};

const ORDER_PROXY: u16 = 15201;
/// W3C Trace Context.
pub const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
/// What the test's own route for a timeout over all tries is known by: those of `istio/` end by the timeout of a try.
const IMPATIENT: (&str, &str) = ("x-test", "impatient");
pub const CHARGES: &str = "/v1/charges";
const GRPC: (&str, &str) = ("content-type", "application/grpc");
/// The breaker looks every 2 s.
const EJECTED_WITHIN: Duration = Duration::from_secs(15);

/// No gRPC service is called by order yet: this is what one would have. Its rule and its route are those of availability.
const GRPC_STOCK: &str = r#"
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: inventory, namespace: holdfast}
spec:
  hosts: [inventory.holdfast.svc.cluster.local]
  http:
  - match:
    - {headers: {x-test: {exact: impatient}}}
    route:
    - destination: {host: inventory.holdfast.svc.cluster.local}
    timeout: 150ms
    retries: {attempts: 0}
  - match:
    - {method: {regex: GET|HEAD}, uri: {prefix: /v1/stock}}
    - {method: {exact: POST}, uri: {prefix: /holdfast.Stock/}}
    route:
    - destination: {host: inventory.holdfast.svc.cluster.local}
    timeout: 1.8s
    retries: {attempts: 2, perTryTimeout: 500ms, backoff: 50ms, retryOn: "connect-failure,refused-stream,reset,gateway-error"}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: grpc-stock, namespace: holdfast}
spec:
  selector:
    matchLabels: {app: inventory}
  action: ALLOW
  rules:
  - from:
    - source: {principals: [cluster.local/ns/holdfast/sa/order]}
    to:
    - operation: {methods: [POST], paths: [/holdfast.Stock/*]}
---
apiVersion: extensions.istio.io/v1alpha1
kind: WasmPlugin
metadata: {name: fallback-grpc, namespace: holdfast}
spec:
  selector:
    matchLabels: {app: order}
  match: [{mode: CLIENT}]
  url: oci://registry.example.com/holdfast/fallback:0.1.0
  failStrategy: FAIL_RELOAD
  pluginConfig:
    rules:
    - name: grpc-stock
      match: {authority: "inventory.*", path_prefix: /holdfast.Stock}
      "on": {statuses: [500, 502, 503, 504]}
      stale: {max_age: 300s}
      respond: {status: 503, problem: {type: "https://holdfast.dev/problems/unavailable", title: Service unavailable}, retry_after: 5s}
"#;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    Http1,
    Http2,
    Grpc,
}

impl Call {
    pub const ALL: [Self; 3] = [Self::Http1, Self::Http2, Self::Grpc];

    pub fn stock(self, sku: &str) -> String {
        match self {
            Self::Grpc => format!("/holdfast.Stock/{sku}"),
            Self::Http1 | Self::Http2 => format!("/v1/stock/{sku}"),
        }
    }

    /// One for each cell.
    pub fn stock_of(self, fault: Fault) -> String {
        let name: String = format!("{self:?}{fault:?}")
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .collect();
        self.stock(&name)
    }

    pub fn stock_rule(self) -> &'static str {
        match self {
            Self::Grpc => "grpc-stock",
            Self::Http1 | Self::Http2 => "stale-availability",
        }
    }

    fn protocol(self) -> Protocol {
        match self {
            Self::Http1 => Protocol::Http1,
            Self::Http2 | Self::Grpc => Protocol::Http2,
        }
    }

    fn method(self, path: &str) -> &'static str {
        if self == Self::Grpc || path == CHARGES {
            "POST"
        } else {
            "GET"
        }
    }
}

pub struct Lab {
    pub mesh: Mesh,
    upstream: Upstream,
    service: &'static str,
    http1: Client,
    http2: Client,
    next: AtomicUsize,
}

impl Lab {
    /// All faults, those last after which the service is gone.
    pub const ORDER: [Fault; 15] = {
        let mut order = Fault::ALL;
        let mut at = 2;
        while at < order.len() {
            order[at - 2] = Fault::ALL[at];
            at += 1;
        }
        order[13] = Fault::Refused;
        order[14] = Fault::NoHost;
        order
    };

    pub async fn start(service: &'static str) -> Self {
        let upstream = Upstream::start().await;
        let port = if service == "payment" { 8104 } else { 8103 };
        let builder = Mesh::builder().at(port, upstream.address);
        let builder = builder.envoy(service).envoy("order");
        let mesh = builder
            .resources(&[ALL_LOGGED, GRPC_STOCK].concat())
            .start()
            .await;
        let client = |protocol| mesh.caller(ORDER_PROXY, service, protocol);
        let (http1, http2) = (client(Protocol::Http1), client(Protocol::Http2));
        let lab = Self {
            mesh,
            upstream,
            service,
            http1,
            http2,
            next: AtomicUsize::new(1),
        };
        lab.breaker(false).await;
        lab
    }

    /// Makes the way to the service fail so.
    async fn prepare(&mut self, fault: Fault) {
        let full = u64::from(fault == Fault::Overflow);
        let bound = |name: &str| format!("circuit_breakers.{}.default.{name}", self.cluster());
        let bounds = ["max_requests", "max_pending_requests"].map(bound);
        let keys = bounds
            .each_ref()
            .map(|name| (name.as_str(), if full == 1 { 0 } else { 256 }));
        self.mesh.envoy("order").set(&keys).await;
        match fault {
            Fault::Refused => self.mesh.stop(self.service).await,
            // Nobody is there, which the breaker has seen often enough.
            Fault::NoHost => self.eject().await,
            _ => {}
        }
    }

    async fn eject(&self) {
        self.breaker(true).await;
        let deadline = Instant::now() + EJECTED_WITHIN;
        let ejected = async || {
            let stats = self.mesh.envoy("order").stats("ejections_active").await;
            stats
                .iter()
                .any(|(name, count)| name.contains(self.service) && *count > 0)
        };
        while !ejected().await {
            assert!(Instant::now() < deadline, "the host is still in service");
            // By no rule of the filter.
            let path = if self.service == "payment" {
                "/v1/charges/7"
            } else {
                "/v1/stock/7"
            };
            let read = || self.http2.send("HEAD", path, &[]);
            tokio::join!(read(), read(), read());
            sleep(Duration::from_millis(50)).await;
        }
    }

    async fn breaker(&self, on: bool) {
        let enforced = if on { 100 } else { 0 };
        let key = "outlier_detection.enforcing_failure_percentage";
        self.mesh.envoy("order").set(&[(key, enforced)]).await;
    }

    /// Sends a request of each kind, all at once, that fails so: what came, and what was logged.
    pub async fn fail(
        &mut self,
        fault: Fault,
        path: impl Fn(Call) -> String,
    ) -> [(Call, Answer, AccessLog); 3] {
        self.prepare(fault).await;
        self.upstream.script(fault.script());
        let before = self.asked().await;
        let fail = async |call| {
            let (answer, log) = self.send(call, &path(call), fault == Fault::Timeout).await;
            (call, answer, log)
        };
        let [first, second, third] = Call::ALL.map(fail);
        let (first, second, third) = tokio::join!(first, second, third);
        let asked = self.asked().await - before;
        let expected: u64 = Call::ALL.iter().map(|call| tries(fault, *call)).sum();
        let least = expected
            - if is_raced(Call::Grpc, fault) {
                tries(fault, Call::Grpc) - 1
            } else {
                0
            };
        let cells = format!("{fault:?}: {first:?} {second:?} {third:?}");
        assert!(
            (least..=expected).contains(&asked),
            "asked {asked} times, {cells}"
        );
        [first, second, third]
    }

    /// A good answer, 30 s old.
    pub async fn store(&self, call: Call, fault: Fault) -> Answer {
        let headers = [
            ("content-type", "application/json"),
            ("etag", "\"7\""),
            ("cache-control", "max-age=0"),
            ("age", "30"),
        ];
        let script = match call {
            Call::Grpc => Script::answer(200, &[GRPC, ("grpc-status", "0")], ""),
            Call::Http1 | Call::Http2 => Script::answer(200, &headers, &format!("{call:?} {fault:?}")),
        };
        let (answer, _) = self.ask(call, script, &call.stock_of(fault)).await;
        assert_eq!(answer.status, 200, "{call:?} {fault:?}");
        answer
    }

    /// Sends one request, and says what the service has to do with it.
    pub async fn ask(&self, call: Call, script: Script, path: &str) -> (Answer, AccessLog) {
        self.upstream.script(script);
        self.send(call, path, false).await
    }

    async fn send(&self, call: Call, path: &str, impatient: bool) -> (Answer, AccessLog) {
        let id = format!("cell-{}", self.next.fetch_add(1, Ordering::SeqCst));
        let mut headers = vec![("x-request-id", id.as_str())];
        // Without its key a charge has less time and one try.
        match path {
            CHARGES if impatient => {}
            CHARGES => headers.push(("idempotency-key", "0198")),
            _ => headers.extend(impatient.then_some(IMPATIENT)),
        }
        let answer = self.exchange(call, path, &headers).await;
        (answer, self.mesh.logged("order", &id).await)
    }

    async fn exchange(&self, call: Call, path: &str, more: &[(&str, &str)]) -> Answer {
        let traceparent = format!("00-{TRACE}-00f067aa0ba902b7-01");
        let mut headers = vec![("traceparent", traceparent.as_str())];
        headers.extend((call == Call::Grpc).then_some(GRPC));
        headers.extend(more);
        let client = match call.protocol() {
            Protocol::Http1 => &self.http1,
            Protocol::Http2 => &self.http2,
        };
        client.send(call.method(path), path, &headers).await
    }

    /// A counter of the filter.
    pub async fn count(&self, name: &str) -> u64 {
        self.mesh
            .envoy("order")
            .stat(&format!("wasmcustom.fallback.{name}"))
            .await
    }

    async fn asked(&self) -> u64 {
        let stats = self.mesh.envoy("order").stats("upstream_rq_total").await;
        let found = stats
            .into_iter()
            .find(|(name, _)| name.contains(&format!("{}.holdfast", self.service)));
        found.map_or(0, |(_, count)| count)
    }

    fn cluster(&self) -> String {
        format!("outbound|80||{}.holdfast.svc.cluster.local", self.service)
    }
}

/// How often order's sidecar asks: three times where another try may help. What the other sidecar says in place of its
/// service is no 503 to a gRPC caller but a status of gRPC, which these routes, as all of `istio/`, do not try again.
fn tries(fault: Fault, call: Call) -> u64 {
    match fault {
        Fault::Refused | Fault::NoHost | Fault::Overflow => 0,
        Fault::Reset if call == Call::Grpc => 1,
        Fault::Timeout | Fault::Status(500, _) => 1,
        _ => 3,
    }
}

/// What order's sidecar logs. A reset of the service becomes a 503 of its own sidecar.
fn flags(fault: Fault, call: Call) -> &'static str {
    match fault {
        Fault::Refused => "URX,UF",
        Fault::Reset if call == Call::Grpc => "-",
        Fault::Reset | Fault::SlowBody => "URX",
        Fault::Status(500, _) => "-",
        Fault::Status(..) => "URX",
        other => other.flags(Protocol::Http2),
    }
}

/// The status that the other sidecar has sent.
fn received(fault: Fault) -> Option<u16> {
    if fault == Fault::Reset {
        Some(503)
    } else {
        fault.upstream()
    }
}

/// A gRPC call tells the other sidecar its timeout, which ends it at the same moment: either may be the first.
fn is_raced(call: Call, fault: Fault) -> bool {
    call == Call::Grpc && matches!(fault, Fault::Timeout | Fault::PerTryTimeout)
}

pub fn assert_logged((call, fault): (Call, Fault), log: &AccessLog, how: &str, rule: &str, cell: &str) {
    let told = |cause| format!("fallback_{how}{{{rule},{cause}}}");
    if is_raced(call, fault) && log.details == told("upstream") {
        return assert_eq!(log.flags, "-", "{cell}");
    }
    let cause = if received(fault).is_some() {
        "upstream"
    } else {
        "local"
    };
    assert_eq!(
        (log.flags.as_str(), &log.details),
        (flags(fault, call), &told(cause)),
        "{cell}"
    );
}

/// The beginning of our member of `Cache-Status`.
pub fn forwarded(why: &str, fault: Fault) -> String {
    let told = received(fault).map(|status| format!("; fwd-status={status}"));
    format!("holdfast-fallback; fwd={why}{}", told.unwrap_or_default())
}

pub fn cache_status(answer: &Answer) -> Vec<String> {
    let lines = answer.headers.get_all("cache-status").iter();
    lines.map(|line| line.to_str().unwrap().to_owned()).collect()
}
