//! Real nats-servers, each with its own folder, on free ports. They end with their handle.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::nats::{Credentials, Nats, NatsConfig, connect};

/// How long a server may take to start, or a cluster to elect its leaders.
const START_TIMEOUT: Duration = Duration::from_secs(20);

/// How to start a server.
#[derive(Clone, Debug, Default)]
pub struct ServerOptions {
    /// Sync every write to disk before it is acknowledged.
    pub sync_always: bool,
    /// More configuration, in the server's own language: users and permissions, limits.
    pub config: String,
    /// The users of the repository, with their permissions; each password is the user's name. Whoever does not say
    /// who he is may do everything.
    pub users: bool,
}

impl ServerOptions {
    /// A server with the users of the repository.
    #[must_use]
    pub fn with_users() -> Self {
        Self {
            users: true,
            ..Self::default()
        }
    }
}

/// The users of the repository, and one of the tests.
const USERS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../nats/server/users.conf");

/// A running nats-server with JetStream on.
pub struct NatsServer {
    child: Option<Child>,
    folder: TempDir,
    port: u16,
    /// Whether a permission that was missing fails the test.
    strict: bool,
}

impl NatsServer {
    /// Starts a server with default options.
    ///
    /// # Panics
    /// If the binary is missing (the message tells how to get it) or the server does not start.
    pub async fn start() -> Self {
        Self::start_with(ServerOptions::default()).await
    }

    /// Starts a server.
    ///
    /// # Panics
    /// As [`NatsServer::start`].
    pub async fn start_with(options: ServerOptions) -> Self {
        let mut server = Self::prepare(&options, "");
        server.launch();
        server.ready().await;
        server
    }

    fn prepare(options: &ServerOptions, cluster: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let port = free_port();
        let sync = if options.sync_always {
            "sync_interval: always"
        } else {
            ""
        };
        let config = format!(
            "listen: 127.0.0.1:{port}\nserver_name: n{port}\n\
             jetstream {{ store_dir: {:?}\n max_mem: 1G\n max_file: 10G\n {sync} }}\n{cluster}\n{}\n{}\n",
            folder.path().join("data"),
            options.config,
            if options.users {
                with_tester()
            } else {
                String::new()
            },
        );
        std::fs::write(folder.path().join("nats.conf"), config).expect("a written configuration");
        Self {
            child: None,
            folder,
            port,
            strict: options.users,
        }
    }

    /// Where clients connect.
    #[must_use]
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// The port for clients; the same after a restart.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The folder of all that it stores.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// The server's log so far.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("nats.log")).unwrap_or_default()
    }

    /// A connection to it.
    ///
    /// # Panics
    /// If it cannot be made.
    pub async fn connect(&self, name: &str) -> Nats {
        connect_to(&self.url(), name).await
    }

    /// What the server refused for lack of permission. A server with users must end with none, unless this was asked.
    pub fn violations(&mut self) -> Vec<String> {
        self.strict = false;
        self.refused()
    }

    fn refused(&self) -> Vec<String> {
        let log = self.log();
        let refused = log.lines().filter(|line| line.contains("Violation"));
        refused.map(str::to_owned).collect()
    }

    /// A connection as one of the repository's users, of a server that has them.
    ///
    /// # Panics
    /// If it cannot be made.
    pub async fn connect_as(&self, user: &str) -> Nats {
        let credentials = Credentials {
            user: user.to_owned(),
            password: user.to_owned(),
        };
        established(NatsConfig::new(self.url(), user).with(Some(credentials))).await
    }

    /// Ends the server at once, as a crash would (`kill -9`).
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Starts a killed server again, on the same port and data; returns when it serves.
    ///
    /// # Panics
    /// If it does not start.
    pub async fn restart(&mut self) {
        self.kill();
        self.launch();
        self.ready().await;
    }

    fn launch(&mut self) {
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.folder.path().join("nats.log"));
        let log = log.expect("a log file");
        let child = Command::new(binary())
            .arg("-c")
            .arg(self.folder.path().join("nats.conf"))
            .envs(passwords())
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a second handle of the log"))
            .stderr(log)
            .spawn();
        self.child = Some(child.expect("nats-server starts"));
    }

    async fn ready(&mut self) {
        let serves = tokio::time::timeout(START_TIMEOUT, async {
            let nats = connect(&NatsConfig::new(self.url(), "readiness"))
                .await
                .expect("a NATS client");
            while nats.jetstream().query_account().await.is_err() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
        if serves.await.is_err() {
            panic!(
                "nats-server does not serve JetStream after {START_TIMEOUT:?}; its log:\n{}",
                self.log()
            );
        }
    }
}

impl Drop for NatsServer {
    fn drop(&mut self) {
        self.kill();
        if self.strict && !std::thread::panicking() {
            let refused = self.refused();
            assert!(refused.is_empty(), "permissions that were missing: {refused:#?}");
        }
    }
}

/// Three servers that replicate.
pub struct NatsCluster {
    /// The servers.
    pub servers: Vec<NatsServer>,
}

impl NatsCluster {
    /// Starts three servers and waits until they have a leader.
    ///
    /// # Panics
    /// As [`NatsServer::start`].
    pub async fn start() -> Self {
        Self::start_with(ServerOptions::default()).await
    }

    /// Starts three servers with these options.
    ///
    /// # Panics
    /// As [`NatsServer::start`].
    pub async fn start_with(options: ServerOptions) -> Self {
        let routes: Vec<u16> = (0..3).map(|_| free_port()).collect();
        let urls: Vec<String> = routes
            .iter()
            .map(|port| format!("nats://127.0.0.1:{port}"))
            .collect();
        let mut servers = Vec::new();
        for port in &routes {
            let routes = urls.join(", ");
            let cluster = format!("cluster {{ name: test\n listen: 127.0.0.1:{port}\n routes: [{routes}] }}");
            let mut server = NatsServer::prepare(&options, &cluster);
            server.launch();
            servers.push(server);
        }
        for server in &mut servers {
            server.ready().await;
        }
        Self { servers }
    }

    /// All their addresses, for one client.
    #[must_use]
    pub fn url(&self) -> String {
        self.servers
            .iter()
            .map(NatsServer::url)
            .collect::<Vec<_>>()
            .join(",")
    }

    /// A connection to whichever is up.
    ///
    /// # Panics
    /// If it cannot be made.
    pub async fn connect(&self, name: &str) -> Nats {
        connect_to(&self.url(), name).await
    }

    /// The server that leads `stream`.
    ///
    /// # Panics
    /// If it has no leader before the time-out.
    pub async fn leader_of(&mut self, nats: &Nats, stream: &str) -> &mut NatsServer {
        let mut leader = None;
        until("the stream has a leader", async || {
            let Ok(info) = nats.jetstream().get_stream(stream).await else {
                return false;
            };
            leader = info
                .cached_info()
                .cluster
                .as_ref()
                .and_then(|cluster| cluster.leader.clone());
            leader.is_some()
        })
        .await;
        let name = leader.unwrap_or_default();
        let found = self
            .servers
            .iter_mut()
            .find(|server| format!("n{}", server.port) == name);
        found.expect("the leader is one of ours")
    }
}

/// The repository's users and `tester`, who is whoever says nothing.
fn with_tester() -> String {
    let mut users = std::fs::read_to_string(USERS).expect("nats/server/users.conf");
    // Paths of includes are relative, and this is for another folder.
    while let Some((before, (path, after))) = users
        .split_once("include \"")
        .and_then(|(before, rest)| Some((before, rest.split_once('"')?)))
    {
        let path = Path::new(USERS).with_file_name(path);
        let included = std::fs::read_to_string(&path).expect("a file of nats/users");
        users = format!("{before}\n{included}\n{after}");
    }
    let tester = "users: [\n    { user: tester, password: tester }\n";
    format!(
        "{}\nno_auth_user: tester\n",
        users.replacen("users: [\n", tester, 1)
    )
}

/// The passwords that the users' file wants: each user's name.
fn passwords() -> impl Iterator<Item = (String, String)> {
    const PREFIX: &str = "HOLDFAST_NATS_PASSWORD_";
    let users = std::fs::read_to_string(USERS).unwrap_or_default();
    let names: Vec<String> = users
        .split('$')
        .filter_map(|rest| rest.strip_prefix(PREFIX)?.split(',').next().map(str::to_owned))
        .collect();
    names
        .into_iter()
        .map(|name| (format!("{PREFIX}{name}"), format!("\"{}\"", name.to_lowercase())))
}

async fn connect_to(url: &str, name: &str) -> Nats {
    established(NatsConfig::new(url, name)).await
}

async fn established(config: NatsConfig) -> Nats {
    let nats = connect(&config).await.expect("a NATS client");
    let mut connected = nats.connected();
    let up = tokio::time::timeout(START_TIMEOUT, connected.wait_for(|up| *up)).await;
    up.unwrap_or_else(|_| panic!("no connection within {START_TIMEOUT:?}: {config:?}"))
        .expect("a live client");
    nats
}

/// Asks again and again: for what cannot be awaited.
async fn until(what: &str, mut done: impl AsyncFnMut() -> bool) {
    let started = Instant::now();
    while !done().await {
        assert!(
            started.elapsed() < START_TIMEOUT,
            "timed out waiting until {what}"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A port on which nothing listens. It lies below those that systems give to outgoing connections: such a connection
/// could otherwise take it before (or between two lives of) the server that it is meant for.
///
/// # Panics
/// If none is free.
#[must_use]
pub fn free_port() -> u16 {
    const PORTS: std::ops::Range<u16> = 10_000..30_000;
    static NEXT: AtomicU32 = AtomicU32::new(0);
    // Test processes that run at once start far from each other.
    let start = std::process::id().wrapping_mul(7919);
    for _ in PORTS {
        let offset =
            start.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % u32::from(PORTS.end - PORTS.start);
        let port = PORTS.start + u16::try_from(offset).unwrap_or_default();
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
    panic!("no free port in {PORTS:?}");
}

/// The pinned nats-server: `HOLDFAST_NATS_SERVER`, or `.tools/bin/nats-server` in a folder above this crate.
///
/// # Panics
/// If there is none; the message tells how to get it.
fn binary() -> PathBuf {
    if let Some(path) = std::env::var_os("HOLDFAST_NATS_SERVER") {
        return path.into();
    }
    let installed = Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .map(|folder| folder.join(".tools/bin/nats-server"))
        .find(|path| path.exists());
    installed.unwrap_or_else(|| {
        panic!(
            "nats-server is not installed: run `make tools` (scripts/install-tools.sh), or name one in HOLDFAST_NATS_SERVER"
        )
    })
}
