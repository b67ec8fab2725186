//! The trace of a request goes with its order, in a process that exports nothing.

use std::time::Duration;

use holdfast_platform::http::{self, HttpOptions};
use holdfast_platform::journal::{Journal, Revision};
use holdfast_platform::lifecycle::Shutdown;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::support::{Replica, USER, World, subject};

const TRACE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/// Orders over HTTP, from a caller with these headers.
async fn order(replica: &Replica, key: &str, token: &str, headers: &[(&str, &str)]) -> Value {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1/orders", listener.local_addr().unwrap());
    tokio::spawn(http::serve(
        replica.router(),
        listener,
        HttpOptions::default(),
        Shutdown::new(),
    ));
    let mut request = http::client(Duration::from_secs(10), None).unwrap().post(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let body = json!({"lines": [{"sku": "tea", "quantity": 1}], "payment_token": token});
    let request = request
        .header("x-holdfast-user", USER.to_string())
        .header("idempotency-key", key);
    request.json(&body).send().await.unwrap().json().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn given_no_exporter_the_trace_of_a_request_reaches_the_log_and_payment_also_by_a_timer() {
    let world = World::start().await;
    let shop = world.replica(&["--charge-retry-base", "100ms"]).await;
    let headers = [("traceparent", TRACE), ("tracestate", "vendor=1")];
    let taken = order(&shop, "k1", "tok_pending_once", &headers).await;
    let id = taken["id"].as_str().unwrap();
    world.reaches(&shop, id, "completed").await;
    assert_eq!(
        world.payment.traces(id),
        [TRACE, TRACE],
        "the first charge, and that of the timer"
    );
    let records = world.orders.read(&subject(id), Revision::NONE).await.unwrap();
    assert_eq!(records.len(), 4);
    for record in records {
        assert_eq!(record.headers["traceparent"], TRACE, "{}", record.revision);
        assert_eq!(record.headers["tracestate"], "vendor=1");
    }
    let trail = shop.get(&format!("/v1/orders/{id}/events")).await.body;
    let traces = trail["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| &item["trace_id"]);
    assert!(traces.clone().count() > 0 && traces.clone().all(|id| TRACE.contains(id.as_str().unwrap())));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_traceparent_that_is_malformed_is_ignored() {
    let world = World::start().await;
    let shop = world.replica(&[]).await;
    let malformed = TRACE.to_uppercase();
    let headers = [("traceparent", malformed.as_str()), ("tracestate", "vendor=1")];
    let taken = order(&shop, "k1", "tok_ok", &headers).await;
    let id = taken["id"].as_str().unwrap();
    world.reaches(&shop, id, "completed").await;
    assert!(world.payment.traces(id).is_empty());
    let record = world.orders.last(&subject(id)).await.unwrap().unwrap();
    assert!(!record.headers.contains_key("traceparent") && !record.headers.contains_key("tracestate"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_problem_bears_the_trace_of_its_request() {
    let world = World::start().await;
    let shop = world.replica(&[]).await;
    let refused = order(&shop, "", "tok_ok", &[("traceparent", TRACE)]).await;
    assert_eq!(refused["trace_id"], "0af7651916cd43dd8448eb211c80319c");
    let refused = order(&shop, "", "tok_ok", &[("traceparent", "00-0-0-0")]).await;
    let fresh = refused["trace_id"].as_str().unwrap();
    assert!(fresh.len() == 32 && fresh != "0".repeat(32), "{fresh}");
}
