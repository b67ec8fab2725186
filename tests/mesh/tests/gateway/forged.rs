//! What only the mesh may say, said by a client.

use std::time::{Duration, Instant};

use holdfast_tests_mesh::raw;

use super::*;

const TOLD: [&str; 4] = [
    "x-holdfast-user",
    "x-holdfast-roles",
    "x-holdfast-session",
    "x-holdfast-new",
];

#[tokio::test]
#[ignore = "make test-mesh"]
async fn given_a_client_who_says_who_he_is_then_nobody_hears_of_it() {
    let edge = Edge::start().await;
    // Again and again, as one field and as several.
    let forged: Vec<_> = TOLD
        .iter()
        .flat_map(|name| [(*name, "staff"), (*name, "018f0000-0000-7000-8000-0000000000aa")])
        .chain([("x-holdfast-staff", "true"), ("x_holdfast_user", "somebody")])
        .collect();
    for protocol in PROTOCOLS {
        let answer = edge
            .by(protocol, "GET", "/v1/orders", Some(USER_TOKEN), &forged)
            .await;
        assert_eq!(answer.status, 200);
        assert_eq!(edge.told("x-holdfast-user"), [USER], "{protocol:?}");
        for name in &TOLD[1..] {
            assert!(edge.told(name).is_empty(), "{protocol:?}: {name}");
        }
        assert!(edge.told("x_holdfast_user").is_empty(), "{protocol:?}");

        let answer = edge.by(protocol, "GET", "/v1/products", None, &forged).await;
        assert_eq!(answer.status, 200);
        for name in TOLD {
            assert!(edge.told(name).is_empty(), "{protocol:?}: {name}");
        }
        let answer = edge.by(protocol, "GET", "/v1/orders", None, &forged).await;
        assert_problem(&answer, 401, "unauthenticated");
        let answer = edge
            .by(protocol, "POST", "/v1/products", Some(USER_TOKEN), &forged)
            .await;
        assert_problem(&answer, 403, "forbidden");
    }
}

#[tokio::test]
#[ignore = "make test-mesh"]
async fn given_odd_spellings_of_what_the_gateway_says_then_nobody_hears_of_them() {
    let edge = Edge::start().await;
    let gateway = edge.mesh.ports.address(GATEWAY);
    let token = format!("Authorization: Bearer {USER_TOKEN}").into_bytes();
    for forged in [
        "X-HOLDFAST-USER: a",
        "x-HoldFast-Roles: staff",
        "X_Holdfast_User: a",
        "x-holdfast_user: a",
        "X-Holdfast-Staff: true",
        "x-holdfast-user: a\r\nX-Holdfast-User: b\r\nx-holdfast-user:\tc",
        "x-holdfast-user:",
    ] {
        let answer = raw(gateway, b"GET /v1/orders", &[&token, forged.as_bytes()]).await;
        assert_eq!(answer.status, 200, "{forged}");
        let headers = edge.services.last_headers();
        let said: Vec<_> = headers
            .iter()
            .filter(|(name, _)| name.as_str().replace('_', "-").starts_with("x-holdfast"))
            .filter(|(name, _)| *name != "x-holdfast-staff" && *name != "x-holdfast-token-expires")
            .collect();
        assert_eq!(said.len(), 1, "{forged}: {said:?}");
        assert_eq!(edge.told("x-holdfast-user"), [USER], "{forged}");
        assert_ne!(edge.told("x-holdfast-staff"), ["true"], "{forged}");
        let answer = raw(gateway, b"POST /v1/products", &[&token, forged.as_bytes()]).await;
        assert_eq!(answer.status, 403, "{forged}");
    }
    // A name cannot have a space, and a line cannot go on in the next.
    for broken in ["x-holdfast-user : a", "x-nothing: 1\r\n x-holdfast-user: a"] {
        let answer = raw(gateway, b"GET /v1/orders", &[&token, broken.as_bytes()]).await;
        if answer.status == 200 {
            assert_eq!(edge.told("x-holdfast-user"), [USER], "{broken}");
        } else {
            assert_eq!(answer.status, 400, "{broken}");
        }
    }
}

/// What Envoys tell each other.
const CONTROL: [(&str, &str); 14] = [
    ("x-envoy-retry-on", "5xx,reset,connect-failure"),
    ("x-envoy-retry-grpc-on", "unavailable"),
    ("x-envoy-max-retries", "9"),
    ("x-envoy-upstream-rq-timeout-ms", "30000"),
    ("x-envoy-upstream-rq-per-try-timeout-ms", "30000"),
    ("x-envoy-expected-rq-timeout-ms", "30000"),
    ("x-envoy-hedge-on-per-try-timeout", "true"),
    ("x-envoy-retriable-status-codes", "200,404"),
    ("x-envoy-original-path", "/v1/products"),
    ("x-envoy-original-host", "user.holdfast.svc.cluster.local"),
    ("x-envoy-attempt-count", "7"),
    ("x-envoy-internal", "true"),
    ("x-envoy-force-trace", "true"),
    ("x-envoy-decorator-operation", "forged"),
];

#[tokio::test]
#[ignore = "make test-mesh"]
async fn given_a_client_who_tells_envoy_what_to_do_then_it_does_as_istio_says() {
    let edge = Edge::start().await;
    for protocol in PROTOCOLS {
        edge.services.script(Script::Echo);
        let answer = edge
            .by(protocol, "GET", "/v1/orders", Some(USER_TOKEN), &CONTROL)
            .await;
        assert_eq!(answer.status, 200);
        for (name, value) in CONTROL {
            assert!(
                !edge.told(name).contains(&value.to_owned()),
                "{protocol:?}: {name}"
            );
        }
        assert_eq!(edge.told("x-envoy-attempt-count"), ["1"]);

        // Not idempotent, so it is tried once.
        edge.services.script(Script::answer(503, &[], ""));
        let before = edge.services.requests();
        let answer = edge
            .by(protocol, "POST", "/v1/orders", Some(USER_TOKEN), &CONTROL)
            .await;
        assert_eq!(answer.status, 503);
        assert_eq!(edge.services.requests() - before, 1, "{protocol:?}");
    }
    // The timeouts of the route.
    edge.services.script(Script::Hang);
    let since = Instant::now();
    let answer = edge.send("GET", "/v1/products/new", None, &CONTROL).await;
    assert_eq!(answer.status, 503, "the fallback's");
    assert!(since.elapsed() < Duration::from_secs(4));
    edge.services.script(Script::Echo);
    let hasty = [
        ("x-envoy-upstream-rq-timeout-ms", "0"),
        ("x-envoy-upstream-rq-timeout-ms", "1"),
    ];
    for _ in 0..20 {
        let answer = edge.send("GET", "/v1/orders", Some(USER_TOKEN), &hasty).await;
        assert_eq!(answer.status, 200);
    }
}
