//! The limits of `istio/filters.yaml` at the gateway, where Envoy's own filter has verified the token.

#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "clippy knows tests by their attribute, not the functions that they call"
)]

mod cluster;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use holdfast_envoy_harness::{Answer, Client, Script, Upstream};
use holdfast_tests_mesh::tokens::{KEYS, STAFF_TOKEN, USER_TOKEN};
use holdfast_tests_mesh::{Mesh, UNLIMITED_ADDRESS, raw};
use tokio::task::JoinSet;

const GATEWAY: u16 = 8080;
/// Of `orders-per-user`.
const RATE: f64 = 20.0;
const BURST: f64 = 40.0;
const LOAD: Duration = Duration::from_secs(5);
const CONNECTIONS: usize = 16;

async fn start(concurrency: u32, resources: &str) -> (Upstream, Mesh) {
    let order = Upstream::start().await;
    order.script(Script::answer(200, &[], "{}"));
    let builder = Mesh::builder().at(8101, order.address);
    let builder = builder.envoy("order").envoy("gateway").concurrency(concurrency);
    let resources = [KEYS, UNLIMITED_ADDRESS, resources].concat();
    let mesh = builder.resources(&resources).start().await;
    (order, mesh)
}

async fn order(client: &Client, token: &str) -> Answer {
    let bearer = format!("Bearer {token}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("idempotency-key", "1"),
        ("content-length", "0"),
    ];
    client.send("POST", "/v1/orders", &headers).await
}

/// How many orders a connection got through, and when it sent the last that was refused: the bucket was empty then.
async fn load(client: Client, token: &'static str) -> (usize, Option<Instant>) {
    let (start, mut allowed, mut empty) = (Instant::now(), 0, None);
    while start.elapsed() < LOAD {
        let sent = Instant::now();
        match order(&client, token).await.status.as_u16() {
            200 => allowed += 1,
            429 => empty = Some(sent),
            other => panic!("status {other}"),
        }
    }
    (allowed, empty)
}

#[tokio::test]
#[ignore = "make test-mesh"]
async fn given_a_user_who_orders_as_fast_as_he_can_then_what_is_configured_passes_with_any_number_of_workers()
{
    let most = |time: Duration| BURST + RATE * time.as_secs_f64();
    for concurrency in [1, 2, 4, 8] {
        let (upstream, mesh) = start(concurrency, "").await;
        let mut users = Vec::new();
        let start = Instant::now();
        for token in [USER_TOKEN, STAFF_TOKEN] {
            let mut connections = JoinSet::new();
            for _ in 0..CONNECTIONS / 2 {
                connections.spawn(load(mesh.client(GATEWAY), token));
            }
            users.push(connections);
        }
        let mut all = 0;
        for user in users {
            let outcomes = user.join_all().await;
            let allowed: usize = outcomes.iter().map(|(allowed, _)| allowed).sum();
            let empty = outcomes.iter().filter_map(|(_, empty)| *empty).max();
            let (empty, whole) = (empty.expect("a full load") - start, start.elapsed());
            let cell = format!("{concurrency} workers: {allowed} in {whole:?}, empty at {empty:?}");
            assert!(allowed as f64 <= most(whole), "{cell}");
            assert!(allowed as f64 >= 0.99 * most(empty), "{cell}");
            all += allowed;
        }
        assert_eq!(upstream.requests(), all);
        let counted = mesh
            .envoy("gateway")
            .stat("wasmcustom.rate_limit.rule.orders-per-user.allowed");
        assert_eq!(counted.await, all as u64);
        mesh.assert_accepted().await;
    }
}

/// Rules with an hour's tokens, so that any bucket that is lost shows; and routes that are new with each push.
fn hourly(mark: u32) -> String {
    format!(
        r#"{KEYS}{UNLIMITED_ADDRESS}
---
apiVersion: extensions.istio.io/v1alpha1
kind: WasmPlugin
metadata: {{name: rate-limit, namespace: holdfast}}
spec:
  selector: {{matchLabels: {{istio: ingressgateway}}}}
  url: oci://registry.example.com/holdfast/rate-limit:0.1.0
  phase: AUTHZ
  failStrategy: FAIL_RELOAD
  pluginConfig:
    table: {{slots: {slots}}}
    rules:
    - name: orders-per-user
      key: [{{jwt_claim: sub}}]
      limit: {{requests: 50, per: 1h}}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: holdfast, namespace: holdfast}}
spec:
  hosts: ["*"]
  gateways: [holdfast]
  http:
  - match: [{{uri: {{prefix: /v1/orders}}}}]
    route: [{{destination: {{host: order.holdfast.svc.cluster.local}}}}]
    timeout: {mark}s
"#,
        slots = 4096 + mark,
        mark = 10 + mark,
    )
}

#[tokio::test]
#[ignore = "make test-mesh"]
async fn given_pushes_of_filter_and_routes_under_load_then_no_order_is_dropped_and_no_bucket_reset() {
    let (upstream, mut mesh) = start(2, &hourly(0).replace(KEYS, "").replace(UNLIMITED_ADDRESS, "")).await;
    let (done, mut load) = (Arc::new(AtomicBool::new(false)), JoinSet::new());
    for token in [USER_TOKEN, STAFF_TOKEN, USER_TOKEN, STAFF_TOKEN] {
        let (client, done) = (mesh.client(GATEWAY), Arc::clone(&done));
        load.spawn(async move {
            let (mut allowed, mut refused) = (0, 0);
            while !done.load(Ordering::Relaxed) || refused < 100 {
                match order(&client, token).await.status.as_u16() {
                    200 => allowed += 1,
                    429 => refused += 1,
                    other => panic!("status {other}"),
                }
            }
            allowed
        });
    }
    for mark in 1..=5 {
        let pushed = mesh.push(&hourly(mark), "gateway").await;
        assert_eq!((pushed.created, pushed.updated, pushed.deleted), (0, 2, 0));
    }
    done.store(true, Ordering::Relaxed);
    let allowed: usize = load.join_all().await.into_iter().sum();
    assert_eq!((allowed, upstream.requests()), (2 * 50, 2 * 50));
    mesh.assert_accepted().await;
}

#[tokio::test]
#[ignore = "make test-mesh"]
async fn given_input_that_means_harm_then_it_is_refused_or_passed_and_the_gateway_lives() {
    let (upstream, mesh) = start(1, "").await;
    let bearer = |token: &str| format!("authorization: Bearer {token}").into_bytes();
    let user = bearer(USER_TOKEN);
    let (head, rest) = USER_TOKEN.split_once('.').expect("a token");
    let (payload, signature) = rest.split_once('.').expect("a token");
    let large = |size| [b"x-large: ".as_slice(), &vec![b'x'; size]].concat();
    let (below, above) = (large(50 << 10), large(64 << 10));
    // A signature tells for what it was made: nothing else passes, whatever it looks like.
    let forged = [
        bearer(&format!("{head}.e30.{signature}")),
        bearer(&format!("{head}.//8.{signature}")),
        bearer(&format!("{head}.{payload}.{payload}")),
        bearer(&format!("eyJhbGciOiJub25lIn0.{payload}.")),
        bearer("a.b.c"),
        bearer(&".".repeat(5000)),
        b"authorization: Bearer \xff.\xfe.\x80".to_vec(),
    ];
    let mut cases: Vec<(Vec<&[u8]>, u16)> =
        forged.iter().map(|token| (vec![token.as_slice()], 401)).collect();
    cases.extend([
        (vec![&user[..], b"x-holdfast-user: \xff\xfe"], 200),
        (
            vec![
                &user[..],
                b"x-forwarded-for: \xff, 1.2.3.4",
                b"x-forwarded-for: ;;",
            ],
            200,
        ),
        (
            vec![&user[..], b"traceparent: 00-\xff-\"}", b"traceparent: 00"],
            200,
        ),
        (
            vec![
                &user[..],
                b"content-type: application/grpc\xff",
                b"content-type: a",
            ],
            200,
        ),
        (vec![&user[..], &below], 200),
        (vec![&user[..], &above], 431),
        // Two tokens are none.
        (vec![&user[..], &forged[0]], 401),
    ]);
    for (headers, expected) in cases {
        let told = headers
            .iter()
            .map(|header| String::from_utf8_lossy(&header[..header.len().min(80)]).into_owned());
        let told: Vec<_> = told.collect();
        let mut fields = headers.clone();
        fields.push(b"content-length: 0");
        let answer = raw(mesh.ports.address(GATEWAY), b"POST /v1/orders", &fields).await;
        assert_eq!(answer.status, expected, "{told:?}");
    }
    assert_eq!(upstream.requests(), 5);
    let harmed = mesh
        .envoy("gateway")
        .admin("/stats?filter=vm_reload|rate_limit.errors")
        .await;
    assert!(harmed.lines().all(|line| line.ends_with(": 0")), "{harmed}");
    assert_eq!(order(&mesh.client(GATEWAY), USER_TOKEN).await.status, 200);
}
