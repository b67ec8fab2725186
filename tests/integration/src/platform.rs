//! A platform run by `holdfast up`, in a folder and on ports of its own.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde::Deserialize;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::{Instant, sleep, timeout};
use uuid::Uuid;

use crate::shop::send;

/// On a machine that is busy with other builds, too.
pub(crate) const READY_WITHIN: Duration = Duration::from_secs(120);
/// Longer than any service may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(20);
const LINES_OF_A_FAILURE: usize = 80;

/// Dropping it kills it, children included; it dies with the test's thread, too.
pub struct Platform {
    child: Child,
    home: TempDir,
    client: reqwest::Client,
}

#[derive(Clone, Debug, Deserialize)]
struct Process {
    name: String,
    pid: i32,
    http_port: u16,
    admin_port: u16,
}

impl Platform {
    /// Starts one without the mesh, and returns when it is ready.
    ///
    /// # Panics
    /// If it does not become ready, with what it said last.
    pub async fn start(arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let arguments = [arguments, &["--no-mesh"]].concat();
        Self::run(&arguments, environment).await
    }

    /// Starts one with gateway and sidecars, and returns when it is ready.
    ///
    /// # Panics
    /// If it does not become ready, with what it said last.
    pub async fn start_with_mesh(environment: &[(&str, &str)]) -> Self {
        Self::run(&[], environment).await
    }

    async fn run(arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let home = tempfile::tempdir().expect("a folder for the platform");
        let log = File::create(home.path().join("up.log")).expect("a log");
        let own_pid = std::process::id().to_string();
        let mut child = Command::new(holdfast())
            .args(["exec-child", "--supervisor", &own_pid, "--"])
            .arg(holdfast())
            .args(["up", "--free-ports", "--home"])
            .arg(home.path())
            .args(arguments)
            .envs(environment.iter().copied())
            .stdout(Stdio::piped())
            .stderr(log.try_clone().expect("a log"))
            .kill_on_drop(true)
            .spawn()
            .expect("holdfast starts");
        let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let client = reqwest::Client::builder().timeout(ANSWER_WITHIN).build();
        let client = client.expect("an HTTP client");
        let platform = Self { child, home, client };
        platform.ready(lines, log).await;
        platform
    }

    async fn ready(&self, mut lines: Lines<BufReader<ChildStdout>>, mut log: File) {
        let banner = async {
            while let Ok(Some(line)) = lines.next_line().await {
                _ = writeln!(log, "{line}");
                if line.contains("Holdfast is ready") {
                    return true;
                }
            }
            false
        };
        let is_ready = timeout(READY_WITHIN, banner).await.unwrap_or(false);
        assert!(is_ready, "the platform did not become ready");
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                _ = writeln!(log, "{line}");
            }
        });
    }

    pub(crate) fn client(&self) -> &reqwest::Client {
        &self.client
    }

    /// Its folder: what `--home` of its commands names.
    #[must_use]
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// The base URL of a service; it stays the same over restarts.
    #[must_use]
    pub fn url(&self, service: &str) -> String {
        format!("http://127.0.0.1:{}", self.process(service).http_port)
    }

    /// Where a process says how it is.
    #[must_use]
    pub fn admin_url(&self, process: &str) -> String {
        format!("http://127.0.0.1:{}", self.process(process).admin_port)
    }

    /// The lines to paste that it printed when it was ready.
    pub async fn lines_to_paste(&self) -> Vec<String> {
        eventually(READY_WITHIN, async || {
            let log = std::fs::read_to_string(self.home.path().join("up.log"));
            let log = log.map_err(|error| error.to_string())?;
            let lines: Vec<String> = log
                .lines()
                .filter(|line| line.starts_with("curl ") || line.starts_with("TOKEN="))
                .map(str::to_owned)
                .collect();
            if lines.len() == 6 {
                Ok(lines)
            } else {
                Err(format!("{lines:?}"))
            }
        })
        .await
    }

    /// What a script prints in the shell of somebody who works with this platform.
    ///
    /// # Panics
    /// If it is not text.
    pub async fn bash(&self, script: &str) -> String {
        let holdfast = holdfast();
        let folder = holdfast.parent().unwrap_or(Path::new("."));
        let path = std::env::var("PATH").unwrap_or_default();
        let command = Command::new("bash")
            .args(["-c", script])
            .env("HOLDFAST_HOME", self.home.path())
            .env("PATH", format!("{}:{path}", folder.display()))
            .output();
        String::from_utf8(command.await.expect("bash starts").stdout).expect("text")
    }

    /// What a command of `holdfast` prints about this platform.
    ///
    /// # Panics
    /// If it does not end well.
    pub async fn holdfast(&self, arguments: &[&str]) -> String {
        let command = Command::new(holdfast())
            .args(arguments)
            .env("HOLDFAST_HOME", self.home.path())
            .output();
        let Output {
            status,
            stdout,
            stderr,
        } = command.await.expect("holdfast starts");
        assert!(
            status.success(),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&stderr)
        );
        String::from_utf8(stdout).expect("text").trim().to_owned()
    }

    /// The last sequence of a stream, as nats-server's monitoring tells it.
    ///
    /// # Errors
    /// If it does not tell.
    pub async fn last_sequence(&self, stream: &str) -> Result<u64, String> {
        let port = self.process("nats-server").admin_port;
        let url = format!("http://127.0.0.1:{port}/jsz?accounts=true&streams=true");
        let jetstream = send(self.client.get(url)).await?.body;
        let streams = jetstream["account_details"][0]["stream_detail"].as_array();
        let found = streams.and_then(|streams| streams.iter().find(|found| found["name"] == stream));
        let sequence = found.and_then(|found| found["state"]["last_seq"].as_u64());
        sequence.ok_or_else(|| format!("{stream} is not in {jetstream}"))
    }

    /// Sends a signal to the process that has this name now; false if it is just being started again.
    pub fn signal(&self, name: &str, signal: Signal) -> bool {
        kill(Pid::from_raw(self.process(name).pid), signal).is_ok()
    }

    /// What a process was given as its environment.
    pub(crate) fn environment(&self, name: &str) -> Vec<(String, String)> {
        let environment = std::fs::read(format!("/proc/{}/environ", self.process(name).pid));
        let environment = String::from_utf8(environment.expect("a process of ours")).expect("text");
        let variables = environment.split('\0').filter_map(|line| line.split_once('='));
        variables
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }

    /// The port of a process for its traffic.
    #[must_use]
    pub fn port(&self, process: &str) -> u16 {
        self.process(process).http_port
    }

    /// A connection to NATS that may do what `service` may.
    ///
    /// # Panics
    /// If there is none.
    pub async fn nats_as(&self, service: &str) -> async_nats::Client {
        let environment = self.environment(service);
        let variable = |name: &str| {
            let found = environment.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| value.clone()).unwrap_or_default()
        };
        let (user, password) = (variable("HOLDFAST_NATS_USER"), variable("HOLDFAST_NATS_PASSWORD"));
        let options = async_nats::ConnectOptions::with_user_and_password(user, password)
            .custom_inbox_prefix(format!("_INBOX_{service}"));
        let address = format!("127.0.0.1:{}", self.process("nats-server").http_port);
        options.connect(address).await.expect("nats-server")
    }

    /// What the gateway counts, by the end of its name.
    ///
    /// # Panics
    /// If it does not tell.
    pub async fn gateway_count(&self, statistic: &str) -> u64 {
        let url = format!("{}/stats?filter={statistic}$", self.admin_url("gateway"));
        let answer = self.client.get(url).send().await.expect("an answer");
        let text = answer.text().await.expect("text");
        let counts = text
            .lines()
            .filter_map(|line| line.rsplit(": ").next()?.trim().parse::<u64>().ok());
        counts.sum()
    }

    /// `holdfast audit` over everything: nothing may be under way any more, and `accepted` must be there.
    ///
    /// # Errors
    /// What it found.
    pub async fn audit(&self, accepted: &[Uuid]) -> Result<(), String> {
        let file = self.home.path().join("accepted.txt");
        let ids: Vec<String> = accepted.iter().map(Uuid::to_string).collect();
        std::fs::write(&file, ids.join("\n")).expect("a list");
        let audit = Command::new(holdfast())
            .args(["audit", "--json", "--grace", "0s", "--accepted"])
            .arg(&file)
            .args(["--sandbox", &self.url("sandbox"), "--home"])
            .arg(self.home.path())
            .output();
        let Output {
            status,
            stdout,
            stderr,
        } = audit.await.expect("holdfast audit starts");
        let said = [stdout, stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
        if status.success() {
            return Ok(());
        }
        Err(format!("holdfast audit: {status}: {}", said.concat()))
    }

    fn process(&self, name: &str) -> Process {
        let file = self.home.path().join("run/processes.json");
        let text = std::fs::read(&file).expect("processes.json");
        let processes: Vec<Process> = serde_json::from_slice(&text).expect("processes.json");
        let found = processes.into_iter().find(|process| process.name == name);
        found.unwrap_or_else(|| panic!("no process is named {name}"))
    }
}

impl Drop for Platform {
    fn drop(&mut self) {
        _ = self.child.start_kill();
        if !std::thread::panicking() {
            let log = std::fs::read_to_string(self.home.path().join("up.log")).unwrap_or_default();
            let refused: Vec<&str> = log.lines().filter(|line| line.contains("Violation")).collect();
            assert!(
                refused.is_empty(),
                "NATS refused what a service needs: {refused:#?}"
            );
        } else {
            let log = std::fs::read_to_string(self.home.path().join("up.log")).unwrap_or_default();
            let lines: Vec<&str> = log.lines().collect();
            let last = lines.len().saturating_sub(LINES_OF_A_FAILURE);
            let last = lines.get(last..).unwrap_or_default().join("\n");
            self.home.disable_cleanup(true);
            let home = self.home.path().display();
            _ = writeln!(
                std::io::stderr(),
                "\n{last}\nthe platform's files and whole log are kept in {home}"
            );
        }
    }
}

/// The binary of the same build as this test.
pub(crate) fn holdfast() -> PathBuf {
    let test = std::env::current_exe().expect("the path of this test");
    let built = test.ancestors().nth(2).map(|folder| folder.join("holdfast"));
    let built = built.expect("a folder of binaries");
    assert!(
        is_whole(&built),
        "{} or a service beside it is missing: `make build` builds them (`make test-integration` does both)",
        built.display()
    );
    built
}

fn is_whole(holdfast: &Path) -> bool {
    let services = ["order", "inventory", "payment", "catalog", "user", "sandbox"];
    let siblings = services.map(|name| holdfast.with_file_name(format!("holdfast-{name}")));
    holdfast.is_file() && siblings.iter().all(|path| path.is_file())
}

/// Asks again until the answer is fine.
///
/// # Panics
/// If it is not within `patience`, with what was wrong last.
pub async fn eventually<T>(patience: Duration, mut ask: impl AsyncFnMut() -> Result<T, String>) -> T {
    let deadline = Instant::now() + patience;
    loop {
        match ask().await {
            Ok(answer) => return answer,
            Err(wrong) => assert!(Instant::now() < deadline, "after {patience:?}: {wrong}"),
        }
        sleep(Duration::from_millis(200)).await;
    }
}
