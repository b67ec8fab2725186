//! What every journal adapter must do, as tests that run on any of them (feature `testing`).
//!
//! Each check takes a journal of a stream that holds `t.>`, and uses subjects of its own, so that all of them can
//! share one stream. [`run`] runs them all. What only a real server can do to an adapter (lost answers, elections,
//! restarts) is tested beside the JetStream adapter.

use std::collections::BTreeSet;
use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use futures::future::join_all;
use futures::{Stream, StreamExt};

use super::{Append, Error, Feed, Headers, Journal, Record, Revision, Scan, Tail};

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(10);

/// Runs every check.
///
/// # Panics
/// If the adapter breaks the contract.
pub async fn run<J: Journal + Scan + Feed>(journal: &J) {
    what_is_appended_is_read(journal).await;
    nothing_is_there_before_the_first_append(journal).await;
    a_lost_race_is_a_conflict(journal).await;
    a_racer_with_the_same_message_id_is_a_conflict(journal).await;
    a_message_id_of_another_record_is_refused(journal).await;
    of_many_racers_exactly_one_wins(journal).await;
    a_lost_race_does_not_fail_its_neighbours(journal).await;
    subjects_do_not_mix(journal).await;
    a_long_subject_is_read_whole(journal).await;
    a_scan_goes_on_where_the_last_page_ended(journal).await;
    the_first_record_after_another_is_found(journal).await;
    a_tail_yields_all_in_order_and_goes_on(journal).await;
    a_tail_starts_after_the_revision_given(journal).await;
}

/// An append with a payload and a message id made from its subject and the expected revision.
#[must_use]
pub fn append(subject: &str, expected: Revision, payload: &str) -> Append {
    Append {
        subject: subject.to_owned(),
        expected,
        message_id: format!("{subject}.{expected}"),
        headers: Headers::from([("ce-type".to_owned(), "test".to_owned())]),
        payload: Bytes::from(payload.to_owned()),
    }
}

/// A subject that nobody else uses.
#[must_use]
pub fn fresh(name: &str) -> String {
    format!("t.{name}.{}", uuid::Uuid::new_v4().simple())
}

/// Appends `count` records to one subject, and returns their revisions.
///
/// # Panics
/// If an append fails.
pub async fn fill<J: Journal>(journal: &J, subject: &str, count: usize) -> Vec<Revision> {
    let mut revisions = vec![];
    for n in 0..count {
        let expected = revisions.last().copied().unwrap_or_default();
        let appended = journal.append(append(subject, expected, &n.to_string())).await;
        revisions.push(appended.expect("an append that nobody contests"));
    }
    revisions
}

/// The payloads of records, as text.
#[must_use]
pub fn payloads(records: &[Record]) -> Vec<String> {
    records
        .iter()
        .map(|record| String::from_utf8_lossy(&record.payload).into_owned())
        .collect()
}

async fn what_is_appended_is_read<J: Journal>(journal: &J) {
    let subject = fresh("read");
    let wanted = append(&subject, Revision::NONE, "one");
    let first = journal.append(wanted.clone()).await.unwrap();
    let second = journal.append(append(&subject, first, "two")).await.unwrap();
    assert!(second > first);

    let records = journal.read(&subject, second).await.unwrap();
    assert_eq!(payloads(&records), ["one", "two"]);
    assert_eq!(
        records.iter().map(|record| record.revision).collect::<Vec<_>>(),
        [first, second]
    );
    assert_eq!(records[0].subject, subject);
    assert_eq!(
        records[0].headers, wanted.headers,
        "headers come back as given, and no others"
    );
    let last = journal.last(&subject).await.unwrap();
    assert_eq!(last.as_ref(), records.last(), "both ways of reading agree");
}

async fn nothing_is_there_before_the_first_append<J: Journal>(journal: &J) {
    let subject = fresh("empty");
    assert_eq!(journal.read(&subject, Revision::NONE).await.unwrap(), []);
    assert_eq!(journal.last(&subject).await.unwrap(), None);
}

async fn a_lost_race_is_a_conflict<J: Journal>(journal: &J) {
    let subject = fresh("race");
    let [first, second]: [Revision; 2] = fill(journal, &subject, 2).await.try_into().unwrap();
    for stale in [Revision::NONE, first] {
        let late = Append {
            message_id: format!("{subject}.late"),
            ..append(&subject, stale, "late")
        };
        let error = journal.append(late).await.unwrap_err();
        assert!(
            matches!(&error, Error::Conflict { expected, .. } if *expected == stale),
            "{error}"
        );
        assert!(!error.is_retryable());
    }
    assert_eq!(
        payloads(&journal.read(&subject, second).await.unwrap()),
        ["0", "1"]
    );
}

async fn a_racer_with_the_same_message_id_is_a_conflict<J: Journal>(journal: &J) {
    let subject = fresh("duplicate");
    let first = journal
        .append(append(&subject, Revision::NONE, "one"))
        .await
        .unwrap();
    for payload in ["another", "one"] {
        let error = journal
            .append(append(&subject, Revision::NONE, payload))
            .await
            .unwrap_err();
        assert!(matches!(error, Error::Conflict { .. }), "{error}");
    }
    assert_eq!(payloads(&journal.read(&subject, first).await.unwrap()), ["one"]);
}

async fn a_message_id_of_another_record_is_refused<J: Journal>(journal: &J) {
    let subject = fresh("reused");
    let first = journal
        .append(append(&subject, Revision::NONE, "one"))
        .await
        .unwrap();
    let reused = Append {
        expected: first,
        ..append(&subject, Revision::NONE, "two")
    };
    let error = journal.append(reused).await.unwrap_err();
    assert!(matches!(error, Error::Refused { .. }), "{error}");
}

async fn of_many_racers_exactly_one_wins<J: Journal>(journal: &J) {
    let subject = fresh("racers");
    let mut expected = Revision::NONE;
    for round in 0..5 {
        let racers = (0..16).map(|n| journal.append(append(&subject, expected, &format!("{round}.{n}"))));
        let outcomes = join_all(racers).await;
        let winners: Vec<_> = outcomes
            .iter()
            .filter_map(|outcome| outcome.as_ref().ok())
            .collect();
        let conflicts = outcomes
            .iter()
            .filter(|outcome| matches!(outcome, Err(Error::Conflict { .. })));
        assert_eq!((winners.len(), conflicts.count()), (1, 15), "{outcomes:?}");
        expected = *winners[0];
        let winner = outcomes.iter().position(Result::is_ok).unwrap();
        let stored = journal.last(&subject).await.unwrap().unwrap();
        assert_eq!(
            payloads(&[stored]),
            [format!("{round}.{winner}")],
            "the winner's record is stored"
        );
    }
}

async fn a_lost_race_does_not_fail_its_neighbours<J: Journal>(journal: &J) {
    let contested = fresh("contested");
    fill(journal, &contested, 1).await;
    let subjects: Vec<String> = (0..40).map(|_| fresh("neighbour")).collect();
    let appends = subjects.iter().enumerate().map(|(n, subject)| async move {
        journal
            .append(append(subject, Revision::NONE, &n.to_string()))
            .await
    });
    let late = Append {
        message_id: String::new(),
        ..append(&contested, Revision::NONE, "late")
    };
    let (outcomes, lost) = futures::join!(join_all(appends), journal.append(late));
    assert!(matches!(lost, Err(Error::Conflict { .. })), "{lost:?}");
    let revisions: BTreeSet<_> = outcomes.into_iter().map(Result::unwrap).collect();
    assert_eq!(
        revisions.len(),
        subjects.len(),
        "every record has its own revision"
    );
    for (n, subject) in subjects.iter().enumerate() {
        let stored = journal.last(subject).await.unwrap().unwrap();
        assert!(revisions.contains(&stored.revision));
        assert_eq!(payloads(&[stored]), [n.to_string()]);
    }
}

async fn subjects_do_not_mix<J: Journal>(journal: &J) {
    let (a, b) = (fresh("mix"), fresh("mix"));
    let of_a = fill(journal, &a, 2).await;
    fill(journal, &b, 1).await;
    assert_eq!(payloads(&journal.read(&a, of_a[1]).await.unwrap()), ["0", "1"]);
    assert_eq!(payloads(&journal.read(&b, Revision::NONE).await.unwrap()), ["0"]);
}

async fn a_long_subject_is_read_whole<J: Journal>(journal: &J) {
    let subject = fresh("long");
    let revisions = fill(journal, &subject, 1203).await;
    let records = journal.read(&subject, revisions[1202]).await.unwrap();
    assert_eq!(
        records.iter().map(|record| record.revision).collect::<Vec<_>>(),
        revisions
    );
}

async fn a_scan_goes_on_where_the_last_page_ended<J: Journal + Scan>(journal: &J) {
    let prefix = fresh("scan");
    let mut wanted = Vec::new();
    for n in 0..5 {
        wanted.extend(fill(journal, &format!("{prefix}.{n}"), 1).await);
        fill(journal, &fresh("other"), 1).await;
    }
    let filter = format!("{prefix}.*");
    let (mut seen, mut after) = (Vec::new(), Revision::NONE);
    loop {
        let page = journal.scan(&filter, after, wanted[4], 2).await.unwrap();
        seen.extend(page.iter().map(|record| record.revision));
        after = seen.last().copied().unwrap_or_default();
        if page.len() < 2 {
            break;
        }
    }
    assert_eq!(seen, wanted);
    assert_eq!(
        journal.scan(&filter, wanted[4], Revision::NONE, 2).await.unwrap(),
        []
    );
}

async fn the_first_record_after_another_is_found<J: Journal + Scan>(journal: &J) {
    let prefix = fresh("first");
    let filter = format!("{prefix}.*");
    assert_eq!(journal.first_after(&filter, Revision::NONE).await.unwrap(), None);
    let mut all = Vec::new();
    for n in 0..3 {
        all.extend(fill(journal, &format!("{prefix}.{n}"), 1).await);
        fill(journal, &fresh("other"), 1).await;
        let first = journal.first_after(&filter, Revision::NONE).await.unwrap();
        assert_eq!(first.unwrap().revision, all[0]);
    }
    let second = journal.first_after(&filter, all[0]).await.unwrap().unwrap();
    assert_eq!((second.subject, second.revision), (format!("{prefix}.1"), all[1]));
    assert_eq!(journal.first_after(&filter, all[2]).await.unwrap(), None);
}

async fn a_tail_yields_all_in_order_and_goes_on<J: Journal + Feed>(journal: &J) {
    let prefix = fresh("tail");
    let before = fill(journal, &format!("{prefix}.a"), 3).await;
    let mut tail = pin!(journal.tail(&format!("{prefix}.*"), Revision::NONE));
    assert_eq!(records_until_caught_up(&mut tail, 3).await, before);
    let after = fill(journal, &format!("{prefix}.b"), 600).await;
    fill(journal, &fresh("other"), 1).await;
    assert_eq!(records_until_caught_up(&mut tail, 600).await, after);
}

async fn a_tail_starts_after_the_revision_given<J: Journal + Feed>(journal: &J) {
    let subject = fresh("tail");
    let revisions = fill(journal, &subject, 3).await;
    let mut tail = pin!(journal.tail(&subject, revisions[0]));
    assert_eq!(records_until_caught_up(&mut tail, 2).await, revisions[1..]);
    let mut at_the_end = pin!(journal.tail(&subject, revisions[2]));
    assert_eq!(records_until_caught_up(&mut at_the_end, 0).await, []);
}

/// The revisions of the next `count` records of a tail, which must then say that it has caught up.
///
/// # Panics
/// If they do not come in time.
pub async fn records_until_caught_up<S>(tail: &mut S, count: usize) -> Vec<Revision>
where
    S: Stream<Item = Tail> + Unpin,
{
    let mut revisions = Vec::new();
    loop {
        let next = tokio::time::timeout(PATIENCE, tail.next()).await;
        match next.unwrap_or_else(|_| panic!("a silent tail after {} of {count}", revisions.len())) {
            Some(Tail::Record(record)) => revisions.push(record.revision),
            Some(Tail::CaughtUp) if revisions.len() >= count => return revisions,
            Some(Tail::CaughtUp) => {}
            None => panic!("a tail has no end"),
        }
    }
}
