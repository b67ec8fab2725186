//! The HTTP API of payment: charges, refunds, webhooks.

mod answer;

use std::sync::Arc;

use axum::Router;
use axum::extract::State as Shared;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use holdfast_platform::clock::Clock;
use holdfast_platform::journal::Journal;
use holdfast_platform::problem::{
    self, INVALID_REQUEST, NOT_FOUND, Problem, ProblemType, RawBody, ValidJson, ValidPath,
};
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use self::answer::{SIGNATURE_INVALID, answer, outcome_label};
use crate::provider::{ChargeRequest, Provider, Webhooks};
use crate::service::Payments;
use crate::state::{Money, State};
use crate::work::Work;

const KEY_INVALID: ProblemType = ProblemType::new(
    "idempotency-key-invalid",
    StatusCode::BAD_REQUEST,
    "The header Idempotency-Key must be the order id",
);
/// The largest webhook that is read, in bytes.
const WEBHOOK_LIMIT: usize = 256 * 1024;

/// What the handlers share.
pub struct Api<J, P, C> {
    /// The service.
    pub payments: Payments<J, P, C>,
    /// Reads webhooks.
    pub provider: Arc<P>,
    /// Tells how old a webhook is.
    pub clock: Arc<C>,
    /// Finishes what callers do not wait for.
    pub work: Work,
}

impl<J: Clone, P, C> Clone for Api<J, P, C> {
    fn clone(&self) -> Self {
        Self {
            payments: self.payments.clone(),
            provider: Arc::clone(&self.provider),
            clock: Arc::clone(&self.clock),
            work: self.work.clone(),
        }
    }
}

/// The routes of payment.
pub fn router<J: Journal, P: Provider + Webhooks, C: Clock>(api: Api<J, P, C>) -> Router {
    let router = Router::new()
        .route("/v1/charges", post(charge::<J, P, C>))
        .route("/v1/charges/{order_id}", get(find::<J, P, C>))
        .route("/v1/voids", post(void::<J, P, C>))
        .route("/v1/refunds", post(refund::<J, P, C>))
        .route("/v1/payments/webhooks/{provider}", post(webhook::<J, P, C>));
    problem::with_fallbacks(router).with_state(api)
}

#[derive(Deserialize)]
struct ChargeBody {
    user_id: Uuid,
    amount: Money,
    payment_token: String,
    #[serde(default = "first")]
    attempt: u32,
}

fn first() -> u32 {
    1
}

async fn charge<J: Journal, P: Provider, C: Clock>(
    Shared(api): Shared<Api<J, P, C>>,
    headers: HeaderMap,
    ValidJson(body): ValidJson<ChargeBody>,
) -> Result<Response, Problem> {
    let order_id = order_id(&headers)?;
    validate(&body)?;
    let ChargeBody {
        user_id,
        amount,
        payment_token,
        attempt,
    } = body;
    let request = ChargeRequest {
        order_id,
        user_id,
        amount,
        payment_token,
    };
    let payments = api.payments;
    let attempt = attempt.max(mesh_try(&headers));
    let state = api
        .work
        .run(async move { payments.charge(&request, attempt).await })
        .await?;
    metrics::counter!("holdfast_payment_charges_total", "outcome" => outcome_label(&state)).increment(1);
    Ok(answer(state?))
}

async fn find<J: Journal, P: Provider, C: Clock>(
    Shared(api): Shared<Api<J, P, C>>,
    ValidPath(order_id): ValidPath<Uuid>,
) -> Result<Response, Problem> {
    Ok(answer(api.payments.get(order_id).await?))
}

#[derive(Deserialize)]
struct PaymentBody {
    order_id: Uuid,
    user_id: Uuid,
}

async fn void<J: Journal, P: Provider, C: Clock>(
    Shared(api): Shared<Api<J, P, C>>,
    ValidJson(PaymentBody { order_id, user_id }): ValidJson<PaymentBody>,
) -> Result<Response, Problem> {
    let payments = api.payments;
    let state = api
        .work
        .run(async move { payments.void(order_id, user_id).await })
        .await?;
    metrics::counter!("holdfast_payment_voids_total", "outcome" => outcome_label(&state)).increment(1);
    Ok(answer(state?))
}

async fn refund<J: Journal, P: Provider, C: Clock>(
    Shared(api): Shared<Api<J, P, C>>,
    ValidJson(PaymentBody { order_id, user_id }): ValidJson<PaymentBody>,
) -> Result<Response, Problem> {
    let payments = api.payments;
    let state = api
        .work
        .run(async move { payments.refund(order_id, user_id).await })
        .await?;
    metrics::counter!("holdfast_payment_refunds_total", "outcome" => outcome_label(&state)).increment(1);
    Ok(match state? {
        // Nothing was taken: for whoever wants his money back that is the same as a void.
        State::Declined(_) => answer(State::Voided),
        state => answer(state),
    })
}

async fn webhook<J: Journal, P: Provider + Webhooks, C: Clock>(
    Shared(api): Shared<Api<J, P, C>>,
    ValidPath(name): ValidPath<String>,
    headers: HeaderMap,
    RawBody(body): RawBody<WEBHOOK_LIMIT>,
) -> Result<StatusCode, Problem> {
    if name != api.provider.name() {
        return Err(Problem::new(&NOT_FOUND));
    }
    let result = take_webhook(api, &headers, &body).await;
    let label = match &result {
        Ok(()) => "taken",
        Err(problem) if problem.status().is_server_error() => "failed",
        Err(_) => "refused",
    };
    metrics::counter!("holdfast_payment_webhooks_total", "result" => label).increment(1);
    result.map(|()| StatusCode::NO_CONTENT)
}

async fn take_webhook<J: Journal, P: Provider + Webhooks, C: Clock>(
    api: Api<J, P, C>,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<(), Problem> {
    let signature = headers
        .get(api.provider.signature_header())
        .and_then(|value| value.to_str().ok());
    let signature =
        signature.ok_or_else(|| Problem::new(&SIGNATURE_INVALID).detail("there is no signature"))?;
    let Some(notification) = api.provider.notification(signature, body, api.clock.now())? else {
        return Ok(());
    };
    let payments = api.payments;
    api.work
        .run(async move { payments.apply(notification).await })
        .await??;
    Ok(())
}

/// Which try of the same request this is, as the caller's proxy counts them: an earlier one may have charged.
fn mesh_try(headers: &HeaderMap) -> u32 {
    let count = headers.get("x-envoy-attempt-count");
    let count = count.and_then(|count| count.to_str().ok()?.parse().ok());
    count.unwrap_or(1)
}

fn order_id(headers: &HeaderMap) -> Result<Uuid, Problem> {
    let key = headers
        .get("idempotency-key")
        .and_then(|value| value.to_str().ok());
    key.and_then(|key| key.parse().ok()).ok_or_else(|| {
        Problem::new(&KEY_INVALID).field(
            "Idempotency-Key",
            key.map(Value::from).unwrap_or_default(),
            "must be a UUID",
        )
    })
}

fn validate(body: &ChargeBody) -> Result<(), Problem> {
    let currency = body.amount.currency.as_str();
    if body.amount.amount <= 0 {
        return Err(invalid("amount.amount", body.amount.amount, "must be positive"));
    }
    if currency.len() != 3 || !currency.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Err(invalid("amount.currency", currency, "must be an ISO 4217 code"));
    }
    // Not repeated in the answer: a token is worth money.
    if !(1..=255).contains(&body.payment_token.len()) {
        return Err(invalid(
            "payment_token",
            Value::Null,
            "must be 1 to 255 bytes long",
        ));
    }
    if body.attempt == 0 {
        return Err(invalid("attempt", 0, "counts from 1"));
    }
    Ok(())
}

fn invalid(field: &str, value: impl Into<Value>, detail: &str) -> Problem {
    Problem::new(&INVALID_REQUEST).field(field, value, detail)
}
