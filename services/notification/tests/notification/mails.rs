//! What customers get, and who gets nothing.

use holdfast_sandbox::knobs::Fault;
use holdfast_sandbox::mailbox::Channel;
use mail_parser::{MessageParser, MimeHeaders};
use serde_json::json;
use uuid::Uuid;

use crate::support::{World, cancelled, completed, euros, until};

const EMAIL: &str = "zoe.o'hara+shop@example.com";

#[tokio::test]
async fn a_mail_is_what_a_mail_program_expects_and_a_name_is_only_a_name() {
    let world = World::start(&[]).await;
    let name = "Zoë <b>\"O'Hara\"</b>\r\nBcc: evil@example.com\r\n\r\n.\r\nQUIT";
    let zoe = world.person(name, EMAIL, None);
    let order = world.completed(zoe).await;
    let [message] = world.messages(order, 1).await.try_into().unwrap();
    assert_eq!(
        (message.to.as_slice(), message.copies),
        (&[EMAIL.to_owned()][..], 1)
    );
    let mail = MessageParser::default().parse(&message.raw).unwrap();
    let id = format!("{order}.5.email@holdfast.example");
    assert_eq!(mail.message_id(), Some(id.as_str()));
    assert_eq!(mail.subject(), Some("Your order is paid"));
    assert_eq!(
        mail.from().unwrap().first().unwrap().address(),
        Some("orders@holdfast.example")
    );
    let to: Vec<_> = mail.to().unwrap().iter().collect();
    assert_eq!((to.len(), to[0].address()), (1, Some(EMAIL)));
    let shown = to[0].name().unwrap();
    assert!(
        shown.starts_with("Zoë <b>") && shown.contains("Bcc: evil@example.com"),
        "{shown}"
    );
    assert!(mail.bcc().is_none() && mail.cc().is_none());
    assert_eq!(mail.date().unwrap().to_rfc3339(), "2026-11-23T10:00:00Z");
    assert_eq!(
        mail.header_raw("Auto-Submitted").map(str::trim),
        Some("auto-generated")
    );
    let kind = mail.content_type().unwrap();
    assert_eq!((kind.ctype(), kind.subtype()), ("multipart", Some("alternative")));
    let (text, html) = (mail.body_text(0).unwrap(), mail.body_html(0).unwrap());
    assert!(text.contains("Dear Zoë <b>") && text.contains("19.99 EUR") && text.contains(&order.to_string()));
    assert!(
        html.contains("Dear Zoë &lt;b&gt;") && !html.contains("<b>\"O"),
        "{html}"
    );
    assert!(world.page().items.len() == 1, "nobody else got anything");
}

#[tokio::test]
async fn the_way_follows_from_preference_and_from_what_is_said() {
    let world = World::start(&[]).await;
    let anna = world.person("Anna", "anna@example.com", Some("+4930123456"));
    let paid = world.completed(anna).await;
    let sms = &world.messages(paid, 1).await[0];
    assert_eq!((sms.channel, sms.to[0].as_str()), (Channel::Sms, "+4930123456"));
    assert_eq!(sms.key, Some(format!("{paid}.5.sms")));
    let declined = world
        .order(anna, cancelled("CANCEL_REASON_PAYMENT_DECLINED"))
        .await;
    let mail = &world.messages(declined, 1).await[0];
    assert_eq!(mail.channel, Channel::Email, "money is private");
    assert!(mail.text.contains("your card was declined"), "{}", mail.text);
    let created = json!([{"version": "1", "orderCreated": {"lines": [], "total": euros(500), "paymentToken": "tok_ok"}}]);
    let created = world.order(anna, created).await;
    assert!(world.messages(created, 1).await[0].text.contains("over 5.00 EUR"));
    world.idle().await;
    assert_eq!(world.page().totals.messages, 3);
}

#[tokio::test]
async fn who_was_erased_or_wants_nothing_is_told_nothing_and_counted() {
    let world = World::start(&[]).await;
    let silent = world.person("Sue", "sue@example.com", None);
    let wishes =
        json!({"name": "Sue", "email": "sue@example.com", "notifications": {"email": false, "sms": false}});
    world.set_person(silent, Some(wishes));
    let (erased, order) = (Uuid::now_v7(), world.completed(silent).await);
    world.order(erased, completed()).await;
    world.idle().await;
    until("both are counted", async || {
        let metrics = world.metrics().await;
        [
            r#"dropped_total{reason="erased"} 1"#,
            r#"dropped_total{reason="opted_out"} 1"#,
        ]
        .iter()
        .all(|line| metrics.contains(line))
    })
    .await;
    assert_eq!(world.page().totals.messages, 0);
    let markers = world.stored("KV_notifications").await;
    let marker = markers
        .iter()
        .find(|marker| marker.subject == format!("$KV.notifications.{order}.5.none"));
    assert_eq!(
        &marker.unwrap().payload[..],
        br#"{"outcome":"dropped","reason":"opted_out"}"#
    );
}

#[tokio::test]
async fn who_is_erased_while_his_mail_waits_gets_none() {
    let world = World::start(&[]).await;
    world.knob(Channel::Email, Fault::Fail, None, Some(1));
    let anna = world.person("Anna", "anna@example.com", None);
    world.completed(anna).await;
    until("the first try has failed", async || {
        world.page().totals.refused == 1
    })
    .await;
    world.set_person(anna, None);
    world.idle().await;
    assert_eq!(world.page().totals.messages, 0);
    assert!(
        world
            .metrics()
            .await
            .contains(r#"dropped_total{reason="erased"} 1"#)
    );
}

#[tokio::test]
async fn nobody_who_reads_streams_or_logs_learns_who_was_told() {
    let world = World::start(&[]).await;
    world.knob(Channel::Email, Fault::Refuse, None, Some(1));
    let name = "Zebulon Xylander";
    let refused = world
        .completed(world.person(name, "zebulon@example.com", None))
        .await;
    world.dead_letters(1).await;
    let sent = world
        .completed(world.person(name, "zebulon@example.com", Some("+4930999999")))
        .await;
    world.messages(sent, 1).await;
    world.idle().await;
    let mut seen = world.log();
    for stream in ["ORDERS", "DLQ", "KV_notifications"] {
        for record in world.stored(stream).await {
            seen += &format!(
                "{} {:?} {}",
                record.subject,
                record.headers,
                String::from_utf8_lossy(&record.payload)
            );
        }
    }
    assert!(seen.contains(&refused.to_string()) && seen.contains("the mail server said 550"));
    for secret in ["Zebulon", "zebulon", "+4930999999"] {
        assert!(!seen.contains(secret), "{secret} is in {seen}");
    }
}
