//! The Stripe adapter against Stripe's own `stripe-mock`, which checks every request against Stripe's OpenAPI
//! description and answers with fixtures: it proves the shape of what we send and read, not behaviour.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use holdfast_payment::provider::stripe::{ApiKey, Stripe};
use holdfast_payment::provider::{ChargeRequest, Error, Provider};
use holdfast_payment::signature::Secrets;
use holdfast_payment::state::{Charge, Money, Outcome};
use holdfast_platform::http::client;
use uuid::Uuid;

use crate::world::until;

struct StripeMock {
    child: Child,
    url: String,
}

impl Drop for StripeMock {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn binary() -> PathBuf {
    if let Some(path) = std::env::var_os("HOLDFAST_STRIPE_MOCK") {
        return path.into();
    }
    let installed = Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .map(|folder| folder.join(".tools/bin/stripe-mock"))
        .find(|path| path.exists());
    installed.expect("stripe-mock is not installed: run scripts/install-tools.sh --dev, or name one in HOLDFAST_STRIPE_MOCK")
}

impl StripeMock {
    async fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let child = Command::new(binary())
            .args([
                "-http-addr",
                &format!("127.0.0.1:{port}"),
                "-strict-version-check=false",
            ])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mock = Self {
            child,
            url: format!("http://127.0.0.1:{port}"),
        };
        let up = || async move { tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok() };
        until("stripe-mock listens", up).await;
        mock
    }

    fn client(&self) -> Stripe {
        let client = client(Duration::from_secs(10), None).unwrap();
        Stripe::new(
            client,
            &self.url,
            ApiKey::new("sk_test_123".into()),
            Secrets::parse("whsec").unwrap(),
        )
    }
}

fn request(token: &str) -> ChargeRequest {
    ChargeRequest {
        order_id: Uuid::new_v4(),
        user_id: Uuid::new_v4(),
        amount: Money {
            amount: 1999,
            currency: "EUR".into(),
        },
        payment_token: token.into(),
    }
}

#[tokio::test]
async fn every_request_is_one_that_stripe_describes_and_every_answer_can_be_read() {
    let mock = StripeMock::start().await;
    let stripe = mock.client();
    for token in ["pm_card_visa", "ctoken_123"] {
        // The fixture of an intent waits for a payment method, whatever was sent.
        let outcome = stripe.charge(&request(token)).await;
        assert_eq!(outcome, Ok(Outcome::Declined("card_declined".into())), "{token}");
    }
    let order_id = Uuid::new_v4();
    assert_eq!(
        stripe.find(order_id).await,
        Ok(None),
        "the fixtures are of no order of ours"
    );
    assert_eq!(stripe.void(order_id).await, Ok(Outcome::Voided));
    let charge = Charge {
        charge_id: "pi_123".into(),
        amount: request("").amount,
    };
    let refund = stripe.refund(order_id, &charge).await.unwrap();
    assert!(refund.refund_id.starts_with("re_"), "{refund:?}");
}

#[tokio::test]
async fn a_request_without_a_key_is_a_refusal() {
    let mock = StripeMock::start().await;
    let client = client(Duration::from_secs(10), None).unwrap();
    let stripe = Stripe::new(
        client,
        &mock.url,
        ApiKey::new(String::new()),
        Secrets::parse("s").unwrap(),
    );
    assert!(matches!(
        stripe.charge(&request("pm_card_visa")).await,
        Err(Error::Refused(_))
    ));
}
