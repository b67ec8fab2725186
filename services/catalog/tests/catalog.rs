//! The catalogue over a real nats-server.

#![allow(
    clippy::unwrap_used,
    reason = "a panic here is a failed assertion with a line number"
)]

use std::time::Duration;

use async_nats::jetstream::kv;
use axum::body::Body;
use axum::http::{Request, Response, StatusCode};
use holdfast_catalog::http::{document, router};
use holdfast_catalog::sample::{load_sample, products};
use holdfast_catalog::stock::{Inventory, join};
use holdfast_catalog::view::View;
use holdfast_contracts::subjects::CATALOG_BUCKET;
use holdfast_platform::clock::{Clock, ManualClock, SystemClock};
use holdfast_platform::journal::jetstream::{JetStreamJournal, JournalConfig};
use holdfast_platform::openapi::testing::assert_described;
use holdfast_platform::testing::{NatsServer, ServerOptions};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tower::ServiceExt;

struct Catalog {
    journal: JetStreamJournal,
    server: NatsServer,
    bucket: kv::Store,
    view: View,
    clock: ManualClock,
}

async fn catalog() -> Catalog {
    let server = NatsServer::start_with(ServerOptions::with_users()).await;
    let nats = server.connect("test").await;
    let config = kv::Config {
        bucket: CATALOG_BUCKET.into(),
        history: 1,
        ..kv::Config::default()
    };
    let bucket = nats.jetstream().create_key_value(config).await.unwrap();
    let own = server.connect_as("catalog").await;
    let journal = JetStreamJournal::new(&own, &format!("KV_{CATALOG_BUCKET}"), JournalConfig::default());
    let feed = journal.clone();
    let (view, clock) = (View::default(), ManualClock::at(SystemClock.now()));
    let (following, at) = (view.clone(), clock.clone());
    tokio::spawn(async move { following.follow(feed, at, || {}).await });
    Catalog {
        journal,
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
            view.count() == products().unwrap().len()
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
        let router = router(self.view.clone(), self.clock.clone(), self.journal.clone());
        router
            .oneshot(request.body(Body::empty()).unwrap())
            .await
            .unwrap()
    }

    /// As the gateway passes it on for somebody with this role.
    async fn change(
        &self,
        role: &str,
        request: (&str, &str),
        if_match: Option<&str>,
        body: &Value,
    ) -> Response<Body> {
        let (method, path) = request;
        let mut request = Request::builder().method(method).uri(path);
        request = request
            .header("content-type", "application/json")
            .header("x-holdfast-roles", role);
        if let Some(tag) = if_match {
            request = request.header("If-Match", tag);
        }
        let router = router(self.view.clone(), self.clock.clone(), self.journal.clone());
        let request = request.body(Body::from(body.to_string())).unwrap();
        router.oneshot(request).await.unwrap()
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
        view.product(&sku, Timestamp::UNIX_EPOCH).unwrap().version > last
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
        "public, max-age=5, stale-while-revalidate=30, stale-if-error=86400"
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
    let never = router(View::default(), catalog.clock.clone(), catalog.journal.clone());
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
    assert_eq!(
        stale.headers()["cache-status"],
        "holdfast-catalog; hit; ttl=-60; detail=journal-unavailable"
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
        view.product(&sku, Timestamp::UNIX_EPOCH).unwrap().version > before
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

fn draft(sku: &str) -> Value {
    serde_json::json!({"sku": sku, "name": "Tea", "description": "Green.", "price": {"amount": 100, "currency": "EUR"}})
}

fn tag(response: &Response<Body>) -> String {
    response.headers()["etag"].to_str().unwrap().to_owned()
}

#[tokio::test]
async fn staff_create_change_and_delete_and_the_answer_is_what_is_read_next() {
    let catalog = Catalog::loaded().await;
    let (create, path) = (("POST", "/v1/products"), "/v1/products/tea.new");
    let created = catalog.change("staff", create, None, &draft("tea.new")).await;
    assert_eq!(created.status(), StatusCode::CREATED);
    assert_eq!(created.headers()["location"], path);
    let first = tag(&created);
    let product = json(created).await;
    assert_eq!(product["image_url"], "/images/tea.new.svg");
    assert_eq!(catalog.json(path).await, product);

    let again = catalog.change("staff", create, None, &draft("tea.new")).await;
    assert_eq!(again.status(), StatusCode::CONFLICT);

    // What was read can be sent back.
    let mut dearer = product.clone();
    dearer["price"]["amount"] = 200.into();
    let replaced = catalog
        .change("staff", ("PUT", path), Some(&first), &dearer)
        .await;
    assert_eq!(replaced.status(), StatusCode::OK);
    assert_eq!(catalog.json(path).await["price"]["amount"], 200);
    let late = catalog
        .change("staff", ("PUT", path), Some(&first), &dearer)
        .await;
    assert_eq!(late.status(), StatusCode::PRECONDITION_FAILED);
    let late = catalog
        .change("staff", ("DELETE", path), Some(&first), &Value::Null)
        .await;
    assert_eq!(late.status(), StatusCode::PRECONDITION_FAILED);

    let deleted = catalog
        .change("staff", ("DELETE", path), Some(&tag(&replaced)), &Value::Null)
        .await;
    assert_eq!(deleted.status(), StatusCode::NO_CONTENT);
    assert_eq!(catalog.get(path, None).await.status(), StatusCode::NOT_FOUND);
    for method in ["PUT", "DELETE"] {
        let gone = catalog
            .change("staff", (method, path), None, &draft("tea.new"))
            .await;
        assert_eq!(gone.status(), StatusCode::NOT_FOUND, "{method}");
    }
    let revived = catalog.change("staff", create, None, &draft("tea.new")).await;
    assert_eq!(revived.status(), StatusCode::CREATED);
}

#[tokio::test]
async fn nobody_but_staff_changes_anything() {
    let catalog = Catalog::loaded().await;
    for role in ["", "customer", "staffer", "not staff"] {
        for request in [
            ("POST", "/v1/products"),
            ("PUT", "/v1/products/tea-sencha-100"),
            ("DELETE", "/v1/products/tea-sencha-100"),
        ] {
            let answer = catalog.change(role, request, None, &draft("x")).await;
            assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{role} {request:?}");
            assert_eq!(answer.headers()["content-type"], "application/problem+json");
        }
    }
    let both = catalog
        .change("buyer, staff", ("POST", "/v1/products"), None, &draft("x"))
        .await;
    assert_eq!(both.status(), StatusCode::CREATED);
}

#[tokio::test]
async fn of_many_who_create_one_sku_one_succeeds() {
    let catalog = Catalog::loaded().await;
    let body = draft("tea-race");
    let attempts = (0..20).map(|_| catalog.change("staff", ("POST", "/v1/products"), None, &body));
    let answers = futures::future::join_all(attempts).await;
    let count = |status| answers.iter().filter(|answer| answer.status() == status).count();
    assert_eq!((count(StatusCode::CREATED), count(StatusCode::CONFLICT)), (1, 19));
}

#[tokio::test]
async fn what_is_wrong_with_a_product_is_named_with_its_remedy() {
    let catalog = Catalog::loaded().await;
    let with = |field: &str, value: Value| {
        let mut body = draft("tea-x");
        body[field] = value;
        body
    };
    let price = |amount: Value, currency: &str| serde_json::json!({"amount": amount, "currency": currency});
    for (body, status, field) in [
        (with("sku", "a b".into()), 422, "sku"),
        (with("sku", "..".into()), 422, "sku"),
        (with("name", " ".into()), 422, "name"),
        (with("name", "a\u{0}".into()), 422, "name"),
        (with("name", "x".repeat(201).into()), 422, "name"),
        (with("description", "x".repeat(4001).into()), 422, "description"),
        (with("price", price(0.into(), "EUR")), 422, "price.amount"),
        (with("price", price((-1).into(), "EUR")), 422, "price.amount"),
        (with("price", price(1.5.into(), "EUR")), 422, "price.amount"),
        (with("price", price(1.into(), "eur")), 422, "price.currency"),
        (with("image_url", "javascript:alert(1)".into()), 422, "image_url"),
        (with("image_url", "//elsewhere.example".into()), 422, "image_url"),
        (with("colour", "green".into()), 422, "colour"),
        (Value::Array(Vec::new()), 422, ""),
    ] {
        let answer = catalog
            .change("staff", ("POST", "/v1/products"), None, &body)
            .await;
        assert_eq!(answer.status().as_u16(), status, "{body}");
        let problem = json(answer).await;
        assert!(problem["errors"].to_string().contains(field), "{body}: {problem}");
    }
    let other = catalog
        .change("staff", ("PUT", "/v1/products/tea-sencha-100"), None, &draft("b"))
        .await;
    assert_eq!(other.status().as_u16(), 422);
}

#[tokio::test]
async fn every_product_has_a_picture_that_can_be_cached_and_does_nothing() {
    let catalog = Catalog::loaded().await;
    let picture = catalog.get("/images/tea-sencha-100.svg", None).await;
    assert_eq!(picture.headers()["content-type"], "image/svg+xml");
    assert!(
        picture.headers()["cache-control"]
            .to_str()
            .unwrap()
            .starts_with("public, max-age=3600")
    );
    assert_eq!(picture.headers()["content-security-policy"], "default-src 'none'");
    let etag = tag(&picture);
    let same = catalog.get("/images/tea-sencha-100.svg", Some(&etag)).await;
    assert_eq!(same.status(), StatusCode::NOT_MODIFIED);
    for path in [
        "/images/tea-sencha-100",
        "/images/nothing.svg",
        "/images/..%2Fx.svg",
    ] {
        assert_eq!(
            catalog.get(path, None).await.status(),
            StatusCode::NOT_FOUND,
            "{path}"
        );
    }
}

#[tokio::test]
async fn availability_comes_from_the_inventory_and_no_read_waits_for_it() {
    let catalog = Catalog::loaded().await;
    let path = "/v1/products/tea-sencha-100";
    let unknown = serde_json::json!({"status": "unknown"});
    assert_eq!(catalog.json(path).await["availability"], unknown);
    let stock = axum::Router::new().route(
        "/v1/stock",
        axum::routing::get(async |query: axum::extract::RawQuery| {
            let asked = query.0.unwrap_or_default();
            let items: Vec<Value> = asked
                .split('&')
                .filter_map(|pair| pair.strip_prefix("sku="))
                .map(
                    |sku| serde_json::json!({"sku": sku, "available": 3, "reserved": 0, "status": "limited"}),
                )
                .collect();
            axum::Json(serde_json::json!({"items": items}))
        }),
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, stock).await });
    let inventory = Inventory {
        client: reqwest::Client::new(),
        base,
    };
    tokio::spawn(join(catalog.view.clone(), inventory, catalog.clock.clone()));
    let view = catalog.view.clone();
    let shown = move || {
        let shown = view.product("tea-sencha-100", Timestamp::UNIX_EPOCH).unwrap();
        serde_json::from_slice::<Value>(&shown.body).unwrap()["availability"].clone()
    };
    until("the availability is shown", || {
        shown() == serde_json::json!({"status": "limited", "quantity": 3})
    })
    .await;
}

#[tokio::test]
async fn a_replica_reads_from_a_mirror_of_the_bucket() {
    let catalog = Catalog::loaded().await;
    let tester = catalog.server.connect("test").await;
    let replica = serde_json::json!({
        "name": "KV_catalog-replica", "mirror": {"name": "KV_catalog"}, "mirror_direct": true,
        "allow_direct": true, "max_msgs_per_subject": 1, "storage": "file", "retention": "limits"
    });
    let answer = tester
        .client()
        .request(
            "$JS.API.STREAM.CREATE.KV_catalog-replica",
            replica.to_string().into(),
        )
        .await
        .unwrap();
    assert!(!String::from_utf8_lossy(&answer.payload).contains("error"));
    let own = catalog.server.connect_as("catalog").await;
    let feed = JetStreamJournal::new(&own, "KV_catalog-replica", JournalConfig::default());
    let (view, clock) = (View::default(), catalog.clock.clone());
    let following = view.clone();
    tokio::spawn(async move { following.follow(feed, clock, || {}).await });
    let all = products().unwrap().len();
    until("the mirror is seen", || view.count() == all).await;
    let created = catalog
        .change("staff", ("POST", "/v1/products"), None, &draft("tea-new"))
        .await;
    assert_eq!(created.status(), StatusCode::CREATED);
    until("a change arrives by the mirror", || view.count() == all + 1).await;
}

#[tokio::test]
async fn the_document_describes_the_router() {
    let catalog = catalog().await;
    let router = router(
        catalog.view.clone(),
        catalog.clock.clone(),
        catalog.journal.clone(),
    );
    let document = document::<SystemClock, JetStreamJournal>();
    assert_described(router, &[document]).await;
}
