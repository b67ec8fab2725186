//! Dead letters: stored with their story, in nobody's way, and sent back to the consumer that gave them up.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::jetstream::consumer::{AckPolicy, pull};
use async_nats::jetstream::stream::Config;
use holdfast_platform::dead_letter::{About, DLQ, Letter, REDRIVE};
use holdfast_platform::journal::contract::{fill, fresh};
use holdfast_platform::journal::jetstream::{JetStreamJournal, JournalConfig};
use holdfast_platform::journal::{DeadLetterReason, Delivery, Disposition, Record, Revision, Scan as _};
use holdfast_platform::lane::Lane;
use holdfast_platform::nats::Nats;
use tokio_util::sync::CancellationToken;

use super::{journal, server};

async fn declare(nats: &Nats) {
    for (name, subjects) in [(DLQ, "dlq.>"), (REDRIVE, "redrive.>")] {
        let stream = Config {
            name: name.into(),
            subjects: vec![subjects.into()],
            allow_direct: true,
            ..Config::default()
        };
        nats.jetstream().create_stream(stream).await.unwrap();
    }
    for (stream, consumer, filter) in [
        ("T", "lane", ""),
        ("T", "other", ""),
        (REDRIVE, "lane", "redrive.test.lane.>"),
        (REDRIVE, "other", "redrive.test.other.>"),
    ] {
        let config = pull::Config {
            durable_name: Some(consumer.into()),
            ack_policy: AckPolicy::Explicit,
            ack_wait: Duration::from_secs(2),
            filter_subject: filter.into(),
            ..pull::Config::default()
        };
        nats.jetstream()
            .create_consumer_on_stream(config, stream)
            .await
            .unwrap();
    }
}

fn lane(nats: &Nats, consumer: &str) -> Lane {
    let about = |record: &Record| About {
        user: Some("u".into()),
        entity: record.subject.rsplit('.').next().map(str::to_owned),
    };
    Lane::new(nats, "test", "T", consumer)
        .about(about)
        .takes_redriven()
}

async fn letters(nats: &Nats, filter: &str) -> Vec<(Revision, Letter)> {
    let dlq = JetStreamJournal::new(nats, DLQ, JournalConfig::default());
    let found = dlq
        .scan(filter, Revision::NONE, Revision::NONE, 1000)
        .await
        .unwrap();
    let read = |record: &Record| (record.revision, Letter::of_record(record).unwrap());
    found.iter().map(read).collect()
}

/// Sends letters back as an operator does: stored once, then taken out of the queue.
async fn redrive(nats: &Nats, (sequence, letter): (Revision, Letter)) {
    let letter = Letter {
        redrives: letter.redrives + 1,
        ..letter
    };
    let mut headers = HeaderMap::new();
    letter
        .to_headers()
        .into_iter()
        .for_each(|(name, value)| headers.insert(name, value));
    let sent =
        nats.jetstream()
            .publish_with_headers(letter.redrive_subject(sequence), headers, letter.payload);
    sent.await.unwrap().await.unwrap();
    let dlq = nats.jetstream().get_stream_no_info(DLQ).await.unwrap();
    dlq.delete_message(sequence.0).await.unwrap();
}

/// Runs a lane until `done`, which looks again after each delivery.
async fn run_until(
    lane: Lane,
    settle: impl Fn(&Delivery) -> Disposition + Send + Sync,
    mut done: impl AsyncFnMut() -> bool,
) {
    let shutdown = CancellationToken::new();
    let running = lane.run(shutdown.clone(), |delivery| std::future::ready(settle(&delivery)));
    let watch = async {
        while !done().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        shutdown.cancel();
    };
    let both = Box::pin(async { futures::join!(running, watch) });
    tokio::time::timeout(Duration::from_secs(60), both).await.unwrap();
}

async fn is_settled(nats: &Nats, stream: &str, consumer: &str) -> bool {
    let stream = nats.jetstream().get_stream(stream).await.unwrap();
    let info = stream.consumer_info(consumer).await.unwrap();
    (info.num_pending, info.num_ack_pending) == (0, 0)
}

#[tokio::test]
async fn a_dead_letter_is_stored_with_its_story_and_never_comes_again() {
    let (_server, nats) = server().await;
    declare(&nats).await;
    let subject = fresh("lane");
    let revisions = fill(&journal(&nats), &subject, 2).await;
    let settle = |delivery: &Delivery| match delivery.attempt {
        1 if delivery.record.payload == "0" => {
            Disposition::DeadLetter(DeadLetterReason::Malformed, "not\njson".into())
        }
        attempt => Disposition::Failed(Duration::from_millis(10), format!("failure {attempt}")),
    };
    // The first is refused by the handler; the second uses up its attempts.
    let settled = async || is_settled(&nats, "T", "lane").await;
    run_until(lane(&nats, "lane").max_attempts(3), settle, settled).await;
    let letters = letters(&nats, "dlq.>").await;
    let [(_, first), (_, second)] = letters.as_slice() else {
        panic!("{letters:#?}");
    };
    assert_eq!(
        (first.service.as_str(), first.consumer.as_str()),
        ("test", "lane")
    );
    assert_eq!((first.reason.as_str(), first.attempts), ("malformed", 1));
    assert_eq!(
        (first.payload.as_ref(), first.last.error.as_str()),
        (b"0".as_ref(), "not json")
    );
    assert_eq!(
        first.event_type.as_deref(),
        Some("test"),
        "original headers are kept"
    );
    assert_eq!(
        (&first.origin.subject, first.origin.sequence),
        (&subject, revisions[0])
    );
    assert_eq!((second.reason.as_str(), second.attempts), ("max_deliveries", 3));
    assert_eq!(
        (second.first.error.as_str(), second.last.error.as_str()),
        ("failure 1", "failure 3")
    );
    assert!(second.first.time < second.last.time);
}

#[tokio::test]
async fn a_letter_that_is_sent_back_comes_to_the_consumer_that_gave_it_up_and_to_no_other() {
    let (_server, nats) = server().await;
    declare(&nats).await;
    let subject = fresh("lane");
    let revision = fill(&journal(&nats), &subject, 1).await[0];
    let refuse = |_: &Delivery| Disposition::DeadLetter(DeadLetterReason::Refused, "not yet".into());
    run_until(lane(&nats, "lane"), refuse, async || {
        is_settled(&nats, "T", "lane").await
    })
    .await;
    run_until(
        lane(&nats, "other"),
        |_| Disposition::Ack,
        async || is_settled(&nats, "T", "other").await,
    )
    .await;
    let found = letters(
        &nats,
        &format!("dlq.test.lane.refused.test.u.{}.>", entity(&subject)),
    )
    .await;
    redrive(&nats, found.into_iter().next().unwrap()).await;

    // It is given up again: another letter, which has come back once.
    let seen = Mutex::new(Vec::new());
    let refuse_again = |delivery: &Delivery| {
        seen.lock().unwrap().push(delivery.clone());
        Disposition::DeadLetter(DeadLetterReason::Refused, "still not".into())
    };
    run_until(lane(&nats, "lane"), refuse_again, async || {
        is_settled(&nats, REDRIVE, "lane").await
    })
    .await;
    let delivery = seen.into_inner().unwrap().pop().unwrap();
    assert_eq!(
        (delivery.record.revision, &delivery.record.subject),
        (revision, &subject)
    );
    assert!(delivery.attempt > 1, "never as if for the first time");
    assert!(
        !delivery
            .record
            .headers
            .keys()
            .any(|name| name.starts_with("Holdfast-Dlq"))
    );
    let again = letters(&nats, "dlq.test.lane.>").await;
    let [(_, again)] = again.as_slice() else {
        panic!("{again:#?}");
    };
    assert_eq!((again.redrives, again.last.error.as_str()), (1, "still not"));
    assert_eq!(
        (&again.origin.stream, again.origin.sequence),
        (&"T".to_owned(), revision)
    );
    let idle = |delivery: &Delivery| panic!("it came to another consumer: {delivery:?}");
    run_until(lane(&nats, "other"), idle, async || {
        is_settled(&nats, REDRIVE, "other").await
    })
    .await;
}

fn entity(subject: &str) -> String {
    subject.rsplit('.').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_burial_that_is_repeated_is_stored_once() {
    let (_server, nats) = server().await;
    declare(&nats).await;
    fill(&journal(&nats), &fresh("lane"), 1).await;
    let records = journal(&nats)
        .scan("t.>", Revision::NONE, Revision::NONE, 1)
        .await
        .unwrap();
    for _ in 0..3 {
        let lane = lane(&nats, "lane");
        assert!(
            lane.dead_letter((&records[0], 0), DeadLetterReason::Malformed, "x")
                .await
        );
    }
    assert_eq!(letters(&nats, "dlq.>").await.len(), 1);
}

/// Every eleventh is poison: half of it is refused at once, half fails until its attempts are used up.
#[tokio::test]
async fn a_thousand_poison_messages_hold_up_none_of_ten_thousand_good_ones() {
    const GOOD: usize = 10_000;
    const POISON: usize = 1_000;
    let (_server, nats) = server().await;
    declare(&nats).await;
    let all: Vec<usize> = (0..GOOD + POISON).collect();
    // The client waits for acknowledgements when there are too many.
    for some in all.chunks(1_000) {
        let sent = some.iter().map(async |n| {
            let payload = match n % 22 {
                0 => "poison",
                11 => "stuck",
                _ => "good",
            };
            let sent = nats.jetstream().publish(format!("t.{n}"), payload.into());
            sent.await.unwrap().await.unwrap()
        });
        futures::future::join_all(sent).await;
    }
    let (good, tries) = (AtomicUsize::new(0), Mutex::new(BTreeMap::<Revision, u64>::new()));
    let settle = |delivery: &Delivery| match delivery.record.payload.as_ref() {
        b"good" => {
            good.fetch_add(1, Ordering::Relaxed);
            Disposition::Ack
        }
        b"poison" => Disposition::DeadLetter(DeadLetterReason::Malformed, "poison".into()),
        _ => {
            tries
                .lock()
                .unwrap()
                .insert(delivery.record.revision, delivery.attempt);
            // Far longer than all good ones together take: whoever waited for it would not be done in time.
            Disposition::Failed(Duration::from_secs(3), "stuck".into())
        }
    };
    let lane = lane(&nats, "lane").concurrency(32).max_attempts(2);
    let order = Mutex::new(None);
    let done = async || {
        let pending = !is_settled(&nats, "T", "lane").await;
        if good.load(Ordering::Relaxed) == GOOD {
            let retried = tries
                .lock()
                .unwrap()
                .values()
                .filter(|attempt| **attempt > 1)
                .count();
            order.lock().unwrap().get_or_insert(retried);
        }
        !pending
    };
    run_until(lane, settle, done).await;
    assert_eq!(good.into_inner(), GOOD);
    let dlq = nats.jetstream().get_stream(DLQ).await.unwrap();
    assert_eq!(dlq.cached_info().state.messages, POISON as u64);
    let retried_before_the_last_good_one = order.into_inner().unwrap().unwrap();
    assert!(
        retried_before_the_last_good_one < POISON / 2,
        "the good ones waited"
    );
}
