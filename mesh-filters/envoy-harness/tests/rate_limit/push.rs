//! Configuration that is pushed while the proxy runs.

use crate::lab::{Lab, limit, per_key};
use holdfast_envoy_harness::bootstrap::pushed_filter;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tempfile::TempDir;
use tokio::time::{Duration, Instant, sleep};

const DEADLINE: Duration = Duration::from_secs(20);
const NAME: &str = "mesh.rate-limit";
pub const STATS: &str = "extension_config_discovery.http_filter.mesh.rate-limit";

/// A file that Envoy watches, as the control plane's pushes.
pub struct Pushes(TempDir);

impl Pushes {
    pub fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    /// Envoy sees a file that is renamed into its place.
    pub fn push(&self, version: usize, config: &Value) {
        let mut resource = limit(config);
        resource["@type"] = "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig".into();
        let response = json!({"version_info": version.to_string(), "resources": [resource]});
        let next = self.0.path().join("next.json");
        std::fs::write(&next, response.to_string()).unwrap();
        std::fs::rename(next, self.0.path().join("filter.json")).unwrap();
    }

    pub fn filter(&self) -> Value {
        pushed_filter(NAME, &self.0.path().join("filter.json"))
    }
}

async fn wait_for(lab: &Lab, stat: &str, least: u64) {
    let deadline = Instant::now() + DEADLINE;
    while lab.envoy.stat(&format!("{STATS}.{stat}")).await < least {
        assert!(Instant::now() < deadline, "{}", lab.envoy.log());
        sleep(Duration::from_millis(10)).await;
    }
}

/// Pushes a good configuration and waits until it is in force.
async fn push(lab: &Lab, pushes: &Pushes, version: usize, config: &Value) {
    let reloads = lab.envoy.stat(&format!("{STATS}.config_reload")).await;
    pushes.push(version, config);
    wait_for(lab, "config_reload", reloads + 1).await;
}

#[tokio::test]
#[ignore = "needs Envoy and the built filters: make test-filters"]
async fn given_a_wrong_push_then_it_is_refused_by_name_and_a_right_one_resets_no_bucket() {
    let (pushes, key) = (Pushes::new(), [("x-key", "k")]);
    let config = per_key(&json!({"requests": 3, "per": "1h"}));
    pushes.push(1, &config);
    let lab = Lab::with(vec![pushes.filter()], 2).await;
    assert_eq!(lab.statuses(&key, 2).await, [200, 200]);

    let mut wrong = config.clone();
    wrong["rules"][0]["scope"] = json!("cluster");
    pushes.push(2, &wrong);
    wait_for(&lab, "config_fail", 1).await;
    let reason = "configuration refused: rules[0].scope: `cluster` needs `quota`, where the tokens come from";
    lab.assert_logged(reason).await;
    assert_eq!(
        lab.statuses(&key, 2).await,
        [200, 429],
        "the old one is still in force"
    );

    let mut right = config.clone();
    right["table"] = json!({"slots": 1024});
    right["rules"][0]["limit"]["requests"] = json!(4);
    push(&lab, &pushes, 3, &right).await;
    let answer = lab.client.send("GET", "/", &[("x-key", "fresh")]).await;
    assert_eq!(
        answer.header("ratelimit"),
        Some(r#""per-key";r=3;t=900"#),
        "the new one is in force"
    );
    let after = lab.statuses(&key, 2).await;
    assert_eq!(after[1], 429, "and the bucket is where it was: {after:?}");
}

#[tokio::test]
#[ignore = "needs Envoy and the built filters: make test-filters"]
async fn given_pushes_under_load_then_no_request_is_dropped_and_no_limit_loosened() {
    let pushes = Pushes::new();
    let config = |mark: u32| {
        json!({"table": {"slots": 4096 + mark}, "rules": [
            {"name": "all", "limit": {"requests": 50, "per": "1h"}}]})
    };
    pushes.push(0, &config(0));
    let lab = Lab::with(vec![pushes.filter()], 2).await;
    let done = Arc::new(AtomicBool::new(false));
    let load = tokio::spawn({
        let (client, done) = (lab.client.clone(), Arc::clone(&done));
        async move {
            let (mut sent, mut allowed, mut others) = (0, 0, Vec::new());
            // Far more than are allowed, however quick the pushes are.
            while !done.load(Ordering::SeqCst) || sent < 500 {
                sent += 1;
                match client.send("GET", "/", &[]).await.status.as_u16() {
                    200 => allowed += 1,
                    429 => {}
                    other => others.push(other),
                }
            }
            (allowed, others)
        }
    });
    for mark in 1..=5 {
        push(&lab, &pushes, mark as usize, &config(mark)).await;
    }
    done.store(true, Ordering::SeqCst);
    assert_eq!(load.await.unwrap(), (50, Vec::new()));
}
