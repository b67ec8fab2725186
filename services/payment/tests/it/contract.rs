//! What every provider adapter owes to the port, whoever is behind it.

use std::time::Duration;

use holdfast_payment::provider::sandbox::Sandbox;
use holdfast_payment::provider::stripe::Stripe;
use holdfast_payment::provider::{ChargeRequest, Error, Provider};
use holdfast_payment::signature::Secrets;
use holdfast_payment::state::{Money, Outcome};
use holdfast_platform::http::client;
use tokio::net::TcpListener;
use uuid::Uuid;

use crate::fake_stripe::FakeStripe;
use crate::world::RunningSandbox;

const PATIENCE: Duration = Duration::from_secs(5);

/// Tokens of one provider.
struct Tokens {
    good: &'static str,
    declined: &'static str,
    lost: &'static str,
    pending: &'static str,
}

const SANDBOX: Tokens = Tokens {
    good: "tok_ok",
    declined: "tok_declined",
    lost: "tok_lost_response",
    pending: "tok_webhook_only",
};
const STRIPE: Tokens = Tokens {
    good: "pm_card_visa",
    declined: "pm_card_chargeDeclined",
    lost: "pm_lost",
    pending: "pm_processing",
};

fn request(token: &str) -> ChargeRequest {
    ChargeRequest {
        order_id: Uuid::new_v4(),
        user_id: Uuid::from_u128(7),
        amount: Money {
            amount: 1999,
            currency: "EUR".into(),
        },
        payment_token: token.into(),
    }
}

async fn suite(provider: &impl Provider, tokens: Tokens) {
    one_key_is_one_charge(provider, &tokens).await;
    a_decline_is_an_outcome(provider, &tokens).await;
    a_lost_answer_is_found(provider, &tokens).await;
    an_order_never_charged_is_not_found(provider).await;
    a_refund_is_given_once(provider, &tokens).await;
    a_pending_charge_can_be_voided(provider, &tokens).await;
    void_tells_what_was_captured_before(provider, &tokens).await;
    void_of_an_unseen_order_is_fine(provider).await;
}

async fn one_key_is_one_charge(provider: &impl Provider, tokens: &Tokens) {
    let request = request(tokens.good);
    let first = provider.charge(&request).await.unwrap();
    let Outcome::Succeeded(charge) = &first else {
        panic!("{first:?}")
    };
    assert_eq!(charge.amount, request.amount);
    assert_eq!(provider.charge(&request).await.unwrap(), first);
}

async fn a_decline_is_an_outcome(provider: &impl Provider, tokens: &Tokens) {
    let request = request(tokens.declined);
    let outcome = provider.charge(&request).await.unwrap();
    assert_eq!(outcome, Outcome::Declined("card_declined".into()));
    assert_eq!(
        provider.find(request.order_id).await.unwrap().unwrap().outcome,
        outcome
    );
}

async fn a_lost_answer_is_found(provider: &impl Provider, tokens: &Tokens) {
    let request = request(tokens.lost);
    assert!(matches!(provider.charge(&request).await, Err(Error::Unknown(_))));
    let found = provider.find(request.order_id).await.unwrap().unwrap();
    assert!(matches!(found.outcome, Outcome::Succeeded(_)), "{found:?}");
    assert_eq!(found.user_id, Some(request.user_id));
}

async fn an_order_never_charged_is_not_found(provider: &impl Provider) {
    assert_eq!(provider.find(Uuid::new_v4()).await.unwrap(), None);
}

async fn a_refund_is_given_once(provider: &impl Provider, tokens: &Tokens) {
    let request = request(tokens.good);
    let Outcome::Succeeded(charge) = provider.charge(&request).await.unwrap() else {
        panic!()
    };
    let refund = provider.refund(request.order_id, &charge).await.unwrap();
    assert_eq!(
        (&refund.charge_id, &refund.amount),
        (&charge.charge_id, &request.amount)
    );
    assert_eq!(provider.refund(request.order_id, &charge).await.unwrap(), refund);
    let found = provider.find(request.order_id).await.unwrap().unwrap();
    assert_eq!(found.outcome, Outcome::Refunded(charge, refund));
}

async fn a_pending_charge_can_be_voided(provider: &impl Provider, tokens: &Tokens) {
    let request = request(tokens.pending);
    let outcome = provider.charge(&request).await.unwrap();
    assert!(matches!(outcome, Outcome::Pending(_)), "{outcome:?}");
    for _ in 0..2 {
        assert_eq!(provider.void(request.order_id).await.unwrap(), Outcome::Voided);
    }
    assert_eq!(provider.charge(&request).await.unwrap(), Outcome::Voided);
}

async fn void_tells_what_was_captured_before(provider: &impl Provider, tokens: &Tokens) {
    let request = request(tokens.good);
    let outcome = provider.charge(&request).await.unwrap();
    assert_eq!(provider.void(request.order_id).await.unwrap(), outcome);
}

async fn void_of_an_unseen_order_is_fine(provider: &impl Provider) {
    assert_eq!(provider.void(Uuid::new_v4()).await.unwrap(), Outcome::Voided);
}

#[tokio::test]
async fn the_sandbox_keeps_the_contract() {
    let sandbox = RunningSandbox::start(None).await;
    suite(&sandbox.client(PATIENCE), SANDBOX).await;
}

#[tokio::test]
async fn stripe_keeps_the_contract() {
    let fake = FakeStripe::start().await;
    suite(&fake.client(PATIENCE), STRIPE).await;
}

fn adapters(url: &str, timeout: Duration) -> (Sandbox, Stripe) {
    let (client, secrets) = (client(timeout, None).unwrap(), Secrets::parse("s").unwrap());
    (
        Sandbox::new(client, url, secrets),
        FakeStripe::client_of(url, timeout),
    )
}

#[tokio::test]
async fn a_provider_that_is_away_tells_nothing() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", closed.local_addr().unwrap());
    drop(closed);
    let (sandbox, stripe) = adapters(&url, PATIENCE);
    assert!(matches!(
        sandbox.charge(&request("tok_ok")).await,
        Err(Error::Unknown(_))
    ));
    assert!(matches!(
        stripe.charge(&request("pm_card_visa")).await,
        Err(Error::Unknown(_))
    ));
}

#[tokio::test]
async fn a_provider_that_is_silent_times_out() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let (sandbox, stripe) = adapters(&url, Duration::from_millis(50));
    assert_eq!(sandbox.find(Uuid::nil()).await, Err(Error::TimedOut));
    assert_eq!(stripe.find(Uuid::nil()).await, Err(Error::TimedOut));
}
