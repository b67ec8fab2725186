use holdfast_platform::journal::contract::{self, append, fill, fresh, payloads};
use holdfast_platform::journal::jetstream::{GroupCommit, JetStreamJournal, JournalConfig};
use holdfast_platform::journal::{Error, Journal};
use holdfast_platform::testing::NatsCluster;

use super::{declaration, journal};

/// Three replicas answer a repeated message id with `duplicate`, and contested subjects with 10164: one server never does.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_replicas_keep_the_contract_and_survive_an_election() {
    let mut cluster = NatsCluster::start().await;
    let nats = cluster.connect("test").await;
    nats.jetstream().create_stream(declaration(3)).await.unwrap();
    contract::run(&journal(&nats)).await;
    let group_commit = GroupCommit::Adaptive { min_waiting: 4 };
    let grouping = JetStreamJournal::new(
        &nats,
        "T",
        JournalConfig {
            group_commit,
            ..JournalConfig::default()
        },
    );
    contract::run(&grouping).await;

    let (journal, subject) = (journal(&nats), fresh("election"));
    let first = fill(&journal, &subject, 1).await[0];
    cluster.leader_of(&nats, "T").await.kill();
    let second = journal.append(append(&subject, first, "1")).await.unwrap();
    assert_eq!(
        payloads(&journal.read(&subject, second).await.unwrap()),
        ["0", "1"]
    );
    let late = journal.append(append(&subject, first, "late")).await;
    assert!(matches!(late, Err(Error::Conflict { .. })), "{late:?}");
}
