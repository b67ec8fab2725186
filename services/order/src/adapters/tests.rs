//! The HTTP adapters against services that answer what they are told to.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use holdfast_order_core::{Money, OrderId, PaymentOutcome, Sku, UserId};
use holdfast_platform::clock::ManualClock;
use jiff::SignedDuration;
use uuid::Uuid;

use super::*;
use crate::ports::{Availability, Payment, PaymentAnswer, Payments, Prices, Stock};

type Answer = (u16, &'static [(&'static str, &'static str)], &'static str);

/// A server that gives one answer after the other, and the last one for ever.
struct Fake {
    base: String,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Fake {
    async fn start(answers: &'static [Answer]) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a free port");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        let (next, seen) = (
            Arc::new(AtomicUsize::new(0)),
            Arc::<Mutex<Vec<String>>>::default(),
        );
        let log = seen.clone();
        let answer = move |request: Request<Body>| async move {
            log.lock()
                .expect("not poisoned")
                .push(format!("{} {}", request.method(), request.uri()));
            let turn = next.fetch_add(1, Ordering::Relaxed).min(answers.len() - 1);
            let (status, headers, body) = answers[turn];
            let response = headers
                .iter()
                .fold(Response::builder().status(status), |r, (k, v)| r.header(*k, *v));
            response.body(Body::from(body)).expect("a response")
        };
        tokio::spawn(async move { axum::serve(listener, Router::new().fallback(answer)).await });
        Self { base, seen }
    }

    fn seen(&self) -> Vec<String> {
        self.seen.lock().expect("not poisoned").clone()
    }

    fn payments(&self) -> HttpPayments {
        HttpPayments::new(reqwest::Client::new(), &self.base, Duration::from_secs(5))
    }

    fn prices(&self, clock: &ManualClock) -> HttpPrices<ManualClock> {
        HttpPrices::new(
            reqwest::Client::new(),
            &self.base,
            Duration::from_secs(5),
            clock.clone(),
        )
    }

    fn stock(&self, clock: &ManualClock) -> HttpStock<ManualClock> {
        HttpStock::new(
            reqwest::Client::new(),
            &self.base,
            Duration::from_secs(5),
            clock.clone(),
        )
    }
}

fn payment() -> Payment {
    let amount = Money {
        amount: 450,
        currency: "EUR".to_owned(),
    };
    Payment {
        order: OrderId(Uuid::from_u128(1)),
        user: UserId(Uuid::from_u128(2)),
        amount,
    }
}

fn skus() -> Vec<Sku> {
    vec![Sku::parse("tea").expect("a SKU")]
}

async fn charge(answers: &'static [Answer]) -> PaymentAnswer {
    Fake::start(answers)
        .await
        .payments()
        .charge(&payment(), "tok_ok", 1)
        .await
}

#[tokio::test]
async fn every_answer_to_a_charge_is_understood() {
    let PaymentAnswer::Known(PaymentOutcome::Succeeded { charge_id, amount }) =
        charge(&[(200, &[], r#"{"status":"succeeded","charge_id":"ch_1","more":1}"#)]).await
    else {
        panic!("not succeeded");
    };
    assert_eq!((charge_id.as_str(), amount), ("ch_1", payment().amount));
    let declined = PaymentOutcome::Declined {
        code: "no_funds".to_owned(),
    };
    let answer = charge(&[(200, &[], r#"{"status":"declined","code":"no_funds"}"#)]).await;
    assert_eq!(answer, PaymentAnswer::Known(declined));
    let answer = charge(&[(200, &[], r#"{"status":"voided"}"#)]).await;
    assert_eq!(answer, PaymentAnswer::Known(PaymentOutcome::Voided));
    assert_eq!(
        charge(&[(202, &[], r#"{"status":"payment-pending"}"#)]).await,
        PaymentAnswer::Pending
    );
}

#[tokio::test]
async fn a_fault_on_the_way_is_no_refusal_and_no_outcome() {
    for answer in [
        (502, ""),
        (403, "RBAC: access denied"),
        (404, "no route"),
        (200, "<html>"),
    ] {
        let answers: &'static [Answer] = Box::leak(Box::new([(answer.0, &[][..], answer.1)]));
        assert!(
            matches!(charge(answers).await, PaymentAnswer::Unreachable { .. }),
            "{answer:?}"
        );
    }
    assert!(matches!(
        charge(&[(422, &[], "amount")]).await,
        PaymentAnswer::Rejected { .. }
    ));
    let nobody = HttpPayments::new(
        reqwest::Client::new(),
        "http://127.0.0.1:1",
        Duration::from_secs(5),
    );
    assert!(matches!(
        nobody.refund(&payment()).await,
        PaymentAnswer::Unreachable { .. }
    ));
}

#[tokio::test]
async fn a_charge_is_resolved_by_a_void_and_never_by_a_refund() {
    for (body, outcome) in [
        (r#"{"status":"voided"}"#, PaymentOutcome::Voided),
        (
            r#"{"status":"succeeded","charge_id":"ch"}"#,
            PaymentOutcome::Succeeded {
                charge_id: "ch".to_owned(),
                amount: payment().amount,
            },
        ),
    ] {
        let answers: &'static [Answer] = Box::leak(Box::new([(200, &[][..], body)]));
        let fake = Fake::start(answers).await;
        assert_eq!(
            fake.payments().resolve(&payment()).await,
            PaymentAnswer::Known(outcome)
        );
        assert_eq!(fake.seen(), ["POST /v1/voids"]);
    }
}

#[tokio::test]
async fn a_refund_of_a_declined_charge_has_nothing_to_give_back() {
    let fake = Fake::start(&[(200, &[], r#"{"status":"declined","code":"x"}"#)]).await;
    assert_eq!(
        fake.payments().refund(&payment()).await,
        PaymentAnswer::Known(PaymentOutcome::Voided)
    );
}

const TEA: Answer = (
    200,
    &[("cache-control", "max-age=60, stale-if-error=600")],
    r#"{"sku":"tea","price":{"amount":450,"currency":"EUR"}}"#,
);

#[tokio::test]
async fn a_price_is_asked_for_once_while_it_is_fresh_and_used_stale_when_the_catalogue_is_away() {
    let clock = ManualClock::default();
    let fake = Fake::start(&[TEA, (503, &[], "")]).await;
    let prices = fake.prices(&clock);
    let tea = Ok(vec![Some(Money {
        amount: 450,
        currency: "EUR".to_owned(),
    })]);
    assert_eq!(prices.prices(&skus()).await, tea);
    clock.advance(SignedDuration::from_secs(59));
    assert_eq!(prices.prices(&skus()).await, tea);
    assert_eq!(fake.seen().len(), 1);
    clock.advance(SignedDuration::from_secs(2));
    assert_eq!(prices.prices(&skus()).await, tea, "stale-if-error");
    assert_eq!(fake.seen().len(), 2);
    clock.advance(SignedDuration::from_secs(600));
    assert!(prices.prices(&skus()).await.is_err());
}

#[tokio::test]
async fn many_who_need_one_price_ask_once() {
    let fake = Fake::start(&[TEA]).await;
    let clock = ManualClock::default();
    let (prices, skus) = (fake.prices(&clock), skus());
    let all = futures::future::join_all((0..20).map(|_| prices.prices(&skus))).await;
    assert!(all.iter().all(Result::is_ok));
    assert_eq!(fake.seen(), ["GET /v1/products/tea"]);
}

#[tokio::test]
async fn a_product_that_is_not_sold_has_no_price() {
    // Nor has one that no product could be called by.
    for refusal in [404, 400] {
        let answers: &'static [Answer] = Box::leak(Box::new([(refusal, &[][..], "")]));
        let fake = Fake::start(answers).await;
        let prices = fake.prices(&ManualClock::default());
        assert_eq!(prices.prices(&skus()).await, Ok(vec![None]), "{refusal}");
    }
}

#[tokio::test]
async fn availability_is_stale_if_inventory_says_so_or_nothing() {
    let clock = ManualClock::default();
    let stale = Fake::start(&[(200, &[("cache-status", "inventory; fwd=stale")], "{}")]).await;
    assert_eq!(
        stale.stock(&clock).availability(&skus()).await,
        Availability::Stale
    );
    let away = Fake::start(&[(503, &[], "")]).await;
    assert_eq!(
        away.stock(&clock).availability(&skus()).await,
        Availability::Stale
    );
}

#[tokio::test]
async fn availability_is_asked_for_again_when_it_is_not_fresh_any_more() {
    let clock = ManualClock::default();
    let fake = Fake::start(&[(200, &[("cache-control", "max-age=2")], "{}")]).await;
    let stock = fake.stock(&clock);
    for seconds in [0, 1, 2] {
        clock.advance(SignedDuration::from_secs(seconds));
        assert_eq!(stock.availability(&skus()).await, Availability::Current);
    }
    assert_eq!(fake.seen(), ["GET /v1/stock?sku=tea", "GET /v1/stock?sku=tea"]);
}
