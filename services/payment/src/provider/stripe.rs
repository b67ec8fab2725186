//! Stripe as a provider: one PaymentIntent an order, created and confirmed in one call.
//!
//! A thin typed client of the five calls that are needed. There is no crate for it here on purpose:
//! `async-stripe` 1.0 is a release candidate that brings dozens of generated crates for an API of which we use
//! a hundredth, and it would decide about retries and time-outs, which are not the adapter's to decide.
//!
//! What Stripe cannot do is forbid a charge that it has not seen: a void of an unknown order is a promise of
//! our record alone, and a charge that lands all the same comes back by webhook and is refunded.

mod model;

use jiff::Timestamp;
use reqwest::{Client, RequestBuilder, StatusCode};
use serde::Serialize;
use uuid::Uuid;

use self::model::{Event, Intent, List, RefundObject, Reply, StripeError};
use super::transport::{Answer, exchange};
use super::{ChargeRequest, Error, Found, Notification, Provider, WebhookError, Webhooks};
use crate::signature::Secrets;
use crate::state::{Charge, Outcome, Refund};

/// The version of Stripe's API that this adapter is written against.
const VERSION: &str = "2025-03-31.basil";
/// How many of the newest intents are looked through before the search index, which lags behind by up to a
/// minute, is asked.
const RECENT: &str = "100";
const EXPAND: (&str, &str) = ("expand[]", "data.latest_charge");

/// A secret API key; never printed.
#[derive(Clone)]
pub struct ApiKey(String);

impl ApiKey {
    /// A key as Stripe's dashboard shows it.
    #[must_use]
    pub fn new(key: String) -> Self {
        Self(key)
    }
}

impl std::fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ApiKey(redacted)")
    }
}

/// A client of Stripe.
#[derive(Debug)]
pub struct Stripe {
    client: Client,
    base_url: String,
    key: ApiKey,
    secrets: Secrets,
}

impl Stripe {
    /// Stripe at a base URL such as `http://stripe.local:8080`: the sidecar that originates the TLS.
    #[must_use]
    pub fn new(client: Client, base_url: &str, key: ApiKey, secrets: Secrets) -> Self {
        Self {
            client,
            base_url: base_url.trim_end_matches('/').to_owned(),
            key,
            secrets,
        }
    }

    fn get(&self, path: &str) -> RequestBuilder {
        self.signed(self.client.get(format!("{}{path}", self.base_url)))
    }

    fn post<F: Serialize + ?Sized>(&self, path: &str, idempotency_key: &str, form: &F) -> RequestBuilder {
        let request = self.client.post(format!("{}{path}", self.base_url));
        self.signed(request)
            .header("Idempotency-Key", idempotency_key)
            .form(form)
    }

    fn signed(&self, request: RequestBuilder) -> RequestBuilder {
        request.bearer_auth(&self.key.0).header("Stripe-Version", VERSION)
    }

    async fn intent_of(&self, order_id: Uuid) -> Result<Option<Intent>, Error> {
        let recent = self
            .get("/v1/payment_intents")
            .query(&[("limit", RECENT), EXPAND]);
        if let Some(intent) = first_of(order_id, &exchange(recent).await?)? {
            return Ok(Some(intent));
        }
        let query = format!("metadata['order_id']:'{order_id}'");
        let search = self
            .get("/v1/payment_intents/search")
            .query(&[("query", query.as_str()), EXPAND]);
        first_of(order_id, &exchange(search).await?)
    }

    async fn outcome_of(&self, intent: Intent) -> Result<Outcome, Error> {
        if !intent.is_refunded() {
            return Ok(intent.outcome());
        }
        let charge = intent.charge();
        let refund = self.refund_of(&charge).await?;
        Ok(Outcome::Refunded(charge, refund))
    }

    /// The refund of a charge that Stripe says was refunded before.
    async fn refund_of(&self, charge: &Charge) -> Result<Refund, Error> {
        let refunds = [("payment_intent", charge.charge_id.as_str()), ("limit", "1")];
        let answer = exchange(self.get("/v1/refunds").query(&refunds)).await?;
        let refunds: List<RefundObject> = success(&answer)?;
        let refund = refunds.data.into_iter().next();
        refund
            .map(|refund| refund.into_refund(charge))
            .ok_or_else(|| Error::Unknown("no refund yet".into()))
    }

    async fn cancel(&self, intent: &Intent, order_id: Uuid) -> Result<Outcome, Error> {
        let path = format!("/v1/payment_intents/{}/cancel", intent.id);
        let reason = [("cancellation_reason", "abandoned")];
        let answer = exchange(self.post(&path, &format!("void-{order_id}"), &reason)).await?;
        let intent = match answer.status {
            StatusCode::OK => answer.json()?,
            // It was decided meanwhile; the refusal tells how.
            _ => answer
                .json::<StripeError>()?
                .intent()
                .ok_or_else(|| answer.refusal())?,
        };
        match self.outcome_of(intent).await? {
            Outcome::Pending(_) => Err(Error::Unknown(
                "the charge can be neither stopped nor decided now".into(),
            )),
            outcome => Ok(outcome),
        }
    }
}

fn first_of(order_id: Uuid, answer: &Answer) -> Result<Option<Intent>, Error> {
    let intents: List<Intent> = success(answer)?;
    Ok(intents
        .data
        .into_iter()
        .find(|intent| intent.order_id() == Some(order_id)))
}

fn success<T: serde::de::DeserializeOwned>(answer: &Answer) -> Result<T, Error> {
    if answer.status == StatusCode::OK {
        answer.json()
    } else {
        Err(answer.refusal())
    }
}

fn charge_form(request: &ChargeRequest) -> Vec<(&'static str, String)> {
    let mut form = vec![
        ("amount", request.amount.amount.to_string()),
        ("currency", request.amount.currency.to_ascii_lowercase()),
        ("confirm", "true".into()),
        // Nobody is there to authenticate, so a card that wants it is declined.
        ("error_on_requires_action", "true".into()),
        ("payment_method_types[]", "card".into()),
        ("metadata[order_id]", request.order_id.to_string()),
        ("metadata[user_id]", request.user_id.to_string()),
    ];
    let token = request.payment_token.clone();
    // What Stripe.js hands out: a confirmation token, or the payment method itself.
    let kind = if token.starts_with("ctoken_") {
        "confirmation_token"
    } else {
        "payment_method"
    };
    form.push((kind, token));
    form
}

impl Provider for Stripe {
    fn name(&self) -> &'static str {
        "stripe"
    }

    async fn charge(&self, request: &ChargeRequest) -> Result<Outcome, Error> {
        let key = request.order_id.to_string();
        let answer = exchange(self.post("/v1/payment_intents", &key, &charge_form(request))).await?;
        if answer.status == StatusCode::OK {
            return Ok(answer.json::<Intent>()?.outcome());
        }
        match answer.json::<StripeError>()?.reply() {
            Reply::Declined(code) => Ok(Outcome::Declined(code)),
            Reply::Busy => Err(Error::Unknown(
                "another request with this key is being answered".into(),
            )),
            Reply::Refused => Err(answer.refusal()),
        }
    }

    async fn find(&self, order_id: Uuid) -> Result<Option<Found>, Error> {
        let Some(intent) = self.intent_of(order_id).await? else {
            return Ok(None);
        };
        let user_id = intent.user_id();
        Ok(Some(Found {
            outcome: self.outcome_of(intent).await?,
            user_id,
        }))
    }

    async fn void(&self, order_id: Uuid) -> Result<Outcome, Error> {
        let Some(intent) = self.intent_of(order_id).await? else {
            return Ok(Outcome::Voided);
        };
        match intent.outcome() {
            Outcome::Pending(_) => self.cancel(&intent, order_id).await,
            _ => self.outcome_of(intent).await,
        }
    }

    async fn refund(&self, order_id: Uuid, charge: &Charge) -> Result<Refund, Error> {
        let order = order_id.to_string();
        let form = [
            ("payment_intent", charge.charge_id.as_str()),
            ("metadata[order_id]", &order),
        ];
        let answer = exchange(self.post("/v1/refunds", &format!("refund-{order_id}"), &form)).await?;
        if answer.status == StatusCode::OK {
            let refund: RefundObject = answer.json()?;
            return if refund.has_failed() {
                Err(answer.refusal())
            } else {
                Ok(refund.into_refund(charge))
            };
        }
        match answer.json::<StripeError>()? {
            error if error.is_already_refunded() => self.refund_of(charge).await,
            _ => Err(answer.refusal()),
        }
    }
}

impl Webhooks for Stripe {
    fn signature_header(&self) -> &'static str {
        "Stripe-Signature"
    }

    fn notification(
        &self,
        signature: &str,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Option<Notification>, WebhookError> {
        self.secrets.verify(signature, body, now)?;
        let event: Event =
            serde_json::from_slice(body).map_err(|error| WebhookError::Malformed(error.to_string()))?;
        event
            .notification()
            .map_err(|error| WebhookError::Malformed(error.to_string()))
    }
}

#[cfg(test)]
mod tests;
