//! What `istio/payment.yaml` and its neighbours promise about the hop from order to payment.

use holdfast_envoy_harness::{Answer, Script, Upstream};
use holdfast_tests_mesh::{Builder, Mesh};

/// order's way out.
const ORDER_PROXY: u16 = 15201;
const PAYMENT: u16 = 8104;
const PAYMENT_SIDECAR: u16 = 15104;
const PENDING: &str = r#"{"status":"payment-pending"}"#;

async fn payment(script: Script) -> (Upstream, Builder) {
    let upstream = Upstream::start().await;
    upstream.script(script);
    let builder = Mesh::builder().at(PAYMENT, upstream.address);
    (upstream, builder)
}

async fn charge(mesh: &Mesh) -> Answer {
    post(mesh, "/v1/charges", &[("idempotency-key", "0198")]).await
}

async fn post(mesh: &Mesh, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut fields = vec![("host", "payment.holdfast.svc.cluster.local")];
    fields.extend(headers);
    mesh.client(ORDER_PROXY).send("POST", path, &fields).await
}

async fn pending(mesh: &Mesh) -> u64 {
    mesh.envoy("order")
        .stat("wasmcustom.fallback.payment-pending.static")
        .await
}

async fn handshakes(mesh: &Mesh, envoy: &str) -> u64 {
    let stats = mesh.envoy(envoy).stats("ssl.handshake").await;
    stats.iter().map(|(_, count)| count).sum()
}

#[tokio::test]
#[ignore = "make test-mesh"]
async fn given_payment_answers_when_order_charges_then_it_is_asked_over_mutual_tls() {
    let (_payment, builder) = payment(Script::Echo).await;
    let mesh = builder.envoy("payment").envoy("order").start().await;
    let answer = charge(&mesh).await;
    assert_eq!(
        (answer.status.as_u16(), answer.text().as_str()),
        (200, "/v1/charges")
    );
    assert!(handshakes(&mesh, "payment").await > 0);
    mesh.assert_accepted().await;
}

#[tokio::test]
#[ignore = "make test-mesh"]
async fn given_payment_is_gone_when_order_charges_then_it_is_told_that_payment_is_pending() {
    let (payment, builder) = payment(Script::Echo).await;
    let mesh = builder.envoy("payment").envoy("order").start().await;
    payment.stop().await;
    let answer = charge(&mesh).await;
    assert_eq!((answer.status.as_u16(), answer.text().as_str()), (202, PENDING));
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(pending(&mesh).await, 1);
    mesh.assert_accepted().await;
}

#[tokio::test]
#[ignore = "make test-mesh"]
async fn given_payment_fails_then_an_idempotent_charge_is_tried_three_times_and_another_request_once() {
    let (payment, builder) = payment(Script::answer(503, &[], "")).await;
    let mesh = builder.envoy("payment").envoy("order").start().await;
    assert_eq!(charge(&mesh).await.status, 202);
    assert_eq!(payment.requests(), 3);
    // By which payment knows that an earlier try may have charged.
    assert_eq!(payment.last_headers()["x-envoy-attempt-count"], "3");
    // Without the key nothing tells two charges apart.
    assert_eq!(post(&mesh, "/v1/charges", &[]).await.status, 202);
    assert_eq!(payment.requests(), 4);
    mesh.assert_accepted().await;
}

#[tokio::test]
#[ignore = "make test-mesh"]
async fn given_another_service_account_when_it_calls_payment_then_it_is_refused() {
    let (payment, builder) = payment(Script::Echo).await;
    let mesh = builder
        .envoy("payment")
        .impostor("order", "catalog")
        .start()
        .await;
    let answer = charge(&mesh).await;
    assert_eq!(answer.status, 403);
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    assert!(
        answer.text().contains("https://holdfast.dev/problems/forbidden"),
        "{}",
        answer.text()
    );
    assert_eq!(payment.requests(), 0);
    mesh.assert_accepted().await;
}

#[tokio::test]
#[ignore = "make test-mesh"]
async fn given_no_certificate_when_somebody_calls_payments_sidecar_then_the_connection_ends() {
    let (payment, builder) = payment(Script::Echo).await;
    let mesh = builder.envoy("payment").start().await;
    let client = mesh.client(PAYMENT_SIDECAR);
    let answer = client.try_send("POST", "/v1/charges", &[], "{}".into()).await;
    assert!(answer.is_err(), "{answer:?}");
    assert_eq!(payment.requests(), 0);
}

#[tokio::test]
#[ignore = "make test-mesh"]
async fn given_somebody_else_in_payments_place_when_order_charges_then_nothing_is_sent_to_it() {
    let (payment, builder) = payment(Script::Echo).await;
    let mesh = builder
        .impostor("payment", "catalog")
        .envoy("order")
        .start()
        .await;
    let answer = charge(&mesh).await;
    assert_eq!((answer.status.as_u16(), answer.text().as_str()), (202, PENDING));
    assert_eq!(payment.requests(), 0);
}

#[tokio::test]
#[ignore = "make test-mesh"]
async fn given_other_retries_are_pushed_when_a_charge_fails_then_they_hold_at_once() {
    let (payment, builder) = payment(Script::answer(503, &[], "")).await;
    let mut mesh = builder.envoy("payment").envoy("order").start().await;
    let pushed = mesh.push(ONE_TRY, "order").await;
    assert_eq!((pushed.created, pushed.updated, pushed.deleted), (0, 1, 0));
    assert_eq!(charge(&mesh).await.status, 202);
    assert_eq!(payment.requests(), 1);
    mesh.assert_accepted().await;
}

#[tokio::test]
#[ignore = "make test-mesh"]
async fn given_what_an_envoy_refuses_when_it_is_pushed_then_that_is_noticed_and_the_old_stays() {
    let (_payment, builder) = payment(Script::Echo).await;
    let mut mesh = builder.envoy("payment").envoy("order").start().await;
    mesh.push(REFUSED, "order").await;
    assert!(!mesh.refused("order").await.is_empty());
    assert_eq!(charge(&mesh).await.status, 200);
}

const REFUSED: &str = r#"
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: refused, namespace: holdfast}
spec:
  configPatches:
  - applyTo: HTTP_FILTER
    match: {context: SIDECAR_OUTBOUND, listener: {filterChain: {filter: {name: envoy.filters.network.http_connection_manager}}}}
    patch:
      operation: INSERT_FIRST
      value:
        name: envoy.filters.http.lua
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua
          default_source_code: {inline_string: "this is no Lua"}
"#;

const ONE_TRY: &str = "
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: payment, namespace: holdfast}
spec:
  hosts: [payment.holdfast.svc.cluster.local]
  http:
  - route:
    - destination: {host: payment.holdfast.svc.cluster.local}
    retries: {attempts: 0}
";
