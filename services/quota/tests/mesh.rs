//! Three real Envoys with the filter, two replicas as processes, a real nats-server.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a panic here is a failed assertion with a line number"
)]

use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use holdfast::provision::{self, Declarations};
use holdfast_envoy_harness::bootstrap::{Bootstrap, cluster, route, wasm_filter};
use holdfast_envoy_harness::{Client, Envoy, Protocol, Script, Upstream, filter};
use holdfast_platform::testing::{NatsServer, free_port};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};

const DEADLINE: Duration = Duration::from_secs(30);
const PROXIES: usize = 3;
const BURST: u64 = 100;
const RATE: u64 = 100;
const FLOOR_BURST: u64 = 6;
const FLOOR_RATE: u64 = 4;
/// As Istio calls it.
const QUOTA: &str = "outbound|80||quota.holdfast.svc.cluster.local";
/// The service's default.
const LEASE: Duration = Duration::from_secs(2);

fn config() -> Value {
    json!({
        "quota": {"cluster": QUOTA, "domain": "test"},
        "rules": [{
            "name": "per-key", "key": [{"header": "x-key"}], "scope": "cluster",
            "limit": {"requests": RATE, "per": "1s", "burst": BURST},
            "floor": {"requests": FLOOR_RATE, "per": "1s", "burst": FLOOR_BURST}
        }]
    })
}

/// A replica as a process. It is killed when this is dropped.
struct Replica {
    http: u16,
    admin: u16,
    nats: String,
    process: Option<Child>,
}

impl Replica {
    async fn start(nats: &NatsServer) -> Self {
        let mut replica = Self {
            http: free_port(),
            admin: free_port(),
            nats: nats.url(),
            process: None,
        };
        replica.restart().await;
        replica
    }

    async fn restart(&mut self) {
        let process = Command::new(env!("CARGO_BIN_EXE_holdfast-quota"))
            .env("HOLDFAST_HTTP_ADDR", format!("127.0.0.1:{}", self.http))
            .env("HOLDFAST_ADMIN_ADDR", format!("127.0.0.1:{}", self.admin))
            .env("HOLDFAST_NATS_URL", &self.nats)
            .env("HOLDFAST_LOG", "warn")
            .stdin(Stdio::null())
            .spawn();
        self.process = Some(process.unwrap());
        let admin = Client::new(SocketAddr::from(([127, 0, 0, 1], self.admin)), Protocol::Http1);
        let ready = async {
            let ready = async || admin.try_send("GET", "/readyz", &[], "".into()).await;
            while !ready().await.is_ok_and(|answer| answer.status == 200) {
                sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(DEADLINE, ready).await.unwrap();
    }

    fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        self.kill();
    }
}

struct Mesh {
    _nats: NatsServer,
    _upstream: Upstream,
    replicas: Vec<Replica>,
    envoys: Vec<Envoy>,
}

impl Mesh {
    async fn start() -> Self {
        let nats = NatsServer::start().await;
        let client = nats.connect("provision").await;
        let declared = Declarations::built_in().unwrap();
        provision::apply(client.client(), &declared, provision::Options::default())
            .await
            .unwrap();
        let replicas = vec![Replica::start(&nats).await, Replica::start(&nats).await];
        let upstream = Upstream::start().await;
        upstream.script(Script::answer(200, &[], "ok"));
        let quota: Vec<_> = replicas
            .iter()
            .map(|r| SocketAddr::from(([127, 0, 0, 1], r.http)))
            .collect();
        let bootstrap = Bootstrap {
            filters: vec![wasm_filter(
                "mesh.rate-limit",
                &filter("holdfast_filter_rate_limit"),
                &config(),
            )],
            routes: vec![route(&[], "up", json!({}))],
            clusters: vec![
                cluster("up", Protocol::Http1, &[upstream.address], &json!({})),
                cluster(QUOTA, Protocol::Http2, &quota, &json!({})),
            ],
            concurrency: 2,
            access_log: false,
        };
        let mut envoys = Vec::new();
        for _ in 0..PROXIES {
            envoys.push(Envoy::start(&bootstrap).await);
        }
        Self {
            _nats: nats,
            _upstream: upstream,
            replicas,
            envoys,
        }
    }

    /// Full load on every proxy for this long; how many requests passed, and how long it really took.
    async fn load(&self, length: Duration) -> (u64, f64) {
        let start = Instant::now();
        let clients = self
            .envoys
            .iter()
            .flat_map(|envoy| [envoy.address; 2])
            .map(|address| async move {
                let (client, mut passed) = (Client::new(address, Protocol::Http1), 0);
                while start.elapsed() < length {
                    match client.send("GET", "/", &[("x-key", "k")]).await.status.as_u16() {
                        200 => passed += 1,
                        429 => {}
                        other => panic!("status {other}"),
                    }
                }
                passed
            });
        let passed = futures::future::join_all(clients).await.into_iter().sum();
        (passed, start.elapsed().as_secs_f64())
    }

    /// A counter of the rule, of all proxies together.
    async fn metric(&self, name: &str) -> u64 {
        let mut sum = 0;
        for envoy in &self.envoys {
            sum += envoy
                .stat(&format!("wasmcustom.rate_limit.rule.per-key.{name}"))
                .await;
        }
        sum
    }

    async fn leases_resume(&self) {
        let before = self.metric("leased").await;
        let resumed = async {
            while self.metric("leased").await == before {
                self.load(Duration::from_millis(100)).await;
            }
        };
        timeout(DEADLINE, resumed).await.unwrap();
    }

    async fn assert_unharmed(&self) {
        for envoy in &self.envoys {
            let stats = envoy
                .admin("/stats?filter=vm_reload|rate_limit.errors|quota_dropped")
                .await;
            assert!(
                stats.lines().all(|line| line.ends_with(": 0")),
                "{stats}\n{}",
                envoy.log()
            );
        }
    }
}

/// The formula of mesh-filters/rate-limit/README.md.
fn most(seconds: f64) -> f64 {
    let floors = FLOOR_BURST as f64 + FLOOR_RATE as f64 * seconds;
    BURST as f64 + RATE as f64 * (seconds + LEASE.as_secs_f64()) + PROXIES as f64 * floors
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Envoy and the built filters: make test-filters"]
async fn given_three_proxies_under_load_then_they_keep_one_limit_and_their_floors_without_the_service() {
    let mut mesh = Mesh::start().await;

    let (passed, seconds) = mesh.load(Duration::from_secs(5)).await;
    let limit = BURST as f64 + RATE as f64 * seconds;
    let cell = format!("{passed} passed in {seconds:.2} s");
    assert!(
        passed as f64 <= most(seconds) && passed as f64 >= 0.8 * limit,
        "all up: {cell}"
    );
    assert!(mesh.metric("leased").await >= RATE * 3 && mesh.metric("lease_denied").await > 0);
    let healthy = cell;

    mesh.replicas[0].kill();
    let (passed, seconds) = mesh.load(Duration::from_secs(4)).await;
    let cell = format!("{passed} passed in {seconds:.2} s");
    assert!(
        passed as f64 <= most(seconds) && passed as f64 >= 0.7 * RATE as f64 * seconds,
        "one down: {cell}"
    );
    let one_down = cell;

    mesh.replicas[1].kill();
    mesh.load(LEASE + Duration::from_millis(200)).await;
    let (errors, floor) = (
        mesh.metric("lease_errors").await,
        mesh.metric("floor_allowed").await,
    );
    let (passed, seconds) = mesh.load(Duration::from_secs(4)).await;
    let cell = format!("{passed} passed in {seconds:.2} s");
    let floors = PROXIES as f64 * FLOOR_RATE as f64 * seconds;
    let burst = (PROXIES as u64 * FLOOR_BURST) as f64;
    assert!(
        passed as f64 <= floors + burst && passed as f64 >= 0.8 * floors,
        "both down: {cell}"
    );
    assert!(mesh.metric("lease_errors").await > errors);
    assert_eq!(mesh.metric("floor_allowed").await - floor, passed);
    let both_down = cell;

    for replica in &mut mesh.replicas {
        replica.restart().await;
    }
    mesh.leases_resume().await;
    let (passed, seconds) = mesh.load(Duration::from_secs(4)).await;
    let cell = format!("{passed} passed in {seconds:.2} s");
    assert!(
        passed as f64 <= most(seconds) && passed as f64 >= 0.8 * RATE as f64 * seconds,
        "up again: {cell}"
    );
    eprintln!("limit {RATE}/s: {healthy}; one replica down: {one_down}; both: {both_down}; up again: {cell}");
    mesh.assert_unharmed().await;
}
