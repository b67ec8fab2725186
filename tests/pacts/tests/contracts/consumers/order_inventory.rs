//! What `order` expects of `inventory`: whether it knows its stock, and for how long that may be believed.

use holdfast_order::adapters::HttpStock;
use holdfast_order::ports::{Availability, Stock as _};
use holdfast_order_core::Sku;
use holdfast_platform::clock::ManualClock;
use holdfast_tests_pacts::Contract;
use jiff::SignedDuration;
use pact_consumer::builders::{HttpPartBuilder as _, InteractionBuilder};
use pact_consumer::matching_regex;

use crate::{KEEP, PATIENCE};

#[tokio::test]
async fn current_stock_is_told_from_stale() {
    let mut contract = Contract::between("order", "inventory");
    let described = |mut interaction: InteractionBuilder, skus: [&str; 2]| {
        interaction.request.get().path("/v1/stock");
        skus.iter().for_each(|sku| {
            interaction.request.query_param("sku", *sku);
        });
        let response = interaction.response.ok();
        response.header(
            "cache-control",
            matching_regex!(KEEP, "max-age=1, stale-if-error=300"),
        );
        response.header("age", matching_regex!("^[0-9]+$", "0"));
        interaction
    };
    let current = |interaction| described(interaction, ["tea-sencha-100", "mug-blue"]);
    contract.builder().interaction("availability", "", current);
    let stale = |mut interaction: InteractionBuilder| {
        interaction.given("the inventory has lost its log");
        let mut interaction = described(interaction, ["tea-sencha-100", "cup-red"]);
        let said = matching_regex!("^[a-z-]+; fwd=stale.*$", "holdfast-inventory; fwd=stale; ttl=-7");
        interaction.response.header("cache-status", said);
        interaction
    };
    contract
        .builder()
        .interaction("availability while the log is away", "", stale);
    contract
        .serve(async |base: &str| {
            let client = holdfast_platform::http::client(PATIENCE, None).expect("a client");
            let clock = ManualClock::default();
            let stock = HttpStock::new(client, base, PATIENCE, clock.clone());
            let skus = |other: &str| ["tea-sencha-100", other].map(|sku| Sku::parse(sku).expect("a SKU"));
            assert_eq!(stock.availability(&skus("mug-blue")).await, Availability::Current);
            clock.advance(SignedDuration::from_mins(1));
            assert_eq!(stock.availability(&skus("cup-red")).await, Availability::Stale);
        })
        .await;
}
