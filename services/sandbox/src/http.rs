//! The card provider's HTTP API, and the truth about all providers under `/sandbox`.

use axum::Extension;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use bytes::Bytes;
use holdfast_platform::problem::{
    self, INVALID_REQUEST, Problem, ProblemType, ValidJson, ValidPath, ValidQuery,
};
use serde::{Deserialize, Serialize};

use crate::charge::{Charge, ChargeRequest, Status};
use crate::connection::Lifeline;
use crate::inbox::{self, NO_SNIFF, STATIC_PAGE};
use crate::ledger::Error;
use crate::page;
use crate::post::PostOffice;
use crate::provider::Provider;
use crate::sms;

const KEY_MISSING: ProblemType = ProblemType::new(
    "idempotency-key-invalid",
    StatusCode::BAD_REQUEST,
    "The header Idempotency-Key is needed: 1 to 255 visible ASCII characters",
);
const KEY_REUSED: ProblemType = ProblemType::new(
    "idempotency-key-reused",
    StatusCode::UNPROCESSABLE_ENTITY,
    "The Idempotency-Key was used for another request",
);
const NOT_CAPTURED: ProblemType = ProblemType::new(
    "charge-not-captured",
    StatusCode::CONFLICT,
    "There is nothing to refund",
);
const MAX_PAGE: usize = 10_000;
const DEFAULT_PAGE: usize = 1_000;
const ROWS: usize = 200;

/// The routes of the providers.
pub fn router(provider: Provider, office: PostOffice) -> Router {
    let router = Router::new()
        .route("/v1/charges", post(charge).get(find_by_query))
        .route("/v1/charges/by-key/{key}", get(find))
        .route("/v1/charges/by-key/{key}/void", post(void))
        .route("/v1/charges/{charge_id}/refunds", post(refund))
        .route("/sandbox/charges", get(list))
        .with_state(provider.clone());
    let page = Router::new()
        .route("/sandbox", get(html))
        .with_state((provider, office.clone()));
    let router = router
        .merge(page)
        .merge(inbox::router(office.clone()))
        .merge(sms::router(office));
    problem::with_fallbacks(router)
}

async fn charge(
    State(provider): State<Provider>,
    Extension(lifeline): Extension<Lifeline>,
    headers: HeaderMap,
    ValidJson(request): ValidJson<ChargeRequest>,
) -> Result<Response, Problem> {
    let key = idempotency_key(&headers)?;
    validate(&request)?;
    match provider.charge(key, request).await? {
        Some(charge) => Ok(answer(&charge)),
        None => {
            lifeline.cut();
            Ok(StatusCode::OK.into_response())
        }
    }
}

#[derive(Deserialize)]
struct ByKey {
    idempotency_key: String,
}

async fn find_by_query(
    State(provider): State<Provider>,
    ValidQuery(query): ValidQuery<ByKey>,
) -> Result<Response, Problem> {
    Ok(answer(&provider.find(&query.idempotency_key)?))
}

async fn find(
    State(provider): State<Provider>,
    ValidPath(key): ValidPath<String>,
) -> Result<Response, Problem> {
    Ok(answer(&provider.find(&key)?))
}

#[derive(Deserialize)]
struct VoidQuery {
    order_id: Option<String>,
}

async fn void(
    State(provider): State<Provider>,
    ValidPath(key): ValidPath<String>,
    ValidQuery(query): ValidQuery<VoidQuery>,
) -> Result<Response, Problem> {
    Ok(answer(&provider.void(&key, query.order_id.as_deref())?))
}

#[derive(Serialize)]
struct RefundAnswer<'a> {
    refund_id: &'a str,
    charge_id: &'a str,
    amount: i64,
    currency: &'a str,
}

async fn refund(
    State(provider): State<Provider>,
    ValidPath(charge_id): ValidPath<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let charge = provider.refund(&charge_id, idempotency_key(&headers)?)?;
    let Some(refund) = &charge.refund else {
        return Err(Problem::new(&NOT_CAPTURED));
    };
    Ok(json(
        StatusCode::OK,
        &RefundAnswer {
            refund_id: &refund.refund_id,
            charge_id: &charge.charge_id,
            amount: charge.refunded,
            currency: &charge.currency,
        },
    ))
}

#[derive(Deserialize)]
struct ListQuery {
    order_id: Option<String>,
    cursor: Option<usize>,
    limit: Option<usize>,
}

async fn list(State(provider): State<Provider>, ValidQuery(query): ValidQuery<ListQuery>) -> Response {
    let limit = query.limit.unwrap_or(DEFAULT_PAGE).clamp(1, MAX_PAGE);
    json(
        StatusCode::OK,
        &provider.page(query.order_id.as_deref(), query.cursor.unwrap_or(0), limit),
    )
}

async fn html(State((provider, office)): State<(Provider, PostOffice)>) -> Response {
    let (charges, totals) = provider.newest(ROWS);
    let (messages, counts) = office.newest(ROWS);
    let page = page::render((&charges, totals), (&messages, counts));
    ([STATIC_PAGE, NO_SNIFF], Html(page)).into_response()
}

fn idempotency_key(headers: &HeaderMap) -> Result<&str, Problem> {
    headers
        .get("idempotency-key")
        .and_then(|value| value.to_str().ok())
        .filter(|key| (1..=255).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic()))
        .ok_or_else(|| Problem::new(&KEY_MISSING))
}

fn validate(request: &ChargeRequest) -> Result<(), Problem> {
    let currency = &request.amount.currency;
    if request.amount.amount <= 0 {
        return Err(Problem::new(&INVALID_REQUEST).field(
            "amount.amount",
            request.amount.amount,
            "must be positive",
        ));
    }
    if currency.len() != 3 || !currency.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Err(Problem::new(&INVALID_REQUEST).field(
            "amount.currency",
            currency.as_str(),
            "must be an ISO 4217 code",
        ));
    }
    Ok(())
}

fn answer(charge: &Charge) -> Response {
    let status = if charge.status == Status::Pending {
        StatusCode::ACCEPTED
    } else {
        StatusCode::OK
    };
    json(status, charge)
}

fn json(status: StatusCode, value: &impl Serialize) -> Response {
    match serde_json::to_vec(value) {
        Ok(body) => (
            status,
            [(header::CONTENT_TYPE, "application/json")],
            Bytes::from(body),
        )
            .into_response(),
        Err(error) => Problem::new(&problem::INTERNAL)
            .detail(error.to_string())
            .into_response(),
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let kind = match error {
            Error::Outage | Error::Storage(_) => &problem::INTERNAL,
            Error::Unknown => &problem::NOT_FOUND,
            Error::KeyReused => &KEY_REUSED,
            Error::NotCaptured(_) => &NOT_CAPTURED,
        };
        Self::new(kind).detail(error.to_string())
    }
}
