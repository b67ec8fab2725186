//! The control plane's process.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

use crate::{Ports, root};

const START_DEADLINE: Duration = Duration::from_secs(60);
const RELOAD_DEADLINE: Duration = Duration::from_secs(10);
/// What it would otherwise set itself by starting again.
const ENVIRONMENT: [(&str, &str); 3] = [
    ("PILOT_ENABLE_METADATA_EXCHANGE", "false"),
    ("PILOT_ENABLE_ALPN_FILTER", "false"),
    ("PILOT_DISABLE_MX_ALPN", "true"),
];

/// Istio's control plane over a copy of `istio/` and `istio/laptop`, and a third folder of the test's own. It ends when
/// this is dropped.
#[derive(Debug)]
pub struct Lab {
    bootstraps: BTreeMap<String, Value>,
    folder: TempDir,
    input: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
    _process: Child,
}

/// What a reload has done.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Reloaded {
    /// Resources that are new.
    pub created: usize,
    /// Resources that are different.
    pub updated: usize,
    /// Resources that are no more.
    pub deleted: usize,
    /// Why nothing was done.
    pub error: Option<String>,
}

#[derive(Deserialize)]
struct Ready {
    bootstraps: BTreeMap<String, Value>,
}

impl Lab {
    /// Starts it with `resources`: YAML documents that replace or add to those of the files.
    pub async fn start(ports: &Ports, resources: &str) -> Self {
        let folder = TempDir::new().expect("a temporary directory");
        std::fs::write(overlay(folder.path()), resources).expect("resources are written");
        let mut process = command(folder.path(), ports).spawn().unwrap_or_else(|error| {
            panic!(
                "cannot start {} ({error}): run `make tools-lab`",
                program().display()
            )
        });
        let input = process.stdin.take().expect("a pipe");
        let lines = BufReader::new(process.stdout.take().expect("a pipe")).lines();
        let mut lab = Self {
            bootstraps: BTreeMap::new(),
            folder,
            input,
            lines,
            _process: process,
        };
        let ready: Ready = lab.answer(START_DEADLINE).await;
        lab.bootstraps = ready.bootstraps;
        lab
    }

    /// The configuration of an Envoy that this control plane drives as `workload`; its admin port is a free one.
    pub fn bootstrap(&self, workload: &str) -> Value {
        let known: Vec<_> = self.bootstraps.keys().collect();
        let found = self.bootstraps.get(workload);
        found
            .unwrap_or_else(|| panic!("{workload} is none of {known:?}"))
            .clone()
    }

    /// Puts `resources` in place of those of the start, and tells what that changes.
    pub async fn reload(&mut self, resources: &str) -> Reloaded {
        std::fs::write(overlay(self.folder.path()), resources).expect("resources are written");
        self.input
            .write_all(b"reload\n")
            .await
            .expect("the control plane lives");
        self.answer(RELOAD_DEADLINE).await
    }

    /// The next line of JSON. Istio's code logs between them.
    async fn answer<T: serde::de::DeserializeOwned>(&mut self, deadline: Duration) -> T {
        let next = async {
            loop {
                let line = self.lines.next_line().await.expect("text");
                let line = line.expect("the control plane has ended: see its words above");
                if line.starts_with('{') {
                    return line;
                }
            }
        };
        let line = timeout(deadline, next).await.expect("an answer in time");
        serde_json::from_str(&line).expect("an answer that can be read")
    }
}

fn overlay(folder: &Path) -> PathBuf {
    folder.join("resources.yaml")
}

fn program() -> PathBuf {
    let program = std::env::var_os("HOLDFAST_MESH_LAB").map(PathBuf::from);
    program.unwrap_or_else(|| root().join(".tools/bin/mesh-lab"))
}

fn command(folder: &Path, ports: &Ports) -> Command {
    let filters = holdfast_envoy_harness::filter("holdfast_filter_fallback");
    let mut command = Command::new(program());
    command.arg("serve");
    for config in [
        root().join("istio"),
        root().join("istio/laptop"),
        folder.to_owned(),
    ] {
        command.arg("--config").arg(config);
    }
    // A WasmPlugin names an absolute path.
    let filters = filters.parent().and_then(|folder| folder.canonicalize().ok());
    command.arg("--wasm").arg(filters.expect("a folder of filters"));
    for (usual, port) in ports.pairs() {
        command.arg("--port").arg(format!("{usual}={port}"));
    }
    command
        .envs(ENVIRONMENT)
        .env("TARGET_OUT", folder)
        .env("LOCAL_OUT", folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true);
    command
}
