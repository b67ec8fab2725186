//! The examples of `mesh-filters/README.md`, given to this mesh under its own names.

#![allow(
    clippy::expect_used,
    reason = "clippy knows tests by their attribute, not the functions that they call"
)]

use std::fs;
use std::path::Path;

use holdfast_tests_mesh::Mesh;
use holdfast_tests_mesh::tokens::KEYS;

/// The only example that names the filter.
fn example(filter: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../mesh-filters/README.md");
    let page = fs::read_to_string(path).expect("the page");
    let mut found = page
        .split("```yaml\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next())
        .filter(|block| block.contains(&format!("/{filter}:")));
    let example = found.next().expect("an example").to_owned();
    assert_eq!(found.next(), None);
    example
}

#[tokio::test]
#[ignore = "make test-mesh"]
async fn given_the_example_of_rate_limit_then_a_gateway_limits_by_it() {
    let example = example("rate-limit").replace("namespace: istio-ingress", "namespace: holdfast");
    let mesh = Mesh::builder()
        .resources(&format!("{KEYS}\n---\n{example}"))
        .envoy("gateway")
        .start()
        .await;
    let answer = mesh.client(8080).send("GET", "/v1/orders", &[]).await;
    assert_eq!(answer.header("ratelimit"), Some("\"per-client\";r=99;t=1"));
    mesh.assert_accepted().await;
}

#[tokio::test]
#[ignore = "make test-mesh"]
async fn given_the_example_of_fallback_then_a_sidecar_answers_by_it() {
    let example = example("fallback")
        .replace(
            "name: fallback, namespace: shop",
            "name: fallback-order, namespace: holdfast",
        )
        .replace("app: checkout", "app: order")
        .replace("payments.*", "payment.*")
        .replace("/v1/payments", "/v1/charges");
    let mesh = Mesh::builder().resources(&example).envoy("order").start().await;
    let payment = [("host", "payment.holdfast.svc.cluster.local")];
    let answer = mesh.client(15201).send("POST", "/v1/charges", &payment).await;
    assert_eq!(answer.status, 202, "{}", answer.text());
    assert_eq!(answer.text(), "{\"status\":\"pending\"}");
    mesh.assert_accepted().await;
}
