//! One Envoy with the filter, an upstream that always answers, and a client.

use holdfast_envoy_harness::bootstrap::{Bootstrap, cluster, route, wasm_filter};
use holdfast_envoy_harness::jwt::jwt_authn;
use holdfast_envoy_harness::{Client, Envoy, Protocol, Script, Upstream, filter};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Duration, Instant, sleep};

const NAME: &str = "mesh.rate-limit";

pub struct Lab {
    pub envoy: Envoy,
    pub upstream: Upstream,
    pub client: Client,
}

impl Lab {
    pub async fn start(config: &Value, concurrency: u32) -> Self {
        Self::with(vec![jwt_authn(true), limit(config)], concurrency).await
    }

    pub async fn with(filters: Vec<Value>, concurrency: u32) -> Self {
        let upstream = Upstream::start().await;
        upstream.script(Script::answer(200, &[], "ok"));
        let envoy = Envoy::start(&Bootstrap {
            filters,
            routes: vec![route(&[], "up", json!({}))],
            clusters: vec![cluster("up", Protocol::Http1, &[upstream.address], &json!({}))],
            concurrency,
            access_log: true,
        })
        .await;
        let client = Client::new(envoy.address, Protocol::Http1);
        Self {
            envoy,
            upstream,
            client,
        }
    }

    /// Sends this many requests one after the other; their statuses.
    pub async fn statuses(&self, headers: &[(&str, &str)], count: usize) -> Vec<u16> {
        let mut statuses = Vec::new();
        for _ in 0..count {
            statuses.push(self.client.send("GET", "/", headers).await.status.as_u16());
        }
        statuses
    }

    /// A counter of the filter.
    pub async fn metric(&self, name: &str) -> u64 {
        self.envoy.stat(&format!("wasmcustom.rate_limit.{name}")).await
    }

    /// The status of a request that no client library would send.
    pub async fn raw(&self, headers: &[&[u8]]) -> u16 {
        let mut stream = TcpStream::connect(self.envoy.address).await.unwrap();
        let head = b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n".to_vec();
        let request = headers
            .iter()
            .fold(head, |request, header| [&request, *header, b"\r\n"].concat());
        stream
            .write_all(&[&request, &b"\r\n"[..]].concat())
            .await
            .unwrap();
        let (mut answer, mut chunk) = (Vec::new(), [0; 4096]);
        // Not to its end: Envoy may keep a connection open for a second that it has answered on early.
        while !answer.contains(&b'\n') {
            let read = stream.read(&mut chunk).await.unwrap();
            assert!(read > 0, "the connection is closed without an answer");
            answer.extend_from_slice(&chunk[..read]);
        }
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
        status.unwrap_or_else(|| panic!("no status in {answer:?}"))
    }

    /// Envoy writes its log a moment later.
    pub async fn assert_logged(&self, line: &str) {
        let deadline = Instant::now() + Duration::from_secs(10);
        while !self.envoy.log().contains(line) {
            assert!(Instant::now() < deadline, "{}", self.envoy.log());
            sleep(Duration::from_millis(10)).await;
        }
    }

    /// Nothing the test has done has cost a worker its VM.
    pub async fn assert_unharmed(&self) {
        let stats = self
            .envoy
            .admin("/stats?filter=vm_reload|rate_limit.errors")
            .await;
        assert!(
            stats.lines().all(|line| line.ends_with(": 0")),
            "{stats}\n{}",
            self.envoy.log()
        );
    }
}

/// The filter as WasmPlugin configures it.
pub fn limit(config: &Value) -> Value {
    wasm_filter(NAME, &filter("holdfast_filter_rate_limit"), config)
}

/// One rule with this limit for each value of `x-key`.
pub fn per_key(limit: &Value) -> Value {
    json!({"rules": [{"name": "per-key", "key": [{"header": "x-key"}], "limit": limit}]})
}
