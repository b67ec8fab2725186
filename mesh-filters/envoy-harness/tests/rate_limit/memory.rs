//! Any number of keys, bounded memory.

use crate::lab::{Lab, limit};
use holdfast_envoy_harness::Upstream;
use holdfast_envoy_harness::bootstrap::Bootstrap;
use holdfast_envoy_harness::{Client, Envoy, Protocol};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::ops::Range;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// `HOLDFAST_KEYS` for another number: a million take some twenty seconds.
const KEYS: usize = 1_000_000;
const SLOTS: usize = 1024;
/// What a worker keeps beside the table, see the core.
const HOT: usize = 64;
const CONNECTIONS: usize = 16;

async fn allocated(envoy: &Envoy) -> u64 {
    let memory: Value = serde_json::from_str(&envoy.admin("/memory").await).unwrap();
    memory["allocated"].as_str().unwrap().parse().unwrap()
}

/// Sends a request for each key, as fast as the proxy takes them; all are allowed.
async fn send(envoy: &Envoy, keys: Range<usize>) {
    let address = envoy.address;
    let keys: Vec<usize> = keys.collect();
    let connections = keys
        .chunks(keys.len().div_ceil(CONNECTIONS))
        .map(<[usize]>::to_vec);
    let sending: Vec<_> = connections
        .map(|keys| tokio::spawn(send_some(address, keys)))
        .collect();
    for sent in sending {
        sent.await.unwrap();
    }
}

async fn send_some(address: SocketAddr, keys: Vec<usize>) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let mut answer = [0; 1024];
    for key in keys {
        let request = format!("GET / HTTP/1.1\r\nhost: a\r\nx-key: {key}\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut length = 0;
        // The answer has no body.
        while !answer[..length].ends_with(b"\r\n\r\n") {
            let read = stream.read(&mut answer[length..]).await.unwrap();
            assert!(read > 0, "the connection is closed");
            length += read;
        }
        assert!(
            answer.starts_with(b"HTTP/1.1 200 OK"),
            "{}",
            String::from_utf8_lossy(&answer)
        );
    }
}

async fn lab(config: &Value) -> Lab {
    let envoy = Envoy::start(&Bootstrap {
        filters: vec![limit(config)],
        routes: vec![json!({"match": {"prefix": "/"}, "direct_response": {"status": 200}})],
        clusters: Vec::new(),
        concurrency: 2,
        access_log: false,
    })
    .await;
    let client = Client::new(envoy.address, Protocol::Http1);
    Lab {
        envoy,
        upstream: Upstream::start().await,
        client,
    }
}

#[tokio::test]
#[ignore = "needs Envoy and the built filters: make test-filters"]
async fn given_far_more_keys_than_slots_then_memory_stays_and_each_loss_is_counted() {
    let config = json!({"table": {"slots": SLOTS}, "rules": [
        {"name": "hourly", "key": [{"header": "x-key"}], "limit": {"requests": 2, "per": "1h"}}]});
    let keys = std::env::var("HOLDFAST_KEYS").map_or(KEYS, |keys| keys.parse().unwrap());
    let lab = lab(&config).await;
    send(&lab.envoy, 0..keys / 10).await;
    let before = allocated(&lab.envoy).await;
    send(&lab.envoy, keys / 10..keys).await;
    let grown = allocated(&lab.envoy).await.saturating_sub(before);
    assert!(grown < 1 << 20, "{grown} bytes for {keys} keys");
    assert_eq!(lab.metric("evicted").await, (keys - SLOTS - HOT) as u64);
    lab.assert_unharmed().await;
}
