//! Webhooks: signed, and repeated with back-off until the merchant takes them.

use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use holdfast_platform::http::traced;
use jiff::Timestamp;
use reqwest::header::CONTENT_TYPE;
use serde::Serialize;
use sha2::Sha256;
use tokio::sync::Semaphore;

use crate::charge::Charge;

/// The header that carries time and signature.
pub const SIGNATURE_HEADER: &str = "Holdfast-Signature";

const MAX_CONCURRENT: usize = 32;
const MAX_TRIES: u32 = 40;
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);
const TIMEOUT: Duration = Duration::from_secs(10);

/// `t=<unix>,v1=<hex HMAC-SHA256 of "t.body">`
#[must_use]
pub fn signature(secret: &[u8], time: Timestamp, body: &[u8]) -> String {
    let seconds = time.as_second();
    // HMAC takes a key of any length, so the other arm is never taken.
    let tag = match Hmac::<Sha256>::new_from_slice(secret) {
        Ok(mut mac) => {
            mac.update(seconds.to_string().as_bytes());
            mac.update(b".");
            mac.update(body);
            hex::encode(mac.finalize().into_bytes())
        }
        Err(_) => String::new(),
    };
    format!("t={seconds},v1={tag}")
}

#[derive(Serialize)]
struct Event<'a> {
    id: String,
    r#type: &'static str,
    data: &'a Charge,
}

/// Where webhooks go.
#[derive(Debug)]
pub struct Webhooks {
    url: String,
    secret: String,
    client: reqwest::Client,
    slots: Semaphore,
}

impl Webhooks {
    /// Webhooks to `url`, signed with `secret`.
    ///
    /// # Errors
    /// If the HTTP client cannot be set up.
    pub fn new(url: String, secret: String) -> Result<Self, reqwest::Error> {
        let client = reqwest::Client::builder().timeout(TIMEOUT).build()?;
        Ok(Self {
            url,
            secret,
            client,
            slots: Semaphore::new(MAX_CONCURRENT),
        })
    }

    /// Tells the merchant that a charge was captured, again and again until it answers 2xx. False if it never did.
    pub async fn deliver(&self, charge: &Charge) -> bool {
        let event = Event {
            id: format!("evt_{}", charge.idempotency_key),
            r#type: "charge.succeeded",
            data: charge,
        };
        let Ok(body) = serde_json::to_vec(&event) else {
            return false;
        };
        let mut pause = FIRST_PAUSE;
        for _ in 0..MAX_TRIES {
            if self.try_once(&body).await {
                return true;
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        tracing::warn!(
            charge_id = charge.charge_id,
            "the merchant never took the webhook"
        );
        false
    }

    async fn try_once(&self, body: &[u8]) -> bool {
        let Ok(_slot) = self.slots.acquire().await else {
            return false;
        };
        let signature = signature(self.secret.as_bytes(), Timestamp::now(), body);
        let request = self.client.post(&self.url).header(SIGNATURE_HEADER, signature);
        let request = request
            .header(CONTENT_TYPE, "application/json")
            .body(body.to_vec());
        match traced(request).send().await {
            Ok(answer) if answer.status().is_success() => true,
            Ok(answer) => {
                tracing::debug!(status = answer.status().as_u16(), "webhook not taken");
                false
            }
            Err(error) => {
                tracing::debug!(%error, "webhook not delivered");
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_covers_time_and_body() {
        let time = Timestamp::from_second(1_700_000_000).unwrap();
        let expected = "t=1700000000,v1=";
        let one = signature(b"secret", time, b"{}");
        assert!(
            one.starts_with(expected) && one.len() == expected.len() + 64,
            "{one}"
        );
        assert_ne!(one, signature(b"secret", time, b"{} "));
        assert_ne!(one, signature(b"other", time, b"{}"));
    }
}
