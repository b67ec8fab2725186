//! One limit for two gateways: `istio/cluster-rate-limit`, the quota service behind its own sidecar, and NATS.

use std::process::Stdio;
use std::time::{Duration, Instant};

use holdfast::provision::{self, Declarations};
use holdfast_envoy_harness::{Client, Protocol, Script, Upstream};
use holdfast_platform::testing::{NatsServer, free_port};
use holdfast_tests_mesh::tokens::{KEYS, USER_TOKEN};
use holdfast_tests_mesh::{Mesh, QUOTA_SIDECAR, UNLIMITED_ADDRESS, istio};
use tokio::process::{Child, Command};
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::{BURST, GATEWAY, RATE, order};

const QUOTA: u16 = 8180;
const SIDECAR: u16 = 15180;
const RULE: &str = "wasmcustom.rate_limit.rule.orders-per-user";
const GATEWAYS: [&str; 2] = ["gateway", "edge"];
/// Of each gateway.
const FLOOR_RATE: f64 = 2.0;
const FLOOR_BURST: f64 = 4.0;
/// The service's default.
const LEASE: Duration = Duration::from_secs(2);
const LOAD: Duration = Duration::from_secs(4);
/// The kernel gives each to one of the gateways, which listen at the same port.
const CONNECTIONS: usize = 16;
const PATIENCE: Duration = Duration::from_secs(60);

/// A second gateway.
const EDGE: &str = r#"
---
apiVersion: v1
kind: Pod
metadata: {name: gateway-1, namespace: holdfast, labels: {istio: ingressgateway, security.istio.io/tlsMode: istio}}
spec:
  serviceAccountName: edge
  containers: [{name: gateway, image: gateway, ports: [{containerPort: 8080}]}]
status: {phase: Running, podIP: 127.0.0.1, podIPs: [{ip: 127.0.0.1}], conditions: [{type: Ready, status: "True"}]}
"#;

struct Cluster {
    mesh: Mesh,
    quota: Option<Child>,
    nats: NatsServer,
    upstream: Upstream,
}

impl Cluster {
    async fn start() -> Self {
        let (nats, upstream) = (NatsServer::start().await, Upstream::start().await);
        upstream.script(Script::answer(200, &[], "{}"));
        let declared = Declarations::built_in().expect("declarations");
        let client = nats.connect("provision").await;
        let applied = provision::apply(client.client(), &declared, provision::Options::default()).await;
        applied.expect("streams and buckets");
        let component = istio("cluster-rate-limit/rate-limit.yaml");
        let builder = Mesh::builder()
            .at(8101, upstream.address)
            .port(QUOTA)
            .port(SIDECAR)
            .resources(&[KEYS, UNLIMITED_ADDRESS, "---\n", &component, QUOTA_SIDECAR, EDGE].concat());
        let mesh = builder
            .envoy("order")
            .envoy("quota")
            .envoy("gateway")
            .start()
            .await;
        let mut cluster = Self {
            mesh,
            quota: None,
            nats,
            upstream,
        };
        cluster.run_quota().await;
        cluster.mesh.run("edge", "gateway").await;
        cluster
    }

    async fn run_quota(&mut self) {
        let admin = free_port();
        let test = std::env::current_exe().expect("the path of this test");
        let built = test
            .ancestors()
            .nth(2)
            .expect("a target folder")
            .join("holdfast-quota");
        let process = Command::new(built)
            .env("HOLDFAST_HTTP_ADDR", self.mesh.ports.address(QUOTA).to_string())
            .env("HOLDFAST_ADMIN_ADDR", format!("127.0.0.1:{admin}"))
            .env("HOLDFAST_NATS_URL", self.nats.url())
            .env("HOLDFAST_LOG", "error")
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .spawn();
        self.quota = Some(process.expect("holdfast-quota: `make build` builds it"));
        let client = Client::new(([127, 0, 0, 1], admin).into(), Protocol::Http1);
        let deadline = Instant::now() + PATIENCE;
        let ready = async || client.try_send("GET", "/readyz", &[], "".into()).await;
        while !ready().await.is_ok_and(|answer| answer.status == 200) {
            assert!(Instant::now() < deadline, "quota is not ready");
            sleep(Duration::from_millis(20)).await;
        }
    }

    async fn kill_quota(&mut self) {
        let mut process = self.quota.take().expect("a process");
        process.kill().await.expect("a process to kill");
    }

    /// Orders of one user as fast as he can: how many were let pass, and how long it took.
    async fn load(&self, length: Duration) -> (f64, f64) {
        let (start, mut connections) = (Instant::now(), JoinSet::new());
        for _ in 0..CONNECTIONS {
            let client = self.mesh.client(GATEWAY);
            connections.spawn(async move {
                let mut passed = 0;
                while start.elapsed() < length {
                    match order(&client, USER_TOKEN).await.status.as_u16() {
                        // 403: let pass, and refused by order's sidecar.
                        200 | 403 => passed += 1,
                        429 => {}
                        other => panic!("status {other}"),
                    }
                }
                passed
            });
        }
        let passed: usize = connections.join_all().await.into_iter().sum();
        (passed as f64, start.elapsed().as_secs_f64())
    }

    /// A counter of the rule at each gateway.
    async fn counts(&self, name: &str) -> [u64; 2] {
        let [one, other] = GATEWAYS.map(|gateway| self.mesh.envoy(gateway));
        let name = format!("{RULE}.{name}");
        [one.stat(&name).await, other.stat(&name).await]
    }

    /// Waits until both gateways have leases that they had not.
    async fn leases_resume(&self) {
        let (before, deadline) = (self.counts("leased").await, Instant::now() + PATIENCE);
        loop {
            self.load(Duration::from_millis(200)).await;
            let now = self.counts("leased").await;
            if now[0] > before[0] && now[1] > before[1] {
                return;
            }
            assert!(Instant::now() < deadline, "leases stay at {now:?}");
        }
    }
}

/// The formula of mesh-filters/rate-limit/README.md, with clocks that do not differ.
fn most(seconds: f64) -> f64 {
    BURST + RATE * (seconds + LEASE.as_secs_f64()) + most_of_floors(seconds)
}

fn most_of_floors(seconds: f64) -> f64 {
    GATEWAYS.len() as f64 * (FLOOR_BURST + FLOOR_RATE * seconds)
}

#[tokio::test]
#[ignore = "make test-mesh"]
async fn given_two_gateways_then_they_keep_one_limit_by_a_service_that_only_gateways_may_call() {
    let mut cluster = Cluster::start().await;

    let (passed, seconds) = cluster.load(LOAD).await;
    let cell = format!("{passed} passed in {seconds:.2} s");
    assert!(passed <= most(seconds), "{cell}");
    assert!(passed >= 0.6 * (BURST + RATE * seconds), "{cell}");
    let leased = cluster.counts("leased").await;
    assert!(leased.iter().all(|leased| *leased > 0), "{leased:?}: {cell}");
    assert_eq!(cluster.upstream.requests() as f64, passed);
    let together = cell;

    cluster.kill_quota().await;
    cluster.load(LEASE + Duration::from_millis(200)).await;
    let (passed, seconds) = cluster.load(LOAD).await;
    let cell = format!("without the service {passed} passed in {seconds:.2} s");
    assert!(passed <= most_of_floors(seconds), "{cell}");
    assert!(passed >= 0.6 * FLOOR_RATE * seconds, "{cell}");
    let without = cell;
    let failed = cluster.counts("lease_errors").await;
    assert!(failed.iter().all(|failed| *failed > 0), "{failed:?}");

    cluster.run_quota().await;
    cluster.leases_resume().await;
    let (passed, seconds) = cluster.load(LOAD).await;
    let cell = format!("with the service again {passed} passed in {seconds:.2} s");
    assert!(passed <= most(seconds), "{cell}");
    assert!(passed >= 0.6 * RATE * seconds, "{cell}");
    eprintln!("{RATE}/s for both: {together}; {without}; {cell}");

    // Whoever is none of the gateways gets no lease. Its certificate is the only difference.
    cluster.mesh.run("edge", "catalog").await;
    cluster.load(LOAD).await;
    let ([leased, none], [_, failed]) = (
        cluster.counts("leased").await,
        cluster.counts("lease_errors").await,
    );
    assert!(
        leased > 0 && none == 0 && failed > 0,
        "{leased}, {none}, {failed}"
    );
    cluster.mesh.assert_accepted().await;
    for gateway in GATEWAYS {
        let envoy = cluster.mesh.envoy(gateway);
        let harmed = envoy
            .admin("/stats?filter=vm_reload|rate_limit.errors|quota_dropped")
            .await;
        assert!(
            harmed.lines().all(|line| line.ends_with(": 0")),
            "{gateway}: {harmed}"
        );
    }
}
