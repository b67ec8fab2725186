//! How fast the catalogue is: `make bench-catalog`. Loads products into a real nats-server, starts the release binary
//! on one thread, tells how long it takes to have them all and what memory that costs, then reads at random over
//! kept-alive connections. CPU time is the catalogue's own, since the load generator shares the cores.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a measurement that fails is of no use"
)]

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use holdfast_catalog::product::{Money, Product};
use holdfast_platform::testing::{NatsServer, free_port};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const PRODUCTS: usize = 100_000;
const WINDOW: Duration = Duration::from_secs(5);
/// Requests a second and core that it should answer.
const AIM: f64 = 30_000.0;
/// In what `/proc` counts CPU time, on every Linux that this runs on.
const TICKS_PER_SECOND: f64 = 100.0;

#[tokio::main]
async fn main() {
    let server = NatsServer::start().await;
    fill(&server).await;
    let (http, admin) = (free_port(), free_port());
    let binary = std::env::current_exe().unwrap();
    let binary = binary.ancestors().nth(2).unwrap().join("holdfast-catalog");
    let begun = Instant::now();
    let mut catalog = Command::new(binary)
        .env("HOLDFAST_HTTP_ADDR", format!("127.0.0.1:{http}"))
        .env("HOLDFAST_ADMIN_ADDR", format!("127.0.0.1:{admin}"))
        .env("HOLDFAST_NATS_URL", server.url())
        .env("HOLDFAST_WORKER_THREADS", "1")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("cargo build --release -p holdfast-catalog");
    let ready = format!("http://127.0.0.1:{admin}/readyz");
    while !reqwest::get(&ready)
        .await
        .is_ok_and(|answer| answer.status().is_success())
    {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let pid = catalog.id();
    println!(
        "{PRODUCTS} products in {:.2?}, {} MB",
        begun.elapsed(),
        memory(pid)
    );
    measure(http, pid, 32, None).await;
    measure(http, pid, 32, Some(AIM / 2.0)).await;
    println!("after: {} MB", memory(pid));
    catalog.kill().unwrap();
    catalog.wait().unwrap();
}

async fn fill(server: &NatsServer) {
    let nats = server.connect("bench").await;
    let config = async_nats::jetstream::kv::Config {
        bucket: "catalog".into(),
        history: 1,
        ..Default::default()
    };
    nats.jetstream().create_key_value(config).await.unwrap();
    let mut acks = Vec::new();
    for number in 0..PRODUCTS {
        let product = Product {
            sku: format!("tea-{number:06}"),
            name: format!("Tea number {number}"),
            description: "Steamed green tea, picked in early May. Grassy and sweet.".to_owned(),
            price: Money {
                amount: 1490,
                currency: "EUR".to_owned(),
            },
            image_url: format!("/images/tea-{number:06}.svg"),
        };
        let subject = format!("$KV.catalog.{}", product.sku);
        let value = product.to_value().unwrap().into();
        acks.push(nats.jetstream().publish(subject, value).await.unwrap());
        if acks.len() == 1000 {
            futures::future::try_join_all(acks.drain(..).map(IntoFuture::into_future))
                .await
                .unwrap();
        }
    }
}

/// Reads at random, as fast as it goes or at `rate` requests a second.
async fn measure(port: u16, pid: u32, connections: usize, rate: Option<f64>) {
    let pace = rate.map(|rate| Duration::from_secs_f64(connections as f64 / rate));
    let (begun, cpu) = (Instant::now(), cpu(pid));
    let clients = (0..connections).map(|number| tokio::spawn(read(port, number, pace)));
    let times = futures::future::join_all(clients.collect::<Vec<_>>()).await;
    let mut times: Vec<Duration> = times.into_iter().flat_map(Result::unwrap).collect();
    times.sort_unstable();
    let cpu = self::cpu(pid) - cpu;
    let count = times.len() as f64;
    let at = |quantile: f64| times[((count * quantile) as usize).min(times.len() - 1)];
    let reached = count / begun.elapsed().as_secs_f64();
    println!(
        "{}: {reached:.0} requests/s, {:.0} per second of its CPU time, p50 {:.2?}, p99 {:.2?}",
        if rate.is_some() {
            "half of the aim"
        } else {
            "full load"
        },
        count / cpu,
        at(0.5),
        at(0.99),
    );
}

async fn read(port: u16, seed: usize, pace: Option<Duration>) -> Vec<Duration> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let (begun, mut times, mut buffer) = (Instant::now(), Vec::new(), vec![0; 8192]);
    let mut number = seed * 7919;
    while begun.elapsed() < WINDOW {
        if let Some(pace) = pace {
            let due = begun + pace * u32::try_from(times.len()).unwrap();
            tokio::time::sleep_until(due.into()).await;
        }
        number = (number * 48_271 + 11) % PRODUCTS;
        let request = format!("GET /v1/products/tea-{number:06} HTTP/1.1\r\nhost: catalog\r\n\r\n");
        let asked = Instant::now();
        stream.write_all(request.as_bytes()).await.unwrap();
        // An answer comes in one piece, and ends with the availability.
        let mut length = 0;
        while !buffer[..length].ends_with(b"}}") {
            length += stream.read(&mut buffer[length..]).await.unwrap();
        }
        assert!(buffer.starts_with(b"HTTP/1.1 200"));
        times.push(asked.elapsed());
    }
    times
}

/// In seconds.
fn cpu(pid: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: u32 = fields[11..13]
        .iter()
        .map(|field| field.parse::<u32>().unwrap())
        .sum();
    f64::from(ticks) / TICKS_PER_SECOND
}

fn memory(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}
