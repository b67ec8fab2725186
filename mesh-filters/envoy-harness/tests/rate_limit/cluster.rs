//! Rules of scope `cluster` whose quota service is not what it should be. With a sound one: `services/quota/tests/mesh.rs`.

use crate::lab::{Lab, limit};
use crate::push::{Pushes, STATS};
use holdfast_envoy_harness::bootstrap::{Bootstrap, cluster, route, wasm_filter};
use holdfast_envoy_harness::{Client, Envoy, Protocol, Script, Upstream, trap_filter};
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
    lab_with(limit(&config(quota))).await
}

async fn lab_with(filter: Value) -> (Lab, Upstream) {
    let (upstream, service) = (Upstream::start().await, Upstream::start().await);
    upstream.script(Script::answer(200, &[], "ok"));
    let envoy = Envoy::start(&Bootstrap {
        filters: vec![filter],
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

#[tokio::test]
#[ignore = "needs Envoy and the built filters: make test-filters"]
async fn given_pushes_while_the_quota_service_is_asked_then_no_request_is_dropped_and_the_floor_keeps_its_count()
 {
    let pushes = Pushes::new();
    let config = |mark: u32| {
        let mut config = config("quota");
        config["table"] = json!({"slots": 4096 + mark});
        config
    };
    pushes.push(0, &config(0));
    let (lab, service) = lab_with(pushes.filter()).await;
    service.script(Script::Hang);
    let reloads_stat = format!("{STATS}.config_reload");
    let mut allowed = 0;
    for mark in 1..=5 {
        let seen = service.requests();
        let reloads = lab.envoy.stat(&reloads_stat).await;
        // Until a call is under way, and then on until the push is in force.
        let mut pushed = false;
        while !pushed || lab.envoy.stat(&reloads_stat).await == reloads {
            match lab.client.send("GET", "/", &[KEY]).await.status.as_u16() {
                200 => allowed += 1,
                429 => {}
                other => panic!("status {other}"),
            }
            if !pushed && service.requests() > seen {
                pushes.push(mark as usize, &config(mark));
                pushed = true;
            }
        }
    }
    assert_eq!(allowed, FLOOR);
    lab.assert_unharmed().await;
}

#[tokio::test]
#[ignore = "needs Envoy and the built filters: make test-filters"]
async fn given_a_trap_while_the_quota_service_is_asked_then_the_filter_comes_back_and_asks_again() {
    let module = trap_filter("holdfast_filter_rate_limit");
    let (lab, service) = lab_with(wasm_filter("mesh.rate-limit", &module, &config("quota"))).await;
    service.script(Script::Hang);
    wait_for_errors(&lab, 1).await;
    for _ in 0..24 {
        assert_eq!(lab.raw(&[b"x-trap: now"]).await, 503);
    }
    let (trapped, seen) = (Instant::now(), service.requests());
    while service.requests() < seen + 3 {
        assert!(trapped.elapsed() < Duration::from_secs(5), "{}", lab.envoy.log());
        let status = lab.raw(&[b"x-key: k"]).await;
        assert!([200, 429, 503].contains(&status), "{status}");
    }
    assert_eq!(lab.upstream.requests(), FLOOR);
}
