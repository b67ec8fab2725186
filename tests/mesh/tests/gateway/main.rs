//! What `istio/gateway.yaml` and its neighbours promise about who comes in, and as whom.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy knows tests by their attribute, not the functions that they call"
)]

mod bounds;
mod browsers;
mod forged;
mod paths;
mod streams;
mod tls;
mod tokens;

use std::net::SocketAddr;

use futures::future::join_all;
use holdfast_envoy_harness::{Answer, Client, Protocol, Script, Upstream};
use holdfast_tests_mesh::Mesh;
use holdfast_tests_mesh::tokens::{EXPIRED_TOKEN, FOREIGN_TOKEN, KEYS, STAFF_TOKEN, USER, USER_TOKEN};

const GATEWAY: u16 = 8080;
const ORDER: u16 = 8101;
const CATALOG: u16 = 8102;
const INVENTORY: u16 = 8103;
const PAYMENT: u16 = 8104;
const USERS: u16 = 8105;
const REALTIME: u16 = 8107;
const OPS: u16 = 8109;
const SERVICES: [(&str, u16); 7] = [
    ("order", ORDER),
    ("catalog", CATALOG),
    ("inventory", INVENTORY),
    ("payment", PAYMENT),
    ("user", USERS),
    ("realtime", REALTIME),
    ("ops", OPS),
];
const PROTOCOLS: [Protocol; 2] = [Protocol::Http1, Protocol::Http2];

struct Edge {
    mesh: Mesh,
    /// All services are one.
    services: Upstream,
}

impl Edge {
    async fn start() -> Self {
        Self::with(KEYS, None).await
    }

    /// With resources of the test's own, and user apart from the others if it has an address.
    async fn with(resources: &str, user: Option<SocketAddr>) -> Self {
        let services = Upstream::start().await;
        services.script(Script::Echo);
        let mut builder = Mesh::builder().resources(resources);
        for (name, port) in SERVICES {
            let address = user.filter(|_| port == USERS).unwrap_or(services.address);
            builder = builder.at(port, address).envoy(name);
        }
        let mesh = builder.envoy("gateway").start().await;
        Self { mesh, services }
    }

    async fn send(&self, method: &str, path: &str, token: Option<&str>, headers: &[(&str, &str)]) -> Answer {
        self.by(Protocol::Http1, method, path, token, headers).await
    }

    async fn by(
        &self,
        protocol: Protocol,
        method: &str,
        path: &str,
        token: Option<&str>,
        headers: &[(&str, &str)],
    ) -> Answer {
        let bearer = token.map(|token| format!("Bearer {token}"));
        let mut fields = headers.to_vec();
        fields.extend(bearer.as_deref().map(|bearer| ("authorization", bearer)));
        let client = Client::new(self.mesh.ports.address(GATEWAY), protocol);
        client.send(method, path, &fields).await
    }

    /// What the service was told about the caller.
    fn told(&self, name: &str) -> Vec<String> {
        let headers = self.services.last_headers();
        let values = headers.get_all(name).iter();
        values
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
            .collect()
    }
}

fn assert_problem(answer: &Answer, status: u16, kind: &str) {
    let text = answer.text();
    assert_eq!(answer.status, status, "{text}");
    assert_eq!(
        answer.header("content-type"),
        Some("application/problem+json"),
        "{text}"
    );
    // Once, also where a service or a filter said it first.
    let retry_after = usize::from(matches!(status, 503 | 504));
    let said = answer.headers.get_all("retry-after").iter().count();
    assert_eq!(said, retry_after, "{:?}", answer.headers);
    let problem: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
    assert_eq!(problem["type"], format!("https://holdfast.dev/problems/{kind}"));
    assert_eq!(problem["status"], status);
    assert!(problem["title"].is_string());
    assert!(
        problem["trace_id"].as_str().is_some_and(|id| id.len() > 30),
        "{text}"
    );
}

#[tokio::test]
#[ignore = "make test-mesh"]
async fn given_a_token_then_the_service_hears_from_the_gateway_alone_who_it_is() {
    let edge = Edge::start().await;
    let forged = [
        ("x-holdfast-user", "somebody"),
        ("X-Holdfast-Roles", "staff"),
        ("x-holdfast-new", "1"),
    ];
    assert_eq!(
        edge.send("GET", "/v1/orders", Some(USER_TOKEN), &forged)
            .await
            .status,
        200
    );
    assert_eq!(edge.told("x-holdfast-user"), [USER]);
    assert!(edge.told("x-holdfast-roles").is_empty() && edge.told("x-holdfast-new").is_empty());
    assert!(
        edge.told("authorization").is_empty(),
        "a token stays at the gateway"
    );
    assert_eq!(
        edge.send("GET", "/v1/orders", Some(STAFF_TOKEN), &[])
            .await
            .status,
        200
    );
    assert_eq!(edge.told("x-holdfast-roles"), ["staff"]);
    // Without a token nobody vouches for anybody.
    assert_eq!(edge.send("GET", "/v1/products", None, &forged).await.status, 200);
    assert!(edge.told("x-holdfast-user").is_empty() && edge.told("x-holdfast-roles").is_empty());
    edge.mesh.assert_accepted().await;
}

#[tokio::test]
#[ignore = "make test-mesh"]
async fn given_no_valid_token_then_what_is_not_public_is_401_with_a_problem_and_a_challenge() {
    let edge = Edge::start().await;
    let basic = [("authorization", "Basic aGE6aGE=")];
    let forged = [("x-holdfast-user", USER)];
    for (token, headers) in [
        (None, &[][..]),
        (None, &basic[..]),
        (None, &forged[..]),
        (Some("not.a.token"), &[][..]),
        (Some(EXPIRED_TOKEN), &[][..]),
        (Some(FOREIGN_TOKEN), &[][..]),
    ] {
        let answer = edge.send("GET", "/v1/orders", token, headers).await;
        assert_problem(&answer, 401, "unauthenticated");
        assert!(
            answer
                .header("www-authenticate")
                .is_some_and(|value| value.starts_with("Bearer"))
        );
    }
    assert_eq!(edge.services.requests(), 0);
}

#[tokio::test]
#[ignore = "make test-mesh"]
async fn given_a_customer_then_what_is_for_staff_is_403() {
    let edge = Edge::start().await;
    let staff_only = [
        ("POST", "/v1/products"),
        ("PUT", "/v1/products/mug"),
        ("DELETE", "/v1/products/mug"),
        ("POST", "/v1/stock/mug/receipts"),
        ("POST", "/v1/orders/0198/resume"),
        ("GET", "/v1/ops/letters"),
        ("POST", "/v1/ops/redrives"),
    ];
    for (method, path) in staff_only {
        let answer = edge.send(method, path, Some(USER_TOKEN), &[]).await;
        assert_problem(&answer, 403, "forbidden");
        assert_problem(&edge.send(method, path, None, &[]).await, 401, "unauthenticated");
    }
    assert_eq!(edge.services.requests(), 0);
    for (method, path) in staff_only {
        assert_eq!(
            edge.send(method, path, Some(STAFF_TOKEN), &[]).await.status,
            200,
            "{method} {path}"
        );
    }
}

#[tokio::test]
#[ignore = "make test-mesh"]
async fn given_what_envoy_answers_itself_then_it_is_a_problem() {
    let edge = Edge::start().await;
    assert_problem(
        &edge.send("GET", "/v1/nothing", Some(USER_TOKEN), &[]).await,
        404,
        "not-found",
    );
    // What is inside the mesh only has no route.
    for path in ["/v1/charges", "/v1/stock", "/v1/receipts", "/readyz"] {
        assert_problem(
            &edge.send("GET", path, Some(STAFF_TOKEN), &[]).await,
            404,
            "not-found",
        );
    }
    edge.services.script(Script::Hang);
    let Edge { mesh, services } = edge;
    services.stop().await;
    // The sidecar of order says it in place of its service.
    let bearer = format!("Bearer {USER_TOKEN}");
    let answer = mesh
        .client(GATEWAY)
        .send("GET", "/v1/orders", &[("authorization", &bearer)])
        .await;
    assert_problem(&answer, 503, "unavailable");
}

#[tokio::test]
#[ignore = "make test-mesh"]
async fn given_a_trace_then_a_problem_names_it_and_else_the_request() {
    let edge = Edge::start().await;
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let whole = format!("00-{trace}-00f067aa0ba902b7-01");
    let foreign = trace.to_uppercase();
    for (traceparent, expected) in [
        (Some(whole.as_str()), Some(trace)),
        (Some(foreign.as_str()), None),
        (None, None),
    ] {
        let headers: Vec<_> = traceparent
            .map(|value| ("traceparent", value))
            .into_iter()
            .collect();
        let answer = edge.send("GET", "/v1/orders", None, &headers).await;
        let problem: serde_json::Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let told = problem["trace_id"].as_str().unwrap_or_default();
        // The id of a request is a UUID of the gateway's own.
        assert!(
            expected.map_or(told.len() == 36, |trace| told == trace),
            "{problem}"
        );
    }
}

#[tokio::test]
#[ignore = "make test-mesh"]
async fn given_one_user_orders_too_fast_then_it_is_429_and_the_others_go_on() {
    let edge = Edge::start().await;
    let order = async |token| {
        edge.send("POST", "/v1/orders", Some(token), &[("idempotency-key", "1")])
            .await
    };
    // 40 at once and 20 a second: of two hundred at once not all can pass, however busy the machine is.
    let answers = join_all((0..200).map(|_| order(USER_TOKEN))).await;
    assert!(
        answers
            .iter()
            .all(|answer| answer.status == 200 || answer.status == 429)
    );
    let refused = answers
        .iter()
        .find(|answer| answer.status == 429)
        .expect("a limit");
    assert_eq!(refused.header("content-type"), Some("application/problem+json"));
    assert!(refused.header("retry-after").is_some());
    assert!(
        refused
            .header("ratelimit-policy")
            .is_some_and(|policy| policy.contains("orders-per-user"))
    );
    assert_eq!(order(STAFF_TOKEN).await.status, 200);
    edge.mesh.assert_accepted().await;
}
