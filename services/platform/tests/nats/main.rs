//! The journal and the lanes on real nats-servers: the contract suite, and what only a server can do to them.

#![allow(clippy::unwrap_used, clippy::panic)]

mod cluster;
mod contract;
mod dead_letters;
mod faults;
mod lanes;

use std::time::Duration;

use async_nats::jetstream::stream::Config;
use holdfast_platform::journal::jetstream::{JetStreamJournal, JournalConfig};
use holdfast_platform::nats::Nats;
use holdfast_platform::testing::NatsServer;

/// The declaration of stream `T`, which holds `t.>`.
fn declaration(replicas: usize) -> Config {
    Config {
        name: "T".into(),
        subjects: vec!["t.>".into()],
        num_replicas: replicas,
        allow_direct: true,
        allow_atomic_publish: true,
        ..Config::default()
    }
}

/// A server with stream `T`, and a connection to it.
async fn server() -> (NatsServer, Nats) {
    let server = NatsServer::start().await;
    let nats = server.connect("test").await;
    nats.jetstream().create_stream(declaration(1)).await.unwrap();
    (server, nats)
}

/// A journal of stream `T` that tries often.
fn journal(nats: &Nats) -> JetStreamJournal {
    let config = JournalConfig {
        deadline: Duration::from_secs(20),
        try_timeout: Duration::from_millis(300),
        ..JournalConfig::default()
    };
    JetStreamJournal::new(nats, "T", config)
}
