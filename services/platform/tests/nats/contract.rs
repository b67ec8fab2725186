use async_nats::jetstream::stream::Config;
use holdfast_platform::journal::jetstream::{GroupCommit, JetStreamJournal, JournalConfig};
use holdfast_platform::journal::memory::MemoryJournal;
use holdfast_platform::journal::{Journal, Revision, contract};
use holdfast_platform::nats::Nats;
use holdfast_platform::testing::{NatsServer, ServerOptions};

use super::{declaration, journal, server};

#[tokio::test]
async fn memory_keeps_the_contract() {
    contract::run(&MemoryJournal::default()).await;
}

#[tokio::test]
async fn jetstream_keeps_the_contract() {
    let (_server, nats) = server().await;
    contract::run(&journal(&nats)).await;
}

#[tokio::test]
async fn jetstream_with_group_commit_keeps_the_contract() {
    let (_server, nats) = synced_server().await;
    contract::run(&grouping(&nats)).await;
}

/// The contract test of the same name, but it also shows that the lost race was inside a batch.
#[tokio::test]
async fn given_group_commit_concurrent_appends_share_atomic_batches() {
    let (_server, nats) = synced_server().await;
    let journal = grouping(&nats);
    let subjects: Vec<String> = (0..64).map(|_| contract::fresh("batch")).collect();
    let appends = subjects.iter().map(|subject| {
        let append = contract::append(subject, Revision::NONE, subject);
        journal.append(append)
    });
    let revisions = futures::future::join_all(appends).await;
    let stream = nats.jetstream().get_stream("T").await.unwrap();
    let mut batched = 0;
    for (subject, revision) in subjects.iter().zip(revisions) {
        let stored = stream.get_raw_message(revision.unwrap().0).await.unwrap();
        assert_eq!(
            stored.subject.as_str(),
            subject,
            "each append was told its own revision"
        );
        batched += usize::from(stored.headers.get("Nats-Batch-Id").is_some());
    }
    assert!(batched >= 32, "only {batched} of 64 were stored in batches");
}

async fn synced_server() -> (NatsServer, Nats) {
    let server = NatsServer::start_with(ServerOptions {
        sync_always: true,
        ..Default::default()
    })
    .await;
    let nats = server.connect("test").await;
    nats.jetstream()
        .create_stream(Config { ..declaration(1) })
        .await
        .unwrap();
    (server, nats)
}

fn grouping(nats: &Nats) -> JetStreamJournal {
    let group_commit = GroupCommit::Adaptive { min_waiting: 4 };
    JetStreamJournal::new(
        nats,
        "T",
        JournalConfig {
            group_commit,
            ..JournalConfig::default()
        },
    )
}
