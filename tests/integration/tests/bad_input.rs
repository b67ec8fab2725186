//! What a customer can send that is wrong, and what it gets: a problem that names the field, and nothing is stored.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::Duration;

use holdfast_tests_integration::{Answer, Platform, Shop, eventually, send};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

const PATIENCE: Duration = Duration::from_secs(60);
const SKU: &str = "tea-sencha-100";

/// Something that is sent, and what must be answered.
struct Case {
    name: &'static str,
    request: RequestBuilder,
    status: u16,
    /// The end of the problem's `type`.
    kind: &'static str,
    /// The field that must be named; empty if it is the request as a whole.
    field: &'static str,
}

impl Case {
    fn check(&self, answer: &Answer) -> Result<(), String> {
        let body = &answer.body;
        let kind = format!("https://holdfast.dev/problems/{}", self.kind);
        let names: Vec<_> = body["errors"].as_array().into_iter().flatten().collect();
        let is_named = match self.field {
            "" => body["title"].is_string(),
            field => names.iter().any(|error| error["field"] == field),
        };
        let is_right = answer.status.as_u16() == self.status
            && body["status"] == self.status
            && answer.header("content-type") == "application/problem+json"
            && body["type"] == kind
            && body["trace_id"].is_string()
            && is_named;
        let Self {
            name, status, field, ..
        } = self;
        is_right
            .then_some(())
            .ok_or_else(|| format!("{name}: expected {status} {kind} for {field:?}, got {answer:#?}"))
    }
}

fn order_of(lines: &Value) -> Value {
    json!({"lines": lines, "payment_token": "tok_ok"})
}

fn line(sku: &str, quantity: &Value) -> Value {
    json!({"sku": sku, "quantity": quantity})
}

/// Bodies that are JSON and cannot be an order.
fn bodies(shop: &Shop, price: i64) -> Vec<Case> {
    let one = |quantity: Value| order_of(&json!([line(SKU, &quantity)]));
    let many: Vec<Value> = (0..101).map(|n| line(&format!("sku-{n}"), &json!(1))).collect();
    let twice = json!([line(SKU, &json!(1)), line(SKU, &json!(2))]);
    let priced = |amount: i64, currency: &str| {
        let total = json!({"amount": amount, "currency": currency});
        json!({"lines": [line(SKU, &json!(1))], "payment_token": "tok_ok", "expected_total": total})
    };
    let mut with_extra_field = one(json!(1));
    with_extra_field["price"] = json!(1);
    let extra_in_line = json!([{"sku": SKU, "quantity": 1, "unit_price": 1}]);
    let without_token = json!({"lines": [line(SKU, &json!(1))]});
    let table: Vec<(&'static str, Value, &'static str)> = vec![
        (
            "unknown SKU",
            order_of(&json!([line("nothing-like-it", &json!(1))])),
            "lines[0].sku",
        ),
        (
            "malformed SKU",
            order_of(&json!([line("no sku", &json!(1))])),
            "lines[0].sku",
        ),
        ("zero quantity", one(json!(0)), "lines[0].quantity"),
        ("negative quantity", one(json!(-1)), "lines[0].quantity"),
        ("huge quantity", one(json!(1001)), "lines[0].quantity"),
        (
            "quantity beyond 32 bits",
            one(json!(4_294_967_297_i64)),
            "lines[0].quantity",
        ),
        ("quantity beyond 64 bits", one(json!(1e30)), "lines[0].quantity"),
        ("quantity with a fraction", one(json!(1.5)), "lines[0].quantity"),
        ("quantity as text", one(json!("1")), "lines[0].quantity"),
        ("no lines", order_of(&json!([])), "lines"),
        ("101 lines", order_of(&json!(many)), "lines"),
        ("duplicate lines", order_of(&twice), "lines[1].sku"),
        ("no payment token", without_token, "payment_token"),
        ("unknown field", with_extra_field, "price"),
        (
            "unknown field of a line",
            order_of(&extra_in_line),
            "lines[0].unit_price",
        ),
        ("wrong currency", priced(price, "USD"), "expected_total.currency"),
        ("no currency", priced(price, "euro"), "expected_total.currency"),
        ("negative total", priced(-price, "EUR"), "expected_total.amount"),
    ];
    let mut cases: Vec<Case> = table
        .into_iter()
        .map(|(name, body, field)| Case {
            name,
            request: shop.order(name.replace(' ', "-").as_str(), &body),
            status: 422,
            kind: "invalid-request",
            field,
        })
        .collect();
    cases.push(Case {
        name: "price changed since read",
        request: shop.order("price-changed", &priced(price - 1, "EUR")),
        status: 409,
        kind: "price-changed",
        field: "expected_total",
    });
    cases
}

/// Bodies that are not read as an order at all.
fn texts(shop: &Shop) -> Vec<Case> {
    let post = |media_type: &str, text: String| {
        let request = shop.request(Method::POST, "").header("Idempotency-Key", "text");
        request.header("Content-Type", media_type).body(text)
    };
    let good = order_of(&json!([line(SKU, &json!(1))])).to_string();
    let padded = format!("{good}{}", " ".repeat(64 * 1024));
    let case = |name, request, (status, kind, field)| Case {
        name,
        request,
        status,
        kind,
        field,
    };
    let malformed = (400, "malformed-json", "body");
    vec![
        case(
            "not JSON",
            post("application/json", "lines=1".to_owned()),
            malformed,
        ),
        case(
            "cut off",
            post("application/json", good[..20].to_owned()),
            malformed,
        ),
        case("empty body", post("application/json", String::new()), malformed),
        case(
            "not an object",
            post("application/json", "7".to_owned()),
            (422, "invalid-request", "body"),
        ),
        case(
            "an array for the object",
            post(
                "application/json",
                format!(r#"[[{{"sku":"{SKU}","quantity":1}}],"tok_ok",null]"#),
            ),
            (422, "invalid-request", "body"),
        ),
        case(
            "an array for a line",
            post(
                "application/json",
                format!(r#"{{"lines":[["{SKU}",1]],"payment_token":"tok_ok"}}"#),
            ),
            (422, "invalid-request", "lines[0]"),
        ),
        case(
            "body over 64 KiB",
            post("application/json", padded),
            (413, "body-too-large", "body"),
        ),
        case(
            "another media type",
            post("text/plain", good),
            (415, "unsupported-media-type", "Content-Type"),
        ),
    ]
}

/// Headers, ids and parameters.
fn parameters(shop: &Shop, reused: &str) -> Vec<Case> {
    let good = order_of(&json!([line(SKU, &json!(1))]));
    let other = order_of(&json!([line(SKU, &json!(2))]));
    let keyless = shop.request(Method::POST, "").json(&good);
    let (get, post) = (Method::GET, Method::POST);
    let malformed_user = shop.anonymous(get.clone(), "").header("x-holdfast-user", "bob");
    let two_users = shop
        .request(get.clone(), "")
        .header("x-holdfast-user", Uuid::nil().to_string());
    let invalid = |name, field, request| Case {
        name,
        request,
        status: 400,
        kind: "invalid-parameter",
        field,
    };
    let key = "Idempotency-Key";
    vec![
        invalid("missing key", key, keyless),
        invalid("empty key", key, shop.order("", &good)),
        invalid("key with a space", key, shop.order("a b", &good)),
        invalid("key beyond ASCII", key, shop.order("schlüssel", &good)),
        invalid("key of 256", key, shop.order(&"k".repeat(256), &good)),
        invalid("open quote", key, shop.order("\"k", &good)),
        invalid("two keys", key, shop.order("k1", &good).header(key, "k2")),
        invalid("malformed id", "id", shop.request(get.clone(), "/1234")),
        invalid(
            "malformed id of events",
            "id",
            shop.request(get.clone(), "/1234/events"),
        ),
        invalid(
            "malformed id to cancel",
            "id",
            shop.request(post.clone(), "/not-an-id/cancel"),
        ),
        invalid("limit 0", "limit", shop.request(get.clone(), "?limit=0")),
        invalid("limit -1", "limit", shop.request(get.clone(), "?limit=-1")),
        invalid("limit as text", "limit", shop.request(get.clone(), "?limit=abc")),
        invalid(
            "two limits",
            "limit",
            shop.request(get.clone(), "?limit=1&limit=2"),
        ),
        invalid(
            "unknown parameter",
            "order",
            shop.request(get.clone(), "?order=asc"),
        ),
        invalid("limit 101", "limit", shop.request(get.clone(), "?limit=101")),
        invalid(
            "foreign cursor",
            "cursor",
            shop.request(get.clone(), "?cursor=%20"),
        ),
        invalid("malformed user", "x-holdfast-user", malformed_user),
        invalid("two users", "x-holdfast-user", two_users),
        Case {
            name: "no user",
            request: shop.anonymous(post, "").json(&good),
            status: 401,
            kind: "unauthenticated",
            field: "",
        },
        Case {
            name: "a key that names another order",
            request: shop.order(reused, &other),
            status: 422,
            kind: "idempotency-key-reused",
            field: key,
        },
        Case {
            name: "an id that nobody has",
            request: shop.request(get, &format!("/{}", Uuid::from_u128(7))),
            status: 404,
            kind: "not-found",
            field: "",
        },
    ]
}

async fn completed(shop: &Shop, id: Uuid) {
    eventually(PATIENCE, async || {
        let answer = shop.get(&format!("/{id}")).await?;
        let is_completed = answer.body["status"] == "completed";
        is_completed.then_some(()).ok_or_else(|| format!("{answer:?}"))
    })
    .await;
}

async fn price(platform: &Platform, shop: &Shop) -> i64 {
    let url = format!("{}/v1/products/{SKU}", platform.url("catalog"));
    let product = shop.get_url(&url).await.unwrap().body;
    product["price"]["amount"].as_i64().unwrap()
}

#[tokio::test]
async fn what_is_wrong_is_named_and_nothing_is_stored() {
    let platform = Platform::start(&[], &[]).await;
    let shop = Shop::of(&platform, Uuid::from_u128(0xb));
    let good = order_of(&json!([line(SKU, &json!(1))]));
    let taken = shop.insist(shop.order("good", &good)).await;
    assert_eq!(taken.status, StatusCode::CREATED, "{taken:?}");
    completed(&shop, taken.id()).await;
    let listed = shop.get("").await.unwrap().body;
    let stored = platform.last_sequence("ORDERS").await.unwrap();

    let mut cases = bodies(&shop, price(&platform, &shop).await);
    cases.extend(texts(&shop));
    cases.extend(parameters(&shop, "good"));
    let mut wrong = Vec::new();
    for case in cases {
        match send(case.request.try_clone().unwrap()).await {
            Ok(answer) => wrong.extend(case.check(&answer).err()),
            Err(error) => wrong.push(format!("{}: {error}", case.name)),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));

    assert_eq!(
        shop.get("").await.unwrap().body,
        listed,
        "the list of orders is as it was"
    );
    assert_eq!(
        platform.last_sequence("ORDERS").await.unwrap(),
        stored,
        "the stream of orders is as it was"
    );
}
