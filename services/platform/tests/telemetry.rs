//! Traces across HTTP, the journal and OTLP. One test, because a process has one telemetry.

#![allow(clippy::unwrap_used)]

use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::HeaderMap;
use axum::routing::{get, post};
use clap::Parser;
use holdfast_platform::config::{self, ServiceArgs};
use holdfast_platform::http::{self, HttpOptions};
use holdfast_platform::journal::{Delivery, Headers, Record, Revision};
use holdfast_platform::lifecycle::Shutdown;
use holdfast_platform::telemetry::{self, propagation};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tracing::Instrument;

#[derive(Parser)]
struct Args {
    #[command(flatten)]
    service: ServiceArgs,
}

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

async fn serve(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(http::serve(
        router,
        listener,
        HttpOptions::default(),
        Shutdown::new(),
    ));
    url
}

/// Passes on what spans are exported, as bytes of Protobuf: names and attributes are readable in them.
async fn collector() -> (String, mpsc::UnboundedReceiver<Bytes>) {
    let (exported, exports) = mpsc::unbounded_channel();
    let export = post(async move |body: Bytes| {
        exported.send(body).unwrap();
        [("content-type", "application/grpc"), ("grpc-status", "0")]
    });
    let path = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
    (serve(Router::new().route(path, export)).await, exports)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trace_goes_on_through_http_and_the_journal_and_is_exported() {
    let mut untraced = Headers::new();
    propagation::inject(&mut untraced);
    assert!(untraced.is_empty(), "nothing is added while nothing is exported");

    let args: Args = config::parse_from(["test", "--log", "zz[["]).unwrap();
    let refused = telemetry::start("greeter", &args.service)
        .err()
        .unwrap()
        .to_string();
    assert!(refused.starts_with("HOLDFAST_LOG: "), "{refused}");

    let (endpoint, mut exports) = collector().await;
    let args: Args = config::parse_from(["test", "--otlp-endpoint", &endpoint]).unwrap();
    let telemetry = telemetry::start("greeter", &args.service).unwrap();
    assert!(telemetry::exporting());

    // A service that calls itself and answers the headers that arrived with the second call.
    let echo = get(async |headers: HeaderMap| headers["traceparent"].to_str().unwrap().to_owned());
    let inner = serve(Router::new().route("/inner", echo)).await;
    let outer = get(async move || {
        let call = http::client(Duration::from_secs(5))
            .unwrap()
            .get(format!("{inner}/inner"));
        let arrived = http::traced(call).send().await.unwrap().text().await.unwrap();
        let mut appended = Headers::new();
        propagation::inject(&mut appended);
        format!("{arrived} {}", appended["traceparent"])
    });
    let url = serve(Router::new().route("/outer", outer)).await;
    let parent = format!("00-{TRACE}-b7ad6b7169203331-01");
    let call = http::client(Duration::from_secs(5))
        .unwrap()
        .get(format!("{url}/outer"));
    let answer = call
        .header("traceparent", &parent)
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    let (called, appended) = answer.split_once(' ').unwrap();
    assert!(
        called.starts_with(&format!("00-{TRACE}-")) && called != parent,
        "{called}"
    );
    assert!(appended.starts_with(&format!("00-{TRACE}-")), "{appended}");

    let headers = Headers::from([("traceparent".to_owned(), appended.to_owned())]);
    let record = Record {
        subject: "t.1".into(),
        revision: Revision(1),
        time: jiff::Timestamp::UNIX_EPOCH,
        headers,
        payload: Bytes::new(),
    };
    let span = propagation::delivery_span("greetings", &Delivery { record, attempt: 1 });
    let next = async {
        let mut headers = Headers::new();
        propagation::inject(&mut headers);
        headers
    };
    assert!(next.instrument(span).await["traceparent"].starts_with(&format!("00-{TRACE}-")));

    tokio::task::spawn_blocking(|| telemetry.shut_down(Duration::from_secs(5)))
        .await
        .unwrap();
    let mut all = Vec::new();
    while let Ok(export) = exports.try_recv() {
        all.extend_from_slice(&export);
    }
    let text = String::from_utf8_lossy(&all);
    for wanted in ["greeter", "GET /outer", "GET /inner", "handle greetings"] {
        assert!(text.contains(wanted), "{wanted} was not exported: {text}");
    }
}
