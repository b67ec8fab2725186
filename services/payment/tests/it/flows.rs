//! Whole payments over a real nats-server and the sandbox.

use std::time::Duration;

use holdfast_contracts::subjects;
use holdfast_payment::codec::Commit;
use holdfast_payment::state::Event;
use holdfast_platform::journal::jetstream::{JetStreamJournal, JournalConfig};
use holdfast_platform::journal::{Journal, Revision};
use holdfast_platform::testing::{NatsServer, ServerOptions};
use serde_json::json;
use uuid::Uuid;

use crate::world::{World, read, totals, until};

struct Payment {
    world: World,
    journal: JetStreamJournal,
    server: NatsServer,
}

async fn journal_on(server: &NatsServer) -> JetStreamJournal {
    let nats = server.connect("provision").await;
    let declared = include_str!("../../../../nats/streams/payments.json");
    let declared: serde_json::Value = serde_json::from_str(declared).unwrap();
    let created: serde_json::Value = nats
        .jetstream()
        .request("STREAM.CREATE.PAYMENTS", &declared)
        .await
        .unwrap();
    assert!(created.get("error").is_none(), "{created}");
    let config = JournalConfig {
        deadline: Duration::from_millis(1500),
        ..JournalConfig::default()
    };
    JetStreamJournal::new(&server.connect_as("payment").await, subjects::PAYMENTS, config)
}

async fn payment_with(timeout: Duration) -> Payment {
    let server = NatsServer::start_with(ServerOptions::with_users()).await;
    let journal = journal_on(&server).await;
    Payment {
        world: World::start_patient(journal.clone(), timeout).await,
        journal,
        server,
    }
}

async fn payment() -> Payment {
    payment_with(Duration::from_secs(5)).await
}

impl Payment {
    async fn events(&self, order_id: Uuid) -> Vec<Event> {
        let records = self
            .journal
            .read(&subjects::payment(order_id), Revision::NONE)
            .await
            .unwrap();
        records
            .iter()
            .flat_map(|record| Commit::from_payload(&record.payload).unwrap().events)
            .collect()
    }

    async fn ends(&self, order_id: Uuid, status: &str) {
        let is = async || self.world.get(order_id).await.1["status"] == status;
        until(&format!("the payment is {status}"), is).await;
    }
}

#[tokio::test]
async fn a_charge_and_its_replay_are_one_charge_and_one_record() {
    let payment = payment().await;
    let order = Uuid::new_v4();
    let (status, first) = payment.world.charge(order, "tok_ok", 1).await;
    assert_eq!((status.as_u16(), &first["status"]), (200, &json!("succeeded")));
    for attempt in 1..=2 {
        assert_eq!(payment.world.charge(order, "tok_ok", attempt).await.1, first);
    }
    assert_eq!(payment.world.get(order).await.1, first);
    assert_eq!(payment.events(order).await.len(), 1);
    assert_eq!(payment.world.sandbox.truth(order).await, totals(1999, 0));
}

#[tokio::test]
async fn concurrent_charges_of_one_order_are_one_charge_and_one_record() {
    let payment = payment().await;
    let order = Uuid::new_v4();
    let charges = (0..16).map(|_| payment.world.charge(order, "tok_ok", 1));
    let answers = futures::future::join_all(charges).await;
    assert!(
        answers
            .iter()
            .all(|answer| answer == &answers[0] && answer.0 == 200),
        "{answers:?}"
    );
    assert_eq!(payment.events(order).await.len(), 1);
    assert_eq!(payment.world.sandbox.truth(order).await, totals(1999, 0));
}

/// Whether they overlap, follow each other, or are given up by their caller: the provider hears of one charge.
#[tokio::test]
async fn several_tries_of_one_charge_ask_the_provider_to_charge_once() {
    let payment = payment().await;
    for token in ["tok_slow", "tok_lost_response", "tok_ok", "tok_webhook_only"] {
        let order = Uuid::new_v4();
        let world = &payment.world;
        let hangs_up = world
            .charge_request(order, token, 1)
            .timeout(Duration::from_millis(30));
        let hung_up = async { hangs_up.send().await.is_err() };
        let tries = futures::future::join_all((0..3).map(|_| world.charge(order, token, 1)));
        let (_, answers) = tokio::join!(hung_up, tries);
        assert!(
            answers.iter().all(|(status, _)| status.is_success()),
            "{answers:?}"
        );
        let again = world
            .charge_request(order, token, 1)
            .header("x-envoy-attempt-count", "2");
        assert!(read(again).await.0.is_success());
        let url = format!("{}/v1/charges/by-key/{order}", world.sandbox.url);
        let (_, charge) = read(world.client.get(url)).await;
        assert_eq!(charge["attempts"], 1, "{token}: {charge}");
    }
}

/// As after the process that made the first try was killed: nothing is recorded, and the mesh or order's lane says that
/// this is another try.
#[tokio::test]
async fn a_try_that_is_not_the_first_asks_the_provider_before_it_charges() {
    let payment = payment().await;
    let world = &payment.world;
    for (attempt, mesh_try) in [(2, "1"), (1, "2")] {
        let order = Uuid::new_v4();
        let charges = format!("{}/v1/charges", world.sandbox.url);
        let by_another = world
            .client
            .post(&charges)
            .header("Idempotency-Key", order.to_string());
        let body = json!({"order_id": order, "amount": {"amount": 1999, "currency": "EUR"}, "payment_token": "tok_ok"});
        assert_eq!(read(by_another.json(&body)).await.0.as_u16(), 200);
        let request = world.charge_request(order, "tok_ok", attempt);
        let (status, body) = read(request.header("x-envoy-attempt-count", mesh_try)).await;
        assert_eq!((status.as_u16(), &body["status"]), (200, &json!("succeeded")));
        let (_, charge) = read(world.client.get(format!("{charges}/by-key/{order}"))).await;
        assert_eq!(charge["attempts"], 1, "{charge}");
    }
}

#[tokio::test]
async fn a_void_of_what_the_provider_never_saw_tells_it_the_order() {
    let payment = payment().await;
    let order = Uuid::new_v4();
    assert_eq!(payment.world.refund(order).await.1, json!({"status": "voided"}));
    let url = format!("{}/sandbox/charges", payment.world.sandbox.url);
    let (_, list) = read(payment.world.client.get(url)).await;
    assert_eq!(list["items"][0]["order_id"], order.to_string(), "{list}");
}

#[tokio::test]
async fn a_declined_card_is_told_with_its_code() {
    let payment = payment().await;
    let order = Uuid::new_v4();
    let (status, body) = payment.world.charge(order, "tok_declined", 1).await;
    assert_eq!(
        (status.as_u16(), body),
        (200, json!({"status": "declined", "code": "card_declined"}))
    );
    assert_eq!(payment.world.refund(order).await.1, json!({"status": "voided"}));
}

#[tokio::test]
async fn a_lost_response_is_exactly_one_captured_charge() {
    let payment = payment().await;
    let order = Uuid::new_v4();
    let (status, body) = payment.world.charge(order, "tok_lost_response", 1).await;
    assert_eq!(
        (status.as_u16(), &body["status"]),
        (200, &json!("succeeded")),
        "found by asking"
    );
    assert_eq!(payment.world.sandbox.truth(order).await, totals(1999, 0));
}

#[tokio::test]
async fn a_provider_outage_ends_in_a_charge_by_a_later_attempt() {
    let payment = payment().await;
    let order = Uuid::new_v4();
    assert_eq!(payment.world.charge(order, "tok_error", 1).await.0.as_u16(), 502);
    assert!(
        payment.events(order).await.is_empty(),
        "nothing is recorded while nothing is known"
    );
    until("the outage is over", async || {
        payment.world.charge(order, "tok_error", 2).await.0 == 200
    })
    .await;
    assert_eq!(payment.world.sandbox.truth(order).await, totals(1999, 0));
}

#[tokio::test]
async fn a_slow_charge_is_recorded_although_the_caller_hung_up() {
    let payment = payment().await;
    let order = Uuid::new_v4();
    let impatient = payment
        .world
        .charge_request(order, "tok_slow", 1)
        .timeout(Duration::from_millis(50));
    assert!(impatient.send().await.unwrap_err().is_timeout());
    payment.world.work.drain().await;
    assert!(
        matches!(payment.events(order).await[..], [Event::Succeeded(_)]),
        "a shutdown waits for it"
    );
}

#[tokio::test]
async fn a_charge_slower_than_our_patience_is_pending_and_then_found() {
    let payment = payment_with(Duration::from_millis(100)).await;
    let order = Uuid::new_v4();
    let (status, body) = payment.world.charge(order, "tok_slow", 1).await;
    assert_eq!(
        (status.as_u16(), body),
        (202, json!({"status": "payment-pending"}))
    );
    payment.ends(order, "succeeded").await;
    assert_eq!(payment.world.sandbox.truth(order).await, totals(1999, 0));
}

#[tokio::test]
async fn a_result_by_webhook_is_recorded_once_also_when_it_comes_twice() {
    let payment = payment().await;
    let order = Uuid::new_v4();
    assert_eq!(
        payment
            .world
            .charge(order, "tok_webhook_twice", 1)
            .await
            .0
            .as_u16(),
        202
    );
    let settled = async || payment.events(order).await.len() == 2;
    until("the webhook is recorded", settled).await;
    let url = format!("{}/v1/charges/by-key/{order}", payment.world.sandbox.url);
    let both_taken = async || {
        let charge: serde_json::Value = payment
            .world
            .client
            .get(&url)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        charge.get("webhooks_due").is_none()
    };
    until("the second webhook is taken", both_taken).await;
    assert!(matches!(
        payment.events(order).await[..],
        [Event::Pending(_), Event::Succeeded(_)]
    ));
}

#[tokio::test]
async fn a_refund_gives_back_once() {
    let payment = payment().await;
    let order = Uuid::new_v4();
    payment.world.charge(order, "tok_ok", 1).await;
    let (status, refund) = payment.world.refund(order).await;
    assert_eq!((status.as_u16(), &refund["status"]), (200, &json!("refunded")));
    assert_eq!(refund["amount"], json!({"amount": 1999, "currency": "EUR"}));
    assert_eq!(payment.world.refund(order).await.1, refund);
    assert_eq!(payment.world.sandbox.truth(order).await, totals(1999, 1999));
}

#[tokio::test]
async fn a_void_wins_against_a_charge_that_would_land_later() {
    let payment = payment().await;
    let order = Uuid::new_v4();
    assert_eq!(
        payment
            .world
            .charge(order, "tok_webhook_only", 1)
            .await
            .0
            .as_u16(),
        202
    );
    assert_eq!(payment.world.refund(order).await.1, json!({"status": "voided"}));
    assert_eq!(
        payment.world.charge(order, "tok_webhook_only", 2).await.1,
        json!({"status": "voided"})
    );
    assert_eq!(payment.world.sandbox.truth(order).await, totals(0, 0));
}

#[tokio::test]
async fn a_slow_charge_and_a_refund_at_once_leave_no_money_held() {
    let payment = payment().await;
    let order = Uuid::new_v4();
    let (charge, refund) = tokio::join!(
        payment.world.charge(order, "tok_slow", 1),
        payment.world.refund(order)
    );
    assert_eq!(refund.0.as_u16(), 200, "{refund:?}");
    assert_eq!(charge.0.as_u16(), 200, "{charge:?}");
    let truth = payment.world.sandbox.truth(order).await;
    assert_eq!(truth["captured"], truth["refunded"], "{truth}");
}

#[tokio::test]
async fn a_charge_made_while_the_record_was_away_is_recorded_by_the_next_attempt() {
    let mut payment = payment().await;
    let order = Uuid::new_v4();
    let charge = payment.world.charge_request(order, "tok_slow", 1);
    let charging = tokio::spawn(async move { charge.send().await.unwrap().status() });
    let url = format!("{}/v1/charges/by-key/{order}", payment.world.sandbox.url);
    let client = payment.world.client.clone();
    until("the provider has it", async || {
        client.get(&url).send().await.unwrap().status() == 202
    })
    .await;
    payment.server.kill();
    assert_eq!(
        charging.await.unwrap().as_u16(),
        503,
        "charged, not recorded, and not told as charged"
    );
    payment.server.restart().await;
    until("it is recorded", async || {
        payment.world.charge(order, "tok_slow", 2).await.0 == 200
    })
    .await;
    assert!(matches!(payment.events(order).await[..], [Event::Succeeded(_)]));
    assert_eq!(payment.world.sandbox.truth(order).await, totals(1999, 0));
}
