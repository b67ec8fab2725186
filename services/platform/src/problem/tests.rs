use axum::Router;
use axum::body::Body as HttpBody;
use axum::http::Request;
use axum::routing::{get, post};
use serde::Deserialize;
use tower::ServiceExt;

use super::*;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    sku: String,
    quantity: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    lines: Vec<Line>,
    #[serde(default, rename = "total")]
    _total: Option<Line>,
    #[serde(default, rename = "paid")]
    _paid: Option<Paid>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Paid {
    ByCard {
        #[serde(rename = "name")]
        _name: String,
        #[serde(rename = "number")]
        _number: u32,
    },
}

async fn total(ValidJson(order): ValidJson<Order>) -> String {
    order
        .lines
        .iter()
        .map(|line| line.sku.len() as u32 * line.quantity)
        .sum::<u32>()
        .to_string()
}

async fn order(ValidPath(id): ValidPath<uuid::Uuid>) -> String {
    id.to_string()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Page {
    limit: Option<u32>,
    after: uuid::Uuid,
}

async fn list(ValidQuery(page): ValidQuery<Page>) -> String {
    format!("{:?} {}", page.limit, page.after)
}

async fn send(request: Request<HttpBody>) -> (StatusCode, Value, Response<()>) {
    let router = with_fallbacks(
        Router::new()
            .route("/orders", post(total))
            .route("/orders/{id}", get(order))
            .route("/list", get(list))
            .route("/raw", post(async |RawBody(body): RawBody| body)),
    );
    let (parts, body) = router.oneshot(request).await.unwrap().into_parts();
    let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let json = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    (parts.status, json, Response::from_parts(parts, ()))
}

async fn post_json(body: impl Into<HttpBody>) -> (StatusCode, Value) {
    let request = Request::post("/orders")
        .header("content-type", "application/json")
        .body(body.into())
        .unwrap();
    let (status, json, _) = send(request).await;
    (status, json)
}

#[tokio::test]
async fn a_valid_body_reaches_the_handler() {
    let (status, json) = post_json(r#"{"lines":[{"sku":"abc","quantity":2}]}"#).await;
    assert_eq!((status, json), (StatusCode::OK, Value::from(6)));
}

#[tokio::test]
async fn an_integer_may_be_written_with_a_fraction_of_nothing() {
    for (number, answer) in [("2.0", 6), ("2e0", 6), ("0.2e1", 6), ("2", 6)] {
        let body = format!(r#"{{"lines":[{{"sku":"abc","quantity":{number}}}]}}"#);
        assert_eq!(post_json(body).await, (StatusCode::OK, answer.into()), "{number}");
    }
    for number in ["2.5", "-2.0", "5e9", "1e300", "\"2\""] {
        let body = format!(r#"{{"lines":[{{"sku":"abc","quantity":{number}}}]}}"#);
        let (status, json) = post_json(body).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{number}");
        assert_eq!(json["errors"][0]["field"], "lines[0].quantity", "{json}");
    }
}

#[tokio::test]
async fn not_json_is_400() {
    for body in ["", "{", "not json", r#"{"lines":[]} trailing"#] {
        let (status, json) = post_json(body).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
        assert_eq!(json["type"], "https://holdfast.dev/problems/malformed-json");
        assert_eq!(json["errors"][0]["field"], "body", "{json}");
        assert_eq!(json["trace_id"].as_str().map(str::len), Some(32));
    }
}

#[tokio::test]
async fn a_wrong_field_is_422_and_named() {
    for (body, field) in [
        (r#"{"lines":[{"sku":"a","quantity":-1}]}"#, "lines[0].quantity"),
        (r#"{"lines":[{"sku":"a"}]}"#, "lines[0].quantity"),
        (
            r#"{"lines":[{"sku":"a","quantity":1,"colour":"red"}]}"#,
            "lines[0].colour",
        ),
        (r#"{"lines":[],"extra":1}"#, "extra"),
        (r#"{}"#, "lines"),
        ("7", "body"),
        (r#"[[["a",1]]]"#, "body"),
        (r#"[[{"sku":"a","quantity":1}]]"#, "body"),
        (r#"{"lines":[["a",1]]}"#, "lines[0]"),
        (r#"{"lines":[],"total":["a",1]}"#, "total"),
        (r#"{"lines":[],"total":null,"lines":[]}"#, "lines"),
        (r#"{"lines":[],"paid":{"by_card":["a",1]}}"#, "paid.by_card"),
    ] {
        let (status, json) = post_json(body).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
        assert_eq!(json["errors"][0]["field"], field, "{json}");
    }
}

#[tokio::test]
async fn a_body_over_the_limit_is_413() {
    let (status, json) = post_json(format!(r#"{{"lines":["{}"]}}"#, "x".repeat(BODY_LIMIT))).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(
        (&json["status"], &json["errors"][0]["field"]),
        (&413.into(), &"body".into())
    );
    let request = Request::post("/raw")
        .body("x".repeat(BODY_LIMIT + 1).into())
        .unwrap();
    let (status, _, response) = send(request).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(response.headers()["connection"], "close");
}

#[tokio::test]
async fn another_media_type_is_415() {
    let request = Request::post("/orders")
        .header("content-type", "text/plain")
        .body("{}".into())
        .unwrap();
    let (status, json, response) = send(request).await;
    assert_eq!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(json["errors"][0]["field"], "Content-Type");
    assert_eq!(response.headers()["content-type"], MEDIA_TYPE);
}

#[tokio::test]
async fn an_unknown_path_and_a_wrong_method_are_problems_too() {
    let (status, json, _) = send(Request::get("/nowhere").body(HttpBody::empty()).unwrap()).await;
    assert_eq!(
        (status, &json["type"]),
        (StatusCode::NOT_FOUND, &Value::from(NOT_FOUND.uri()))
    );
    let (status, json, _) = send(Request::get("/orders").body(HttpBody::empty()).unwrap()).await;
    assert_eq!(
        (status, &json["status"]),
        (StatusCode::METHOD_NOT_ALLOWED, &Value::from(405))
    );
}

#[tokio::test]
async fn retry_after_is_rounded_up_and_extensions_never_hide_a_standard_member() {
    let problem = Problem::new(&UNAVAILABLE)
        .retry_after(Duration::from_millis(1500))
        .with("status", 200)
        .with("queue", "orders");
    let response = problem.into_response();
    assert_eq!(response.headers()["retry-after"], "2");
    let bytes = axum::body::to_bytes(response.into_body(), usize::MAX)
        .await
        .unwrap();
    let json: Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(json["status"], 503);
    assert_eq!(json["retry_after"], 2);
    assert_eq!(json["queue"], "orders");
}

#[tokio::test]
async fn a_path_parameter_that_cannot_be_read_is_400_and_named() {
    let request = Request::get("/orders/1234").body(HttpBody::empty()).unwrap();
    let (status, json, _) = send(request).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(json["errors"][0]["field"], "id");
    assert_eq!(json["errors"][0]["value"], "1234");
}

#[tokio::test]
async fn a_query_parameter_that_cannot_be_read_is_400_and_named() {
    let nil = uuid::Uuid::nil();
    for (query, field, value) in [
        (format!("after={nil}&limit=-1"), "limit", Value::from("-1")),
        (format!("after={nil}&limit=abc"), "limit", "abc".into()),
        (format!("after={nil}&limit=1&limit=2"), "limit", "2".into()),
        (format!("after={nil}&colour=a%20b"), "colour", "a b".into()),
        ("after=1".into(), "after", "1".into()),
        ("limit=1".into(), "after", Value::Null),
    ] {
        let request = Request::get(format!("/list?{query}"))
            .body(HttpBody::empty())
            .unwrap();
        let (status, json, _) = send(request).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{query}");
        let error = &json["errors"][0];
        assert_eq!(
            (&error["field"], &error["value"]),
            (&field.into(), &value),
            "{json}"
        );
    }
    let request = Request::get(format!("/list?after={nil}&limit=7"))
        .body(HttpBody::empty())
        .unwrap();
    assert_eq!(send(request).await.0, StatusCode::OK);
}

#[tokio::test]
async fn an_upload_that_breaks_off_is_400_and_no_matter_of_its_size() {
    let pieces = [Ok("{"), Err(std::io::Error::other("gone"))];
    let broken = HttpBody::from_stream(futures::stream::iter(pieces));
    let (status, json) = post_json(broken).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(json["type"], INCOMPLETE_BODY.uri());
    assert_eq!(json["errors"][0]["field"], "body");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_come_is_408_and_ends_its_connection() {
    let beginning = futures::stream::iter([Ok::<_, std::io::Error>("{")]);
    let dripping = futures::StreamExt::chain(beginning, futures::stream::pending());
    let request = Request::post("/").header("content-type", "application/json");
    let request = request.body(HttpBody::from_stream(dripping)).unwrap();
    let router = Router::new().route("/", post(total));
    let response = router.oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::REQUEST_TIMEOUT);
    assert_eq!(response.headers()["connection"], "close");
}
