//! Whose turn it is when there is much to send.

use std::time::Instant;

use holdfast_sandbox::mailbox::Channel;
use serde_json::json;
use uuid::Uuid;

use crate::support::{World, cancelled, commit, completed, euros, until};

/// 10 a second, of which one customer wants 400.
const LIMITED: [(&str, &str); 2] = [("HOLDFAST_MAIL_PER_MINUTE", "600"), ("HOLDFAST_MAIL_BATCH", "10")];

#[tokio::test]
async fn a_burst_keeps_to_the_limit_and_delays_neither_a_cancel_nor_another_customer() {
    let world = World::start(&LIMITED).await;
    let (shop, anna, bob) = (
        world.person("A shop", "shop@example.com", None),
        world.person("Anna", "anna@example.com", None),
        world.person("Bob", "bob@example.com", None),
    );
    let since = Instant::now();
    for _ in 0..400 {
        world.completed(shop).await;
    }
    until("the burst has begun", async || world.page().totals.messages >= 10).await;
    let begun = world.page().totals.messages;
    let paid = world.completed(bob).await;
    let cancel = world
        .order(anna, cancelled("CANCEL_REASON_CANCELLED_BY_CUSTOMER"))
        .await;
    world.messages(cancel, 1).await;
    world.messages(paid, 1).await;
    let (sent, seconds) = (world.page().totals.messages, since.elapsed().as_secs_f64());
    assert!(sent < begun + 150, "they came after {sent} of 402");
    assert!(
        sent as f64 <= 10.0 + 10.0 * (seconds + 1.0),
        "{sent} in {seconds} s"
    );
    assert!(
        world
            .page()
            .items
            .iter()
            .all(|message| message.channel == Channel::Email && message.copies == 1)
    );
}

/// `make bench-notification`: how fast 10,000 completed orders of 1,000 customers are told of, each with two mails.
#[tokio::test]
#[ignore = "a measurement"]
async fn ten_thousand_completed_orders() {
    const ORDERS: usize = 10_000;
    let mut world = World::new(&[
        ("HOLDFAST_NOTIFICATION_CONTACT_AGE", "10s"),
        ("HOLDFAST_LOG", "warn"),
    ])
    .await;
    let customer = |n: usize| world.person("Anna", &format!("anna{n}@example.com"), None);
    let customers: Vec<_> = (0..1_000).map(customer).collect();
    let created = || json!([{"version": "1", "orderCreated": {"lines": [], "total": euros(1999), "paymentToken": "t"}}]);
    for n in 0..ORDERS {
        let (user, order) = (customers[n % customers.len()], Uuid::now_v7());
        world.append(user, order, &commit(user, order, created())).await;
        world.append(user, order, &commit(user, order, completed())).await;
    }
    let since = Instant::now();
    world.launch();
    until("all is handed over", async || {
        world.office.newest(0).1.messages >= 2 * ORDERS as u64
    })
    .await;
    let (seconds, totals) = (since.elapsed().as_secs_f64(), world.office.newest(0).1);
    eprintln!(
        "{} mails in {seconds:.1} s, {} came twice",
        totals.messages, totals.duplicates
    );
    assert_eq!(totals.duplicates, 0);
}
