use std::sync::Mutex;
use std::time::Duration;

use async_nats::jetstream::consumer::{AckPolicy, Info, PriorityPolicy, pull};
use async_nats::jetstream::stream::Config;
use futures::StreamExt;
use holdfast_platform::journal::contract::{append, fill, fresh};
use holdfast_platform::journal::{Delivery, Disposition, Journal, Revision};
use holdfast_platform::lane::Lane;
use holdfast_platform::nats::{Nats, NatsConfig, connect};
use holdfast_platform::testing::Proxy;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{journal, server};

/// Declares the durable consumer `lane` and the dead-letter stream.
async fn declare(nats: &Nats, config: pull::Config) {
    let config = pull::Config {
        durable_name: Some("lane".into()),
        ack_policy: AckPolicy::Explicit,
        ack_wait: Duration::from_secs(1),
        ..config
    };
    nats.jetstream()
        .create_consumer_on_stream(config, "T")
        .await
        .unwrap();
    let dlq = Config {
        name: "DLQ".into(),
        subjects: vec!["dlq.>".into()],
        ..Config::default()
    };
    nats.jetstream().create_stream(dlq).await.unwrap();
}

fn lane(nats: &Nats) -> Lane {
    Lane::new(nats, "test", "T", "lane")
}

/// Runs a lane whose handler answers by `settle`, and returns the first `count` deliveries that it saw.
async fn run(
    lane: Lane,
    count: usize,
    settle: impl Fn(&Delivery) -> Disposition + Send + Sync,
) -> Vec<Delivery> {
    let (seen, mut deliveries) = mpsc::unbounded_channel();
    let shutdown = CancellationToken::new();
    let handler = |delivery: Delivery| {
        let disposition = settle(&delivery);
        seen.send(delivery).unwrap();
        std::future::ready(disposition)
    };
    let collect = async {
        let mut collected = Vec::new();
        while collected.len() < count {
            collected.push(deliveries.recv().await.unwrap());
        }
        shutdown.cancel();
        collected
    };
    let both = async { futures::join!(lane.run(shutdown.clone(), handler), collect).1 };
    tokio::time::timeout(Duration::from_secs(20), both).await.unwrap()
}

/// Waits until the consumer is so. The server takes acknowledgements in its own time; one that was lost would stay
/// open for ever, since nobody pulls any more.
async fn until(nats: &Nats, what: &str, is_so: impl Fn(&Info) -> bool) {
    let stream = nats.jetstream().get_stream("T").await.unwrap();
    for _ in 0..250 {
        if is_so(&stream.consumer_info("lane").await.unwrap()) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the consumer never had {what}");
}

async fn settled(nats: &Nats) {
    until(nats, "everything settled", |info| {
        (info.num_pending, info.num_ack_pending) == (0, 0)
    })
    .await;
}

#[tokio::test]
async fn a_lane_settles_every_delivery_once() {
    let (_server, nats) = server().await;
    declare(&nats, pull::Config::default()).await;
    let revisions = fill(&journal(&nats), &fresh("lane"), 50).await;
    let deliveries = run(lane(&nats).concurrency(8), 50, |_| Disposition::Ack).await;
    assert_eq!(
        deliveries
            .iter()
            .map(|one| one.record.revision)
            .collect::<Vec<_>>(),
        revisions
    );
    assert!(deliveries.iter().all(|one| one.attempt == 1));
    settled(&nats).await;
}

#[tokio::test]
async fn a_retried_delivery_comes_again_with_its_attempt() {
    let (_server, nats) = server().await;
    declare(&nats, pull::Config::default()).await;
    fill(&journal(&nats), &fresh("lane"), 1).await;
    let again = |delivery: &Delivery| match delivery.attempt {
        1 | 2 => Disposition::Retry(Duration::from_millis(20)),
        _ => Disposition::Ack,
    };
    let deliveries = run(lane(&nats), 3, again).await;
    assert_eq!(
        deliveries.iter().map(|one| one.attempt).collect::<Vec<_>>(),
        [1, 2, 3]
    );
    settled(&nats).await;
}

#[tokio::test]
async fn given_a_handler_that_died_its_delivery_comes_again() {
    let (_server, nats) = server().await;
    declare(&nats, pull::Config::default()).await;
    let revisions = fill(&journal(&nats), &fresh("lane"), 1).await;
    let (entered, mut started) = mpsc::unbounded_channel();
    let crashing = tokio::spawn(lane(&nats).run(CancellationToken::new(), move |_| {
        entered.send(()).unwrap();
        std::future::pending()
    }));
    started.recv().await.unwrap();
    crashing.abort();
    let deliveries = run(lane(&nats), 1, |_| Disposition::Ack).await;
    assert_eq!(
        (deliveries[0].record.revision, deliveries[0].attempt),
        (revisions[0], 2)
    );
}

#[tokio::test]
async fn given_a_killed_server_a_lane_goes_on_and_loses_nothing() {
    let (mut server, nats) = server().await;
    declare(&nats, pull::Config::default()).await;
    let (journal, subject) = (journal(&nats), fresh("lane"));
    let mut wanted = fill(&journal, &subject, 5).await;
    let seen = Mutex::new(Vec::<Revision>::new());
    let (told, mut progress) = mpsc::unbounded_channel();
    let shutdown = CancellationToken::new();
    let running = lane(&nats).concurrency(4).run(shutdown.clone(), |delivery| {
        seen.lock().unwrap().push(delivery.record.revision);
        told.send(()).unwrap();
        std::future::ready(Disposition::Ack)
    });
    let scenario = async {
        for _ in 0..5 {
            progress.recv().await.unwrap();
        }
        server.kill();
        server.restart().await;
        let next = append(&subject, *wanted.last().unwrap(), "after");
        wanted.push(journal.append(next).await.unwrap());
        while !seen.lock().unwrap().contains(wanted.last().unwrap()) {
            progress.recv().await.unwrap();
        }
        shutdown.cancel();
    };
    let both = Box::pin(async { futures::join!(running, scenario) });
    tokio::time::timeout(Duration::from_secs(30), both).await.unwrap();
    let mut seen = seen.into_inner().unwrap();
    seen.sort();
    seen.dedup();
    assert_eq!(seen, wanted);
}

#[tokio::test]
async fn given_shutdown_running_handlers_finish_and_no_new_one_starts() {
    let (_server, nats) = server().await;
    declare(&nats, pull::Config::default()).await;
    fill(&journal(&nats), &fresh("lane"), 5).await;
    let (entered, mut started) = mpsc::unbounded_channel();
    let (shutdown, finish) = (CancellationToken::new(), CancellationToken::new());
    let running = lane(&nats).concurrency(2).run(shutdown.clone(), |_| {
        entered.send(()).unwrap();
        let finish = finish.clone();
        async move {
            finish.cancelled().await;
            Disposition::Ack
        }
    });
    let scenario = async {
        started.recv().await.unwrap();
        started.recv().await.unwrap();
        shutdown.cancel();
        tokio::task::yield_now().await;
        finish.cancel();
    };
    futures::join!(running, scenario);
    assert!(started.try_recv().is_err(), "a handler started after shutdown");
    until(&nats, "two acknowledgements", |info| {
        info.ack_floor.stream_sequence == 2
    })
    .await;
}

#[tokio::test]
async fn given_a_pinned_group_one_member_pulls_and_acknowledges_batches_of_what_is_ready() {
    let (_server, nats) = server().await;
    let config = pull::Config {
        priority_policy: PriorityPolicy::PinnedClient,
        priority_groups: vec!["writer".into()],
        priority_timeout: Duration::from_secs(2),
        ..pull::Config::default()
    };
    declare(&nats, config).await;
    let shutdown = CancellationToken::new();
    let mut first = std::pin::pin!(
        lane(&nats)
            .group("writer")
            .pull(shutdown.clone())
            .ready_chunks(100)
    );
    let mut second = std::pin::pin!(
        lane(&nats)
            .group("writer")
            .pull(shutdown.clone())
            .ready_chunks(100)
    );
    fill(&journal(&nats), &fresh("lane"), 20).await;
    let (mut by_first, mut by_second) = (0, 0);
    while by_first + by_second < 20 {
        let (chunk, handled) = tokio::select! {
            Some(chunk) = first.next() => (chunk, &mut by_first),
            Some(chunk) = second.next() => (chunk, &mut by_second),
        };
        *handled += chunk.len();
        for pulled in chunk {
            pulled.receipt.ack().await;
        }
    }
    assert_eq!(by_first.min(by_second), 0, "the standby was given deliveries");
    nats.flush(Duration::from_secs(5)).await.unwrap();
    settled(&nats).await;
    shutdown.cancel();
    assert!(first.next().await.is_none(), "the pull ends after shutdown");
}

#[tokio::test]
async fn given_no_consumer_yet_a_lane_waits_for_it() {
    let (_server, nats) = server().await;
    let revisions = fill(&journal(&nats), &fresh("lane"), 1).await;
    let running = run(lane(&nats), 1, |_| Disposition::Ack);
    let (deliveries, ()) = futures::join!(running, async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        declare(&nats, pull::Config::default()).await;
    });
    assert_eq!(deliveries[0].record.revision, revisions[0]);
}

#[tokio::test]
async fn a_handler_that_takes_longer_than_ack_wait_keeps_its_delivery() {
    let (_server, nats) = server().await;
    declare(&nats, pull::Config::default()).await;
    fill(&journal(&nats), &fresh("lane"), 3).await;
    let (told, mut calls) = mpsc::unbounded_channel();
    let shutdown = CancellationToken::new();
    let running = lane(&nats).concurrency(3).run(shutdown.clone(), |delivery| {
        told.send(delivery.attempt).unwrap();
        // Two and a half times `ack_wait`.
        async {
            tokio::time::sleep(Duration::from_millis(2500)).await;
            Disposition::Ack
        }
    });
    let scenario = async {
        settled(&nats).await;
        shutdown.cancel();
    };
    futures::join!(running, scenario);
    drop(told);
    let mut attempts = Vec::new();
    while let Some(attempt) = calls.recv().await {
        attempts.push(attempt);
    }
    assert_eq!(attempts, [1, 1, 1]);
}

#[tokio::test]
async fn a_lane_takes_no_more_than_it_works_on() {
    let (_server, nats) = server().await;
    declare(&nats, pull::Config::default()).await;
    fill(&journal(&nats), &fresh("lane"), 50).await;
    let (entered, mut started) = mpsc::unbounded_channel();
    let (shutdown, unstuck) = (CancellationToken::new(), CancellationToken::new());
    let running = lane(&nats).concurrency(8).run(shutdown.clone(), |delivery| {
        entered.send(delivery.attempt).unwrap();
        let unstuck = unstuck.clone();
        async move {
            unstuck.cancelled().await;
            Disposition::Ack
        }
    });
    let scenario = async {
        for _ in 0..8 {
            started.recv().await.unwrap();
        }
        until(&nats, "eight deliveries out and the rest at home", |info| {
            (info.num_ack_pending, info.num_pending) == (8, 42)
        })
        .await;
        unstuck.cancel();
        for _ in 8..50 {
            assert_eq!(started.recv().await, Some(1));
        }
        settled(&nats).await;
        shutdown.cancel();
    };
    let both = Box::pin(async { futures::join!(running, scenario) });
    tokio::time::timeout(Duration::from_secs(20), both).await.unwrap();
}

/// Runs a lane on `nats` that tells the attempt of each delivery, until `scenario` ends.
async fn while_running<F: Future<Output = ()>>(
    nats: &Nats,
    scenario: impl FnOnce(mpsc::UnboundedReceiver<u64>) -> F,
) {
    let (told, attempts) = mpsc::unbounded_channel();
    let shutdown = CancellationToken::new();
    let running = lane(nats).concurrency(4).run(shutdown.clone(), |delivery| {
        told.send(delivery.attempt).unwrap();
        std::future::ready(Disposition::Ack)
    });
    let scenario = async {
        scenario(attempts).await;
        shutdown.cancel();
    };
    let both = Box::pin(async { futures::join!(running, scenario) });
    tokio::time::timeout(Duration::from_secs(20), both).await.unwrap();
}

#[tokio::test]
async fn given_a_connection_that_was_cut_a_lane_asks_again_at_once() {
    let (server, nats) = server().await;
    declare(&nats, pull::Config::default()).await;
    let proxy = Proxy::start(server.port()).await;
    let far = connect(&NatsConfig::new(proxy.url(), "far")).await.unwrap();
    let (direct, subject) = (journal(&nats), fresh("lane"));
    while_running(&far, async |mut attempts| {
        let first = fill(&direct, &subject, 1).await[0];
        assert_eq!(attempts.recv().await, Some(1));
        let mut connected = far.connected();
        proxy.lose_replies();
        connected.wait_for(|up| !up).await.unwrap();
        connected.wait_for(|up| *up).await.unwrap();
        let cut = std::time::Instant::now();
        direct.append(append(&subject, first, "next")).await.unwrap();
        assert!(attempts.recv().await.is_some());
        assert!(
            cut.elapsed() < Duration::from_secs(5),
            "long before the silence is noticed"
        );
    })
    .await;
}

#[tokio::test]
async fn given_a_consumer_that_was_deleted_and_declared_again_a_lane_goes_on() {
    let (_server, nats) = server().await;
    declare(&nats, pull::Config::default()).await;
    let (journal, subject) = (journal(&nats), fresh("lane"));
    while_running(&nats, async |mut attempts| {
        let first = fill(&journal, &subject, 1).await[0];
        assert_eq!(attempts.recv().await, Some(1));
        let stream = nats.jetstream().get_stream("T").await.unwrap();
        stream.delete_consumer("lane").await.unwrap();
        declare(&nats, pull::Config::default()).await;
        journal.append(append(&subject, first, "next")).await.unwrap();
        for _ in 0..2 {
            assert_eq!(attempts.recv().await, Some(1), "the consumer starts anew");
        }
    })
    .await;
}

#[tokio::test]
async fn given_another_major_version_of_its_event_a_lane_makes_it_a_dead_letter_and_goes_on() {
    let (_server, nats) = server().await;
    declare(&nats, pull::Config::default()).await;
    let (journal, mut last) = (journal(&nats), Revision::NONE);
    let subject = fresh("lane");
    for event in ["shop.v2.Sold", "shop.v1.Sold"] {
        let mut record = append(&subject, last, event);
        record.headers.insert("ce-type".to_owned(), event.to_owned());
        last = journal.append(record).await.unwrap();
    }
    let deliveries = run(lane(&nats).reads("shop.v1.Sold"), 1, |_| Disposition::Ack).await;
    assert_eq!(deliveries[0].record.payload, "shop.v1.Sold");
    settled(&nats).await;
    let dlq = nats.jetstream().get_stream("DLQ").await.unwrap();
    let letter = dlq.get_raw_message(1).await.unwrap();
    let header = |name: &str| letter.headers.get(name).map(|value| value.as_str().to_owned());
    assert_eq!(header("Holdfast-Dlq-Reason").as_deref(), Some("unknown_schema"));
    assert_eq!(header("ce-type").as_deref(), Some("shop.v2.Sold"));
}
