//! How much, how long, how many: what one client can take of the gateway.

use std::time::{Duration, Instant};

use bytes::Bytes;
use holdfast_tests_mesh::{UNLIMITED_ADDRESS, UNLIMITED_USER, exchange, istio};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::*;

async fn post(edge: &Edge, protocol: Protocol, path: &str, size: usize) -> Answer {
    let bearer = format!("Bearer {USER_TOKEN}");
    let client = Client::new(edge.mesh.ports.address(GATEWAY), protocol);
    let body = Bytes::from(vec![b' '; size]);
    client
        .send_body("POST", path, &[("authorization", &bearer)], body)
        .await
}

#[tokio::test]
#[ignore = "make test-mesh"]
async fn given_a_body_above_the_bound_of_its_route_then_it_is_413_and_no_service_hears_of_it() {
    let edge = Edge::start().await;
    let webhooks = "/v1/payments/webhooks/sandbox";
    for protocol in PROTOCOLS {
        for (path, bound) in [("/v1/orders", 64 << 10), (webhooks, 256 << 10)] {
            let before = edge.services.requests();
            assert_eq!(post(&edge, protocol, path, bound).await.status, 200, "{path}");
            let answer = post(&edge, protocol, path, bound + 1).await;
            assert_problem(&answer, 413, "body-too-large");
            assert_eq!(edge.services.requests() - before, 1, "{path}");
        }
    }
    edge.mesh.assert_accepted().await;
}

#[tokio::test]
#[ignore = "make test-mesh"]
async fn given_a_request_that_says_its_length_twice_then_it_is_refused() {
    let edge = Edge::start().await;
    let gateway = edge.mesh.ports.address(GATEWAY);
    let smuggled = "5\r\nhello\r\n0\r\n\r\nGET /v1/ops HTTP/1.1\r\nhost: a\r\n\r\n";
    for lengths in [
        "content-length: 5\r\ntransfer-encoding: chunked",
        "content-length: 5\r\ncontent-length: 6",
        "transfer-encoding: chunked, identity",
        "transfer-encoding: xchunked",
    ] {
        let request = format!("POST /v1/users HTTP/1.1\r\nhost: a\r\n{lengths}\r\n\r\n{smuggled}");
        let answer = exchange(gateway, request.as_bytes()).await;
        assert!([400, 501].contains(&answer.status), "{lengths}: {answer:?}");
    }
    assert_eq!(edge.services.requests(), 0);
}

/// Until the gateway ends the connection: what it said before, and when.
async fn slowly(edge: &Edge, request: &str) -> (String, Duration) {
    let gateway = edge.mesh.ports.address(GATEWAY);
    let mut stream = TcpStream::connect(gateway).await.expect("a connection");
    stream.write_all(request.as_bytes()).await.expect("a part");
    let (since, mut answer) = (Instant::now(), Vec::new());
    let end = timeout(Duration::from_secs(40), stream.read_to_end(&mut answer)).await;
    let _ = end.expect("the gateway waits forever");
    (String::from_utf8_lossy(&answer).into_owned(), since.elapsed())
}

#[tokio::test]
#[ignore = "make test-mesh"]
async fn given_a_request_that_does_not_come_to_its_end_then_it_is_given_up() {
    let edge = Edge::start().await;
    let half_a_body = format!(
        "POST /v1/orders HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {USER_TOKEN}\r\ncontent-length: 9\r\n\r\nhalf"
    );
    let (head, body) = tokio::join!(
        slowly(&edge, "GET /v1/products HTTP/1.1\r\nhost: a\r\nx-slow: "),
        slowly(&edge, &half_a_body)
    );
    // Heads have 10 s, requests 15 s; and Envoy waits a second before it closes.
    for ((answer, time), bound) in [(head, 10), (body, 15)] {
        assert!(answer.starts_with("HTTP/1.1 408"), "{answer:?} after {time:?}");
        assert!(
            time >= Duration::from_secs(bound) - Duration::from_millis(200),
            "{time:?}"
        );
    }
    assert_eq!(edge.services.requests(), 0);
}

#[tokio::test]
#[ignore = "make test-mesh"]
async fn given_a_stream_that_is_silent_then_it_ends_and_one_that_speaks_goes_on() {
    let bounds = istio("edge.yaml").replace("stream_idle_timeout: 60s", "stream_idle_timeout: 2s");
    let edge = Edge::with(&format!("{KEYS}\n---\n{bounds}"), None).await;
    edge.services.script(Script::Stall {
        status: 200,
        body: ": hello\n\n".into(),
    });
    let since = Instant::now();
    let answer = edge
        .send("GET", "/v1/orders/7/stream", Some(USER_TOKEN), &[])
        .await;
    assert_eq!((answer.status.as_u16(), answer.complete), (200, false));
    assert_eq!(answer.text(), ": hello\n\n");
    assert!(since.elapsed() >= Duration::from_secs(2));
}

#[tokio::test]
#[ignore = "make test-mesh"]
async fn given_as_many_connections_as_there_may_be_then_one_more_is_closed() {
    let bounds = istio("edge.yaml").replace("max_connections: 50000", "max_connections: 3");
    let edge = Edge::with(&format!("{KEYS}\n---\n{bounds}"), None).await;
    let gateway = edge.mesh.ports.address(GATEWAY);
    let request = b"GET /v1/products HTTP/1.1\r\nhost: a\r\n\r\n";
    let mut open = Vec::new();
    for _ in 0..3 {
        let mut stream = TcpStream::connect(gateway).await.expect("a connection");
        stream.write_all(request).await.expect("a request");
        assert!(stream.read(&mut [0; 1024]).await.is_ok_and(|count| count > 0));
        open.push(stream);
    }
    let mut one_more = TcpStream::connect(gateway).await.expect("a connection");
    let _ = one_more.write_all(request).await;
    let read = one_more.read(&mut [0; 1024]).await;
    assert!(matches!(read, Ok(0) | Err(_)), "{read:?}");
    drop(open.pop());
    let deadline = Instant::now() + Duration::from_secs(5);
    let client = edge.mesh.client(GATEWAY);
    while client
        .try_send("GET", "/v1/products", &[], "".into())
        .await
        .is_err()
    {
        assert!(Instant::now() < deadline, "there is room again");
    }
}

#[tokio::test]
#[ignore = "make test-mesh"]
async fn given_many_requests_on_one_connection_of_http2_then_all_are_answered() {
    let edge = Edge::start().await;
    let client = Client::new(edge.mesh.ports.address(GATEWAY), Protocol::Http2);
    let mut requests = JoinSet::new();
    for number in 0..180 {
        let client = client.clone();
        requests.spawn(async move {
            let path = format!("/v1/products/{number}");
            let answer = client.send("GET", &path, &[]).await;
            (answer.status.as_u16(), answer.text() == path)
        });
    }
    let answers = requests.join_all().await;
    assert!(answers.iter().all(|answer| *answer == (200, true)), "{answers:?}");
}

/// CVE-2023-44487: a stream is opened and reset at once, again and again, and each costs a request.
#[tokio::test]
#[ignore = "make test-mesh"]
async fn given_a_client_who_resets_every_stream_then_the_connection_ends() {
    let edge = Edge::with(&[KEYS, UNLIMITED_ADDRESS, UNLIMITED_USER].concat(), None).await;
    edge.services.script(Script::Hang);
    let gateway = edge.mesh.ports.address(GATEWAY);
    let mut stream = TcpStream::connect(gateway).await.expect("a connection");
    let mut opening = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    opening.extend(frame(4, 0, 0, &[]));
    stream.write_all(&opening).await.expect("a preface");
    let mut sent = 0;
    for number in 0..2_000_u32 {
        let id = 2 * number + 1;
        // :method GET, :scheme http, :path and :authority in full.
        let mut head = vec![0x82, 0x86, 0x04, 12];
        head.extend(b"/v1/products");
        head.extend([0x01, 1, b'a']);
        // No more than the gateway allows at once, so each is reset before the next.
        let mut both = frame(1, 5, id, &head);
        both.extend(frame(3, 0, id, &8_u32.to_be_bytes()));
        if stream.write_all(&both).await.is_err() {
            break;
        }
        sent = number;
        tokio::task::yield_now().await;
    }
    let ended = timeout(Duration::from_secs(10), stream.read_to_end(&mut Vec::new())).await;
    assert!(ended.is_ok(), "after {sent} streams the connection is still open");
    let resets = edge
        .mesh
        .envoy("gateway")
        .stats("too_many_premature_resets")
        .await;
    assert!(resets.iter().any(|(_, count)| *count > 0), "{resets:?}");
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("a short frame").to_be_bytes();
    let mut frame = vec![length[1], length[2], length[3], kind, flags];
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// Whoever sends what is no token is told so, and after a while no more.
#[tokio::test]
#[ignore = "make test-mesh"]
async fn given_one_address_guesses_tokens_then_that_is_limited_too() {
    let edge = Edge::start().await;
    let mut guesses = JoinSet::new();
    for _ in 0..8 {
        let client = edge.mesh.client(GATEWAY);
        guesses.spawn(async move {
            let mut statuses = [0; 2];
            for guess in 0..200 {
                let bearer = format!("Bearer a.b.{guess}");
                let answer = client
                    .send("GET", "/v1/orders", &[("authorization", &bearer)])
                    .await;
                match answer.status.as_u16() {
                    401 => statuses[0] += 1,
                    429 => statuses[1] += 1,
                    other => panic!("{other}"),
                }
            }
            statuses
        });
    }
    let since = Instant::now();
    let statuses = guesses.join_all().await;
    let told: usize = statuses.iter().map(|statuses| statuses[0]).sum();
    let limited: usize = statuses.iter().map(|statuses| statuses[1]).sum();
    // 400 at once and 200 a second.
    let most = 400.0 + 200.0 * since.elapsed().as_secs_f64();
    assert!(
        told as f64 <= most && limited > 0,
        "{told} told and {limited} limited"
    );
}
