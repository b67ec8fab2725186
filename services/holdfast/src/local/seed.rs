//! Sample data: products, stock and identities. Loading it again changes nothing.

use std::time::Duration;

use holdfast_catalog::sample;
use holdfast_contracts::subjects::CATALOG_BUCKET;
use holdfast_inventory_core::MAX_RECEIPT_QUANTITY;
use holdfast_platform::http;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Error, Options, Service};

/// The sample customer.
pub const CUSTOMER: Uuid = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_c001);
/// The sample member of the staff.
pub const STAFF: Uuid = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_5001);

/// How long inventory may take for one request.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// What inventory takes in one request.
const RECEIPTS_PER_REQUEST: usize = 500;

/// The sample products.
#[must_use]
pub fn sample_skus() -> Vec<String> {
    let products = sample::products().unwrap_or_default();
    products.into_iter().map(|product| product.sku).collect()
}

/// Products that are missing; one that somebody changed stays as it is.
pub(super) async fn products(client: &async_nats::Client) -> Result<(), Error> {
    let jetstream = async_nats::jetstream::new(client.clone());
    let bucket = jetstream
        .get_key_value(CATALOG_BUCKET)
        .await
        .map_err(|error| Error::Seed(error.to_string()))?;
    sample::load_sample(&bucket)
        .await
        .map_err(|error| Error::Seed(error.to_string()))?;
    Ok(())
}

/// Receives `options.stock` pieces of each product, once for each different number.
pub(super) async fn stock(options: &Options) -> Result<(), Error> {
    let port = options.ports.of(Service::Inventory).http;
    let url = format!("http://127.0.0.1:{port}/v1/receipts");
    let client = http::client(ANSWER_WITHIN, None)?;
    let receipts: Vec<Value> = sample_skus()
        .iter()
        .flat_map(|sku| receipts(sku, options.stock))
        .collect();
    for receipts in receipts.chunks(RECEIPTS_PER_REQUEST) {
        let answer = client
            .post(&url)
            .json(&json!({"receipts": receipts}))
            .send()
            .await;
        let answer = answer.and_then(reqwest::Response::error_for_status);
        answer.map_err(|error| Error::Seed(error.to_string()))?;
    }
    Ok(())
}

/// As many as it takes, since one has an upper limit.
fn receipts(sku: &str, stock: u32) -> impl Iterator<Item = Value> {
    let full = stock / MAX_RECEIPT_QUANTITY;
    let quantities = (0..full)
        .map(|_| MAX_RECEIPT_QUANTITY)
        .chain([stock % MAX_RECEIPT_QUANTITY]);
    quantities.filter(|quantity| *quantity > 0).enumerate().map(move |(number, quantity)| {
        json!({"sku": sku, "quantity": quantity, "receipt_id": format!("sample-{sku}-{stock}-{number}")})
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn receipts_add_up_to_the_stock_and_have_ids_of_their_own() {
        for stock in [0, 1, MAX_RECEIPT_QUANTITY, 2 * MAX_RECEIPT_QUANTITY + 7] {
            let receipts: Vec<_> = receipts("a", stock).collect();
            let sum: u64 = receipts
                .iter()
                .filter_map(|receipt| receipt["quantity"].as_u64())
                .sum();
            assert_eq!(sum, u64::from(stock));
            let ids: std::collections::HashSet<_> = receipts
                .iter()
                .map(|receipt| receipt["receipt_id"].to_string())
                .collect();
            assert_eq!(ids.len(), receipts.len());
        }
    }

    #[test]
    fn there_is_something_to_sell() {
        assert!(!sample_skus().is_empty());
    }
}
