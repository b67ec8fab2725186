//! The keys that sign tokens follow each other, with real clocks: hours pass because the times at which keys sign are
//! moved in the document that has them.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use holdfast_tests_integration::{Account, Platform, Shop, Tokens, eventually};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::platform;

/// Longer than `user` and the gateway take to look again, on a busy machine too.
const NOTICED_WITHIN: Duration = Duration::from_secs(90);
const RING: &str = "$KV.signing-keys.ring";

/// The document, as `user` may read and write it.
struct Ring(async_nats::Client);

impl Ring {
    async fn read(&self) -> Value {
        let subject = "$JS.API.STREAM.MSG.GET.KV_signing-keys";
        let which = json!({"last_by_subj": RING}).to_string();
        let answer = self.0.request(subject, which.into()).await.unwrap();
        let answer: Value = serde_json::from_slice(&answer.payload).unwrap();
        let document = BASE64_STANDARD.decode(answer["message"]["data"].as_str().unwrap());
        serde_json::from_slice(&document.unwrap()).unwrap()
    }

    /// As if this much time had passed.
    async fn age(&self, by: SignedDuration) {
        let mut ring = self.read().await;
        for key in ring["keys"].as_array_mut().unwrap() {
            let from: Timestamp = key["signs_from"].as_str().unwrap().parse().unwrap();
            key["signs_from"] = (from - by).to_string().into();
        }
        self.0.publish(RING, ring.to_string().into()).await.unwrap();
        self.0.flush().await.unwrap();
    }

    async fn has(&self, keys: usize) {
        eventually(NOTICED_WITHIN, async || {
            match self.read().await["keys"].as_array() {
                Some(found) if found.len() == keys => Ok(()),
                found => Err(format!("{found:?}")),
            }
        })
        .await;
    }
}

fn key_of(token: &str) -> Value {
    let header = BASE64_URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap());
    let header: Value = serde_json::from_slice(&header.unwrap()).unwrap();
    header["kid"].clone()
}

async fn status(platform: &Platform, token: &str) -> u16 {
    let shop = Shop::behind_gateway(platform, token);
    shop.get("?limit=1").await.unwrap().status.as_u16()
}

#[tokio::test]
async fn a_key_takes_the_place_of_another_under_the_gateway_and_one_that_is_gone_opens_nothing() {
    let (platform, _turn) = platform().await;
    let ring = Ring(platform.nats_as("user").await);
    let account = Account::register(&platform).await;
    let mut tokens = account.log_in().await;
    let old = tokens.access.clone();
    assert_eq!(status(&platform, &old).await, 200);

    // The next key is published an hour before it signs, and the gateway fetches it.
    ring.age(SignedDuration::from_mins(23 * 60 + 1)).await;
    ring.has(2).await;
    gateway_has_fetched(&platform).await;
    tokens = Tokens::of(&account.refresh(&tokens.refresh).await);
    assert_eq!(key_of(&tokens.access), key_of(&old));
    ring.age(SignedDuration::from_mins(61)).await;
    let new = eventually(NOTICED_WITHIN, async || {
        tokens = Tokens::of(&account.refresh(&tokens.refresh).await);
        let token = tokens.access.clone();
        assert_eq!(status(&platform, &token).await, 200, "no good token is refused");
        let is_new = key_of(&token) != key_of(&old);
        is_new
            .then_some(token)
            .ok_or_else(|| "the old key signs".to_owned())
    })
    .await;
    assert_eq!(status(&platform, &old).await, 200, "both are good");

    ring.age(SignedDuration::from_mins(90)).await;
    ring.has(1).await;
    eventually(NOTICED_WITHIN, async || match status(&platform, &old).await {
        401 => Ok(()),
        other => Err(format!("the old key is taken: {other}")),
    })
    .await;
    assert_eq!(status(&platform, &new).await, 200);
}

/// Every worker of the gateway has the keys that are published now.
async fn gateway_has_fetched(platform: &Platform) {
    let fetches = async || platform.gateway_count("jwt_authn.jwks_fetch_success").await;
    let before = fetches().await;
    eventually(NOTICED_WITHIN, async || match fetches().await {
        after if after > before => Ok(()),
        same => Err(format!("{same} fetches")),
    })
    .await;
}
