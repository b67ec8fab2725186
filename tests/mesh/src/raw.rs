//! Requests that no client library would send.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

const DEADLINE: Duration = Duration::from_secs(30);

/// What came back, as text.
#[derive(Debug, Clone)]
pub struct RawAnswer {
    /// HTTP status.
    pub status: u16,
    /// Head and body.
    pub text: String,
}

impl RawAnswer {
    /// The body, if it came with its length.
    pub fn body(&self) -> &str {
        self.text.split_once("\r\n\r\n").map_or("", |(_, body)| body)
    }
}

/// The answer to a request over HTTP/1.1: method and target as they are, and lines of header fields.
pub async fn raw(server: SocketAddr, request: &[u8], headers: &[&[u8]]) -> RawAnswer {
    let mut text = [request, b" HTTP/1.1\r\nhost: a\r\nconnection: close\r\n"].concat();
    for header in headers {
        text.extend_from_slice(header);
        text.extend_from_slice(b"\r\n");
    }
    text.extend_from_slice(b"\r\n");
    exchange(server, &text).await
}

/// The answer to whatever this is.
pub async fn exchange(server: SocketAddr, request: &[u8]) -> RawAnswer {
    let mut stream = TcpStream::connect(server).await.expect("a connection");
    stream.write_all(request).await.expect("a request");
    let answer = timeout(DEADLINE, read(&mut stream)).await;
    let text = String::from_utf8_lossy(&answer.expect("an answer in time")).into_owned();
    let status = text.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.unwrap_or_else(|| panic!("no status in {text:?}"));
    RawAnswer { status, text }
}

/// Until the answer is whole: Envoy waits a second for the client to close first.
async fn read(stream: &mut TcpStream) -> Vec<u8> {
    let (mut answer, mut part) = (Vec::new(), [0; 4096]);
    // What is refused before its end may break off.
    while let Ok(count @ 1..) = stream.read(&mut part).await {
        answer.extend_from_slice(part.get(..count).unwrap_or_default());
        if is_whole(&String::from_utf8_lossy(&answer)) {
            break;
        }
    }
    answer
}

fn is_whole(answer: &str) -> bool {
    let Some((head, body)) = answer.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    match length.and_then(|length| length.parse::<usize>().ok()) {
        Some(length) => body.len() >= length,
        None => body.ends_with("0\r\n\r\n"),
    }
}
