//! The body of `POST /v1/orders`, and what it may hold.

use std::collections::HashSet;

use holdfast_order_core::{Money, Quantity, Sku};
use holdfast_platform::problem::{INVALID_REQUEST, Problem};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

const MAX_LINES: usize = 100;
const MAX_QUANTITY: u32 = 1000;
const MAX_TOKEN: usize = 255;

/// A request for an order, as it stands in the body.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OrderRequest {
    /// What is wanted; each SKU in one line.
    #[schema(min_items = 1, max_items = 100)]
    lines: Vec<LineRequest>,
    /// How the payment provider knows the card.
    #[schema(min_length = 1, max_length = 255, pattern = "^[!-~]+$")]
    payment_token: String,
    /// What the customer was told that it costs: another total is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    expected_total: Option<MoneyRequest>,
}

#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OrderLineRequest)]
struct LineRequest {
    #[schema(min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9._-]+$")]
    sku: String,
    #[schema(minimum = 1, maximum = 1000)]
    quantity: i64,
}

#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ExpectedTotal)]
struct MoneyRequest {
    /// Minor units of the currency.
    #[schema(minimum = 0)]
    amount: i64,
    /// ISO 4217.
    #[schema(pattern = "^[A-Z]{3}$")]
    currency: String,
}

/// A request whose every field is as it must be.
pub(super) struct Wanted {
    pub(super) skus: Vec<Sku>,
    pub(super) quantities: Vec<Quantity>,
    pub(super) payment_token: String,
    pub(super) expected_total: Option<Money>,
    pub(super) fingerprint: String,
}

impl OrderRequest {
    /// Checks every field.
    ///
    /// # Errors
    /// A problem that names the first wrong field.
    pub(super) fn check(self) -> Result<Wanted, Problem> {
        let fingerprint = self.fingerprint();
        match self.lines.len() {
            1..=MAX_LINES => {}
            lines => return Err(wrong("lines", lines, format!("there must be 1 to {MAX_LINES}"))),
        }
        let mut seen = HashSet::with_capacity(self.lines.len());
        let mut wanted = Vec::with_capacity(self.lines.len());
        for (n, line) in self.lines.iter().enumerate() {
            let (sku, quantity) = line.check(n)?;
            if !seen.insert(line.sku.as_str()) {
                return Err(wrong(
                    format!("lines[{n}].sku"),
                    line.sku.as_str(),
                    "is in another line already",
                ));
            }
            wanted.push((sku, quantity));
        }
        let (skus, quantities) = wanted.into_iter().unzip();
        let payment_token = check_token(self.payment_token)?;
        let expected_total = self.expected_total.map(MoneyRequest::check).transpose()?;
        Ok(Wanted {
            skus,
            quantities,
            payment_token,
            expected_total,
            fingerprint,
        })
    }

    /// SHA-256 of what was asked for, whatever the spacing and the order of the fields in the body.
    fn fingerprint(&self) -> String {
        // A struct of strings and integers can always be written.
        let canonical = serde_json::to_vec(self).unwrap_or_default();
        hex::encode(Sha256::digest(canonical))
    }
}

impl LineRequest {
    fn check(&self, n: usize) -> Result<(Sku, Quantity), Problem> {
        let sku = Sku::parse(&self.sku)
            .ok_or_else(|| wrong(format!("lines[{n}].sku"), self.sku.as_str(), "is not a SKU"))?;
        let quantity = u32::try_from(self.quantity)
            .ok()
            .filter(|pieces| *pieces <= MAX_QUANTITY);
        let quantity = quantity.and_then(Quantity::new).ok_or_else(|| {
            wrong(
                format!("lines[{n}].quantity"),
                self.quantity,
                format!("must be 1 to {MAX_QUANTITY}"),
            )
        })?;
        Ok((sku, quantity))
    }
}

impl MoneyRequest {
    fn check(self) -> Result<Money, Problem> {
        let Self { amount, currency } = self;
        if amount < 0 {
            return Err(wrong("expected_total.amount", amount, "must not be negative"));
        }
        if currency.len() != 3 || !currency.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err(wrong(
                "expected_total.currency",
                currency,
                "is not an ISO 4217 code",
            ));
        }
        Ok(Money { amount, currency })
    }
}

fn check_token(token: String) -> Result<String, Problem> {
    let problem = |reason: &str| Err(wrong("payment_token", Value::Null, reason));
    match token.len() {
        0 => problem("is empty"),
        1..=MAX_TOKEN if token.bytes().all(|byte| byte.is_ascii_graphic()) => Ok(token),
        1..=MAX_TOKEN => problem("has characters that are not visible ASCII"),
        _ => problem("is longer than 255 characters"),
    }
}

pub(super) fn wrong(field: impl Into<String>, value: impl Into<Value>, reason: impl Into<String>) -> Problem {
    Problem::new(&INVALID_REQUEST).field(field, value, reason)
}
