//! `POST …/receipts`: goods that came in.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use holdfast_inventory_core::{Line, MAX_RECEIPT_QUANTITY, Receipt, Refusal, is_sku};
use holdfast_platform::problem::{
    INVALID_REQUEST, NOT_FOUND, Problem, ProblemType, UNAVAILABLE, ValidJson, ValidPath,
};
use serde::{Deserialize, Serialize};

use super::Api;
use crate::receipts::MAX_RECEIPTS;
use crate::writer::ReceiptOutcome;

/// A receipt id was used before for something else.
pub const RECEIPT_CONFLICT: ProblemType = ProblemType::new(
    "receipt-conflict",
    StatusCode::CONFLICT,
    "The receipt id stands for another receipt",
);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OneReceipt {
    quantity: u32,
    receipt_id: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ManyReceipts {
    receipts: Vec<ReceiptBody>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReceiptBody {
    sku: String,
    quantity: u32,
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

#[derive(Serialize)]
struct Outcomes {
    items: Vec<ItemOutcome>,
}

#[derive(Serialize)]
struct ItemOutcome {
    #[serde(flatten)]
    receipt: ReceiptBody,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

/// Counts one receipt: 201 the first time, 200 when it comes again.
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

/// Counts many receipts, each by itself: what one of them is refused for does not concern the others.
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
