//! What `order` expects of `catalog`: prices, or that there is no such product.

use holdfast_order::adapters::HttpPrices;
use holdfast_order::ports::Prices as _;
use holdfast_order_core::{Money, Sku};
use holdfast_platform::clock::ManualClock;
use holdfast_tests_pacts::Contract;
use pact_consumer::builders::{HttpPartBuilder as _, InteractionBuilder};
use pact_consumer::{json_pattern, json_pattern_internal, like, matching_regex};
use serde_json::json;

use crate::{KEEP, PATIENCE};

#[tokio::test]
async fn prices_are_in_minor_units() {
    let mut contract = Contract::between("order", "catalog");
    let sold = |mut interaction: InteractionBuilder| {
        interaction.given_with_params("a product", &json!({"sku": "tea-of-the-contract"}));
        interaction.request.get().path("/v1/products/tea-of-the-contract");
        let cacheable = matching_regex!(KEEP, "max-age=60, stale-if-error=600");
        let price = json_pattern!({"amount": like!(450), "currency": like!("EUR")});
        let response = interaction.response.ok().header("cache-control", cacheable);
        response.json_body(json_pattern!({"price": price}));
        interaction
    };
    contract.builder().interaction("the price of a product", "", sold);
    let unknown = |mut interaction: InteractionBuilder| {
        interaction.request.get().path("/v1/products/never-sold");
        interaction.response.not_found();
        interaction
    };
    contract
        .builder()
        .interaction("the price of what is not sold", "", unknown);
    contract
        .serve(async |base: &str| {
            let client = holdfast_platform::http::client(PATIENCE, None).expect("a client");
            let prices = HttpPrices::new(client, base, PATIENCE, ManualClock::default());
            let skus = ["tea-of-the-contract", "never-sold"].map(|sku| Sku::parse(sku).expect("a SKU"));
            let known = Money {
                amount: 450,
                currency: "EUR".to_owned(),
            };
            assert_eq!(prices.prices(&skus).await, Ok(vec![Some(known), None]));
        })
        .await;
}
