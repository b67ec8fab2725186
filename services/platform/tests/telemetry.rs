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

/// A service that calls itself and answers the traces that arrived with the second call and that a record would bear.
async fn greeter() -> String {
    let echo = get(async |headers: HeaderMap| headers["traceparent"].to_str().unwrap().to_owned());
    let inner = serve(Router::new().route("/inner", echo)).await;
    let outer = get(async move || {
        let call = http::client(Duration::from_secs(5), None)
            .unwrap()
            .get(format!("{inner}/inner"));
        let arrived = http::traced(call).send().await.unwrap().text().await.unwrap();
        let mut appended = Headers::new();
        propagation::inject(&mut appended);
        format!("{arrived} {}", appended["traceparent"])
    });
    serve(Router::new().route("/outer", outer)).await
}

async fn ask(url: &str, parent: &str) -> String {
    let call = http::client(Duration::from_secs(5), None).unwrap();
    let call = call.get(format!("{url}/outer")).header("traceparent", parent);
    call.send().await.unwrap().text().await.unwrap()
}

/// Whether a span of this name was exported: its trace (field 1), its id (2) and its parent's (4) stand before its name
/// (5), each as a tag, a length and the bytes.
fn is_exported(export: &[u8], span: Option<&str>, parent: &str, name: &str) -> bool {
    let bytes = |hex: &str| -> Vec<u8> {
        let digits: Vec<_> = hex
            .bytes()
            .map(|digit| (digit as char).to_digit(16).unwrap() as u8)
            .collect();
        digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
    };
    let id = |context: &str| bytes(&context[36..52]);
    let own = span.map(|span| [&[0x0a, 16][..], &bytes(TRACE), &[0x12, 8], &id(span)].concat());
    let named = [
        &[0x22, 8][..],
        &id(parent),
        &[0x2a, name.len() as u8],
        name.as_bytes(),
    ]
    .concat();
    let wanted = [own.unwrap_or_default(), named].concat();
    export.windows(wanted.len()).any(|window| window == wanted)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trace_goes_on_through_http_and_the_journal_and_is_exported() {
    let mut untraced = Headers::new();
    propagation::inject(&mut untraced);
    assert!(
        untraced.is_empty(),
        "nothing is added to what belongs to no trace"
    );
    let parent = format!("00-{TRACE}-b7ad6b7169203331-01");
    let url = greeter().await;
    let passed_on = format!("{parent} {parent}");
    assert_eq!(
        ask(&url, &parent).await,
        passed_on,
        "without an exporter, as it came"
    );

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

    let answer = ask(&url, &parent).await;
    let (called, appended) = answer.split_once(' ').unwrap();
    assert!(
        called.starts_with(&format!("00-{TRACE}-")) && called != parent,
        "{called}"
    );
    assert_eq!(appended, called, "both are sent by the span of the first request");

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
    let next = &next.instrument(span).await["traceparent"];

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
    for (span, parent, name) in [
        (Some(called), parent.as_str(), "GET /outer"),
        (None, called, "GET /inner"),
        (Some(next.as_str()), appended, "handle greetings"),
    ] {
        assert!(
            is_exported(&all, span, parent, name),
            "{name} is no child of {parent}"
        );
    }
}
