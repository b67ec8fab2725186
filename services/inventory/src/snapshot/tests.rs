use bytes::Bytes;
use futures::FutureExt;
use holdfast_inventory_core::{Level, Line, Receipt, Reservation, State, StockLevel};
use holdfast_platform::journal::memory::MemoryJournal;
use proptest::prelude::*;
use uuid::Uuid;

use super::parts::{MAX_PART_BYTES, split};
use super::*;

const SHARD: u32 = 0;

fn now<T>(future: impl Future<Output = T>) -> T {
    future
        .now_or_never()
        .expect("a journal in memory completes at the first poll")
}

fn ledger(log_revision: u64, skus: usize) -> Ledger {
    let level = Level {
        available: 3,
        reserved: 2,
        sold: 1,
        received: 6,
    };
    let stock = (0..skus)
        .map(|n| StockLevel {
            sku: format!("{n:064}"),
            level,
        })
        .collect();
    let lines = |n: usize| {
        vec![Line {
            sku: format!("{n:064}"),
            quantity: 2,
        }]
    };
    let reservations = (0..skus)
        .map(|n| Reservation {
            order_id: Uuid::from_u128(n as u128),
            lines: lines(n),
        })
        .collect();
    let receipts = vec![Receipt {
        receipt_id: "r".into(),
        line: Line {
            sku: "0".repeat(64),
            quantity: 6,
        },
    }];
    let stock: State = Snapshot {
        stock,
        reservations,
        receipts,
    }
    .restore()
    .unwrap();
    Ledger {
        stock,
        log_revision: Revision(log_revision),
        orders_sequence: log_revision * 2,
        skip: Skip::default(),
    }
}

fn put(journal: &MemoryJournal, payload: Vec<u8>) {
    let newest = now(journal.last(&subjects::inventory_snapshot(SHARD))).unwrap();
    let append = Append {
        subject: subjects::inventory_snapshot(SHARD),
        expected: newest.map_or(Revision::NONE, |record| record.revision),
        message_id: String::new(),
        headers: Headers::new(),
        payload: Bytes::from(payload),
    };
    now(journal.append(append)).unwrap();
}

#[test]
fn without_a_snapshot_the_ledger_is_empty() {
    assert_eq!(
        now(load(&MemoryJournal::default(), SHARD, &Skip::default())).unwrap(),
        Ledger::default()
    );
}

#[test]
fn a_snapshot_restores() {
    let journal = MemoryJournal::default();
    assert_eq!(
        now(store(&journal, SHARD, &ledger(5, 10))).unwrap(),
        Stored::Parts(1)
    );
    assert_eq!(
        now(load(&journal, SHARD, &Skip::default())).unwrap(),
        ledger(5, 10)
    );
}

#[test]
fn a_snapshot_of_many_skus_has_parts_that_fit_into_messages() {
    let journal = MemoryJournal::default();
    now(store(&journal, SHARD, &ledger(5, 10))).unwrap();
    let Stored::Parts(parts) = now(store(&journal, SHARD, &ledger(6, 20_000))).unwrap() else {
        panic!()
    };
    assert!(parts > PAGE, "{parts}");
    assert!(
        journal
            .records()
            .iter()
            .all(|record| record.payload.len() < 1 << 20)
    );
    assert_eq!(
        now(load(&journal, SHARD, &Skip::default())).unwrap(),
        ledger(6, 20_000)
    );
}

#[test]
fn a_snapshot_that_was_cut_off_never_happened() {
    let journal = MemoryJournal::default();
    now(store(&journal, SHARD, &ledger(5, 6_000))).unwrap();
    let whole = journal.len();
    let mut cut = split(&ledger(6, 6_000)).swap_remove(0);
    cut.previous_sequence = 1;
    put(&journal, holdfast_contracts::encode(&cut).unwrap());
    assert_eq!(
        now(load(&journal, SHARD, &Skip::default())).unwrap(),
        ledger(5, 6_000)
    );

    now(store(&journal, SHARD, &ledger(7, 6_000))).unwrap();
    assert!(journal.len() > whole + 1);
    assert_eq!(
        now(load(&journal, SHARD, &Skip::default())).unwrap(),
        ledger(7, 6_000)
    );
}

#[test]
fn one_that_is_as_new_is_not_stored_again() {
    let journal = MemoryJournal::default();
    now(store(&journal, SHARD, &ledger(5, 1))).unwrap();
    assert_eq!(
        now(store(&journal, SHARD, &ledger(5, 1))).unwrap(),
        Stored::NotNeeded
    );
    assert_eq!(
        now(store(&journal, SHARD, &ledger(4, 1))).unwrap(),
        Stored::NotNeeded
    );
    assert_eq!(journal.len(), 1);
}

#[test]
fn a_corrupt_snapshot_is_as_good_as_none_and_the_next_one_counts_again() {
    let journal = MemoryJournal::default();
    now(store(&journal, SHARD, &ledger(5, 1))).unwrap();
    put(&journal, b"{".to_vec());
    assert_eq!(
        now(load(&journal, SHARD, &Skip::default())).unwrap(),
        Ledger::default()
    );
    let lost = r#"{"logSequence":"6","stock":[{"sku":"a","available":"1","received":"2"}],"lastPart":true}"#;
    put(&journal, lost.as_bytes().to_vec());
    assert_eq!(
        now(load(&journal, SHARD, &Skip::default())).unwrap(),
        Ledger::default()
    );
    now(store(&journal, SHARD, &ledger(7, 2))).unwrap();
    assert_eq!(
        now(load(&journal, SHARD, &Skip::default())).unwrap(),
        ledger(7, 2)
    );
}

proptest! {
    #[test]
    fn the_size_of_a_part_is_not_underestimated(skus in 1..2000_usize) {
        for part in split(&ledger(u64::MAX / 2, skus)) {
            prop_assert!(holdfast_contracts::encode(&part).unwrap().len() <= MAX_PART_BYTES + 300);
        }
    }
}
