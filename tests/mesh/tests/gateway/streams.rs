//! What stays open: a WebSocket, through the gateway and the sidecar of realtime.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::*;

const UPGRADE: &str = "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
                       sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
const SWITCHED: &str =
    "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n";

/// What comes, up to and with `end`.
async fn read_to(stream: &mut TcpStream, end: &str) -> String {
    let (mut text, mut part) = (Vec::new(), [0; 1024]);
    while !String::from_utf8_lossy(&text).ends_with(end) {
        match stream.read(&mut part).await {
            Ok(count @ 1..) => text.extend_from_slice(&part[..count]),
            _ => break,
        }
    }
    String::from_utf8_lossy(&text).into_owned()
}

/// Takes one WebSocket, sends back what it hears, and tells by which head it was asked for.
async fn sockets(listener: TcpListener) -> String {
    let (mut stream, _) = listener.accept().await.expect("a connection");
    let head = read_to(&mut stream, "\r\n\r\n").await;
    stream.write_all(SWITCHED.as_bytes()).await.expect("an answer");
    let heard = read_to(&mut stream, "ping").await;
    stream
        .write_all(heard.replace("ping", "pong").as_bytes())
        .await
        .expect("an echo");
    head.to_lowercase()
}

#[tokio::test]
#[ignore = "make test-mesh"]
async fn given_a_websocket_then_it_is_opened_by_who_the_gateway_says_and_both_speak() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let realtime = listener.local_addr().expect("an address");
    let served = tokio::spawn(sockets(listener));
    let mesh = Mesh::builder().resources(KEYS).at(REALTIME, realtime);
    let mesh = mesh.envoy("realtime").envoy("gateway").start().await;

    let mut stream = TcpStream::connect(mesh.ports.address(GATEWAY))
        .await
        .expect("a connection");
    let request = format!(
        "GET /v1/stream HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {USER_TOKEN}\r\nx-holdfast-user: a\r\n{UPGRADE}\r\n"
    );
    stream.write_all(request.as_bytes()).await.expect("a request");
    let answer = read_to(&mut stream, "\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 101"), "{answer}");
    stream.write_all(b"ping").await.expect("a message");
    assert_eq!(read_to(&mut stream, "pong").await, "pong");
    let head = served.await.expect("a WebSocket");
    assert!(head.contains(&format!("x-holdfast-user: {USER}\r\n")), "{head}");
    assert!(!head.contains("x-holdfast-user: a\r\n"), "{head}");
    mesh.assert_accepted().await;
}

#[tokio::test]
#[ignore = "make test-mesh"]
async fn given_no_token_then_only_a_ticket_can_open_a_stream() {
    let edge = Edge::start().await;
    // realtime decides.
    let answer = edge
        .send(
            "GET",
            "/v1/stream?ticket=0198",
            None,
            &[("x-holdfast-user", USER)],
        )
        .await;
    assert_eq!(
        (answer.status.as_u16(), answer.text().as_str()),
        (200, "/v1/stream?ticket=0198")
    );
    assert!(edge.told("x-holdfast-user").is_empty());
    for (method, path) in [
        ("POST", "/v1/stream"),
        ("POST", "/v1/stream/tickets"),
        ("GET", "/v1/stream/tickets"),
        ("GET", "/v1/orders/7/stream"),
        ("GET", "/v1/orders/7/stream?ticket=0198"),
    ] {
        let answer = edge.send(method, path, None, &[]).await;
        assert_problem(&answer, 401, "unauthenticated");
    }
    assert_eq!(edge.services.requests(), 1);
}
