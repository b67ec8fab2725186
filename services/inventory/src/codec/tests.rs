use bytes::Bytes;
use holdfast_inventory_core::Receipt;
use holdfast_platform::journal::Revision;
use proptest::prelude::*;

use super::*;

const USER: Uuid = Uuid::from_u128(7);
const ORDER: Uuid = Uuid::from_u128(1);

fn commit(payload: &str) -> Record {
    Record {
        subject: subjects::order(USER, ORDER),
        revision: Revision(42),
        time: Timestamp::UNIX_EPOCH,
        headers: Headers::new(),
        payload: Bytes::copy_from_slice(payload.as_bytes()),
    }
}

const FULL: &str = r#"{"orderId":"x","events":[{"version":"1","somethingNew":{}}],"commands":[
    {"reserveInventory":{"lines":[{"sku":"a","quantity":2},{"sku":"b","quantity":1}]}},
    {"chargePayment":{"attempt":1}},{"commitInventory":{}},{"releaseInventory":{}},{"fromTheFuture":{}}]}"#;

#[test]
fn the_commands_for_the_stock_are_read_and_others_passed_over() {
    let (cause, commands) = commands(&commit(FULL)).unwrap();
    assert_eq!(
        cause,
        Cause {
            user_id: USER,
            order_sequence: 42
        }
    );
    let lines = vec![
        Line {
            sku: "a".into(),
            quantity: 2,
        },
        Line {
            sku: "b".into(),
            quantity: 1,
        },
    ];
    let expected = [
        Command::Reserve {
            order_id: ORDER,
            lines,
        },
        Command::Commit { order_id: ORDER },
        Command::Release { order_id: ORDER },
    ];
    assert_eq!(commands, expected);
}

#[test]
fn a_commit_whose_header_names_no_command_for_the_stock_is_not_read() {
    let mut commit = commit("not json");
    commit
        .headers
        .insert(COMMANDS_HEADER.into(), "charge_payment,schedule_timer".into());
    assert_eq!(commands(&commit).unwrap().1, []);
    for names in ["reserve_inventory", "charge_payment,CommitInventory"] {
        commit.headers.insert(COMMANDS_HEADER.into(), names.into());
        assert!(matches!(commands(&commit), Err(Error::Commit(_))));
    }
}

#[test]
fn a_commit_without_commands_has_none() {
    assert_eq!(commands(&commit("{}")).unwrap().1, []);
    assert_eq!(commands(&commit(r#"{"commands":null}"#)).unwrap().1, []);
}

#[test]
fn what_is_no_commit_of_an_order_is_an_error() {
    assert!(matches!(commands(&commit("{")), Err(Error::Commit(_))));
    let wrong_type = commit(r#"{"commands":[{"reserveInventory":{"lines":[{"sku":"a","quantity":-1}]}}]}"#);
    assert!(matches!(commands(&wrong_type), Err(Error::Commit(_))));
    let stray = Record {
        subject: "orders.me.mine".into(),
        ..commit("{}")
    };
    assert!(matches!(commands(&stray), Err(Error::Subject(_))));
}

#[test]
fn a_decision_of_an_unknown_kind_is_never_passed_over() {
    let payload = br#"{"time":"2026-01-01T00:00:00Z","decisions":[{"fromTheFuture":{}}]}"#;
    assert!(matches!(decode_batch(payload), Err(Error::UnknownDecision)));
}

fn any_id() -> impl Strategy<Value = Uuid> {
    any::<u128>().prop_map(Uuid::from_u128)
}

fn any_line() -> impl Strategy<Value = Line> {
    ("[A-Za-z0-9._-]{1,64}", any::<u32>()).prop_map(|(sku, quantity)| Line { sku, quantity })
}

fn any_decision() -> impl Strategy<Value = Decision> {
    let lines = || prop::collection::vec(any_line(), 0..5);
    prop_oneof![
        (any_id(), lines()).prop_map(|(order_id, lines)| Decision::Reserved { order_id, lines }),
        (any_id(), lines()).prop_map(|(order_id, lines)| {
            Decision::NotAvailable {
                order_id,
                skus: lines.into_iter().map(|line| line.sku).collect(),
            }
        }),
        any_id().prop_map(|order_id| Decision::Released { order_id }),
        any_id().prop_map(|order_id| Decision::Committed { order_id }),
        ("[a-z0-9-]{1,40}", any_line())
            .prop_map(|(receipt_id, line)| Decision::Received(Receipt { receipt_id, line })),
    ]
}

fn any_entry() -> impl Strategy<Value = Entry> {
    (any_id(), any::<u64>(), any_decision()).prop_map(|(user_id, order_sequence, decision)| {
        let is_receipt = matches!(decision, Decision::Received(_));
        Entry {
            cause: (!is_receipt).then_some(Cause {
                user_id,
                order_sequence,
            }),
            decision,
        }
    })
}

fn any_batch() -> impl Strategy<Value = Batch> {
    let time = (-2_000_000_000_i64..4_000_000_000, 0..1_000_000_000_i32)
        .prop_map(|(s, n)| Timestamp::new(s, n).unwrap());
    (time, any::<u64>(), prop::collection::vec(any_entry(), 0..6)).prop_map(
        |(time, orders_sequence, entries)| Batch {
            time,
            orders_sequence,
            entries,
        },
    )
}

proptest! {
    #[test]
    fn a_batch_reads_back(batch in any_batch()) {
        let payload = encode_batch(&batch).unwrap();
        prop_assert_eq!(decode_batch(&payload).unwrap(), batch);
    }

    #[test]
    fn the_size_of_an_entry_is_not_underestimated(batch in any_batch()) {
        let estimate: usize = batch.entries.iter().map(estimated_size).sum();
        prop_assert!(encode_batch(&batch).unwrap().len() <= estimate + 100);
    }

    #[test]
    fn any_bytes_are_read_or_refused_without_a_panic(payload in prop::collection::vec(any::<u8>(), 0..99)) {
        let _ = decode_batch(&payload);
    }
}

#[test]
fn another_major_version_is_an_unknown_schema_and_not_read() {
    let mut commit = commit(FULL);
    let kind = |name: &str| ("ce-type".to_owned(), name.to_owned());
    commit.headers.extend([kind("holdfast.order.v1.OrderCommit")]);
    assert!(commands(&commit).is_ok());
    commit.headers.extend([kind("holdfast.order.v2.OrderCommit")]);
    let error = commands(&commit).unwrap_err();
    assert_eq!(error.reason(), DeadLetterReason::UnknownSchema, "{error}");
}
