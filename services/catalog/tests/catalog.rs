//! The catalogue over a real nats-server.

#![allow(
    clippy::unwrap_used,
    reason = "a panic here is a failed assertion with a line number"
)]

use std::time::Duration;

use async_nats::jetstream::kv;
use axum::body::Body;
use axum::http::{Request, Response, StatusCode};
use holdfast_catalog::http::router;
use holdfast_catalog::sample::{load_sample, products};
use holdfast_catalog::view::View;
use holdfast_contracts::subjects::CATALOG_BUCKET;
use holdfast_platform::clock::{Clock, ManualClock, SystemClock};
use holdfast_platform::journal::jetstream::{JetStreamJournal, JournalConfig};
use holdfast_platform::testing::NatsServer;
use jiff::SignedDuration;
use serde_json::Value;
use tower::ServiceExt;

struct Catalog {
    server: NatsServer,
    bucket: kv::Store,
    view: View,
    clock: ManualClock,
}

async fn catalog() -> Catalog {
    let server = NatsServer::start().await;
    let nats = server.connect("catalog").await;
    let config = kv::Config {
        bucket: CATALOG_BUCKET.into(),
        history: 1,
        ..kv::Config::default()
    };
    let bucket = nats.jetstream().create_key_value(config).await.unwrap();
    let feed = JetStreamJournal::new(&nats, &format!("KV_{CATALOG_BUCKET}"), JournalConfig::default());
    let (view, clock) = (View::default(), ManualClock::at(SystemClock.now()));
    let (following, at) = (view.clone(), clock.clone());
    tokio::spawn(async move { following.follow(feed, at, || {}).await });
    Catalog {
        server,
        bucket,
        view,
        clock,
    }
}

async fn until(what: &str, done: impl Fn() -> bool) {
    let waiting = async {
        while !done() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    assert!(
        tokio::time::timeout(Duration::from_secs(20), waiting)
            .await
            .is_ok(),
        "timed out until {what}"
    );
}

impl Catalog {
    async fn loaded() -> Self {
        let catalog = catalog().await;
        assert_eq!(
            load_sample(&catalog.bucket).await.unwrap(),
            products().unwrap().len()
        );
        let view = catalog.view.clone();
        until("the samples are seen", || {
            view.page(None, 100).items.len() == products().unwrap().len()
        })
        .await;
        until("the view is complete", || view.contact().is_some()).await;
        catalog
    }

    async fn get(&self, path: &str, known: Option<&str>) -> Response<Body> {
        let mut request = Request::get(path);
        if let Some(etag) = known {
            request = request.header("If-None-Match", etag);
        }
        let router = router(self.view.clone(), self.clock.clone());
        router
            .oneshot(request.body(Body::empty()).unwrap())
            .await
            .unwrap()
    }

    async fn json(&self, path: &str) -> Value {
        json(self.get(path, None).await).await
    }
}

async fn json(response: Response<Body>) -> Value {
    let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
    serde_json::from_slice(&body).unwrap()
}

#[tokio::test]
async fn samples_are_loaded_once_and_what_was_changed_stays() {
    let catalog = Catalog::loaded().await;
    let mut tea = products().unwrap().remove(0);
    tea.price.amount = 1;
    catalog
        .bucket
        .put(&tea.sku, tea.to_value().unwrap().into())
        .await
        .unwrap();
    assert_eq!(load_sample(&catalog.bucket).await.unwrap(), 0);
    let (view, sku) = (catalog.view.clone(), tea.sku.clone());
    let last = products().unwrap().len() as u64;
    until("the change is seen", || {
        view.product(&sku).unwrap().version > last
    })
    .await;
    assert_eq!(
        catalog.json(&format!("/v1/products/{}", tea.sku)).await["price"]["amount"],
        1
    );
}

#[tokio::test]
async fn a_product_is_shown_with_its_version_and_caching_rules() {
    let catalog = Catalog::loaded().await;
    let response = catalog.get("/v1/products/tea-sencha-100", None).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(
        response.headers()["cache-control"],
        "max-age=5, stale-while-revalidate=30, stale-if-error=86400"
    );
    assert!(!response.headers().contains_key("age"));
    let etag = response.headers()["etag"].to_str().unwrap().to_owned();
    let product = json(response).await;
    assert_eq!(
        product["price"],
        serde_json::json!({"amount": 1490, "currency": "EUR"})
    );
    assert!(product["version"].is_u64() && product["image_url"].is_string() && product["name"].is_string());
    let unchanged = catalog
        .get("/v1/products/tea-sencha-100", Some(&format!("\"0\", W/{etag}")))
        .await;
    assert_eq!(unchanged.status(), StatusCode::NOT_MODIFIED);
    assert_eq!(unchanged.headers()["etag"], etag.as_str());
    let changed = catalog.get("/v1/products/tea-sencha-100", Some("\"0\"")).await;
    assert_eq!(changed.status(), StatusCode::OK);
}

#[tokio::test]
async fn the_list_can_be_walked_by_its_cursors() {
    let catalog = Catalog::loaded().await;
    let mut skus = Vec::new();
    let mut path = "/v1/products?limit=5".to_owned();
    loop {
        let page = catalog.json(&path).await;
        skus.extend(
            page["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|item| item["sku"].as_str().unwrap().to_owned()),
        );
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        path = format!("/v1/products?limit=5&cursor={cursor}");
    }
    let mut expected: Vec<_> = products()
        .unwrap()
        .into_iter()
        .map(|product| product.sku)
        .collect();
    expected.sort();
    assert_eq!(skus, expected);
}

#[tokio::test]
async fn wrong_parameters_and_unknown_products_are_told_apart() {
    let catalog = Catalog::loaded().await;
    for (path, status) in [
        ("/v1/products/nothing", 404),
        ("/v1/products/a%20b", 400),
        ("/v1/products/caf%C3%A9", 400),
        ("/v1/products?limit=0", 400),
        ("/v1/products?limit=101", 400),
        ("/v1/products?limit=many", 400),
        ("/v1/products?cursor=a%20b", 400),
        ("/v1/products?page=2", 400),
    ] {
        let response = catalog.get(path, None).await;
        assert_eq!(response.status().as_u16(), status, "{path}");
        assert_eq!(response.headers()["content-type"], "application/problem+json");
    }
}

#[tokio::test]
async fn before_everything_is_loaded_the_catalogue_is_unavailable() {
    let catalog = catalog().await;
    let never = router(View::default(), catalog.clock.clone());
    let response = never
        .oneshot(Request::get("/v1/products").body(Body::empty()).unwrap())
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(response.headers()["retry-after"], "1");
}

#[tokio::test]
async fn products_are_served_with_their_age_while_nats_is_away_and_changes_come_after() {
    let mut catalog = Catalog::loaded().await;
    catalog.server.kill();
    catalog.clock.advance(SignedDuration::from_secs(60));
    let stale = catalog.get("/v1/products/tea-sencha-100", None).await;
    assert_eq!(
        (stale.status(), &stale.headers()["age"]),
        (StatusCode::OK, &"60".parse().unwrap())
    );
    catalog.server.restart().await;
    let mut tea = products().unwrap().remove(0);
    tea.price.amount = 1;
    catalog
        .bucket
        .put(&tea.sku, tea.to_value().unwrap().into())
        .await
        .unwrap();
    let (view, sku, before) = (
        catalog.view.clone(),
        tea.sku.clone(),
        products().unwrap().len() as u64,
    );
    until("the change is seen", || {
        view.product(&sku).unwrap().version > before
    })
    .await;
    let (view, now) = (catalog.view.clone(), catalog.clock.now());
    until("contact is back", || view.contact() == Some(now)).await;
    assert!(
        !catalog
            .get("/v1/products/tea-sencha-100", None)
            .await
            .headers()
            .contains_key("age")
    );
}
