//! Equal load for each row, and what it cost Envoy.

use crate::rows::Row;
use holdfast_envoy_harness::bootstrap::{Bootstrap, cluster, route};
use holdfast_envoy_harness::{Client, Envoy, Protocol, Script, Upstream};
use serde_json::json;
use std::path::PathBuf;

/// Connections that send one request after the other.
const CONNECTIONS: usize = 8;
const HEADERS: [(&str, &str); 1] = [("accept", "application/json")];
/// So that code is compiled, connections are open, and a copy is stored.
const WARM_UP: usize = 3000;

/// A running Envoy under one row's conditions.
pub struct Load {
    envoy: Envoy,
    /// Ends with the measurement.
    _upstream: Upstream,
    method: &'static str,
    path: &'static str,
    status: u16,
}

/// What one round has cost.
#[derive(Debug, Clone, Copy)]
pub struct Cost {
    /// CPU time of Envoy per request, in microseconds.
    pub cpu_us: f64,
    /// Resident memory of Envoy afterwards.
    pub rss_mib: f64,
}

impl Load {
    pub async fn start(row: &Row) -> Self {
        let upstream = Upstream::start().await;
        let bootstrap = Bootstrap {
            filters: row.filters.clone(),
            routes: vec![route(&[], "upstream", json!({"timeout": "10s"}))],
            clusters: vec![cluster(
                "upstream",
                Protocol::Http1,
                &[upstream.address],
                &json!({}),
            )],
            concurrency: 1,
            access_log: false,
        };
        let envoy = Envoy::start(&bootstrap).await;
        // One good answer first: what a stale hit is made of.
        upstream.script(Script::answer(
            200,
            &[("content-type", "application/json")],
            r#"{"quantity":7}"#,
        ));
        let good = Client::new(envoy.address, Protocol::Http1)
            .send(row.method, row.path, &HEADERS)
            .await;
        assert_eq!(good.status, 200, "{}", row.name);
        upstream.script(row.upstream.clone());
        let load = Self {
            envoy,
            _upstream: upstream,
            method: row.method,
            path: row.path,
            status: row.status,
        };
        load.send(WARM_UP).await;
        load
    }

    pub async fn run(&self, requests: usize) -> Cost {
        let before = self.cpu_ns();
        self.send(requests).await;
        let spent = self.cpu_ns() - before;
        Cost {
            cpu_us: spent as f64 / 1000.0 / requests as f64,
            rss_mib: self.rss_mib(),
        }
    }

    async fn send(&self, requests: usize) {
        let connections = (0..CONNECTIONS).map(|_| {
            let client = Client::new(self.envoy.address, Protocol::Http1);
            let (method, path, status) = (self.method, self.path, self.status);
            tokio::spawn(async move {
                for _ in 0..requests / CONNECTIONS {
                    let answer = client.send(method, path, &HEADERS).await;
                    assert_eq!(answer.status, status, "{method} {path}");
                }
            })
        });
        let connections: Vec<_> = connections.collect();
        for connection in connections {
            connection.await.expect("every answer is as expected");
        }
    }

    fn process(&self) -> PathBuf {
        PathBuf::from(format!("/proc/{}", self.envoy.pid().expect("Envoy runs")))
    }

    /// CPU time of all threads so far: the first field of each one's `schedstat`.
    fn cpu_ns(&self) -> u64 {
        let threads = std::fs::read_dir(self.process().join("task")).expect("Linux");
        let spent = |thread: std::fs::DirEntry| {
            let text = std::fs::read_to_string(thread.path().join("schedstat")).ok()?;
            text.split(' ').next()?.parse::<u64>().ok()
        };
        threads.filter_map(|thread| spent(thread.ok()?)).sum()
    }

    fn rss_mib(&self) -> f64 {
        let status = std::fs::read_to_string(self.process().join("status")).expect("Linux");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
        kib.expect("a number") / 1024.0
    }
}
