//! How much the realtime service holds, how fast it tells, and what Socket.IO does with the same load: `make
//! bench-realtime`. Each phase starts its server anew. Load generator, nats-server and server share the machine's cores;
//! CPU time is the server's own. Resident memory has what the process holds, and not the kernel's buffers of its sockets.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a measurement that fails is of no use"
)]

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures::{SinkExt as _, StreamExt as _};
use holdfast::provision::{self, Declarations};
use holdfast_platform::nats::Nats;
use holdfast_platform::testing::{NatsServer, free_port};
use jiff::Timestamp;
use serde_json::json;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_tungstenite::client_async_with_config;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use uuid::Uuid;

const WATCHERS: usize = 200;
const ORDERS_PER_SECOND: u64 = 1000;
const WINDOW: Duration = Duration::from_secs(10);
const EVENTS: [&str; 5] = [
    "orderCreated",
    "inventoryReserved",
    "paymentPending",
    "paymentSucceeded",
    "orderCompleted",
];
const COMMITS: [std::ops::RangeInclusive<usize>; 3] = [1..=1, 2..=3, 4..=5];
/// In what `/proc` counts CPU time, on every Linux that this runs on.
const TICKS_PER_SECOND: f64 = 100.0;
/// Latencies are counted in steps of 50 µs, up to a second and a half.
const STEP: u64 = 50;
const STEPS: usize = 30_000;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Peer {
    Holdfast,
    SocketIo,
}

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let idle = arguments
        .next()
        .map_or(20_000, |count| count.parse().expect("a number of connections"));
    let nats = NatsServer::start().await;
    let operator = nats.connect("bench").await;
    let declared = Declarations::built_in().unwrap();
    let applied = provision::apply(operator.client(), &declared, provision::Options::default());
    applied.await.unwrap();
    for peer in [Peer::Holdfast, Peer::SocketIo] {
        hold(peer, &nats, idle).await;
        fan_out(peer, &nats, &operator).await;
        latency(peer, &nats, &operator).await;
    }
}

/// Connections that wait.
async fn hold(peer: Peer, nats: &NatsServer, count: usize) {
    let server = Server::start(peer, nats).await;
    let before = server.memory();
    let heard = Arc::new(Heard::default());
    let begun = Instant::now();
    let users = (0..count).map(|number| Uuid::from_u128(0x5000_0000 + number as u128));
    let open = connect_all(peer, &server, users.collect(), &heard).await;
    let took = begun.elapsed();
    // What opening needed goes back.
    sleep(Duration::from_secs(10)).await;
    let each = (server.memory().saturating_sub(before)) as f64 / open as f64 / 1024.0;
    println!(
        "{}: {open} connections in {took:.1?}, {each:.1} KiB each ({} MiB before them)",
        peer.name(),
        before >> 20
    );
}

/// One order that many watch.
async fn fan_out(peer: Peer, nats: &NatsServer, operator: &Nats) {
    const CLIENTS: usize = 1000;
    const COMMITS: u64 = 300;
    let server = Server::start(peer, nats).await;
    let (heard, user) = (Arc::new(Heard::default()), Uuid::new_v4());
    let open = connect_all(peer, &server, vec![user; CLIENTS], &heard).await as u64;
    let (begun, cpu) = (Instant::now(), server.cpu());
    let order = Uuid::new_v4();
    for version in 1..=COMMITS {
        store(operator, user, order, version..=version).await;
        // No faster than is told: a bounded buffer rightly drops what is.
        while heard.count() + 20 * open < version * open && begun.elapsed() < WINDOW {
            sleep(Duration::from_millis(1)).await;
        }
    }
    let (mut count, mut took) = (heard.count(), begun.elapsed());
    while count < COMMITS * open && begun.elapsed() < took + Duration::from_secs(2) {
        sleep(Duration::from_millis(1)).await;
        if heard.count() > count {
            (count, took) = (heard.count(), begun.elapsed());
        }
    }
    let (rate, each) = (
        count as f64 / took.as_secs_f64(),
        (server.cpu() - cpu) * 1e6 / count as f64,
    );
    let (name, all) = (peer.name(), COMMITS * open);
    println!(
        "{name}: {count} of {all} updates to {open} clients of one user: {rate:.0}/s, {each:.1} µs of its CPU time each"
    );
}

/// Orders as they come, each seen by its owner.
async fn latency(peer: Peer, nats: &NatsServer, operator: &Nats) {
    let server = Server::start(peer, nats).await;
    let heard = Arc::new(Heard::default());
    let users: Vec<Uuid> = (0..WATCHERS).map(|_| Uuid::new_v4()).collect();
    connect_all(peer, &server, users.clone(), &heard).await;
    let (begun, cpu) = (Instant::now(), server.cpu());
    let orders: Vec<Uuid> = (0..ORDERS_PER_SECOND * WINDOW.as_secs())
        .map(|_| Uuid::new_v4())
        .collect();
    // An order takes 14 ms, as in the report of `make bench`; every 5 ms five begin.
    let begin = 5;
    for round in 0..orders.len() / begin + 3 {
        sleep_until(begun + Duration::from_millis(5 * round as u64)).await;
        for (behind, versions) in COMMITS.iter().enumerate() {
            let Some(first) = round.checked_sub(behind).map(|round| round * begin) else {
                continue;
            };
            for (number, order) in orders.iter().enumerate().skip(first).take(begin) {
                let versions = *versions.start() as u64..=*versions.end() as u64;
                store(operator, users[number % users.len()], *order, versions).await;
            }
        }
    }
    let all = 5 * orders.len() as u64;
    let deadline = Instant::now() + Duration::from_secs(30);
    while heard.count() < all && Instant::now() < deadline {
        sleep(Duration::from_millis(5)).await;
    }
    let (took, cpu) = (begun.elapsed(), server.cpu() - cpu);
    println!(
        "{}: {} of {all} updates of {} orders in {took:.1?}: commit to client p50 {:.1} ms, p99 {:.1} ms, {:.0} % of a core",
        peer.name(),
        heard.count(),
        orders.len(),
        heard.quantile(0.5),
        heard.quantile(0.99),
        100.0 * cpu / took.as_secs_f64()
    );
}

async fn store(nats: &Nats, user: Uuid, order: Uuid, versions: std::ops::RangeInclusive<u64>) {
    let event = |version: u64| {
        let name = EVENTS[usize::try_from(version - 1).unwrap() % EVENTS.len()];
        json!({"version": version.to_string(), name: {}})
    };
    let commit = json!({
        "orderId": order, "userId": user, "time": Timestamp::now(),
        "events": versions.map(event).collect::<Vec<_>>(),
    });
    let subject = format!("orders.{user}.{order}");
    nats.client()
        .publish(subject, commit.to_string().into())
        .await
        .unwrap();
}

/// Updates that came to all clients together, by how long they took.
struct Heard(Vec<AtomicU64>);

impl Default for Heard {
    fn default() -> Self {
        Self((0..=STEPS).map(|_| AtomicU64::new(0)).collect())
    }
}

impl Heard {
    fn note(&self, text: &str) {
        let Some((_, rest)) = text.split_once("\"time\":\"") else {
            return;
        };
        let time: Timestamp = rest.split('"').next().unwrap().parse().unwrap();
        let micros = Timestamp::now().duration_since(time).as_micros().max(0) as u64;
        let step = usize::try_from(micros / STEP).unwrap().min(STEPS);
        self.0[step].fetch_add(1, Ordering::Relaxed);
    }

    fn count(&self) -> u64 {
        self.0.iter().map(|step| step.load(Ordering::Relaxed)).sum()
    }

    /// In milliseconds.
    fn quantile(&self, part: f64) -> f64 {
        let (wanted, mut sum) = (self.count() as f64 * part, 0.0);
        let place = self.0.iter().position(|step| {
            sum += step.load(Ordering::Relaxed) as f64;
            sum >= wanted
        });
        place.unwrap_or(STEPS) as f64 * STEP as f64 / 1000.0
    }
}

/// Opens a connection for each user, and returns how many there are when all are watched for.
async fn connect_all(peer: Peer, server: &Server, users: Vec<Uuid>, heard: &Arc<Heard>) -> usize {
    let turns = Arc::new(Semaphore::new(64));
    let opening = users.into_iter().map(|user| {
        let (turns, heard, port) = (Arc::clone(&turns), Arc::clone(heard), server.port);
        tokio::spawn(async move {
            let _turn = turns.acquire().await.unwrap();
            connect(peer, port, user, heard).await
        })
    });
    let opening: Vec<_> = opening.collect();
    let mut open = 0;
    for opened in opening {
        match opened.await.unwrap() {
            Ok(()) => open += 1,
            Err(error) if open == 0 => panic!("{error}"),
            Err(_) => {}
        }
    }
    // What was asked for last is heard, too.
    sleep(Duration::from_secs(1)).await;
    open
}

async fn connect(peer: Peer, port: u16, user: Uuid, heard: Arc<Heard>) -> Result<(), String> {
    let path = match peer {
        Peer::Holdfast => "/v1/stream",
        Peer::SocketIo => "/socket.io/?EIO=4&transport=websocket",
    };
    let mut request = format!("ws://127.0.0.1:{port}{path}")
        .into_client_request()
        .unwrap();
    request
        .headers_mut()
        .insert("x-holdfast-user", user.to_string().parse().unwrap());
    let stream = TcpStream::connect(("127.0.0.1", port))
        .await
        .map_err(|error| error.to_string())?;
    let config = WebSocketConfig::default()
        .read_buffer_size(1024)
        .write_buffer_size(0);
    let upgraded = client_async_with_config(request, stream, Some(config)).await;
    let (mut socket, _) = upgraded.map_err(|error| error.to_string())?;
    let (hello, answers) = match peer {
        Peer::Holdfast => (r#"{"type":"subscribe_all"}"#.to_owned(), 0),
        // Engine.IO says hello first, and Socket.IO answers ours.
        Peer::SocketIo => (format!(r#"40{{"user":"{user}"}}"#), 2),
    };
    socket
        .send(Message::text(hello))
        .await
        .map_err(|error| error.to_string())?;
    if peer == Peer::Holdfast {
        socket
            .send(Message::text(r#"{"type":"ping"}"#))
            .await
            .map_err(|error| error.to_string())?;
    }
    for _ in 0..answers.max(1) {
        socket
            .next()
            .await
            .ok_or("closed")?
            .map_err(|error| error.to_string())?;
    }
    tokio::spawn(async move {
        while let Some(Ok(message)) = socket.next().await {
            let Message::Text(text) = message else { continue };
            if text == "2" {
                let _ = socket.send(Message::text("3")).await;
            }
            heard.note(&text);
        }
    });
    Ok(())
}

impl Peer {
    fn name(self) -> &'static str {
        match self {
            Self::Holdfast => "holdfast-realtime",
            Self::SocketIo => "Socket.IO 4.8   ",
        }
    }
}

/// The process that is measured.
struct Server {
    child: Child,
    port: u16,
}

impl Server {
    async fn start(peer: Peer, nats: &NatsServer) -> Self {
        let (port, admin) = (free_port(), free_port());
        let mut command = match peer {
            Peer::Holdfast => {
                let binary = std::env::current_exe().unwrap();
                let mut command = Command::new(binary.ancestors().nth(2).unwrap().join("holdfast-realtime"));
                command
                    .env("HOLDFAST_HTTP_ADDR", format!("127.0.0.1:{port}"))
                    .env("HOLDFAST_ADMIN_ADDR", format!("127.0.0.1:{admin}"))
                    .env("HOLDFAST_NATS_URL", nats.url())
                    .env("HOLDFAST_WORKER_THREADS", "1")
                    .env("HOLDFAST_REALTIME_STREAMS_PER_USER", "100000");
                command
            }
            Peer::SocketIo => {
                let folder: PathBuf =
                    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/peers/socketio");
                let mut command = Command::new("node");
                command
                    .current_dir(folder)
                    .arg("server.mjs")
                    .env("PORT", port.to_string())
                    .env("NATS_URL", nats.url());
                command
            }
        };
        let child = command
            .stdout(Stdio::null())
            .spawn()
            .expect("make bench-realtime builds and installs both");
        let server = Self { child, port };
        let deadline = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            assert!(Instant::now() < deadline, "{} does not listen", peer.name());
            sleep(Duration::from_millis(10)).await;
        }
        sleep(Duration::from_millis(500)).await;
        server
    }

    fn proc(&self, file: &str) -> String {
        std::fs::read_to_string(format!("/proc/{}/{file}", self.child.id())).expect("it runs")
    }

    /// Resident, in bytes.
    fn memory(&self) -> u64 {
        let pages: u64 = self.proc("statm").split(' ').nth(1).unwrap().parse().unwrap();
        pages * 4096
    }

    /// In seconds.
    fn cpu(&self) -> f64 {
        let stat = self.proc("stat");
        let fields: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
        let ticks = |field: usize| fields[field].parse::<f64>().unwrap();
        (ticks(11) + ticks(12)) / TICKS_PER_SECOND
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
