//! One service that is stuck takes nothing from the others.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "clippy knows tests by their attribute, not the functions that they call"
)]

use std::time::Duration;

use holdfast_envoy_harness::{Client, Protocol, Script, Upstream};
use holdfast_tests_mesh::Mesh;
use tokio::time::{Instant, sleep};

const ORDER_PROXY: u16 = 15201;
/// More than payment's pool has room for.
const CHARGES: usize = 300;
const READERS: usize = 4;
const READS: usize = 150;
const DEADLINE: Duration = Duration::from_secs(20);
/// A machine that does other things too shows in the slowest of a hundred; a queue behind payment would show as seconds.
const NOISE: Duration = Duration::from_millis(20);

/// The slowest of a hundred.
async fn p99(reader: &Client) -> Duration {
    let read = |reader: Client| async move {
        let mut taken = Vec::new();
        for _ in 0..READS {
            let start = Instant::now();
            let answer = reader.send("GET", "/v1/stock/mug", &[]).await;
            taken.push(start.elapsed());
            assert_eq!(answer.status, 200);
            assert_eq!(answer.header("cache-status"), None, "no copy is needed");
        }
        taken
    };
    let readers: Vec<_> = (0..READERS).map(|_| tokio::spawn(read(reader.clone()))).collect();
    let mut taken = Vec::new();
    for reader in readers {
        taken.extend(reader.await.expect("a reader"));
    }
    taken.sort_unstable();
    taken[taken.len() * 99 / 100]
}

/// Charges on and on, as if customers did not stop.
async fn charge(client: Client) {
    loop {
        let answer = client
            .send("POST", "/v1/charges", &[("idempotency-key", "1")])
            .await;
        assert_eq!(answer.status, 202);
        // What is refused at once would otherwise be a load of its own.
        sleep(Duration::from_millis(250)).await;
    }
}

async fn count(mesh: &Mesh, service: &str, stat: &str) -> u64 {
    let stats = mesh.envoy("order").stats(stat).await;
    let of_service = stats
        .iter()
        .filter(|(name, _)| name.contains(&format!("{service}.holdfast")));
    of_service.map(|(_, count)| count).sum()
}

#[tokio::test]
#[ignore = "make test-mesh"]
async fn given_payment_is_stuck_and_its_pool_full_then_availability_is_read_as_before() {
    let (payment, inventory) = (Upstream::start().await, Upstream::start().await);
    payment.script(Script::Hang);
    inventory.script(Script::answer(200, &[("cache-control", "no-store")], "{}"));
    let builder = Mesh::builder()
        .at(8104, payment.address)
        .at(8103, inventory.address);
    let builder = builder.envoy("payment").envoy("inventory").envoy("order");
    let mesh = builder.start().await;
    // Payment stays stuck, and is not left alone.
    mesh.envoy("order")
        .set(&[("outlier_detection.enforcing_failure_percentage", 0)])
        .await;
    let client = |service| mesh.caller(ORDER_PROXY, service, Protocol::Http1);
    let reader = client("inventory");
    p99(&reader).await;
    let without = p99(&reader).await;

    let charges: Vec<_> = (0..CHARGES)
        .map(|_| tokio::spawn(charge(client("payment"))))
        .collect();
    let deadline = Instant::now() + DEADLINE;
    while count(&mesh, "payment", "upstream_rq_active_overflow").await == 0 {
        assert!(Instant::now() < deadline, "payment's pool is not full");
        sleep(Duration::from_millis(10)).await;
    }
    let with = p99(&reader).await;
    assert!(with < 3 * without + NOISE, "{with:?} instead of {without:?}");
    assert_eq!(count(&mesh, "inventory", "upstream_rq_active_overflow").await, 0);
    assert!(
        count(&mesh, "payment", "upstream_rq_active").await > 0,
        "payment was stuck all the while"
    );
    assert!(
        !charges.iter().any(tokio::task::JoinHandle::is_finished),
        "every answer was 202"
    );
    charges.iter().for_each(tokio::task::JoinHandle::abort);
    mesh.assert_accepted().await;
}
