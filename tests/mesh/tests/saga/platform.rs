//! The services as processes of the same build, nats-server, and between them the Envoys of the lab.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use holdfast::provision::{self, Declarations};
use holdfast_catalog::sample;
use holdfast_envoy_harness::{Answer, Client, Protocol};
use holdfast_platform::testing::{NatsServer, free_port};
use holdfast_tests_mesh::Mesh;
use holdfast_tests_mesh::tokens::{KEYS, STAFF_TOKEN, USER_TOKEN};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::gate::Gate;

/// On a busy machine, too.
const PATIENCE: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(100);
const GATEWAY: u16 = 8080;
const WEBHOOK_SECRET: &str = "whsec_dGhlIG1lc2ggaXMgdGVzdGVkIHdpdGggdGhpcw==";
pub const SKU: &str = "tea-sencha-100";

struct Process {
    service: &'static str,
    environment: Vec<(&'static str, String)>,
    admin: u16,
    child: Child,
}

/// Everything ends when this is dropped.
pub struct Platform {
    // The first to end.
    processes: Vec<Process>,
    pub mesh: Mesh,
    /// Between payment and its own sidecar.
    pub payment: Gate,
    nats: NatsServer,
    folder: TempDir,
    sandbox: SocketAddr,
    accepted: Vec<Uuid>,
}

impl Platform {
    pub async fn start() -> Self {
        let (nats, folder) = (NatsServer::start().await, TempDir::new().expect("a folder"));
        let [order, catalog, inventory, payment, sandbox] = [(); 5].map(|()| local(free_port()));
        let between = Gate::start(payment).await;
        let mut builder = Mesh::builder().resources(KEYS).at(8104, between.address);
        for (port, address) in [(8101, order), (8102, catalog), (8103, inventory), (8190, sandbox)] {
            builder = builder.at(port, address);
        }
        for workload in ["catalog", "inventory", "payment", "order", "gateway"] {
            builder = builder.envoy(workload);
        }
        let mesh = builder.start().await;
        provide(&nats).await;
        let mut platform = Self {
            mesh,
            payment: between,
            nats,
            processes: Vec::new(),
            folder,
            sandbox,
            accepted: Vec::new(),
        };
        platform
            .start_services([order, catalog, inventory, payment])
            .await;
        platform.receive().await;
        platform
    }

    async fn start_services(&mut self, [order, catalog, inventory, payment]: [SocketAddr; 4]) {
        let proxy = |port| {
            (
                "HOLDFAST_HTTP_PROXY",
                format!("http://{}", self.mesh.ports.address(port)),
            )
        };
        let (by_order, by_payment) = (proxy(15201), proxy(15204));
        let webhooks = format!(
            "http://{}/v1/payments/webhooks/sandbox",
            self.mesh.ports.address(GATEWAY)
        );
        let secret = ("HOLDFAST_SANDBOX_WEBHOOK_SECRET", WEBHOOK_SECRET.to_owned());
        let data = self.folder.path().join("sandbox").display().to_string();
        let of_sandbox = vec![
            ("HOLDFAST_SANDBOX_DATA", data),
            ("HOLDFAST_SANDBOX_WEBHOOK_URL", webhooks),
            ("HOLDFAST_SANDBOX_SLOW", "4s".to_owned()),
            secret.clone(),
        ];
        let of_payment = vec![("HOLDFAST_SANDBOX_URL", host("sandbox")), by_payment, secret];
        let of_order = vec![
            ("HOLDFAST_CATALOG_URL", host("catalog")),
            ("HOLDFAST_INVENTORY_URL", host("inventory")),
            ("HOLDFAST_PAYMENT_URL", host("payment")),
            ("HOLDFAST_CHARGE_RETRY_BASE", "500ms".to_owned()),
            ("HOLDFAST_CHARGE_RETRY_CAP", "2s".to_owned()),
            by_order,
        ];
        for (service, address, environment) in [
            ("sandbox", self.sandbox, of_sandbox),
            ("catalog", catalog, Vec::new()),
            ("inventory", inventory, Vec::new()),
            ("payment", payment, of_payment),
            ("order", order, of_order),
        ] {
            let process = self.spawn(service, address, environment);
            self.processes.push(process);
        }
        for process in &self.processes {
            process.ready().await;
        }
    }

    fn spawn(
        &self,
        service: &'static str,
        address: SocketAddr,
        mut environment: Vec<(&'static str, String)>,
    ) -> Process {
        let admin = free_port();
        environment.extend([
            ("HOLDFAST_HTTP_ADDR", address.to_string()),
            ("HOLDFAST_ADMIN_ADDR", local(admin).to_string()),
            ("HOLDFAST_NATS_URL", self.nats.url()),
            ("HOLDFAST_LOG", "error".to_owned()),
        ]);
        let child = run(service, &environment);
        Process {
            service,
            environment,
            admin,
            child,
        }
    }

    /// Goods for the whole test, as staff receives them.
    async fn receive(&self) {
        let path = format!("/v1/stock/{SKU}/receipts");
        let receipt = json!({"quantity": 10_000, "receipt_id": "first"});
        let answer = self.request("POST", &path, STAFF_TOKEN, &receipt).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        // A copy of this is what order has when inventory is gone.
        eventually("stock", async || {
            let order = self.post_order("tok_ok").await;
            (order.status == 201)
                .then(|| id(&order))
                .ok_or(format!("{order:?}"))
        })
        .await;
    }

    /// Through the gateway.
    pub async fn request(&self, method: &str, path: &str, token: &str, body: &Value) -> Answer {
        let bearer = format!("Bearer {token}");
        let key = Uuid::new_v4().to_string();
        let headers = [
            ("authorization", bearer.as_str()),
            ("idempotency-key", &key),
            ("content-type", "application/json"),
        ];
        let client = self.mesh.client(GATEWAY);
        client
            .send_body(method, path, &headers, body.to_string().into())
            .await
    }

    async fn post_order(&self, payment_token: &str) -> Answer {
        let body = json!({"lines": [{"sku": SKU, "quantity": 1}], "payment_token": payment_token});
        self.request("POST", "/v1/orders", USER_TOKEN, &body).await
    }

    /// An order of the customer, which has to be accepted.
    pub async fn order(&mut self, payment_token: &str) -> Value {
        let answer = self.post_order(payment_token).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        self.accepted.push(id(&answer));
        serde_json::from_slice(&answer.body).expect("an order")
    }

    /// Waits until an order is so far.
    pub async fn wait(&self, order: &Value, status: &str) {
        let path = format!("/v1/orders/{}", order["id"].as_str().expect("an id"));
        eventually(status, async || {
            let answer = self.request("GET", &path, USER_TOKEN, &Value::Null).await;
            let now: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
            if now["status"] == status {
                Ok(())
            } else {
                Err(now.to_string())
            }
        })
        .await;
    }

    pub async fn kill(&mut self, service: &str) {
        self.process(service).child.kill().await.expect("a process");
    }

    pub async fn restart(&mut self, service: &str) {
        let process = self.process(service);
        process.child = run(process.service, &process.environment);
        process.ready().await;
    }

    fn process(&mut self, service: &str) -> &mut Process {
        let found = self
            .processes
            .iter_mut()
            .find(|process| process.service == service);
        found.expect("a service")
    }

    /// Nothing is under way any more, all that was accepted is there, and the provider holds what orders say.
    pub async fn audit(&self) {
        let file = self.folder.path().join("accepted.txt");
        let ids: Vec<String> = self.accepted.iter().map(Uuid::to_string).collect();
        std::fs::write(&file, ids.join("\n")).expect("a list");
        let sandbox = format!("http://{}", self.sandbox);
        eventually("a clean audit", async || {
            let audit = Command::new(binary("holdfast"))
                .args(["audit", "--json", "--grace", "0s", "--nats", &self.nats.url()])
                .args(["--sandbox", &sandbox, "--accepted"])
                .arg(&file)
                .output();
            let output = audit.await.expect("holdfast audit");
            let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
            if output.status.success() {
                Ok(())
            } else {
                Err(said)
            }
        })
        .await;
    }
}

impl Process {
    async fn ready(&self) {
        let client = Client::new(local(self.admin), Protocol::Http1);
        eventually(self.service, async || {
            match client.try_send("GET", "/readyz", &[], "".into()).await {
                Ok(answer) if answer.status == 200 => Ok(()),
                other => Err(format!("{other:?}")),
            }
        })
        .await;
    }
}

pub async fn eventually<T>(what: &str, mut ask: impl AsyncFnMut() -> Result<T, String>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match ask().await {
            Ok(answer) => return answer,
            Err(wrong) => assert!(Instant::now() < deadline, "no {what}: {wrong}"),
        }
        sleep(POLL).await;
    }
}

async fn provide(nats: &NatsServer) {
    let client = nats.connect("provision").await;
    let declared = Declarations::built_in().expect("declarations");
    let applied = provision::apply(client.client(), &declared, provision::Options::default()).await;
    applied.expect("streams and buckets");
    let jetstream = async_nats::jetstream::new(client.client().clone());
    let bucket = jetstream.get_key_value("catalog").await.expect("the bucket");
    sample::load_sample(&bucket).await.expect("products");
}

fn run(service: &str, environment: &[(&'static str, String)]) -> Child {
    Command::new(binary(&format!("holdfast-{service}")))
        .envs(environment.iter().cloned())
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .expect("a service")
}

/// Of the same build as this test.
fn binary(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("the path of this test");
    let built = test.ancestors().nth(2).map(|folder| folder.join(name));
    let built = built.filter(|path| path.is_file());
    built.unwrap_or_else(|| panic!("{name} is missing: `make build` builds it"))
}

fn id(order: &Answer) -> Uuid {
    let body: Value = serde_json::from_slice(&order.body).unwrap_or_default();
    let id = body["id"].as_str().and_then(|id| id.parse().ok());
    id.unwrap_or_else(|| panic!("no order: {order:?}"))
}

fn host(service: &str) -> String {
    format!("http://{service}.holdfast.svc.cluster.local")
}

fn local(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}
