//! The writer over an in-memory journal that loses requests and answers.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures::FutureExt;
use holdfast_contracts::subjects;
use holdfast_inventory_core::{Decision, Level, Line, Refusal};
use holdfast_platform::clock::ManualClock;
use holdfast_platform::journal::memory::MemoryJournal;
use holdfast_platform::journal::{self, Headers};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    LoseRequest,
    LoseAnswer,
    NeverAnswer,
}

/// Loses the next append, or the answer to it.
#[derive(Clone)]
struct Flaky {
    inner: MemoryJournal,
    next: Arc<Mutex<Option<Fault>>>,
}

impl Journal for Flaky {
    async fn append(&self, append: Append) -> Result<Revision, journal::Error> {
        let unavailable = || journal::Error::Unavailable {
            detail: "time-out".into(),
        };
        let fault = self.next.lock().unwrap().take();
        match fault {
            Some(Fault::LoseRequest) => Err(unavailable()),
            Some(Fault::LoseAnswer) => self.inner.append(append).await.and(Err(unavailable())),
            Some(Fault::NeverAnswer) => std::future::pending().await,
            None => self.inner.append(append).await,
        }
    }

    async fn read(&self, subject: &str, at_least: Revision) -> Result<Vec<Record>, journal::Error> {
        self.inner.read(subject, at_least).await
    }

    async fn last(&self, subject: &str) -> Result<Option<Record>, journal::Error> {
        self.inner.last(subject).await
    }
}

impl Scan for Flaky {
    async fn scan(
        &self,
        filter: &str,
        after: Revision,
        at_least: Revision,
        limit: usize,
    ) -> Result<Vec<Record>, journal::Error> {
        self.inner.scan(filter, after, at_least, limit).await
    }

    async fn first_after(&self, filter: &str, after: Revision) -> Result<Option<Record>, journal::Error> {
        self.inner.first_after(filter, after).await
    }
}

type TestWriter = Writer<Flaky, MemoryJournal, ManualClock>;

struct World {
    ports: Ports<Flaky, MemoryJournal, ManualClock>,
    newest_of_order: HashMap<u128, Revision>,
}

const SHARD: u32 = 0;
const RESERVE: &str = r#"{"commands":[{"reserveInventory":{"lines":[{"sku":"a","quantity":1}]}}]}"#;
const COMMIT: &str = r#"{"commands":[{"commitInventory":{}}]}"#;
const RELEASE: &str = r#"{"commands":[{"releaseInventory":{}}]}"#;
const NOTHING: &str = r#"{"commands":[{"chargePayment":{"attempt":1}}]}"#;

/// Journals in memory complete at the first poll.
fn now<T>(future: impl Future<Output = T>) -> T {
    future
        .now_or_never()
        .expect("nothing in a writer waits but for its journals")
}

impl World {
    fn new() -> Self {
        let inventory = Flaky {
            inner: MemoryJournal::default(),
            next: Arc::default(),
        };
        let ports = Ports {
            inventory,
            orders: MemoryJournal::default(),
            clock: ManualClock::default(),
        };
        Self {
            ports,
            newest_of_order: HashMap::new(),
        }
    }

    fn with_stock(quantity: u32) -> Self {
        let world = Self::new();
        world
            .decide(&mut world.writer(), &[], vec![receipt("r", quantity)])
            .unwrap();
        world
    }

    fn commit(&mut self, order: u128, payload: &str) -> Record {
        let expected = self.newest_of_order.get(&order).copied().unwrap_or_default();
        let revision = now(self.ports.orders.append(Append {
            subject: subjects::order(Uuid::from_u128(7), Uuid::from_u128(order)),
            expected,
            message_id: String::new(),
            headers: Headers::new(),
            payload: Bytes::copy_from_slice(payload.as_bytes()),
        }))
        .unwrap();
        self.newest_of_order.insert(order, revision);
        self.ports.orders.records().pop().unwrap()
    }

    fn writer(&self) -> TestWriter {
        now(Writer::recover(self.ports.clone(), SHARD, Ledger::default())).unwrap()
    }

    fn decide(
        &self,
        writer: &mut TestWriter,
        commits: &[Record],
        receipts: Vec<Receipt>,
    ) -> Result<BatchOutcome, Error> {
        now(writer.decide_batch(commits.iter().collect(), receipts))
    }

    fn lose(&self, fault: Fault) {
        *self.ports.inventory.next.lock().unwrap() = Some(fault);
    }

    fn log(&self) -> Vec<Batch> {
        let records = self.ports.inventory.inner.records();
        records
            .iter()
            .map(|record| codec::decode_batch(&record.payload).unwrap())
            .collect()
    }

    /// Order and kind of every decision in the log about an order.
    fn decisions(&self) -> Vec<(u64, Decision)> {
        let entries = self.log().into_iter().flat_map(|batch| batch.entries);
        entries
            .filter_map(|entry| Some((entry.cause?.order_sequence, entry.decision)))
            .collect()
    }

    fn level(&self) -> Level {
        let writer = self.writer();
        writer.ledger().stock.check().unwrap();
        writer.ledger().stock.level("a").unwrap_or_default()
    }
}

fn receipt(id: &str, quantity: u32) -> Receipt {
    Receipt {
        receipt_id: id.into(),
        line: Line {
            sku: "a".into(),
            quantity,
        },
    }
}

fn level(available: u64, reserved: u64, sold: u64) -> Level {
    Level {
        available,
        reserved,
        sold,
        received: available + reserved + sold,
    }
}

#[test]
fn many_commits_become_one_message_with_the_position() {
    let mut world = World::with_stock(2);
    let commits: Vec<_> = (1..=3).map(|order| world.commit(order, RESERVE)).collect();
    let mut writer = world.writer();
    let outcome = world
        .decide(&mut writer, &commits, vec![receipt("late", 5)])
        .unwrap();
    assert_eq!(outcome.appended.len(), 1);
    assert_eq!(outcome.receipts, [ReceiptOutcome::Counted]);
    let batch = world.log().pop().unwrap();
    assert_eq!((batch.orders_sequence, batch.entries.len()), (3, 4));
    assert!(matches!(batch.entries[1].decision, Decision::Reserved { .. }));
    assert!(matches!(batch.entries[2].decision, Decision::NotAvailable { .. }));
    assert_eq!(world.level(), level(5, 2, 0));
}

#[test]
fn a_commit_that_comes_again_is_passed_over() {
    let mut world = World::with_stock(9);
    let commit = world.commit(1, RESERVE);
    let mut writer = world.writer();
    world
        .decide(&mut writer, std::slice::from_ref(&commit), vec![])
        .unwrap();
    for writer in [&mut writer, &mut world.writer()] {
        let outcome = world
            .decide(writer, std::slice::from_ref(&commit), vec![])
            .unwrap();
        assert_eq!((outcome.repeated, outcome.appended.len()), (1, 0));
    }
    assert_eq!(world.level(), level(8, 1, 0));
}

#[test]
fn commits_that_a_delivery_left_out_are_decided_first() {
    let mut world = World::with_stock(1);
    world.commit(1, RESERVE);
    world.commit(2, NOTHING);
    let delivered = world.commit(3, RESERVE);
    let mut writer = world.writer();
    let outcome = world.decide(&mut writer, &[delivered], vec![]).unwrap();
    assert_eq!(outcome.filled, 2);
    let decisions = world.decisions();
    assert!(
        matches!(decisions[0], (1, Decision::Reserved { .. })),
        "{decisions:?}"
    );
    assert!(
        matches!(decisions[1], (3, Decision::NotAvailable { .. })),
        "{decisions:?}"
    );
}

#[test]
fn a_gap_longer_than_a_page_is_filled() {
    let mut world = World::with_stock(9999);
    let count = GAP_PAGE as u128 * 2 + 1;
    for order in 1..=count {
        world.commit(order, RESERVE);
    }
    let delivered = world.commit(count + 1, COMMIT);
    let outcome = world.decide(&mut world.writer(), &[delivered], vec![]).unwrap();
    assert_eq!(outcome.filled, GAP_PAGE * 2 + 1);
    assert_eq!(world.level().reserved, count as u64);
}

#[test]
fn commits_without_a_command_for_the_stock_append_nothing_and_the_next_message_covers_them() {
    let mut world = World::with_stock(9);
    let mut writer = world.writer();
    let nothing = world.commit(1, NOTHING);
    let outcome = world.decide(&mut writer, &[nothing], vec![]).unwrap();
    assert!(outcome.appended.is_empty());
    assert_eq!(writer.position(), Revision(1));
    let reserve = world.commit(2, RESERVE);
    world.decide(&mut writer, &[reserve], vec![]).unwrap();
    assert_eq!(world.log().pop().unwrap().orders_sequence, 2);
}

#[test]
fn a_commit_that_cannot_be_read_holds_up_no_other() {
    let mut world = World::with_stock(9);
    let commits = [world.commit(1, "{"), world.commit(2, RESERVE)];
    let outcome = world.decide(&mut world.writer(), &commits, vec![]).unwrap();
    assert_eq!(outcome.poison.len(), 1);
    assert_eq!(outcome.poison[0].commit.revision, Revision(1));
    assert_eq!(world.level(), level(8, 1, 0));
}

#[test]
fn of_two_writers_one_is_fenced_and_must_recover() {
    let mut world = World::with_stock(9);
    let (mut old, mut new) = (world.writer(), world.writer());
    let commits = [world.commit(1, RESERVE), world.commit(2, RESERVE)];
    world.decide(&mut new, &commits[..1], vec![]).unwrap();
    let error = world.decide(&mut old, &commits, vec![]).unwrap_err();
    assert!(
        matches!(error, Error::Superseded { .. }) && error.is_retryable(),
        "{error}"
    );
    assert!(matches!(
        world.decide(&mut old, &commits, vec![]),
        Err(Error::Spent)
    ));
    let outcome = world.decide(&mut world.writer(), &commits, vec![]).unwrap();
    assert_eq!(outcome.repeated, 1);
    assert_eq!(world.level(), level(7, 2, 0));
}

#[test]
fn an_append_of_unknown_outcome_counts_once() {
    for fault in [Fault::LoseRequest, Fault::LoseAnswer] {
        let mut world = World::with_stock(9);
        let commits = [world.commit(1, RESERVE)];
        let mut writer = world.writer();
        world.lose(fault);
        let error = world
            .decide(&mut writer, &commits, vec![receipt("s", 1)])
            .unwrap_err();
        assert!(error.is_retryable(), "{error}");
        let outcome = world
            .decide(&mut world.writer(), &commits, vec![receipt("s", 1)])
            .unwrap();
        assert_eq!(outcome.repeated, usize::from(fault == Fault::LoseAnswer));
        assert_eq!(world.level(), level(9, 1, 0), "{fault:?}");
    }
}

#[test]
fn a_writer_whose_batch_was_cut_off_is_spent() {
    let mut world = World::with_stock(9);
    let commit = world.commit(1, RESERVE);
    let mut writer = world.writer();
    world.lose(Fault::NeverAnswer);
    assert!(
        writer
            .decide_batch(vec![&commit], vec![])
            .now_or_never()
            .is_none(),
        "it waits for the answer"
    );
    assert!(matches!(
        world.decide(&mut writer, &[commit], vec![]),
        Err(Error::Spent)
    ));
}

#[test]
fn decisions_beyond_the_size_of_a_message_become_several() {
    let mut world = World::with_stock(9);
    let sku = "x".repeat(64);
    let line = format!(r#"{{"sku":"{sku}","quantity":1}}"#);
    let lines = vec![line; 400].join(",");
    let payload = format!(r#"{{"commands":[{{"reserveInventory":{{"lines":[{lines}]}}}}]}}"#);
    let stock = Line {
        sku,
        quantity: 1_000_000,
    };
    let goods = Receipt {
        receipt_id: "x".into(),
        line: stock,
    };
    world.decide(&mut world.writer(), &[], vec![goods]).unwrap();
    let commits: Vec<_> = (1..=30).map(|order| world.commit(order, &payload)).collect();
    let outcome = world.decide(&mut world.writer(), &commits, vec![]).unwrap();
    assert!(outcome.appended.len() > 1);
    let records = world.ports.inventory.inner.records();
    assert!(records.iter().all(|record| record.payload.len() < 512 * 1024));
    assert_eq!(world.decisions().len(), 30);
}

#[test]
fn receipts_are_counted_once_and_contradictions_refused() {
    let world = World::with_stock(5);
    let receipts = vec![receipt("r", 5), receipt("r", 6), receipt("s", 1), receipt("s", 1)];
    let outcome = world.decide(&mut world.writer(), &[], receipts).unwrap();
    let [repeated, refused, counted, again] = &outcome.receipts[..] else {
        panic!("{outcome:?}")
    };
    assert_eq!(
        (repeated, again),
        (&ReceiptOutcome::Repeated, &ReceiptOutcome::Repeated)
    );
    assert_eq!(counted, &ReceiptOutcome::Counted);
    assert!(matches!(
        refused,
        ReceiptOutcome::Refused(Refusal::OtherReceipt { .. })
    ));
    assert_eq!(world.level(), level(6, 0, 0));
}

#[test]
fn a_base_from_another_log_is_refused() {
    let world = World::with_stock(5);
    let base = Ledger {
        log_revision: Revision(99),
        ..Ledger::default()
    };
    let error = now(Writer::recover(world.ports, SHARD, base)).err().unwrap();
    assert!(
        matches!(error, Error::Ledger(ledger::Error::Ahead { .. })),
        "{error}"
    );
}

#[test]
fn a_log_that_cannot_be_read_names_the_message() {
    let world = World::with_stock(5);
    let broken = Append {
        subject: subjects::inventory_log(SHARD),
        expected: Revision(1),
        message_id: String::new(),
        headers: Headers::new(),
        payload: Bytes::from_static(b"{"),
    };
    now(world.ports.inventory.append(broken)).unwrap();
    let error = now(Writer::recover(world.ports, SHARD, Ledger::default()))
        .err()
        .unwrap();
    assert!(
        error.to_string().starts_with("log message 2 cannot be read"),
        "{error}"
    );
    assert!(!error.is_retryable());
}

/// What one of two writers does next.
#[derive(Clone, Debug)]
struct Step {
    who: usize,
    /// How far before the newest delivery of all this one begins, and how many commits it holds.
    back: usize,
    take: usize,
    fault: Option<Fault>,
    crash: bool,
}

fn any_step() -> impl Strategy<Value = Step> {
    let fault =
        prop_oneof![4 => Just(None), 1 => Just(Some(Fault::LoseRequest)), 1 => Just(Some(Fault::LoseAnswer))];
    (
        0..2_usize,
        0..6_usize,
        1..6_usize,
        fault,
        prop::bool::weighted(0.2),
    )
        .prop_map(|(who, back, take, fault, crash)| Step {
            who,
            back,
            take,
            fault,
            crash,
        })
}

proptest! {
    /// Two writers at once, deliveries that repeat, skip and overlap, lost requests and answers, crashes: the
    /// log holds the decisions that one writer would have made of the whole stream in order, each once.
    #[test]
    fn whatever_happens_the_log_is_that_of_one_writer(
        steps in prop::collection::vec(any_step(), 0..40),
        payloads in prop::collection::vec((0..12_u128, 0..4_usize), 0..40),
    ) {
        let mut world = World::with_stock(5);
        let kinds = [RESERVE, COMMIT, RELEASE, NOTHING];
        let commits: Vec<_> = payloads.iter().map(|(order, kind)| world.commit(*order, kinds[*kind])).collect();
        let mut writers = [world.writer(), world.writer()];
        let mut newest = 0_usize;
        for Step { who, back, take, fault, crash } in steps {
            let from = newest.saturating_sub(back).min(commits.len());
            let to = (from + take).min(commits.len());
            newest = newest.max(to);
            *world.ports.inventory.next.lock().unwrap() = fault;
            if world.decide(&mut writers[who], &commits[from..to], vec![]).is_err() || crash {
                writers[who] = world.writer();
            }
        }
        *world.ports.inventory.next.lock().unwrap() = None;
        world.decide(&mut world.writer(), &commits, vec![]).unwrap();

        let reference = World::with_stock(5);
        let reference = World { ports: Ports { orders: world.ports.orders.clone(), ..reference.ports }, ..reference };
        reference.decide(&mut reference.writer(), &commits, vec![]).unwrap();
        prop_assert_eq!(world.decisions(), reference.decisions());
        prop_assert_eq!(world.level(), reference.level());
    }
}
