//! The whole platform as `holdfast up` runs it, without the mesh, which has tests of its own. Needs the services'
//! binaries: `make build`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a panic here is a failed assertion with a line number"
)]

use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use holdfast::local::{Process, RunDir, Service};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::{sleep, timeout};

const PATIENCE: Duration = Duration::from_secs(60);

/// A supervisor under test.
struct Up {
    home: TempDir,
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    curl: Vec<String>,
}

fn up(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_holdfast"));
    command
        .args(["up", "--no-mesh", "--home"])
        .arg(home)
        .kill_on_drop(true)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

impl Up {
    async fn ready() -> Self {
        let home = tempfile::tempdir().unwrap();
        let mut child = up(home.path()).arg("--free-ports").spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut up = Self {
            home,
            child,
            lines,
            curl: Vec::new(),
        };
        up.read_banner().await;
        up
    }

    /// Collects the lines to paste, which are the last of the banner.
    async fn read_banner(&mut self) {
        let banner = async {
            let mut seen = Vec::new();
            while self.curl.len() < 3 {
                match self.lines.next_line().await.unwrap() {
                    Some(line) if line.starts_with("curl ") => self.curl.push(line),
                    Some(line) => seen.push(line),
                    None => panic!("it ended before it was ready:\n{}", seen.join("\n")),
                }
            }
        };
        timeout(PATIENCE, banner).await.unwrap();
    }

    async fn line_that_contains(&mut self, text: &str) -> String {
        let search = async {
            loop {
                let line = self.lines.next_line().await.unwrap().unwrap();
                if line.contains(text) {
                    return line;
                }
            }
        };
        timeout(PATIENCE, search)
            .await
            .unwrap_or_else(|_| panic!("nothing said {text:?}"))
    }

    fn process(&self, name: &str) -> Process {
        let processes = RunDir::find(self.home.path());
        processes
            .into_iter()
            .find(|process| process.name == name)
            .unwrap()
    }

    fn pids(&self) -> Vec<u32> {
        RunDir::find(self.home.path())
            .iter()
            .map(|process| process.pid)
            .collect()
    }

    fn signal(&self, signal: Signal) {
        send(self.child.id().unwrap(), signal);
    }
}

fn send(pid: u32, signal: Signal) {
    kill(Pid::from_raw(pid.try_into().unwrap()), signal).unwrap();
}

async fn shell(line: &str) -> Value {
    let output = Command::new("sh").args(["-c", line]).output().await.unwrap();
    assert!(
        output.status.success(),
        "{line}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{line}: {}", String::from_utf8_lossy(&output.stdout)))
}

/// Asks again until the answer is as wanted.
async fn eventually(line: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let mut last = Value::Null;
    let asking = async {
        loop {
            last = shell(line).await;
            if wanted(&last) {
                return;
            }
            sleep(Duration::from_millis(50)).await;
        }
    };
    let found = timeout(PATIENCE, asking).await.is_ok();
    assert!(found, "{line}: {last:#}");
    last
}

async fn gone(pids: &[u32]) {
    let waiting = async {
        while pids
            .iter()
            .any(|pid| kill(Pid::from_raw((*pid).try_into().unwrap()), None).is_ok())
        {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, waiting).await.unwrap();
}

#[tokio::test]
async fn the_pasted_lines_create_watch_and_list_an_order_and_a_killed_service_comes_back() {
    let mut up = Up::ready().await;
    let monitoring = up.process("nats-server").admin_port;
    let jetstream = shell(&format!("curl -sS http://127.0.0.1:{monitoring}/jsz")).await;
    assert_eq!(
        jetstream["config"]["sync_interval"], 120_000_000_000_u64,
        "two minutes, in nanoseconds"
    );
    let [create, watch, list] = up.curl.clone().try_into().unwrap();

    let created = shell(&create).await;
    assert_eq!(created["status"], "created", "{created:#}");
    let ended = |events: &Value| events["items"].to_string().contains("OrderCompleted");
    eventually(&watch, ended).await;
    let listed = shell(&list).await;
    assert_eq!(listed["items"][0]["id"], created["id"], "{listed:#}");
    assert_eq!(
        shell(&create).await["id"],
        created["id"],
        "the same key is the same order"
    );

    let killed = up.process("order");
    send(killed.pid, Signal::SIGKILL);
    up.line_that_contains("order stopped").await;
    eventually_listening(killed.http_port).await;
    let restarted = up.process("order");
    assert_ne!(restarted.pid, killed.pid);
    assert_eq!(
        (restarted.http_port, restarted.admin_port),
        (killed.http_port, killed.admin_port)
    );
    eventually(&list, |orders| orders["items"][0]["status"] == "completed").await;

    let pids = up.pids();
    up.signal(Signal::SIGTERM);
    let status = timeout(PATIENCE, up.child.wait()).await.unwrap().unwrap();
    assert!(status.success(), "{status}");
    gone(&pids).await;
    assert!(!up.home.path().join("run/processes.json").exists());
}

async fn eventually_listening(port: u16) {
    let connecting = async {
        while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, connecting).await.unwrap();
}

#[tokio::test]
async fn children_die_with_a_supervisor_that_is_killed_and_the_next_one_carries_on() {
    let mut up = Up::ready().await;
    let pids = up.pids();
    let all_but_the_shop = Service::START_ORDER.len() - 1;
    assert_eq!(pids.len(), 1 + all_but_the_shop, "nats-server, and the services");

    let second = up_output(up.home.path(), &["--free-ports"]).await;
    assert!(second.contains("already running"), "{second}");

    up.signal(Signal::SIGKILL);
    up.child.wait().await.unwrap();
    gone(&pids).await;
    assert_eq!(
        RunDir::find(up.home.path()),
        [],
        "what a dead supervisor left is not believed"
    );

    let mut third = self::up(up.home.path()).arg("--free-ports").spawn().unwrap();
    up.lines = BufReader::new(third.stdout.take().unwrap()).lines();
    up.line_that_contains("Holdfast is ready").await;
}

async fn up_output(home: &Path, arguments: &[&str]) -> String {
    let output = up(home).args(arguments).output().await.unwrap();
    assert_eq!(output.status.code(), Some(2));
    String::from_utf8(output.stderr).unwrap()
}

#[tokio::test]
async fn a_taken_port_is_named_with_its_holder_and_the_flag_that_changes_it() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let home = tempfile::tempdir().unwrap();
    let said = up_output(home.path(), &["--nats-port", &port.to_string()]).await;
    for part in [
        format!("port {port} of nats-server"),
        "--nats-port".into(),
        format!("pid {}", std::process::id()),
    ] {
        assert!(said.contains(&part), "{said}");
    }
}
