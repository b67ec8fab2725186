//! `POST …/receipts`: goods that came in.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use holdfast_inventory_core::{Line, MAX_RECEIPT_QUANTITY, Receipt, Refusal, is_sku};
use holdfast_platform::openapi::JSON_BODY;
use holdfast_platform::problem::{
    INVALID_REQUEST, NOT_FOUND, Problem, ProblemType, UNAVAILABLE, ValidJson, ValidPath,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Api;
use crate::receipts::MAX_RECEIPTS;
use crate::writer::ReceiptOutcome;

/// A receipt id was used before for something else.
pub const RECEIPT_CONFLICT: ProblemType = ProblemType::new(
    "receipt-conflict",
    StatusCode::CONFLICT,
    "The receipt id stands for another receipt",
);

/// Goods that came in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReceiptRequest)]
pub(super) struct OneReceipt {
    /// How many.
    #[schema(minimum = 1, maximum = 1_000_000)]
    quantity: u32,
    /// Your name for this receipt: it counts once.
    #[schema(min_length = 1, max_length = 128, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    receipt_id: String,
}

/// Goods that came in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReceiptListRequest)]
pub(super) struct ManyReceipts {
    #[schema(min_items = 1, max_items = 500)]
    receipts: Vec<ReceiptBody>,
}

/// Goods that came in.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Receipt)]
struct ReceiptBody {
    #[schema(max_length = 64, pattern = "^[A-Za-z0-9._-]+$")]
    sku: String,
    /// How many.
    #[schema(minimum = 1, maximum = 1_000_000)]
    quantity: u32,
    /// Your name for this receipt: it counts once.
    #[schema(min_length = 1, max_length = 128, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    receipt_id: String,
}

impl From<ReceiptBody> for Receipt {
    fn from(
        ReceiptBody {
            sku,
            quantity,
            receipt_id,
        }: ReceiptBody,
    ) -> Self {
        Self {
            receipt_id,
            line: Line { sku, quantity },
        }
    }
}

impl From<Receipt> for ReceiptBody {
    fn from(
        Receipt {
            receipt_id,
            line: Line { sku, quantity },
        }: Receipt,
    ) -> Self {
        Self {
            sku,
            quantity,
            receipt_id,
        }
    }
}

/// What became of each receipt.
#[derive(Serialize, ToSchema)]
#[schema(as = ReceiptOutcomeList)]
struct Outcomes {
    items: Vec<ItemOutcome>,
}

/// What became of a receipt: `counted`, `repeated` or `refused`.
#[derive(Serialize, ToSchema)]
#[schema(as = ReceiptOutcome)]
struct ItemOutcome {
    #[serde(flatten)]
    #[schema(inline)]
    receipt: ReceiptBody,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

holdfast_platform::problems! {
    /// Why a receipt is not counted.
    NotCounted: JSON_BODY, &[&NOT_FOUND, &RECEIPT_CONFLICT]
}

holdfast_platform::problems! {
    /// Why no receipt is counted.
    NoneCounted: JSON_BODY
}

/// Count goods that came in
///
/// For staff. The same receipt counts once, however often it is sent.
#[utoipa::path(
    post,
    path = "/v1/stock/{sku}/receipts",
    operation_id = "createReceipt",
    tag = "stock",
    security(("bearer" = ["staff"])),
    params(("sku" = String, Path, description = "The stock keeping unit", example = "tea-sencha-100", max_length = 64, pattern = "^[A-Za-z0-9._-]+$")),
    request_body(content = OneReceipt, example = json!({"quantity": 24, "receipt_id": "delivery-2026-11-23-7"})),
    responses(
        (status = 201, description = "Counted", body = ReceiptBody),
        (status = 200, description = "It was counted before", body = ReceiptBody),
        NotCounted,
    ),
)]
pub(super) async fn one(
    State(api): State<Api>,
    ValidPath(sku): ValidPath<String>,
    ValidJson(body): ValidJson<OneReceipt>,
) -> Result<Response, Problem> {
    if !is_sku(&sku) {
        return Err(Problem::new(&NOT_FOUND).detail("the path does not name a SKU"));
    }
    let OneReceipt { quantity, receipt_id } = body;
    let receipt = Receipt {
        receipt_id,
        line: Line { sku, quantity },
    };
    let outcomes = count(&api, vec![receipt.clone()]).await?;
    let status = match outcomes.into_iter().next() {
        Some(ReceiptOutcome::Counted) => StatusCode::CREATED,
        Some(ReceiptOutcome::Repeated) => StatusCode::OK,
        Some(ReceiptOutcome::Refused(refusal)) => return Err(refused(&receipt, &refusal)),
        None => return Err(unavailable("the writer has not answered")),
    };
    Ok((status, Json(ReceiptBody::from(receipt))).into_response())
}

/// Count many receipts
///
/// Each by itself: what one of them is refused for does not concern the others.
#[utoipa::path(
    post,
    path = "/v1/receipts",
    operation_id = "createReceipts",
    tag = "stock",
    request_body(
        content = ManyReceipts,
        example = json!({"receipts": [{"sku": "tea-sencha-100", "quantity": 24, "receipt_id": "delivery-7"}]}),
    ),
    responses((status = 200, description = "What became of each", body = Outcomes), NoneCounted),
)]
pub(super) async fn many(
    State(api): State<Api>,
    ValidJson(body): ValidJson<ManyReceipts>,
) -> Result<Response, Problem> {
    let count_given = body.receipts.len();
    if !(1..=MAX_RECEIPTS).contains(&count_given) {
        let detail = format!("must hold 1 to {MAX_RECEIPTS} receipts");
        return Err(Problem::new(&INVALID_REQUEST).field("receipts", count_given, detail));
    }
    let receipts: Vec<Receipt> = body.receipts.into_iter().map(Receipt::from).collect();
    let outcomes = count(&api, receipts.clone()).await?;
    let items = receipts
        .into_iter()
        .zip(outcomes)
        .map(|(receipt, outcome)| item(receipt, &outcome));
    Ok(Json(Outcomes {
        items: items.collect(),
    })
    .into_response())
}

fn item(receipt: Receipt, outcome: &ReceiptOutcome) -> ItemOutcome {
    let (outcome, detail) = match outcome {
        ReceiptOutcome::Counted => ("counted", None),
        ReceiptOutcome::Repeated => ("repeated", None),
        ReceiptOutcome::Refused(refusal) => ("refused", Some(refusal.to_string())),
    };
    ItemOutcome {
        receipt: receipt.into(),
        outcome,
        detail,
    }
}

async fn count(api: &Api, receipts: Vec<Receipt>) -> Result<Vec<ReceiptOutcome>, Problem> {
    api.desk
        .count(receipts)
        .await
        .map_err(|error| unavailable(&error.to_string()))
}

fn unavailable(detail: &str) -> Problem {
    Problem::new(&UNAVAILABLE)
        .detail(detail)
        .retry_after(Duration::from_secs(2))
}

fn refused(receipt: &Receipt, refusal: &Refusal) -> Problem {
    let invalid = || Problem::new(&INVALID_REQUEST);
    let (id, quantity) = (receipt.receipt_id.as_str(), receipt.line.quantity);
    match refusal {
        Refusal::OtherReceipt { .. } => {
            Problem::new(&RECEIPT_CONFLICT).field("receipt_id", id, refusal.to_string())
        }
        Refusal::ReceiptId => invalid().field("receipt_id", id, refusal.to_string()),
        Refusal::Sku => invalid().field("sku", receipt.line.sku.as_str(), refusal.to_string()),
        Refusal::Quantity => invalid().field(
            "quantity",
            quantity,
            format!("must be 1 to {MAX_RECEIPT_QUANTITY}"),
        ),
        Refusal::TooMuch => invalid().field("quantity", quantity, refusal.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use holdfast_platform::openapi::testing::request_example;

    use super::*;
    use crate::http::documents;

    #[test]
    fn the_examples_of_requests_are_some() {
        let [public, internal] = documents();
        let one = request_example(&public, "post", "/v1/stock/{sku}/receipts");
        assert!(serde_json::from_value::<OneReceipt>(one).is_ok());
        let many = request_example(&internal, "post", "/v1/receipts");
        assert!(serde_json::from_value::<ManyReceipts>(many).is_ok());
    }
}
