//! Any number of keys, bounded memory.

use crate::lab::Lab;
use holdfast_envoy_harness::Client;
use serde_json::{Value, json};

const KEYS: usize = 5_000;
const SLOTS: usize = 256;
/// What a worker keeps beside the table, see the core.
const HOT: usize = 64;

async fn allocated(lab: &Lab) -> u64 {
    let memory: Value = serde_json::from_str(&lab.envoy.admin("/memory").await).unwrap();
    memory["allocated"].as_str().unwrap().parse().unwrap()
}

async fn send(client: &Client, keys: std::ops::Range<usize>) {
    for key in keys {
        let answer = client.send("GET", "/", &[("x-key", &key.to_string())]).await;
        assert_eq!(answer.status, 200);
    }
}

#[tokio::test]
#[ignore = "needs Envoy and the built filters: make test-filters"]
async fn given_far_more_keys_than_slots_then_memory_stays_and_each_loss_is_counted() {
    let config = json!({"table": {"slots": SLOTS}, "rules": [
        {"name": "hourly", "key": [{"header": "x-key"}], "limit": {"requests": 2, "per": "1h"}}]});
    let lab = Lab::start(&config, 2).await;
    send(&lab.client, 0..KEYS / 10).await;
    let before = allocated(&lab).await;
    send(&lab.client, KEYS / 10..KEYS).await;
    let grown = allocated(&lab).await.saturating_sub(before);
    assert!(grown < 1 << 20, "{grown} bytes for {KEYS} keys");
    assert_eq!(lab.metric("evicted").await, (KEYS - SLOTS - HOT) as u64);
    lab.assert_unharmed().await;
}
