use bytes::Bytes;
use holdfast_platform::journal::{Headers, Revision};

use super::*;

fn record(headers: Headers, payload: &str) -> Record {
    Record {
        subject: "orders.u.o".into(),
        revision: Revision(7),
        time: Timestamp::UNIX_EPOCH,
        headers,
        payload: Bytes::from(payload.to_owned()),
    }
}

fn task(channel: Channel, kind: Kind) -> Task {
    let amount = Amount {
        minor: 1999,
        currency: "EUR".into(),
    };
    Task {
        order: Uuid::from_u128(1),
        user: Uuid::from_u128(2),
        time: "2026-11-23T10:00:00.25Z".parse().unwrap(),
        channel,
        notice: Notice {
            version: 5,
            kind,
            amount: Some(amount),
        },
        tries: Tries {
            failed: 3,
            put_off: 1,
        },
    }
}

#[test]
fn a_task_reads_back_whatever_it_is() {
    use CancelReason::*;
    let cancelled = [
        OutOfStock,
        PaymentDeclined,
        PaymentTimeout,
        ByCustomer,
        ByOperator,
    ]
    .map(Kind::Cancelled);
    let kinds = [
        Kind::Received,
        Kind::PaymentDelayed,
        Kind::Completed,
        Kind::Delayed,
        Kind::Refunded,
    ];
    for kind in kinds.into_iter().chain(cancelled) {
        for channel in [Channel::Email, Channel::Sms] {
            let task = task(channel, kind);
            let payload = String::from_utf8(encode_task(&task).unwrap()).unwrap();
            assert_eq!(decode_task(&record(Headers::new(), &payload)), Ok(task));
        }
    }
}

#[test]
fn a_message_has_one_name_on_every_try() {
    let first = task(Channel::Sms, Kind::Completed);
    let again = Task {
        tries: Tries::default(),
        ..first.clone()
    };
    assert_eq!((first.key(), first.subject()), (again.key(), again.subject()));
    assert_eq!(first.key(), "00000000-0000-0000-0000-000000000001.5.sms");
    assert_eq!(
        first.subject(),
        "notices.sms.bulk.00000000-0000-0000-0000-000000000001.5"
    );
    assert_eq!(
        first.schedule(),
        "notices.later.sms.bulk.00000000-0000-0000-0000-000000000001.5"
    );
}

#[test]
fn a_commit_is_read_for_what_is_told() {
    let payload = r#"{"orderId":"00000000-0000-0000-0000-000000000001","userId":"00000000-0000-0000-0000-000000000002",
        "time":"2026-11-23T10:00:00Z","events":[
        {"version":"4","paymentSucceeded":{"chargeId":"c","amount":{"amount":"1999","currency":"EUR"}}},
        {"version":"5","orderCompleted":{}},{"version":"6","somethingNew":{}}],"commands":[{"commitInventory":{}}]}"#;
    let commit = decode_commit(&record(Headers::new(), payload)).unwrap();
    let amount = Amount {
        minor: 1999,
        currency: "EUR".into(),
    };
    let changes = [
        (4, Change::Charged { amount }),
        (5, Change::Completed),
        (6, Change::Silent),
    ];
    assert_eq!(commit.changes, changes);
}

#[test]
fn what_cannot_be_read_is_given_up_with_its_reason() {
    let poison = decode_commit(&record(Headers::new(), "{poison")).unwrap_err();
    assert_eq!(poison.reason(), DeadLetterReason::Malformed);
    let nobody = decode_commit(&record(Headers::new(), r#"{"orderId":"x"}"#)).unwrap_err();
    assert_eq!(nobody.reason(), DeadLetterReason::Malformed);
    let newer = Headers::from([("ce-type".to_owned(), "holdfast.order.v2.OrderCommit".to_owned())]);
    let unknown = decode_commit(&record(newer, "{}")).unwrap_err();
    assert_eq!(unknown.reason(), DeadLetterReason::UnknownSchema);
    assert_eq!(
        decode_task(&record(Headers::new(), "{}")).unwrap_err().reason(),
        DeadLetterReason::UnknownSchema
    );
}
