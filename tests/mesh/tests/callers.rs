//! Who may call whom, and for what: every service account against every service, over mutual TLS.

use holdfast_envoy_harness::{Protocol, Script, Upstream};
use holdfast_tests_mesh::{Mesh, QUOTA_SIDECAR};

/// Each service's own port, and that of its sidecar.
const SERVICES: [(&str, u16, u16); 11] = [
    ("order", 8101, 15101),
    ("catalog", 8102, 15102),
    ("inventory", 8103, 15103),
    ("payment", 8104, 15104),
    ("user", 8105, 15105),
    ("notification", 8106, 15106),
    ("realtime", 8107, 15107),
    ("ops", 8109, 15109),
    ("storefront", 8108, 15108),
    ("quota", 8180, 15180),
    ("sandbox", 8190, 15190),
];
/// Those of the mesh, and one that nobody knows.
const ACCOUNTS: [&str; 13] = [
    "gateway",
    "order",
    "catalog",
    "inventory",
    "payment",
    "user",
    "notification",
    "realtime",
    "ops",
    "storefront",
    "quota",
    "sandbox",
    "default",
];
/// What is asked of whom, and who may. A probe of a kubelet and metrics are not for callers.
const CALLS: [(&str, &str, &str, &[&str]); 55] = [
    ("order", "GET", "/v1/orders", &["gateway"]),
    ("order", "HEAD", "/v1/orders/7", &["gateway"]),
    ("order", "POST", "/v1/orders", &["gateway"]),
    ("order", "POST", "/v1/orders/7/cancel", &["gateway"]),
    // What order has not is said by order: 405.
    ("order", "DELETE", "/v1/orders/7", &["gateway"]),
    ("order", "GET", "/readyz", &[]),
    ("catalog", "GET", "/v1/products", &["gateway", "order"]),
    ("catalog", "GET", "/v1/products/mug", &["gateway", "order"]),
    ("catalog", "GET", "/images/mug.svg", &["gateway"]),
    ("catalog", "PUT", "/v1/products/mug", &["gateway"]),
    ("catalog", "GET", "/v1/openapi.json", &["gateway"]),
    ("catalog", "GET", "/docs/start.js", &["gateway"]),
    ("catalog", "GET", "/metrics", &[]),
    ("inventory", "GET", "/v1/stock/mug", &["catalog", "order"]),
    ("inventory", "HEAD", "/v1/stock", &["catalog", "order"]),
    ("inventory", "POST", "/v1/stock/mug/receipts", &["gateway"]),
    ("inventory", "POST", "/v1/stock/mug", &[]),
    ("inventory", "DELETE", "/v1/stock/mug/receipts", &["gateway"]),
    ("payment", "POST", "/v1/charges", &["order"]),
    ("payment", "GET", "/v1/charges/7", &["order"]),
    ("payment", "POST", "/v1/voids", &["order"]),
    ("payment", "POST", "/v1/refunds", &["order"]),
    ("payment", "POST", "/v1/payments/webhooks/sandbox", &["gateway"]),
    ("payment", "GET", "/v1/charges", &[]),
    ("payment", "DELETE", "/v1/charges/7", &[]),
    ("user", "POST", "/v1/users", &["gateway"]),
    ("user", "DELETE", "/v1/users/me", &["gateway"]),
    ("user", "POST", "/v1/sessions", &["gateway"]),
    ("user", "DELETE", "/v1/sessions/current", &["gateway"]),
    ("user", "POST", "/v1/oauth/token", &["gateway"]),
    ("user", "GET", "/.well-known/jwks.json", &["gateway"]),
    ("user", "GET", "/v1/contacts/7", &["notification"]),
    ("user", "POST", "/v1/contacts/7", &[]),
    ("user", "GET", "/metrics", &[]),
    ("notification", "GET", "/v1/contacts/7", &[]),
    ("ops", "POST", "/v1/ops/redrives", &["gateway"]),
    ("ops", "GET", "/metrics", &[]),
    ("realtime", "GET", "/v1/stream", &["gateway"]),
    ("realtime", "POST", "/v1/stream/tickets", &["gateway"]),
    ("realtime", "GET", "/v1/orders/7/stream", &["gateway"]),
    ("realtime", "GET", "/v1/orders/7", &[]),
    ("storefront", "GET", "/", &["gateway"]),
    ("storefront", "HEAD", "/orders/7", &["gateway"]),
    ("storefront", "POST", "/", &[]),
    (
        "quota",
        "POST",
        "/holdfast.quota.v1.QuotaService/Lease",
        &["gateway"],
    ),
    ("quota", "GET", "/holdfast.quota.v1.QuotaService/Lease", &[]),
    ("quota", "POST", "/holdfast.quota.v1.QuotaService/Other", &[]),
    ("quota", "GET", "/metrics", &[]),
    ("sandbox", "POST", "/v1/charges", &["payment"]),
    ("sandbox", "GET", "/v1/charges/by-key/7", &["payment"]),
    ("sandbox", "DELETE", "/v1/charges/7", &[]),
    ("sandbox", "GET", "/sandbox/charges", &[]),
    (
        "sandbox",
        "POST",
        "/2010-04-01/Accounts/AC7/Messages.json",
        &["notification"],
    ),
    ("sandbox", "GET", "/2010-04-01/Accounts/AC7/Messages.json", &[]),
    ("sandbox", "POST", "/2010-04-01/Accounts", &[]),
];

const PROBE_PROXY: u16 = 15299;
/// A workload whose sidecar reaches every service, for whatever is asked: it is the callee who decides.
const PROBE: &str = r#"
apiVersion: v1
kind: Pod
metadata: {name: probe-0, namespace: holdfast, labels: {app: probe, security.istio.io/tlsMode: istio}}
spec:
  serviceAccountName: probe
  containers: [{name: probe, image: probe}]
status: {phase: Running, podIP: 127.0.0.1, podIPs: [{ip: 127.0.0.1}]}
---
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: probe, namespace: holdfast}
spec:
  workloadSelector: {labels: {app: probe}}
  egress:
  - port: {number: 15299, name: http-proxy, protocol: HTTP_PROXY}
    bind: 127.0.0.1
    hosts: [./*]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: inventory, namespace: holdfast}
spec:
  hosts: [inventory.holdfast.svc.cluster.local]
  http: [{route: [{destination: {host: inventory.holdfast.svc.cluster.local}}]}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: catalog, namespace: holdfast}
spec:
  hosts: [catalog.holdfast.svc.cluster.local]
  http: [{route: [{destination: {host: catalog.holdfast.svc.cluster.local}}]}]
"#;

/// sandbox behind a sidecar, as a cluster has it.
const SANDBOX: &str = r#"
---
apiVersion: v1
kind: Service
metadata: {name: sandbox, namespace: holdfast, labels: {app: sandbox}}
spec:
  clusterIP: 10.0.0.5
  selector: {app: sandbox}
  ports: [{name: http, port: 80, targetPort: 15190}]
---
apiVersion: v1
kind: Pod
metadata: {name: sandbox-0, namespace: holdfast, labels: {app: sandbox, security.istio.io/tlsMode: istio}}
spec:
  serviceAccountName: sandbox
  containers: [{name: sandbox, image: sandbox, ports: [{containerPort: 15190}]}]
status: {phase: Running, podIP: 127.0.0.1, podIPs: [{ip: 127.0.0.1}], conditions: [{type: Ready, status: "True"}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: sandbox-0, namespace: holdfast, labels: {kubernetes.io/service-name: sandbox}}
addressType: IPv4
ports: [{name: http, port: 15190, protocol: TCP}]
endpoints:
- addresses: [127.0.0.1]
  conditions: {ready: true, serving: true}
  targetRef: {kind: Pod, name: sandbox-0, namespace: holdfast}
---
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: sandbox, namespace: holdfast}
spec:
  workloadSelector: {labels: {app: sandbox}}
  ingress:
  - port: {number: 15190, name: http, protocol: HTTP}
    bind: 127.0.0.1
    defaultEndpoint: 127.0.0.1:8190
  egress:
  - hosts: ["~/*"]
"#;

/// All services, which are one program, behind their sidecars.
async fn services() -> (Upstream, Mesh) {
    let upstream = Upstream::start().await;
    upstream.script(Script::answer(200, &[], "{}"));
    let resources = [PROBE, QUOTA_SIDECAR, SANDBOX].concat();
    let mut builder = Mesh::builder().port(PROBE_PROXY).resources(&resources);
    for more in [15180, 15190] {
        builder = builder.port(more);
    }
    for (name, port, _) in SERVICES {
        builder = builder.at(port, upstream.address).envoy(name);
    }
    (upstream, builder.start().await)
}

#[tokio::test]
#[ignore = "make test-mesh"]
async fn given_any_account_then_it_may_call_whom_a_policy_names_it_for_and_nobody_else() {
    let (upstream, mut mesh) = services().await;
    for account in ACCOUNTS {
        mesh.run("probe", account).await;
        for (callee, method, path, allowed) in CALLS {
            let before = upstream.requests();
            let client = mesh.caller(PROBE_PROXY, callee, Protocol::Http1);
            // Who they say that they speak for changes nothing.
            let fields = [
                ("content-length", "0"),
                ("x-holdfast-user", "018f0000-0000-7000-8000-000000000001"),
                ("x-holdfast-roles", "staff"),
                ("x-holdfast-session", "018f0000-0000-7000-8000-000000000002"),
            ];
            let answer = client.send(method, path, &fields).await;
            let cell = format!("{account} to {callee}: {method} {path}: {answer:?}");
            let may = allowed.contains(&account);
            assert_eq!(answer.status, if may { 200 } else { 403 }, "{cell}");
            assert_eq!(upstream.requests() - before, usize::from(may), "{cell}");
            if !may {
                let kind = answer.header("content-type");
                assert_eq!(kind, Some("application/problem+json"), "{cell}");
            }
        }
        mesh.assert_accepted().await;
    }
}

#[tokio::test]
#[ignore = "make test-mesh"]
async fn given_no_certificate_then_no_sidecar_lets_anybody_in() {
    let (upstream, mesh) = services().await;
    for (name, _, sidecar) in SERVICES {
        for protocol in [Protocol::Http1, Protocol::Http2] {
            let client = mesh.caller(sidecar, name, protocol);
            let answer = client.try_send("GET", "/v1/products", &[], "".into()).await;
            assert!(answer.is_err(), "{name} {protocol:?}: {answer:?}");
        }
    }
    assert_eq!(upstream.requests(), 0);
}
