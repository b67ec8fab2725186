//! The process.

use crate::bootstrap::Bootstrap;
use crate::client::{Client, Protocol};
use crate::root;
use bytes::Bytes;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;
use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

/// Envoy compiles a filter before it is ready.
const START_DEADLINE: Duration = Duration::from_secs(60);
const LOG_DEADLINE: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(10);

/// A running Envoy. It is killed when this is dropped.
#[derive(Debug)]
pub struct Envoy {
    /// Where its listener accepts requests.
    pub address: SocketAddr,
    admin: Client,
    directory: TempDir,
    process: Child,
}

/// One line of the access log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessLog {
    /// What the caller was sent.
    pub status: u64,
    /// Response flags, as `UF`; `-` for none.
    pub flags: String,
    /// Response code details.
    pub details: String,
    /// gRPC status, if the call was gRPC's.
    pub grpc: Option<i64>,
}

impl Envoy {
    /// Starts Envoy and waits until it is ready.
    pub async fn start(bootstrap: &Bootstrap) -> Self {
        let directory = TempDir::new().expect("a temporary directory");
        let rendered = bootstrap.render(&directory.path().join("access.log"));
        Self::launch(directory, &rendered, bootstrap.concurrency).await
    }

    /// Starts Envoy with a whole configuration, which may name a control plane, and waits until it is ready.
    pub async fn run(config: &Value, concurrency: u32) -> Self {
        let directory = TempDir::new().expect("a temporary directory");
        Self::launch(directory, config, concurrency).await
    }

    async fn launch(directory: TempDir, config: &Value, concurrency: u32) -> Self {
        let path = directory.path().join("envoy.json");
        let mut config = config.clone();
        // For `set`.
        config["layered_runtime"] = json!({"layers": [{"name": "test", "admin_layer": {}}]});
        std::fs::write(path, config.to_string()).expect("the configuration is written");
        let mut process = spawn(&directory, &config, concurrency);
        let admin = admin(&directory, &mut process).await;
        let unknown = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut envoy = Self {
            address: unknown,
            admin,
            directory,
            process,
        };
        envoy.wait_until_ready().await;
        envoy.address = envoy.listener().await;
        envoy
    }

    /// The body of a GET to the admin interface.
    pub async fn admin(&self, path: &str) -> String {
        self.admin.send("GET", path, &[]).await.text()
    }

    /// Sets keys of Envoy's runtime from now on: switches and bounds that need no other configuration.
    pub async fn set(&self, keys: &[(&str, u64)]) {
        // Names of clusters have a bar.
        let query: Vec<String> = keys
            .iter()
            .map(|(key, value)| format!("{}={value}", key.replace('|', "%7C")))
            .collect();
        let path = format!("/runtime_modify?{}", query.join("&"));
        let answer = self.admin.send("POST", &path, &[]).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }

    /// Kills it, and returns when it is gone.
    pub async fn stop(mut self) {
        self.process.kill().await.expect("a process to kill");
    }

    /// A counter or gauge by its full name; 0 when it does not exist.
    pub async fn stat(&self, name: &str) -> u64 {
        let text = self
            .admin(&format!("/stats?filter=^{}$", name.replace('.', "\\.")))
            .await;
        let value = text
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        value.map_or(0, |value| value.trim().parse().expect("a number"))
    }

    /// The counters and gauges whose names end so, with their values.
    pub async fn stats(&self, ending: &str) -> Vec<(String, u64)> {
        let text = self.admin(&format!("/stats?filter={ending}$")).await;
        let parse = |line: &str| {
            let (name, value) = line.rsplit_once(": ")?;
            Some((name.to_owned(), value.trim().parse().ok()?))
        };
        text.lines().filter_map(parse).collect()
    }

    /// The line of the request that was sent with this `x-test-id`.
    pub async fn access_log(&self, id: &str) -> AccessLog {
        let path = self.directory.path().join("access.log");
        let deadline = Instant::now() + LOG_DEADLINE;
        loop {
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            let lines = text
                .lines()
                .filter_map(|line| serde_json::from_str::<Value>(line).ok());
            if let Some(line) = lines.into_iter().find(|line| line["id"] == id) {
                return AccessLog {
                    status: line["status"].as_u64().unwrap_or(0),
                    flags: line["flags"].as_str().unwrap_or("-").to_owned(),
                    details: line["details"].as_str().unwrap_or("").to_owned(),
                    grpc: line["grpc"].as_i64(),
                };
            }
            assert!(Instant::now() < deadline, "request {id} was not logged");
            sleep(POLL).await;
        }
    }

    /// What Envoy has logged itself.
    pub fn log(&self) -> String {
        log(&self.directory)
    }

    /// What went to `/dev/stdout`, as the access logs of Istio's configurations do.
    pub fn output(&self) -> String {
        std::fs::read_to_string(self.directory.path().join("stdout")).unwrap_or_default()
    }

    /// The id of the process, for measurements.
    pub fn pid(&self) -> Option<u32> {
        self.process.id()
    }

    async fn wait_until_ready(&mut self) {
        let deadline = Instant::now() + START_DEADLINE;
        while !self.is_ready().await {
            assert_alive(&mut self.process, &self.directory);
            assert!(Instant::now() < deadline, "Envoy is not ready:\n{}", self.log());
            sleep(POLL).await;
        }
    }

    /// While it starts, its admin interface may refuse.
    async fn is_ready(&self) -> bool {
        let answer = self.admin.try_send("GET", "/ready", &[], Bytes::new()).await;
        answer.is_ok_and(|answer| answer.text().trim() == "LIVE")
    }

    async fn listener(&self) -> SocketAddr {
        let text = self.admin("/listeners?format=json").await;
        let json: Value = serde_json::from_str(&text).expect("JSON");
        let address = &json["listener_statuses"][0]["local_address"]["socket_address"];
        let port = address["port_value"]
            .as_u64()
            .and_then(|port| u16::try_from(port).ok());
        SocketAddr::from((
            [127, 0, 0, 1],
            port.unwrap_or_else(|| panic!("no listener:\n{}", self.log())),
        ))
    }
}

fn spawn(directory: &TempDir, config: &Value, concurrency: u32) -> Child {
    let envoy = std::env::var_os("HOLDFAST_ENVOY").map(PathBuf::from);
    let envoy = envoy.unwrap_or_else(|| root().join(".tools/bin/envoy"));
    let path = |name: &str| directory.path().join(name);
    let stdout = std::fs::File::create(path("stdout")).expect("a file");
    // What is pushed is pushed to a node. The command line would win over a node of the configuration.
    let node = ["--service-node", "test", "--service-cluster", "test"];
    let node: &[&str] = if config["node"].is_null() { &node } else { &[] };
    Command::new(&envoy)
        .args([
            "--disable-hot-restart",
            "--file-flush-interval-msec",
            "10",
            "--log-level",
            "warning",
        ])
        .args([
            "--component-log-level",
            "wasm:info",
            "--concurrency",
            &concurrency.to_string(),
        ])
        .args(node)
        .arg("--config-path")
        .arg(path("envoy.json"))
        .arg("--admin-address-path")
        .arg(path("admin"))
        .arg("--log-path")
        .arg(path("envoy.log"))
        .stdin(Stdio::null())
        .stdout(stdout)
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap_or_else(|error| {
            panic!(
                "cannot start {} ({error}): run `make tools-mesh`",
                envoy.display()
            )
        })
}

/// Envoy writes the address of its admin interface to a file.
async fn admin(directory: &TempDir, process: &mut Child) -> Client {
    let deadline = Instant::now() + START_DEADLINE;
    loop {
        let text = std::fs::read_to_string(directory.path().join("admin")).unwrap_or_default();
        if let Ok(address) = text.trim().parse() {
            return Client::new(address, Protocol::Http1);
        }
        assert_alive(process, directory);
        assert!(
            Instant::now() < deadline,
            "Envoy has no admin interface:\n{}",
            log(directory)
        );
        sleep(POLL).await;
    }
}

fn assert_alive(process: &mut Child, directory: &TempDir) {
    if let Ok(Some(status)) = process.try_wait() {
        panic!("Envoy ended with {status}:\n{}", log(directory));
    }
}

fn log(directory: &TempDir) -> String {
    std::fs::read_to_string(directory.path().join("envoy.log")).unwrap_or_default()
}
