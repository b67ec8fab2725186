//! What is tried again, how often, after which pauses, and when no more.

use std::time::Duration;

use holdfast_envoy_harness::{Answer, Protocol, Script, Upstream};
use holdfast_tests_mesh::Mesh;
use holdfast_tests_mesh::tokens::{KEYS, STAFF_TOKEN};

const ORDER_PROXY: u16 = 15201;
const PAYMENT_PROXY: u16 = 15204;
const NOTIFICATION_PROXY: u16 = 15206;
const GATEWAY: u16 = 8080;
const KEY: (&str, &str) = ("idempotency-key", "0198");
/// A charge's back-off is random below these, before the second and the third try.
const PAUSES: [Duration; 2] = [Duration::from_millis(200), Duration::from_millis(600)];

type Call = (&'static str, &'static str, &'static str, bool, usize);

/// Service, method, path, whether with an Idempotency-Key, and how often it is tried when it fails.
const BY_ORDER: [Call; 9] = [
    ("payment", "POST", "/v1/charges", true, 3),
    ("payment", "POST", "/v1/charges", false, 1),
    ("payment", "POST", "/v1/voids", false, 3),
    ("payment", "POST", "/v1/refunds", false, 3),
    ("payment", "GET", "/v1/charges/7", false, 3),
    ("inventory", "GET", "/v1/stock/mug", false, 3),
    ("catalog", "GET", "/v1/products/mug", false, 3),
    // Nothing that changes these is order's to do: there is no route.
    ("inventory", "POST", "/v1/stock/mug/receipts", false, 0),
    ("catalog", "PUT", "/v1/products/mug", false, 0),
];
/// A 503 of the provider is its word, which payment judges by itself.
const BY_PAYMENT: [Call; 4] = [
    ("sandbox", "POST", "/v1/charges", true, 1),
    ("sandbox", "POST", "/v1/charges", false, 1),
    ("sandbox", "GET", "/v1/charges/by-key/7", false, 1),
    ("sandbox", "POST", "/v1/charges/by-key/7/void", false, 1),
];
const BY_NOTIFICATION: [Call; 4] = [
    ("user", "GET", "/v1/contacts/7", false, 3),
    // Nobody but user itself changes these: its sidecar refuses.
    ("user", "POST", "/v1/contacts/7", false, 0),
    ("sandbox", "POST", SMS, true, 3),
    // A second one would be a second SMS.
    ("sandbox", "POST", SMS, false, 1),
];
const SMS: &str = "/2010-04-01/Accounts/AC7/Messages.json";
/// What is tried how often when the provider hangs up: the charge may be made, the SMS may be sent.
const HUNG_UP: [(u16, Call); 6] = [
    (PAYMENT_PROXY, ("sandbox", "POST", "/v1/charges", true, 1)),
    (PAYMENT_PROXY, ("sandbox", "POST", "/v1/charges", false, 1)),
    (
        PAYMENT_PROXY,
        ("sandbox", "GET", "/v1/charges/by-key/7", false, 3),
    ),
    (
        PAYMENT_PROXY,
        ("sandbox", "POST", "/v1/charges/by-key/7/void", false, 3),
    ),
    (NOTIFICATION_PROXY, ("sandbox", "POST", SMS, true, 3)),
    (NOTIFICATION_PROXY, ("sandbox", "POST", SMS, false, 1)),
];
const AT_THE_GATEWAY: [Call; 23] = [
    ("", "POST", "/v1/orders", true, 3),
    ("", "POST", "/v1/orders", false, 1),
    ("", "POST", "/v1/orders/7/cancel", false, 3),
    ("", "POST", "/v1/orders/7/resume", false, 1),
    ("", "GET", "/v1/orders/7", false, 3),
    ("", "GET", "/v1/products", false, 3),
    ("", "POST", "/v1/products", false, 1),
    ("", "PUT", "/v1/products/mug", false, 1),
    ("", "DELETE", "/v1/products/mug", false, 1),
    // Each may take 6 s.
    ("", "POST", "/v1/stock/mug/receipts", false, 2),
    ("", "POST", "/v1/payments/webhooks/sandbox", false, 1),
    ("", "POST", "/v1/users", false, 1),
    ("", "POST", "/v1/sessions", false, 1),
    ("", "POST", "/v1/oauth/token", false, 1),
    ("", "GET", "/.well-known/jwks.json", false, 3),
    // Each looks through streams.
    ("", "GET", "/v1/ops/letters", false, 2),
    ("", "POST", "/v1/ops/redrives", false, 1),
    ("", "GET", "/images/mug.svg", false, 3),
    ("", "GET", "/v1/openapi.json", false, 3),
    ("", "GET", "/docs", false, 3),
    ("", "GET", "/", false, 3),
    ("", "GET", "/orders/7", false, 3),
    ("", "POST", "/", false, 0),
];

/// Every call, and the proxy that it goes by.
fn calls() -> impl Iterator<Item = (u16, Call)> {
    let tables: [(u16, &[Call]); 4] = [
        (ORDER_PROXY, &BY_ORDER),
        (PAYMENT_PROXY, &BY_PAYMENT),
        (NOTIFICATION_PROXY, &BY_NOTIFICATION),
        (GATEWAY, &AT_THE_GATEWAY),
    ];
    let each = |(by, table): (u16, &'static [Call])| table.iter().map(move |call| (by, *call));
    tables.into_iter().flat_map(each)
}

/// All services, which are one program, behind their sidecars, and no breaker in the way.
async fn start(script: Script) -> (Upstream, Mesh) {
    let upstream = Upstream::start().await;
    upstream.script(script);
    let mut builder = Mesh::builder().resources(KEYS).envoy("gateway");
    for (name, port) in [
        ("order", 8101),
        ("catalog", 8102),
        ("inventory", 8103),
        ("payment", 8104),
        ("user", 8105),
        ("notification", 8106),
        ("storefront", 8108),
        ("ops", 8109),
    ] {
        builder = builder.at(port, upstream.address).envoy(name);
    }
    // A provider has no sidecar.
    let mesh = builder.at(8190, upstream.address).start().await;
    for caller in ["order", "payment", "notification", "gateway"] {
        let breaker = "outlier_detection.enforcing_failure_percentage";
        mesh.envoy(caller).set(&[(breaker, 0)]).await;
    }
    (upstream, mesh)
}

async fn send(mesh: &Mesh, by: u16, (service, method, path, with_key, _): Call) -> Answer {
    let bearer = format!("Bearer {STAFF_TOKEN}");
    let mut headers = vec![("content-length", "0")];
    headers.extend(with_key.then_some(KEY));
    if service.is_empty() {
        headers.push(("authorization", &bearer));
        return mesh.client(GATEWAY).send(method, path, &headers).await;
    }
    let client = mesh.caller(by, service, Protocol::Http1);
    client.send(method, path, &headers).await
}

#[tokio::test]
#[ignore = "make test-mesh"]
async fn given_a_failure_that_may_pass_then_what_is_idempotent_is_tried_again_and_all_else_once() {
    let (upstream, mesh) = start(Script::answer(503, &[], "")).await;
    for (by, call) in calls() {
        let before = upstream.requests();
        let answer = send(&mesh, by, call).await;
        assert_eq!(upstream.requests() - before, call.4, "{call:?}: {answer:?}");
    }
    mesh.assert_accepted().await;
}

#[tokio::test]
#[ignore = "make test-mesh"]
async fn given_an_answer_that_another_try_would_repeat_then_nothing_is_tried_again() {
    let (upstream, mesh) = start(Script::Hang).await;
    for status in [400, 404, 409, 422, 429, 500] {
        upstream.script(Script::answer(status, &[], "{}"));
        for (by, call) in calls() {
            let before = upstream.requests();
            let answer = send(&mesh, by, call).await;
            let asked = upstream.requests() - before;
            assert_eq!(asked, call.4.min(1), "{status} {call:?}: {answer:?}");
        }
    }
}

#[tokio::test]
#[ignore = "make test-mesh"]
async fn given_a_provider_hangs_up_then_what_it_knows_by_a_key_is_tried_again_and_a_charge_is_not() {
    let (upstream, mesh) = start(Script::Reset).await;
    for (by, call) in HUNG_UP {
        let before = upstream.requests();
        let answer = send(&mesh, by, call).await;
        assert_eq!(upstream.requests() - before, call.4, "{call:?}: {answer:?}");
    }
}

/// Without a rule of its own Envoy waits below 25 ms and 75 ms.
#[tokio::test]
#[ignore = "make test-mesh"]
async fn given_a_charge_fails_then_it_is_tried_again_after_random_pauses() {
    let (upstream, mesh) = start(Script::answer(503, &[], "")).await;
    let mut longest = [Duration::ZERO; 2];
    let mut shortest = PAUSES;
    for round in 0..12 {
        send(&mesh, ORDER_PROXY, BY_ORDER[0]).await;
        let tries = upstream.arrivals().split_off(round * 3);
        assert_eq!(tries.len(), 3);
        for (pause, pair) in tries.windows(2).enumerate() {
            let waited = pair[1] - pair[0];
            longest[pause] = longest[pause].max(waited);
            shortest[pause] = shortest[pause].min(waited);
        }
    }
    // A busy machine makes them longer, never shorter.
    for pause in [0, 1] {
        assert!(longest[pause] > PAUSES[pause] / 3, "{longest:?}");
        assert!(shortest[pause] < PAUSES[pause] * 2 / 3, "{shortest:?}");
    }
}

#[tokio::test]
#[ignore = "make test-mesh"]
async fn given_everything_fails_then_few_are_tried_again_at_once() {
    const CHARGES: usize = 60;
    let (upstream, mesh) = start(Script::answer(503, &[], "")).await;
    let client = mesh.caller(ORDER_PROXY, "payment", Protocol::Http1);
    let charges: Vec<_> = (0..CHARGES)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.send("POST", "/v1/charges", &[KEY]).await })
        })
        .collect();
    for charge in charges {
        assert_eq!(charge.await.unwrap().status, 202);
    }
    let asked = upstream.requests();
    // A fifth of them, not less than 10 at once, twice at most.
    assert!(
        (CHARGES..2 * CHARGES).contains(&asked),
        "payment was asked {asked} times"
    );
    let refused = mesh.envoy("order").stats("upstream_rq_retry_overflow").await;
    let refused: u64 = refused.iter().map(|(_, count)| count).sum();
    assert!(refused > 0, "the budget was never used up");
}
