//! Providers that are away, fail, put off or lose their answers, and a service that dies.

use std::time::{Duration, Instant};

use holdfast_platform::journal::Record;
use holdfast_sandbox::knobs::Fault;
use holdfast_sandbox::mailbox::Channel;
use uuid::Uuid;

use crate::support::{World, commit, completed, until};

fn reason(letter: &Record) -> &str {
    letter.headers["Holdfast-Dlq-Reason"].as_str()
}

/// Five tries with pauses of up to 0.4, 1.6, 6.4 and 25.6 s: an outage of seconds is here what one of minutes is there.
#[tokio::test]
async fn a_mail_server_that_is_away_for_a_while_gets_each_mail_once() {
    let world = World::start(&[]).await;
    world.knob(Channel::Email, Fault::Down, None, None);
    let anna = world.person("Anna", "anna@example.com", None);
    let mut orders = Vec::new();
    for _ in 0..20 {
        orders.push(world.completed(anna).await);
    }
    until("all have failed twice", async || {
        let lines = world.log();
        orders.iter().all(|order| {
            lines
                .lines()
                .filter(|line| line.contains("not sent") && line.contains(&order.to_string()))
                .count()
                >= 2
        })
    })
    .await;
    world.repair();
    world.idle().await;
    let page = world.page();
    assert_eq!((page.totals.messages, page.totals.duplicates), (20, 0));
    assert_eq!(world.stored("DLQ").await.len(), 0);
}

#[tokio::test]
async fn what_is_tried_often_enough_is_a_dead_letter() {
    let world = World::start(&[("HOLDFAST_NOTIFICATION_TRIES", "2")]).await;
    world.knob(Channel::Email, Fault::Fail, None, None);
    let order = world
        .completed(world.person("Anna", "anna@example.com", None))
        .await;
    let letters = world.dead_letters(1).await;
    assert_eq!(reason(&letters[0]), "max_deliveries");
    assert!(String::from_utf8_lossy(&letters[0].payload).contains(&order.to_string()));
    assert_eq!(world.page().totals.refused, 2);
    assert_eq!(letters[0].headers["Holdfast-Dlq-Entity"], order.to_string());
    // Sent back too early, it is tried as often as before, and is another letter; sent back again, it arrives.
    world.redrive(&letters[0]).await;
    let letters = world.dead_letters(2).await;
    assert_eq!(world.page().totals.refused, 4);
    world.repair();
    world.redrive(&letters[1]).await;
    assert_eq!(
        world.messages(order, 1).await[0].key,
        Some(format!("{order}.5.email@holdfast.example"))
    );
}

#[tokio::test]
async fn a_mail_whose_answer_was_lost_comes_again_under_its_name() {
    let world = World::start(&[]).await;
    world.knob(Channel::Email, Fault::DropAfterData, None, Some(1));
    let order = world
        .completed(world.person("Anna", "anna@example.com", None))
        .await;
    until("it has come twice", async || world.page().totals.duplicates == 1).await;
    world.idle().await;
    let messages = world.messages_of(order);
    assert_eq!((messages.len(), messages[0].copies), (1, 2));
}

#[tokio::test]
async fn an_sms_that_fails_becomes_a_mail_at_once() {
    let world = World::start(&[]).await;
    world.knob(Channel::Sms, Fault::Fail, None, None);
    let anna = world.person("Anna", "anna@example.com", Some("+4930123456"));
    let order = world.completed(anna).await;
    let messages = world.messages(order, 1).await;
    assert_eq!(messages[0].channel, Channel::Email);
    world.idle().await;
    assert_eq!(world.page().totals.messages, 1);
    assert_eq!(world.stored("DLQ").await.len(), 0);
}

#[tokio::test]
async fn an_sms_that_is_refused_is_a_dead_letter_at_once_and_a_mail() {
    let world = World::start(&[]).await;
    let order = world
        .completed(world.person("Anna", "anna@example.com", Some("+15005550001")))
        .await;
    let letters = world.dead_letters(1).await;
    assert_eq!(reason(&letters[0]), "refused");
    assert_eq!(world.messages(order, 1).await[0].channel, Channel::Email);
}

#[tokio::test]
async fn a_provider_that_wants_a_pause_gets_it() {
    let world = World::start(&[("HOLDFAST_SMS_PER_MINUTE", "6000")]).await;
    world.knob(Channel::Sms, Fault::RateLimit, Some(3), Some(1));
    let anna = world.person("Anna", "anna@example.com", Some("+4930123456"));
    let order = world.completed(anna).await;
    until("it was put off", async || world.page().totals.refused == 1).await;
    let since = Instant::now();
    let messages = world.messages(order, 1).await;
    assert!(
        since.elapsed() > Duration::from_millis(2500),
        "{:?}",
        since.elapsed()
    );
    assert_eq!(messages[0].channel, Channel::Sms);
}

#[tokio::test]
async fn a_service_that_dies_between_sending_and_noting_it_sends_again_under_the_same_key() {
    let mut world = World::start(&[]).await;
    world.knob(Channel::Email, Fault::Delay, Some(60), Some(1));
    let order = world
        .completed(world.person("Anna", "anna@example.com", None))
        .await;
    world.messages(order, 1).await;
    world.kill();
    assert!(
        world.stored("KV_notifications").await.is_empty(),
        "nothing is noted"
    );
    world.launch();
    until("it has come again", async || world.page().totals.duplicates == 1).await;
    world.idle().await;
    assert_eq!(
        (
            world.messages_of(order).len(),
            world.stored("KV_notifications").await.len()
        ),
        (1, 1)
    );
}

#[tokio::test]
async fn what_waits_to_be_tried_again_survives_a_restart() {
    let mut world = World::start(&[("HOLDFAST_NOTIFICATION_RETRY", "3s")]).await;
    world.knob(Channel::Email, Fault::Fail, None, None);
    let order = world
        .completed(world.person("Anna", "anna@example.com", None))
        .await;
    let schedule = format!("notices.later.email.bulk.{order}.5");
    until("it is to be tried again", async || {
        world
            .stored("NOTICES")
            .await
            .iter()
            .any(|record| record.subject == schedule)
    })
    .await;
    world.kill();
    world.repair();
    world.launch();
    world.messages(order, 1).await;
    world.idle().await;
    assert_eq!(world.page().totals.messages, 1);
}

#[tokio::test]
async fn what_is_delivered_twice_is_sent_once() {
    let world = World::start(&[]).await;
    let anna = world.person("Anna", "anna@example.com", None);
    let order = world.completed(anna).await;
    world.messages(order, 1).await;
    world.idle().await;
    // As if the window in which NATS tells repetitions were over.
    let task = format!(
        r#"{{"orderId":"{order}","userId":"{anna}","version":"5","kind":"NOTICE_KIND_COMPLETED","channel":"CHANNEL_EMAIL","time":"2026-11-23T10:00:00Z"}}"#
    );
    let subject = format!("notices.email.bulk.{order}.5");
    world
        .nats
        .jetstream()
        .publish(subject, task.into())
        .await
        .unwrap()
        .await
        .unwrap();
    until("it was passed over", async || {
        world
            .metrics()
            .await
            .contains("repeated_total{channel=\"email\"} 1")
    })
    .await;
    assert_eq!(
        (world.page().totals.messages, world.page().totals.duplicates),
        (1, 0)
    );
}

#[tokio::test]
async fn poison_holds_nothing_up() {
    let world = World::start(&[]).await;
    let anna = world.person("Anna", "anna@example.com", None);
    let mut good = Vec::new();
    for n in 0..30 {
        if n % 3 == 0 {
            world.append(anna, Uuid::now_v7(), "{poison").await;
            let subject = format!("notices.email.bulk.{}.1", Uuid::now_v7());
            world
                .nats
                .jetstream()
                .publish(subject, "{poison".into())
                .await
                .unwrap()
                .await
                .unwrap();
        }
        good.push(world.completed(anna).await);
    }
    for order in good {
        world.messages(order, 1).await;
    }
    let letters = world.dead_letters(20).await;
    assert!(
        letters
            .iter()
            .all(|letter| reason(letter) == "malformed" && &letter.payload[..] == b"{poison")
    );
}

#[tokio::test]
async fn a_user_service_that_is_away_delays_and_loses_nothing() {
    let world = World::new(&[("HOLDFAST_USER_URL", "http://127.0.0.1:1")]).await;
    let anna = world.person("Anna", "anna@example.com", None);
    let mut away = world;
    away.launch();
    let order = Uuid::now_v7();
    away.append(anna, order, &commit(anna, order, completed())).await;
    until("it was noticed", async || {
        away.log().contains("contact data cannot be had")
    })
    .await;
    assert_eq!(away.page().totals.messages, 0);
    away.kill();
    away.reach_people().await;
    away.launch();
    away.messages(order, 1).await;
}
