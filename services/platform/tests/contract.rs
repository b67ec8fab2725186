//! The contract suite on the in-memory journal and on a real nats-server.

#![allow(clippy::unwrap_used)]

use async_nats::jetstream::stream::Config;
use holdfast_platform::journal::contract;
use holdfast_platform::journal::jetstream::{GroupCommit, JetStreamJournal, JournalConfig};
use holdfast_platform::journal::memory::MemoryJournal;
use holdfast_platform::testing::{NatsServer, ServerOptions};

async fn journal(server: &NatsServer, group_commit: GroupCommit) -> JetStreamJournal {
    let nats = server.connect("contract").await;
    let config = Config {
        name: "T".into(),
        subjects: vec!["t.>".into()],
        allow_direct: true,
        allow_atomic_publish: true,
        ..Config::default()
    };
    nats.jetstream().create_stream(config).await.unwrap();
    JetStreamJournal::new(
        &nats,
        "T",
        JournalConfig {
            group_commit,
            ..JournalConfig::default()
        },
    )
}

#[tokio::test]
async fn memory() {
    contract::run(&MemoryJournal::default()).await;
}

#[tokio::test]
async fn jetstream() {
    let server = NatsServer::start().await;
    contract::run(&journal(&server, GroupCommit::Off).await).await;
}

#[tokio::test]
async fn jetstream_with_group_commit() {
    let server = NatsServer::start_with(ServerOptions {
        sync_always: true,
        ..Default::default()
    })
    .await;
    contract::run(&journal(&server, GroupCommit::Adaptive { min_waiting: 4 }).await).await;
}
