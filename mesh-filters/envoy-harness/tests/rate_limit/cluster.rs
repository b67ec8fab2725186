//! Rules of scope `cluster` whose quota service is not what it should be. With a sound one: `services/quota/tests/mesh.rs`.

use crate::lab::{Lab, limit};
use holdfast_envoy_harness::bootstrap::{Bootstrap, cluster, route};
use holdfast_envoy_harness::{Client, Envoy, Protocol, Script, Upstream};
use serde_json::{Value, json};
use tokio::time::{Duration, Instant, sleep};

const FLOOR: usize = 3;
const KEY: (&str, &str) = ("x-key", "k");

fn config(quota: &str) -> Value {
    json!({"quota": {"cluster": quota, "tick": "50ms", "timeout": "50ms"}, "rules": [
        {"name": "per-key", "key": [{"header": "x-key"}], "limit": {"requests": 100, "per": "1h"}, "scope": "cluster",
         "floor": {"requests": 1, "per": "1h", "burst": FLOOR}}]})
}

/// The lab, and what stands in for the quota service.
async fn lab(quota: &str) -> (Lab, Upstream) {
    let (upstream, service) = (Upstream::start().await, Upstream::start().await);
    upstream.script(Script::answer(200, &[], "ok"));
    let envoy = Envoy::start(&Bootstrap {
        filters: vec![limit(&config(quota))],
        routes: vec![route(&[], "up", json!({}))],
        clusters: vec![
            cluster("up", Protocol::Http1, &[upstream.address], &json!({})),
            cluster("quota", Protocol::Http2, &[service.address], &json!({})),
        ],
        concurrency: 2,
        access_log: false,
    })
    .await;
    let client = Client::new(envoy.address, Protocol::Http1);
    (
        Lab {
            envoy,
            upstream,
            client,
        },
        service,
    )
}

async fn wait_for_errors(lab: &Lab, least: u64) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while lab.metric("rule.per-key.lease_errors").await < least {
        assert!(Instant::now() < deadline, "{}", lab.envoy.log());
        lab.client.send("GET", "/", &[KEY]).await;
        sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
#[ignore = "needs Envoy and the built filters: make test-filters"]
async fn given_a_quota_service_that_fails_in_any_way_then_the_floor_holds_and_the_filter_lives() {
    let grpc = [("content-type", "application/grpc")];
    let scripts = [
        Script::Hang,
        Script::Reset,
        Script::answer(500, &[], "oops"),
        Script::answer(200, &[], "not gRPC"),
        Script::answer(200, &grpc, "\u{0}\u{0}\u{0}\u{0}\u{3}abc"),
        Script::answer(200, &grpc, "no frame"),
    ];
    let (lab, service) = lab("quota").await;
    let mut errors = 0;
    for script in scripts {
        service.script(script);
        wait_for_errors(&lab, errors + 3).await;
        errors = lab.metric("rule.per-key.lease_errors").await;
    }
    assert!(service.requests() > 0);
    assert_eq!(lab.metric("rule.per-key.floor_allowed").await, FLOOR as u64);
    assert_eq!(lab.upstream.requests(), FLOOR);
    lab.assert_unharmed().await;
}

#[tokio::test]
#[ignore = "needs Envoy and the built filters: make test-filters"]
async fn given_a_cluster_that_the_proxy_does_not_know_then_the_floor_holds_and_it_is_told() {
    let (lab, _service) = lab("outbound|8080||nobody.svc").await;
    assert_eq!(lab.statuses(&[KEY], FLOOR + 1).await, [200, 200, 200, 429]);
    wait_for_errors(&lab, 2).await;
    lab.assert_logged("the quota service has not answered").await;
    lab.assert_unharmed().await;
}
