use std::pin::pin;
use std::time::Duration;

use async_nats::jetstream::stream::Config;
use futures::StreamExt;
use holdfast_platform::journal::contract::{append, fill, fresh, payloads, records_until_caught_up};
use holdfast_platform::journal::jetstream::{GroupCommit, JetStreamJournal, JournalConfig};
use holdfast_platform::journal::{Append, Error, Feed, Journal, Revision, Scan};
use holdfast_platform::nats::{Nats, NatsConfig, connect};
use holdfast_platform::testing::{NatsServer, Proxy, ServerOptions};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio_util::task::AbortOnDropHandle;

use super::{declaration, journal, server};

/// A connection through a proxy, a journal on it, and one past it.
async fn behind_a_proxy(server: &NatsServer, direct: &Nats) -> (Proxy, JetStreamJournal, JetStreamJournal) {
    let proxy = Proxy::start(server.port()).await;
    let nats = connect(&NatsConfig::new(proxy.url(), "proxied")).await.unwrap();
    nats.connected().wait_for(|up| *up).await.unwrap();
    (proxy, journal(&nats), journal(direct))
}

/// Waits until a record is stored, as seen past the proxy.
async fn stored(journal: &JetStreamJournal, subject: &str) -> Revision {
    let mut tail = pin!(journal.tail(subject, Revision::NONE));
    records_until_caught_up(&mut tail, 1).await[0]
}

#[tokio::test]
async fn given_an_answer_that_is_late_an_append_that_was_written_is_ok_and_stored_once() {
    let (server, nats) = server().await;
    let (proxy, journal, direct) = behind_a_proxy(&server, &nats).await;
    let subject = fresh("late");
    proxy.hold_replies();
    let appending = tokio::spawn({
        let (journal, append) = (journal.clone(), append(&subject, Revision::NONE, "one"));
        async move { journal.append(append).await }
    });
    let revision = stored(&direct, &subject).await;
    // Longer than a try: its answer is given up.
    tokio::time::sleep(Duration::from_millis(400)).await;
    proxy.release_replies();
    assert_eq!(appending.await.unwrap().unwrap(), revision);
    assert_eq!(payloads(&direct.read(&subject, revision).await.unwrap()), ["one"]);
}

#[tokio::test]
async fn given_an_answer_that_is_lost_an_append_that_was_built_upon_is_still_ok() {
    let (server, nats) = server().await;
    let (proxy, journal, direct) = behind_a_proxy(&server, &nats).await;
    let subject = fresh("lost");
    proxy.hold_replies();
    let appending = tokio::spawn({
        let (journal, append) = (journal.clone(), append(&subject, Revision::NONE, "one"));
        async move { journal.append(append).await }
    });
    let first = stored(&direct, &subject).await;
    let second = direct.append(append(&subject, first, "two")).await.unwrap();
    proxy.lose_replies();
    assert_eq!(appending.await.unwrap().unwrap(), first);
    assert_eq!(
        payloads(&direct.read(&subject, second).await.unwrap()),
        ["one", "two"]
    );
}

#[tokio::test]
async fn given_a_batch_whose_answer_is_lost_every_member_is_ok_and_stored_once() {
    let (server, nats) = server().await;
    let proxy = Proxy::start(server.port()).await;
    let proxied = connect(&NatsConfig::new(proxy.url(), "proxied")).await.unwrap();
    proxied.connected().wait_for(|up| *up).await.unwrap();
    let config = JournalConfig {
        deadline: Duration::from_secs(20),
        try_timeout: Duration::from_millis(300),
        group_commit: GroupCommit::Adaptive { min_waiting: 2 },
    };
    let (journal, direct) = (
        JetStreamJournal::new(&proxied, "T", config),
        super::journal(&nats),
    );
    let subjects: Vec<String> = (0..30).map(|_| fresh("batch")).collect();
    proxy.hold_replies();
    let appending = tokio::spawn({
        let appends: Vec<_> = subjects
            .iter()
            .map(|subject| append(subject, Revision::NONE, "one"))
            .collect();
        async move { futures::future::join_all(appends.into_iter().map(|append| journal.append(append))).await }
    });
    stored(&direct, &subjects[0]).await;
    tokio::time::sleep(Duration::from_millis(400)).await;
    proxy.lose_replies();
    for (subject, outcome) in subjects.iter().zip(appending.await.unwrap()) {
        let revision = outcome.unwrap();
        let records = direct.read(subject, revision).await.unwrap();
        assert_eq!((records.len(), records[0].revision), (1, revision));
    }
}

#[tokio::test]
async fn given_a_stale_replica_what_it_lacks_comes_from_the_leader() {
    let server = NatsServer::start().await;
    let nats = server.connect("test").await;
    // The real server does not answer direct gets of this stream: the replica is played here.
    let config = Config {
        allow_direct: false,
        ..declaration(1)
    };
    nats.jetstream().create_stream(config).await.unwrap();
    let journal = journal(&nats);
    let subject = fresh("stale");
    let revisions = fill(&journal, &subject, 3).await;
    let _replica = stale_replica(&server, &subject, revisions[0]).await;
    let records = journal.read(&subject, revisions[2]).await.unwrap();
    assert_eq!(payloads(&records), ["0", "1", "2"]);
    let unasked = journal.read(&subject, Revision::NONE).await.unwrap();
    assert_eq!(
        payloads(&unasked),
        ["0"],
        "whatever is there, when nothing more was asked for"
    );
    let page = journal
        .scan(&subject, revisions[0], revisions[1], 10)
        .await
        .unwrap();
    assert_eq!(payloads(&page), ["1"]);
    let next = journal.first_after(&subject, revisions[1]).await.unwrap();
    assert_eq!(next.unwrap().revision, revisions[2], "the leader is asked");
}

/// Answers direct gets with the first record only. Speaks the protocol itself: no client can publish a status line.
async fn stale_replica(server: &NatsServer, subject: &str, first: Revision) -> AbortOnDropHandle<()> {
    let stream = TcpStream::connect(("127.0.0.1", server.port())).await.unwrap();
    let (reader, mut writer) = stream.into_split();
    let mut lines = BufReader::new(reader).lines();
    let hello = "CONNECT {\"headers\":true,\"verbose\":false}\r\nSUB $JS.API.DIRECT.GET.T 1\r\nPING\r\n";
    writer.write_all(hello.as_bytes()).await.unwrap();
    while lines.next_line().await.unwrap().unwrap() != "PONG" {}
    let subject = subject.to_owned();
    AbortOnDropHandle::new(tokio::spawn(async move {
        while let Ok(Some(line)) = lines.next_line().await {
            // MSG <subject> <sid> <reply> <bytes>
            let Some(reply) = line.strip_prefix("MSG ").and_then(|rest| rest.split(' ').nth(2)) else {
                continue;
            };
            let request: serde_json::Value =
                serde_json::from_str(&lines.next_line().await.unwrap().unwrap()).unwrap();
            let mut answer = String::new();
            if request["seq"].as_u64().unwrap() <= first.0 {
                let time = "Nats-Time-Stamp: 2026-01-01T00:00:00Z";
                let header = format!(
                    "NATS/1.0\r\nNats-Subject: {subject}\r\nNats-Sequence: {first}\r\n{time}\r\n\r\n"
                );
                answer += &format!(
                    "HPUB {reply} {} {}\r\n{header}0\r\n",
                    header.len(),
                    header.len() + 1
                );
            }
            let end = "NATS/1.0 204 EOB\r\n\r\n";
            answer += &format!("HPUB {reply} {0} {0}\r\n{end}\r\n", end.len());
            writer.write_all(answer.as_bytes()).await.unwrap();
        }
    }))
}

#[tokio::test]
async fn given_no_stream_for_a_while_an_append_waits_for_it() {
    let server = NatsServer::start().await;
    let nats = server.connect("test").await;
    let (journal, subject) = (journal(&nats), fresh("election"));
    let mut appending = pin!(journal.append(append(&subject, Revision::NONE, "one")));
    let early = tokio::time::timeout(Duration::from_millis(100), &mut appending).await;
    assert!(
        early.is_err(),
        "there is no stream yet, but the append ended: {early:?}"
    );
    nats.jetstream().create_stream(declaration(1)).await.unwrap();
    assert_eq!(appending.await.unwrap(), Revision(1));
}

#[tokio::test]
async fn given_no_server_an_append_is_unavailable_and_is_not_written_later() {
    let (mut server, nats) = server().await;
    let config = JournalConfig {
        deadline: Duration::from_millis(300),
        ..JournalConfig::default()
    };
    let (journal, subject) = (JetStreamJournal::new(&nats, "T", config), fresh("away"));
    server.kill();
    nats.connected().wait_for(|up| !up).await.unwrap();
    let error = journal
        .append(append(&subject, Revision::NONE, "one"))
        .await
        .unwrap_err();
    assert!(
        matches!(error, Error::Unavailable { .. }) && error.is_retryable(),
        "{error}"
    );
    assert!(matches!(
        journal.read(&subject, Revision::NONE).await,
        Err(Error::Unavailable { .. })
    ));
    server.restart().await;
    nats.connected().wait_for(|up| *up).await.unwrap();
    nats.flush(Duration::from_secs(5)).await.unwrap();
    assert_eq!(super::journal(&nats).last(&subject).await.unwrap(), None);
}

#[tokio::test]
async fn given_a_killed_server_an_append_goes_on_after_its_restart() {
    let (mut server, nats) = server().await;
    let (journal, subject) = (journal(&nats), fresh("restart"));
    let first = journal
        .append(append(&subject, Revision::NONE, "one"))
        .await
        .unwrap();
    server.kill();
    let (second, ()) = futures::join!(journal.append(append(&subject, first, "two")), server.restart());
    assert_eq!(
        payloads(&journal.read(&subject, second.unwrap()).await.unwrap()),
        ["one", "two"]
    );
}

#[tokio::test]
async fn given_a_killed_server_a_tail_goes_on_without_gap_or_repetition() {
    let (mut server, nats) = server().await;
    let (journal, subject) = (journal(&nats), fresh("tail"));
    let mut wanted = fill(&journal, &subject, 5).await;
    let mut tail = pin!(journal.tail(&subject, Revision::NONE));
    let mut seen = records_until_caught_up(&mut tail, 5).await;
    for _ in 0..2 {
        server.kill();
        server.restart().await;
        nats.connected().wait_for(|up| *up).await.unwrap();
        for n in 0..5 {
            let expected = *wanted.last().unwrap();
            wanted.push(
                journal
                    .append(append(&subject, expected, &n.to_string()))
                    .await
                    .unwrap(),
            );
        }
        seen.extend(records_until_caught_up(&mut tail, 5).await);
    }
    assert_eq!(seen, wanted);
}

#[tokio::test]
async fn given_a_deleted_consumer_a_tail_goes_on() {
    let (_server, nats) = server().await;
    let (journal, subject) = (journal(&nats), fresh("tail"));
    let first = fill(&journal, &subject, 3).await;
    let mut tail = pin!(journal.tail(&subject, Revision::NONE));
    assert_eq!(records_until_caught_up(&mut tail, 3).await, first);
    let stream = nats.jetstream().get_stream("T").await.unwrap();
    let consumers: Vec<String> = stream.consumer_names().map(Result::unwrap).collect().await;
    assert_eq!(consumers.len(), 1);
    stream.delete_consumer(&consumers[0]).await.unwrap();
    let next = journal.append(append(&subject, first[2], "next")).await.unwrap();
    assert_eq!(records_until_caught_up(&mut tail, 1).await, [next]);
}

#[tokio::test]
async fn given_a_server_that_falls_silent_a_tail_is_set_up_again_and_repeats_nothing() {
    let (server, nats) = server().await;
    let (proxy, journal, direct) = behind_a_proxy(&server, &nats).await;
    let subject = fresh("silent");
    let first = fill(&direct, &subject, 1).await;
    let mut tail = pin!(journal.tail(&subject, Revision::NONE));
    assert_eq!(records_until_caught_up(&mut tail, 1).await, first);
    proxy.hold_replies();
    let second = direct.append(append(&subject, first[0], "second")).await.unwrap();
    // Longer than the tail bears silence: two heartbeats and a bit. It must not say that it has caught up.
    let silence = tokio::time::timeout(Duration::from_millis(5500), tail.next()).await;
    assert!(silence.is_err(), "{silence:?}");
    proxy.release_replies();
    assert_eq!(records_until_caught_up(&mut tail, 1).await, [second]);
}

#[tokio::test]
async fn given_no_permission_an_append_is_refused_and_names_the_subject() {
    let permissions = r#"
        authorization { users = [
            {user: admin, password: admin}
            {user: clerk, password: clerk, permissions: {publish: ["$JS.API.>", "t.open"], subscribe: "_INBOX_clerk.>"}}
        ] }
        no_auth_user: admin"#;
    let options = ServerOptions {
        config: permissions.into(),
        ..ServerOptions::default()
    };
    let server = NatsServer::start_with(options).await;
    let nats = server.connect("admin").await;
    nats.jetstream().create_stream(declaration(1)).await.unwrap();
    let url = format!("nats://clerk:clerk@127.0.0.1:{}", server.port());
    let clerk = connect(&NatsConfig::new(url, "clerk")).await.unwrap();
    clerk.connected().wait_for(|up| *up).await.unwrap();
    let journal = journal(&clerk);
    journal
        .append(append("t.open", Revision::NONE, "one"))
        .await
        .unwrap();
    let error = journal
        .append(append("t.closed", Revision::NONE, "one"))
        .await
        .unwrap_err();
    assert!(
        matches!(&error, Error::Refused { detail } if detail.contains("t.closed")),
        "{error}"
    );
}

#[tokio::test]
async fn given_a_record_that_is_too_large_it_is_refused() {
    let (_server, nats) = server().await;
    let large = Append {
        payload: vec![0; 2 << 20].into(),
        ..append(&fresh("large"), Revision::NONE, "")
    };
    let error = journal(&nats).append(large).await.unwrap_err();
    assert!(matches!(error, Error::Refused { .. }), "{error}");
}
