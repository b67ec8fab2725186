//! Under full load on many workers, exactly what is configured passes.

use crate::lab::Lab;
use holdfast_envoy_harness::{Client, Protocol};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const CONNECTIONS: usize = 16;
const KEYS: [&str; 4] = ["a", "b", "c", "d"];
/// Requests per second and burst of the rule for all: so large that the workers compete for it all the while.
const ALL: (u32, u32) = (200, 1500);
/// Of each key: together they have more.
const EACH: (u32, u32) = (100, 600);
/// The load ends when the rule for all has refused so many, or after a time that is a failure.
const REFUSALS: usize = 500;
const DEADLINE: Duration = Duration::from_secs(60);

#[derive(Default)]
struct Outcome {
    allowed: usize,
    /// When the last request was sent that the rule for all refused: its bucket was empty then.
    empty_at: Option<Instant>,
}

/// As many requests as the connection takes.
async fn load(client: Client, key: &'static str, refusals: Arc<AtomicUsize>) -> Outcome {
    let (mut outcome, start) = (Outcome::default(), Instant::now());
    while refusals.load(Ordering::Relaxed) < REFUSALS && start.elapsed() < DEADLINE {
        let sent = Instant::now();
        let answer = client.send("GET", "/", &[("x-key", key)]).await;
        match answer.status.as_u16() {
            200 => outcome.allowed += 1,
            429 if answer.text().contains(r#""violated-policies":["all""#) => {
                refusals.fetch_add(1, Ordering::Relaxed);
                outcome.empty_at = Some(sent);
            }
            429 => {}
            other => panic!("status {other}"),
        }
    }
    outcome
}

fn most((rate, burst): (u32, u32), time: Duration) -> f64 {
    f64::from(burst) + f64::from(rate) * time.as_secs_f64()
}

#[tokio::test]
#[ignore = "needs Envoy and the built filters: make test-filters"]
async fn given_full_load_on_any_number_of_workers_then_exactly_what_is_configured_passes() {
    let limit = |(rate, burst)| json!({"requests": rate, "per": "1s", "burst": burst});
    let config = json!({"rules": [
        {"name": "all", "limit": limit(ALL)},
        {"name": "each", "key": [{"header": "x-key"}], "limit": limit(EACH)}
    ]});
    for concurrency in [1, 2, 4, 8] {
        let lab = Lab::start(&config, concurrency).await;
        let (start, refusals) = (Instant::now(), Arc::new(AtomicUsize::new(0)));
        let tasks: Vec<_> = (0..CONNECTIONS)
            .map(|i| {
                // A client each, so that the connections spread over the workers.
                let client = Client::new(lab.envoy.address, Protocol::Http1);
                tokio::spawn(load(client, KEYS[i % KEYS.len()], Arc::clone(&refusals)))
            })
            .collect();
        let (mut total, mut empty_at, mut by_key) = (0, None, [0; KEYS.len()]);
        for (i, task) in tasks.into_iter().enumerate() {
            let outcome = task.await.unwrap();
            total += outcome.allowed;
            empty_at = empty_at.max(outcome.empty_at);
            by_key[i % KEYS.len()] += outcome.allowed;
        }
        let longest = start.elapsed();
        let emptied = empty_at.expect("a full load") - start;
        let cell = format!("{concurrency} workers: {by_key:?} in {longest:?}, empty at {emptied:?}");
        assert!(total as f64 <= most(ALL, longest), "{cell}");
        assert!(total as f64 >= 0.99 * most(ALL, emptied), "{cell}");
        for allowed in by_key {
            assert!(allowed as f64 <= most(EACH, longest), "{cell}");
        }
        assert_eq!(lab.metric("rule.all.allowed").await, total as u64, "{cell}");
        assert_eq!(lab.upstream.requests(), total, "{cell}");
        lab.assert_unharmed().await;
    }
}
