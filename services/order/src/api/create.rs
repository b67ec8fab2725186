//! `POST /v1/orders`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::header::LOCATION;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use holdfast_contracts::ids;
use holdfast_order_core::{Command, Line, Money, NewOrder, OrderId, total};
use holdfast_platform::openapi::JSON_BODY;
use holdfast_platform::problem::{INTERNAL, INVALID_PARAMETER, Problem, ValidJson};

use super::headers::{IdempotencyKey, about, location};
use super::identity::Caller;
use super::problems::{self, CONTENDED, KEY_REUSED, PRICE_CHANGED};
use super::request::{OrderRequest, Wanted, wrong};
use super::view::MoneyView;
use super::{Api, OrderView, Wiring};
use crate::patience;
use crate::ports::{Availability, Prices, Stock};
use crate::replay::{OrderKey, Versioned};
use crate::saga::{Applied, Basis, Error};

holdfast_platform::problems! {
    /// Why an order is not taken.
    Refused: JSON_BODY, &[&INVALID_PARAMETER, &KEY_REUSED, &PRICE_CHANGED, &CONTENDED]
}

/// Take an order
///
/// The same `Idempotency-Key` is always the same order: the request can be repeated safely until it is answered, also
/// after a 503. Prices are those of the catalogue. What becomes of the order is told by its `status`.
#[utoipa::path(
    post,
    path = "/v1/orders",
    operation_id = "createOrder",
    tag = "orders",
    security(("bearer" = [])),
    params((
        "Idempotency-Key" = String, Header,
        description = "1 to 255 visible ASCII characters, bare or as a quoted string",
        pattern = r#"^([!#-~][!-~]{0,254}|"([!#-\[\]-~]|\\["\\]){1,255}")$"#,
        example = "8e03978e-40d5-43e8-bc93-6894a57f9324",
    )),
    request_body(
        content = OrderRequest,
        example = json!({
            "lines": [{"sku": "tea-sencha-100", "quantity": 2}, {"sku": "teapot-cast-iron", "quantity": 1}],
            "payment_token": "tok_ok",
        }),
    ),
    responses(
        (
            status = 201, description = "The order was taken", body = OrderView,
            headers(("ETag" = String, description = "Its version"), ("Location" = String, description = "Where it is")),
            links(
                ("order" = (operation_id = "getOrder", parameters(("id" = "$response.body#/id")))),
                ("events" = (operation_id = "listOrderEvents", parameters(("id" = "$response.body#/id")))),
                ("cancel" = (operation_id = "cancelOrder", parameters(("id" = "$response.body#/id")))),
            ),
        ),
        (
            status = 200, description = "The same request took this order before", body = OrderView,
            headers(("ETag" = String, description = "Its version"), ("Location" = String, description = "Where it is")),
        ),
        Refused,
    ),
)]
pub(super) async fn create<W: Wiring>(
    State(api): State<Arc<Api<W>>>,
    caller: Caller,
    IdempotencyKey(idempotency_key): IdempotencyKey,
    ValidJson(request): ValidJson<OrderRequest>,
) -> Result<Response, Problem> {
    let wanted = request.check()?;
    let key = OrderKey {
        user: caller.user,
        order: OrderId(ids::order_id(caller.user.0, &idempotency_key)),
    };
    if api.link.is_down() {
        return in_doubt(problems::orders_away(), &key);
    }
    let Some(applied) = patience::write(api.take(&key, &wanted)).await else {
        return in_doubt(problems::orders_away(), &key);
    };
    let Applied { order, events } = match applied? {
        Ok(applied) => applied,
        Err(error) => return refuse(error, &key),
    };
    let status = if events.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::CREATED
    };
    respond(status, &key, &order)
}

impl<W: Wiring> Api<W> {
    async fn take(&self, key: &OrderKey, wanted: &Wanted) -> Result<Result<Applied, Error>, Problem> {
        match self.price(wanted).await {
            Ok(new) => Ok(self.saga.apply(*key, Basis::New, Command::Create(new)).await),
            // What was taken before stays taken, also if it could not be taken now.
            Err(problem) => self.taken_before(key, wanted).await.ok_or(problem),
        }
    }

    /// The order at the prices of the catalogue.
    async fn price(&self, wanted: &Wanted) -> Result<NewOrder, Problem> {
        let (prices, availability) = futures::join!(
            self.prices.prices(&wanted.skus),
            self.stock.availability(&wanted.skus)
        );
        let prices = prices.map_err(|unanswered| {
            tracing::warn!("{unanswered}");
            problems::unavailable("prices cannot be had")
        })?;
        let lines = lines(wanted, prices)?;
        let total =
            total(&lines).map_err(|error| wrong("lines", serde_json::Value::Null, error.to_string()))?;
        expect_total(&total, wanted.expected_total.as_ref())?;
        Ok(NewOrder {
            lines: lines.into(),
            total,
            payment_token: wanted.payment_token.clone(),
            limited_stock: availability == Availability::Stale,
            fingerprint: wanted.fingerprint.clone(),
        })
    }

    async fn taken_before(&self, key: &OrderKey, wanted: &Wanted) -> Option<Result<Applied, Error>> {
        let order = self.saga.store().newest(key).await.ok()?;
        let is_the_same = order.state.order()?.fingerprint == wanted.fingerprint;
        let refusal = holdfast_order_core::Refusal::CreatedDifferently;
        Some(if is_the_same {
            Ok(Applied {
                order,
                events: Vec::new(),
            })
        } else {
            Err(refusal.into())
        })
    }
}

fn lines(wanted: &Wanted, prices: Vec<Option<Money>>) -> Result<Vec<Line>, Problem> {
    let priced = wanted.skus.iter().zip(&wanted.quantities).zip(prices).enumerate();
    priced
        .map(|(n, ((sku, quantity), price))| match price {
            Some(unit_price) => Ok(Line {
                sku: sku.clone(),
                quantity: *quantity,
                unit_price,
            }),
            None => Err(wrong(
                format!("lines[{n}].sku"),
                sku.as_str(),
                "is not in the catalogue",
            )),
        })
        .collect()
}

fn expect_total(total: &Money, expected: Option<&Money>) -> Result<(), Problem> {
    match expected {
        None => Ok(()),
        Some(expected) if expected == total => Ok(()),
        Some(Money { currency, .. }) if *currency != total.currency => Err(wrong(
            "expected_total.currency",
            currency.as_str(),
            format!("the order is priced in {}", total.currency),
        )),
        Some(expected) => Err(Problem::new(&PRICE_CHANGED)
            .detail(format!("the total is {total}"))
            .field("expected_total", expected.to_string(), "differs from the total")
            .with("expected_total", serde_json::json!(MoneyView::of(expected)))
            .with("total", serde_json::json!(MoneyView::of(total)))),
    }
}

fn respond(status: StatusCode, key: &OrderKey, order: &Versioned) -> Result<Response, Problem> {
    let state = order.state.order().ok_or_else(|| Problem::new(&INTERNAL))?;
    let mut headers: HeaderMap = about(state.version, None).map_err(|_| Problem::new(&INTERNAL))?;
    headers.insert(LOCATION, location(key.order.0)?);
    Ok((status, headers, Json(OrderView::of(key, state))).into_response())
}

fn refuse(error: Error, key: &OrderKey) -> Result<Response, Problem> {
    let problem = problems::of_saga(error, key.order.0);
    match problem.status() {
        StatusCode::SERVICE_UNAVAILABLE => in_doubt(problem, key),
        _ => Err(problem),
    }
}

/// What was sent, now or by an earlier request with the same key, may have been stored all the same: the client is
/// told where the order will be then.
fn in_doubt(problem: Problem, key: &OrderKey) -> Result<Response, Problem> {
    let location = location(key.order.0)?;
    let problem = problem.detail(
        "whether the order was taken is not known: it will be at Location if it was, and the same request with the same \
         Idempotency-Key may be repeated safely",
    );
    Ok(([(LOCATION, location)], problem).into_response())
}
