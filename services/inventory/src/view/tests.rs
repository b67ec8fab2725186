use futures::FutureExt;
use holdfast_inventory_core::{Decision, Line, Receipt};
use holdfast_platform::journal::memory::MemoryJournal;
use holdfast_platform::journal::{Append, Headers, Journal};
use jiff::Timestamp;

use super::*;
use crate::codec::{self, Batch, Entry};

const SHARD: u32 = 0;

/// Appends a receipt of `quantity` units of `a`, as a writer does.
fn append(journal: &MemoryJournal, quantity: u32) -> Appended {
    let previous = Revision(journal.len() as u64);
    let line = Line {
        sku: "a".into(),
        quantity,
    };
    let receipt = Receipt {
        receipt_id: previous.to_string(),
        line,
    };
    let entries = vec![Entry {
        cause: None,
        decision: Decision::Received(receipt),
    }];
    let batch = Batch {
        time: Timestamp::UNIX_EPOCH,
        orders_sequence: 0,
        entries,
    };
    put(journal, codec::encode_batch(&batch).unwrap());
    Appended {
        revision: Revision(previous.0 + 1),
        previous,
        batch,
    }
}

fn put(journal: &MemoryJournal, payload: Vec<u8>) {
    let append = Append {
        subject: subjects::inventory_log(SHARD),
        expected: Revision(journal.len() as u64),
        message_id: String::new(),
        headers: Headers::new(),
        payload: payload.into(),
    };
    journal.append(append).now_or_never().unwrap().unwrap();
}

/// Follows as far as the log goes.
fn follow(view: &View, journal: &MemoryJournal) -> Option<Result<(), ledger::Error>> {
    view.follow(journal).now_or_never()
}

fn view() -> View {
    View::new(SHARD, Duration::from_secs(3600))
}

fn available(view: &View) -> Option<u64> {
    view.read(["a"])?.levels.pop()?.map(|level| level.available)
}

#[test]
fn nothing_is_read_before_the_view_has_caught_up() {
    let (view, journal) = (view(), MemoryJournal::default());
    append(&journal, 5);
    assert_eq!(view.read(["a"]), None);
    assert!(!*view.caught_up().borrow());
    follow(&view, &journal);
    assert_eq!(available(&view), Some(5));
    assert!(*view.caught_up().borrow());
    assert_eq!(view.read(["b"]).unwrap().levels, [None]);
}

#[test]
fn what_the_own_writer_appended_is_applied_once_and_is_no_news() {
    let (view, journal) = (view(), MemoryJournal::default());
    follow(&view, &journal);
    let followed = view.followed();
    let appended = append(&journal, 5);
    view.apply_own(std::slice::from_ref(&appended));
    assert_eq!(available(&view), Some(5));
    view.apply_own(&[appended]);
    follow(&view, &journal);
    assert_eq!((available(&view), view.decisions()), (Some(5), 1));
    assert!(!followed.has_changed().unwrap());
}

#[test]
fn what_another_writer_appended_is_news_and_comes_before_what_follows_it() {
    let (view, journal) = (view(), MemoryJournal::default());
    follow(&view, &journal);
    let followed = view.followed();
    append(&journal, 5);
    let own = append(&journal, 2);
    view.apply_own(&[own]);
    assert_eq!(available(&view), None, "the message before it is not here yet");
    follow(&view, &journal);
    assert_eq!(available(&view), Some(7));
    assert_eq!(*followed.borrow(), Revision(2));
}

#[test]
fn silence_makes_a_reading_stale() {
    let (view, journal) = (View::new(SHARD, Duration::ZERO), MemoryJournal::default());
    append(&journal, 5);
    follow(&view, &journal);
    let reading = view.read(["a"]).unwrap();
    assert!(reading.is_stale && reading.age > Duration::ZERO, "{reading:?}");
}

#[test]
fn a_message_that_cannot_be_read_ends_the_following_and_makes_reads_stale() {
    let (view, journal) = (view(), MemoryJournal::default());
    append(&journal, 5);
    follow(&view, &journal);
    put(&journal, b"{".to_vec());
    assert!(*view.caught_up().borrow() && !view.read(["a"]).unwrap().is_stale);
    let error = follow(&view, &journal).unwrap().unwrap_err();
    assert_eq!(error.revision(), Some(Revision(2)));
    assert!(!*view.caught_up().borrow() && view.read(["a"]).unwrap().is_stale);
    assert!(
        error.to_string().starts_with("log message 2 cannot be read"),
        "{error}"
    );
    assert_eq!(available(&view), Some(5));
}
