//! The HTTP API of payment: charges, refunds, webhooks.

mod answer;

use std::sync::Arc;

use axum::Router;
use axum::extract::State as Shared;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use holdfast_platform::clock::Clock;
use holdfast_platform::journal::Journal;
use holdfast_platform::openapi::{self, JSON_BODY, OpenApi, OpenApiRouter, operation};
use holdfast_platform::problem::{
    self, BODY_TOO_LARGE, INCOMPLETE_BODY, INVALID_PARAMETER, INVALID_REQUEST, NOT_FOUND, Problem,
    ProblemType, RawBody, SLOW_BODY, ValidJson, ValidPath,
};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use self::answer::{
    AMOUNT_DIFFERS, Answer, PROVIDER_REFUSED, PROVIDER_TIMEOUT, PROVIDER_UNAVAILABLE, SIGNATURE_INVALID,
    WEBHOOK_MALFORMED, answer, outcome_label,
};
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
    let (router, _) = public().merge(internal()).split_for_parts();
    problem::with_fallbacks(router).with_state(api)
}

/// What the routes look like in OpenAPI: those that the gateway leads to, and those for other services.
#[must_use]
pub fn documents<J: Journal, P: Provider + Webhooks, C: Clock>() -> [OpenApi; 2] {
    [
        public::<J, P, C>().into_openapi(),
        internal::<J, P, C>().into_openapi(),
    ]
}

fn public<J: Journal, P: Provider + Webhooks, C: Clock>() -> OpenApiRouter<Api<J, P, C>> {
    openapi::router().routes(operation(__path_webhook, webhook::<J, P, C>))
}

fn internal<J: Journal, P: Provider, C: Clock>() -> OpenApiRouter<Api<J, P, C>> {
    openapi::router()
        .routes(operation(__path_charge, charge::<J, P, C>))
        .routes(operation(__path_find, find::<J, P, C>))
        .routes(operation(__path_void, void::<J, P, C>))
        .routes(operation(__path_refund, refund::<J, P, C>))
}

const PROVIDER: &[&ProblemType] = &[&PROVIDER_TIMEOUT, &PROVIDER_UNAVAILABLE, &PROVIDER_REFUSED];

holdfast_platform::problems! {
    /// Why nothing is charged, or nobody knows.
    NotCharged: JSON_BODY, PROVIDER, &[&KEY_INVALID, &AMOUNT_DIFFERS]
}

holdfast_platform::problems! {
    /// Why it is not told what became of a charge.
    NotFound: PROVIDER, &[&INVALID_PARAMETER, &NOT_FOUND]
}

holdfast_platform::problems! {
    /// Why nothing is given back, or nobody knows.
    NotUndone: JSON_BODY, PROVIDER, &[&NOT_FOUND]
}

holdfast_platform::problems! {
    /// Why a webhook is not taken.
    NotTaken: &[&WEBHOOK_MALFORMED, &INCOMPLETE_BODY, &SLOW_BODY, &BODY_TOO_LARGE, &SIGNATURE_INVALID, &NOT_FOUND]
}

/// What is to be charged.
#[derive(Deserialize, ToSchema)]
#[schema(as = ChargeRequest)]
struct ChargeBody {
    user_id: Uuid,
    amount: Money,
    /// How the provider knows the card.
    #[schema(min_length = 1, max_length = 255)]
    payment_token: String,
    /// Which try of this charge it is.
    #[serde(default = "first")]
    #[schema(minimum = 1)]
    attempt: u32,
}

fn first() -> u32 {
    1
}

/// Charge a card for an order
///
/// Once, however often it is asked for.
#[utoipa::path(
    post,
    path = "/v1/charges",
    operation_id = "createCharge",
    tag = "payments",
    params(("Idempotency-Key" = Uuid, Header, description = "The order")),
    request_body(
        content = ChargeBody,
        example = json!({
            "user_id": "01900000-0000-7000-8000-00000000c001", "amount": {"amount": 2980, "currency": "EUR"},
            "payment_token": "tok_ok", "attempt": 1,
        }),
    ),
    responses(
        (status = 200, description = "What became of it", body = Answer),
        (status = 202, description = "Not known yet", body = Answer),
        NotCharged,
    ),
)]
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

/// Read what became of a charge
///
/// The provider is asked where the record does not tell.
#[utoipa::path(
    get,
    path = "/v1/charges/{order_id}",
    operation_id = "getCharge",
    tag = "payments",
    params(("order_id" = Uuid, Path, description = "The order")),
    responses(
        (status = 200, description = "What became of it", body = Answer),
        (status = 202, description = "Not known yet", body = Answer),
        NotFound,
    ),
)]
async fn find<J: Journal, P: Provider, C: Clock>(
    Shared(api): Shared<Api<J, P, C>>,
    ValidPath(order_id): ValidPath<Uuid>,
) -> Result<Response, Problem> {
    Ok(answer(api.payments.get(order_id).await?))
}

/// Whose payment is meant.
#[derive(Deserialize, ToSchema)]
#[schema(as = PaymentRequest)]
struct PaymentBody {
    order_id: Uuid,
    user_id: Uuid,
}

/// Void a payment
///
/// After it nothing more is captured; what was captured before stays.
#[utoipa::path(
    post,
    path = "/v1/voids",
    operation_id = "createVoid",
    tag = "payments",
    request_body(
        content = PaymentBody,
        example = json!({
            "order_id": "01900000-0000-7000-8000-0000000000a1", "user_id": "01900000-0000-7000-8000-00000000c001",
        }),
    ),
    responses(
        (status = 200, description = "What became of it", body = Answer),
        (status = 202, description = "Not known yet", body = Answer),
        NotUndone,
    ),
)]
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

/// Refund a payment
///
/// After it no money is held, and none will be.
#[utoipa::path(
    post,
    path = "/v1/refunds",
    operation_id = "createRefund",
    tag = "payments",
    request_body(
        content = PaymentBody,
        example = json!({
            "order_id": "01900000-0000-7000-8000-0000000000a1", "user_id": "01900000-0000-7000-8000-00000000c001",
        }),
    ),
    responses(
        (status = 200, description = "What became of it", body = Answer),
        (status = 202, description = "Not known yet", body = Answer),
        NotUndone,
    ),
)]
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

/// Tell what became of a charge
///
/// For the payment provider. The sandbox signs `<time>.<body>` with HMAC-SHA256, at most five minutes ago; other
/// providers have headers and bodies of their own.
#[utoipa::path(
    post,
    path = "/v1/payments/webhooks/{provider}",
    operation_id = "receiveWebhook",
    tag = "payments",
    security(("webhook" = [])),
    params(("provider" = String, Path, description = "Which provider", example = "sandbox")),
    request_body(content = Object, description = "As the provider writes it"),
    responses((status = 204, description = "Taken"), NotTaken),
)]
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

#[cfg(test)]
mod tests {
    use holdfast_platform::clock::SystemClock;
    use holdfast_platform::journal::memory::MemoryJournal;
    use holdfast_platform::openapi::testing::request_example;

    use super::*;
    use crate::provider::sandbox::Sandbox;

    #[test]
    fn the_examples_of_requests_are_some() {
        let [_, document] = documents::<MemoryJournal, Sandbox, SystemClock>();
        let charge = request_example(&document, "post", "/v1/charges");
        let charge: ChargeBody = serde_json::from_value(charge).expect("the handler's type");
        assert!(validate(&charge).is_ok());
        for path in ["/v1/voids", "/v1/refunds"] {
            let payment = request_example(&document, "post", path);
            assert!(serde_json::from_value::<PaymentBody>(payment).is_ok(), "{path}");
        }
    }
}
