//! One NATS user per service, with what it needs and no more. That each service can do all that it must is shown by
//! the services' own tests, whose servers have these users and end without a refusal; here is what nobody may do.

#![allow(
    clippy::unwrap_used,
    reason = "a panic here is a failed assertion with a line number"
)]

use std::time::{Duration, Instant};

use futures::StreamExt as _;
use holdfast::provision::{self, Declarations};
use holdfast_platform::journal::jetstream::{JetStreamJournal, JournalConfig};
use holdfast_platform::journal::{Append, Error, Feed as _, Headers, Journal as _, Revision, Scan as _};
use holdfast_platform::nats::Nats;
use holdfast_platform::testing::{NatsServer, ServerOptions};

const PATIENCE: Duration = Duration::from_secs(10);
/// Far less than any time-out of a client.
const AT_ONCE: Duration = Duration::from_secs(1);

async fn server() -> NatsServer {
    let server = NatsServer::start_with(ServerOptions::with_users()).await;
    let operator = server.connect_as("holdfast").await;
    let declared = Declarations::built_in().unwrap();
    provision::apply(operator.client(), &declared, provision::Options::default())
        .await
        .unwrap();
    server
}

/// What the server says to a publish, if it refuses.
async fn publish(nats: &Nats, subject: &str) -> Option<String> {
    let sent = nats.client().publish(subject.to_owned(), "".into());
    sent.await.unwrap();
    round_trip(nats).await;
    nats.refusal(subject).map(|refused| refused.to_string())
}

async fn subscribe(nats: &Nats, subject: &str) -> Option<String> {
    let _subscription = nats.client().subscribe(subject.to_owned()).await.unwrap();
    round_trip(nats).await;
    nats.refusal(subject).map(|refused| refused.to_string())
}

/// Does what no user may: the server has heard all before it when it says so.
async fn round_trip(nats: &Nats) {
    let forbidden = async {
        nats.client().publish(NOBODYS, "".into()).await.unwrap();
        std::future::pending::<()>().await;
    };
    let refused = tokio::time::timeout(PATIENCE, nats.unless_refused(NOBODYS, forbidden)).await;
    refused.unwrap().unwrap_err();
}

const NOBODYS: &str = "nobodys.subject";

/// What each service would do if it were taken over.
const FORBIDDEN: [(&str, &[&str], &[&str]); 9] = [
    (
        "ops",
        &[
            "orders.u.o",
            "payments.o",
            "inventory.log.0",
            "dlq.order.order-payment.refused.x.u.o.i",
            "$JS.API.STREAM.PURGE.DLQ",
            "$JS.API.STREAM.DELETE.AUDIT",
            "$JS.API.STREAM.MSG.DELETE.AUDIT",
            "$JS.API.CONSUMER.MSG.NEXT.REDRIVE.order-payment",
            "$JS.API.STREAM.MSG.GET.USER_KEYS",
            "$JS.API.STREAM.MSG.GET.KV_signing-keys",
            "$JS.API.STREAM.MSG.GET.KV_users",
            "$JS.API.STREAM.MSG.GET.KV_contacts",
            "$JS.API.STREAM.MSG.GET.KV_sessions",
        ],
        &[">", "ops.>", "orders.>", "_INBOX_order.>"],
    ),
    (
        "order",
        &[
            "inventory.log.0",
            "payments.01900000-0000-7000-8000-000000000001",
            "timers.fired.01900000-0000-7000-8000-000000000001",
            "dlq.inventory.inventory",
            "$KV.catalog.tea",
            "$JS.API.STREAM.DELETE.ORDERS",
            "$JS.API.STREAM.PURGE.TIMERS",
            "$JS.API.CONSUMER.DELETE.ORDERS.order-payment",
            "$JS.API.CONSUMER.MSG.NEXT.ORDERS.inventory",
            "$JS.API.STREAM.MSG.GET.PAYMENTS",
            "$JS.ACK.ORDERS.inventory.1.1.1.1.1",
            "_INBOX_payment.x",
        ],
        &[
            ">",
            "_INBOX.>",
            "_INBOX_payment.>",
            "orders.>",
            "inventory.writer.0.receive",
        ],
    ),
    (
        "inventory",
        &[
            "orders.u.o",
            "payments.o",
            "dlq.order.order-payment",
            "$JS.API.CONSUMER.CREATE.INVENTORY.order-inventory.inventory.log.0",
            "$JS.API.CONSUMER.MSG.NEXT.INVENTORY.order-inventory",
            "$JS.API.CONSUMER.MSG.NEXT.ORDERS.order-payment",
            "$JS.API.CONSUMER.CREATE.INVENTORY.tail_x.inventory.snapshot.0",
            "$JS.API.STREAM.UPDATE.INVENTORY",
            "_INBOX_order.x",
        ],
        &[">", "_INBOX_order.>", "orders.>", "status.>"],
    ),
    (
        "payment",
        &[
            "orders.u.o",
            "inventory.log.0",
            "dlq.payment.x",
            "$JS.API.CONSUMER.CREATE.PAYMENTS.x",
            "$JS.API.CONSUMER.MSG.NEXT.PAYMENTS.order-payments",
            "$JS.API.STREAM.MSG.GET.ORDERS",
            "$JS.API.STREAM.INFO.PAYMENTS",
        ],
        &[">", "payments.>", "_INBOX_order.>"],
    ),
    (
        "catalog",
        &[
            "$KV.quota.a.b.c",
            "orders.u.o",
            "$JS.API.CONSUMER.CREATE.KV_quota.tail_x.$KV.quota.>",
            "$JS.API.STREAM.PURGE.KV_catalog",
            "$JS.API.STREAM.MSG.GET.KV_quota",
        ],
        &[">", "$KV.catalog.>", "_INBOX_holdfast.>"],
    ),
    (
        "user",
        &[
            "orders.u.o",
            "payments.o",
            "$KV.catalog.tea",
            "$JS.API.STREAM.PURGE.KV_users",
            "$JS.API.STREAM.MSG.DELETE.ORDERS",
            "$JS.API.DIRECT.GET.KV_contacts",
            "$JS.API.CONSUMER.CREATE.KV_contacts.tail_x.$KV.contacts.>",
        ],
        &[">", "$KV.users.>", "userkeys.>", "_INBOX_order.>"],
    ),
    (
        "realtime",
        &[
            "orders.u.o",
            "status.u.o",
            "payments.o",
            "$KV.quota.a.b.c",
            "$JS.API.STREAM.PURGE.KV_tickets",
            "$JS.API.DIRECT.GET.KV_tickets",
            "$JS.API.STREAM.MSG.GET.PAYMENTS",
            "$JS.API.STREAM.MSG.GET.KV_users",
            "$JS.API.CONSUMER.CREATE.ORDERS.tail_x.orders.>",
        ],
        &[">", "status.>", "orders.>", "$KV.tickets.>", "_INBOX_order.>"],
    ),
    (
        "notification",
        &[
            "orders.u.o",
            "payments.o",
            "dlq.order.order-payment",
            "$KV.contacts.x",
            "$JS.API.STREAM.MSG.GET.KV_contacts",
            "$JS.API.STREAM.MSG.GET.ORDERS",
            "$JS.API.CONSUMER.MSG.NEXT.ORDERS.order-payment",
            "$JS.ACK.ORDERS.inventory.1.1.1.1.1",
            "$JS.API.STREAM.PURGE.NOTICES",
            "$JS.API.CONSUMER.CREATE.NOTICES.x.notices.email.bulk.*.*",
        ],
        &[">", "orders.>", "notices.>", "_INBOX_user.>"],
    ),
    (
        "quota",
        &[
            "$KV.catalog.tea",
            "orders.u.o",
            "$JS.API.STREAM.MSG.GET.KV_catalog",
            "$JS.API.CONSUMER.CREATE.KV_quota.tail_x.$KV.quota.>",
        ],
        &[">", "$KV.quota.>", "_INBOX_order.>"],
    ),
];

#[tokio::test]
async fn what_is_not_a_services_own_is_refused_and_named() {
    let mut server = server().await;
    for (user, publishes, subscribes) in FORBIDDEN {
        let nats = server.connect_as(user).await;
        for subject in publishes {
            let said = publish(&nats, subject).await;
            assert!(
                said.is_some_and(|said| said.contains(subject)),
                "{user} published to {subject}"
            );
        }
        for subject in subscribes {
            let said = subscribe(&nats, subject).await;
            assert!(
                said.is_some_and(|said| said.contains(subject)),
                "{user} subscribed to {subject}"
            );
        }
    }
    assert!(!server.violations().is_empty());
}

#[tokio::test]
async fn what_is_a_services_own_is_not_refused() {
    let mut server = server().await;
    for (user, subject) in [
        ("order", "orders.u.o"),
        ("order", "timers.o.charge"),
        ("order", "dlq.order.order-timers"),
        ("order", "$JS.ACK.ORDERS.order-payment.1.1.1.1.1"),
        ("order", "$JS.ACK._.hash.ORDERS.order-payment.1.1.1.1.1"),
        ("inventory", "$JS.API.CONSUMER.UNPIN.ORDERS.inventory"),
        ("payment", "payments.o"),
        ("ops", "ops.saga_parked.o"),
        ("ops", "$JS.API.STREAM.MSG.DELETE.DLQ"),
        ("catalog", "$KV.catalog.tea-1.0"),
        ("quota", "$KV.quota.a.b.c"),
        ("user", "$JS.API.STREAM.MSG.DELETE.USER_KEYS"),
        ("notification", "notices.sms.urgent.o.5"),
        ("notification", "notices.later.sms.urgent.o.5"),
        ("notification", "$KV.notifications.o.5.sms"),
    ] {
        let nats = server.connect_as(user).await;
        assert_eq!(publish(&nats, subject).await, None, "{user}: {subject}");
    }
    let mut violations = server.violations().into_iter();
    assert!(violations.all(|line| line.contains(NOBODYS)));
}

#[tokio::test]
async fn who_has_no_password_or_a_wrong_one_is_not_let_in() {
    let server = server().await;
    let wrong = async_nats::ConnectOptions::with_user_and_password("order".into(), "payment".into());
    let refused = wrong.connect(server.url()).await;
    assert!(refused.is_err(), "{refused:?}");
}

/// A permission that is missing is an error with the subject, at once, and not a time-out.
#[tokio::test]
async fn a_journal_says_which_permission_is_missing() {
    let mut server = server().await;
    let nats = server.connect_as("payment").await;
    let journal = |stream| JetStreamJournal::new(&nats, stream, JournalConfig::default());
    let (orders, payments) = (journal("ORDERS"), journal("PAYMENTS"));
    let append = Append {
        subject: "orders.u.o".to_owned(),
        expected: Revision::NONE,
        message_id: String::new(),
        headers: Headers::new(),
        payload: "{}".into(),
    };
    let begun = Instant::now();
    let outcomes = [
        (orders.append(append).await.err(), "orders.u.o"),
        (
            orders.last("orders.u.o").await.err(),
            "$JS.API.STREAM.MSG.GET.ORDERS",
        ),
        (
            orders.read("orders.u.o", Revision::NONE).await.err(),
            "$JS.API.DIRECT.GET.ORDERS",
        ),
        (
            orders.first_after("orders.>", Revision::NONE).await.err(),
            "$JS.API.STREAM.MSG.GET.ORDERS",
        ),
    ];
    assert!(begun.elapsed() < AT_ONCE, "{:?}", begun.elapsed());
    for (error, subject) in outcomes {
        let error = error.unwrap();
        assert!(
            matches!(&error, Error::Refused { detail } if detail.contains(subject)),
            "{subject}: {error}"
        );
    }
    // Never tells that it has seen everything.
    let mut tail = std::pin::pin!(payments.tail("payments.>", Revision::NONE));
    let silence = tokio::time::timeout(AT_ONCE, tail.next()).await;
    assert!(silence.is_err(), "{silence:?}");
    let violations = server.violations();
    let consumer = "$JS.API.CONSUMER.CREATE.PAYMENTS.tail_";
    assert!(
        violations.iter().any(|line| line.contains(consumer)),
        "{violations:#?}"
    );
}
