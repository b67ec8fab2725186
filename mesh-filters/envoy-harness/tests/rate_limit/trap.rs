//! A filter that dies comes back, and its buckets were never gone.

use crate::lab::{Lab, per_key};
use holdfast_envoy_harness::bootstrap::wasm_filter;
use holdfast_envoy_harness::trap_filter;
use serde_json::json;
use std::time::{Duration, Instant};

/// What issue and README promise.
const RECOVERY: Duration = Duration::from_secs(2);
/// So many on fresh connections reach every worker.
const CONNECTIONS: usize = 24;

#[tokio::test]
#[ignore = "needs Envoy and the built filters: make test-filters"]
async fn given_a_filter_that_traps_on_every_worker_then_it_is_back_within_two_seconds_with_its_buckets() {
    let config = per_key(&json!({"requests": 3, "per": "1h"}));
    let module = trap_filter("holdfast_filter_rate_limit");
    let lab = Lab::with(vec![wasm_filter("mesh.rate-limit", &module, &config)], 2).await;
    assert_eq!(lab.statuses(&[("x-key", "k")], 2).await, [200, 200]);

    for _ in 0..CONNECTIONS {
        let status = lab.raw(&[b"x-trap: now"]).await;
        assert_eq!(status, 503, "a request that the filter did not see must not pass");
    }
    let trapped = Instant::now();
    let mut well = 0;
    while well < CONNECTIONS {
        let key = format!("x-key: {}", trapped.elapsed().as_nanos());
        match lab.raw(&[key.as_bytes()]).await {
            200 => well += 1,
            503 => well = 0,
            other => panic!("status {other}"),
        }
        assert!(trapped.elapsed() < RECOVERY, "not back:\n{}", lab.envoy.log());
    }

    assert_eq!(
        lab.statuses(&[("x-key", "k")], 2).await,
        [200, 429],
        "two were gone before"
    );
    let stats = lab.envoy.admin("/stats?filter=vm_reload").await;
    let count = |name: &str| -> u64 {
        let values = stats
            .lines()
            .filter(|line| line.contains(name))
            .filter_map(|line| line.split(": ").nth(1));
        values.filter_map(|value| value.parse::<u64>().ok()).sum()
    };
    assert!(
        count("vm_reload_success") >= 1 && count("vm_reload_failure") == 0,
        "{stats}"
    );
}
