//! Input from a caller or an upstream that means harm.

use crate::lab::Lab;
use holdfast_envoy_harness::{Fault, Protocol, Script};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Bytes that no client library would send.
async fn raw(lab: &Lab, headers: &[&[u8]]) -> String {
    let mut stream = TcpStream::connect(lab.envoy.address).await.unwrap();
    let mut request = b"GET /stock/1 HTTP/1.1\r\nhost: a\r\nconnection: close\r\nx-protocol: h1\r\n".to_vec();
    for header in headers {
        request.extend_from_slice(header);
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(b"\r\n");
    stream.write_all(&request).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
#[ignore = "needs Envoy and the built filters: make test-filters"]
async fn given_headers_that_are_not_text_then_the_filter_lives_and_answers() {
    let lab = Lab::start().await;
    let large = [b"accept: ".as_slice(), &[b'x'; 50_000]].concat();
    let hostile: [&[&[u8]]; 5] = [
        &[b"accept: \xff\xfe\x80"],
        &[b"accept: a", b"accept: \xff", b"accept: a"],
        &[b"cache-control: \xff, max-age=\"\xfe", b"authorization: \x80"],
        &[b"traceparent: 00-\xff-\"}-1", b"content-type: \xff"],
        &[&large],
    ];
    for headers in hostile {
        for fault in [&b"x-fault: plain"[..], b"x-fault: refused"] {
            lab.upstream
                .script(Script::answer(200, &[("cache-control", "max-age=\"")], "ok"));
            let answer = raw(&lab, &[headers, &[fault]].concat()).await;
            let expected = if fault.ends_with(b"plain") {
                "HTTP/1.1 200"
            } else {
                "HTTP/1.1 503"
            };
            assert!(answer.starts_with(expected), "{headers:?}: {answer}");
        }
    }
    let (answer, _) = lab
        .fail(Protocol::Http1, Fault::Refused, ("POST", "/fixed"), &[])
        .await;
    assert_eq!(answer.status, 202);
    for stat in ["vm_reload_success", "vm_reload_failure"] {
        assert_eq!(
            lab.envoy.stat(&format!("wasm.mesh.fallback.{stat}")).await,
            0,
            "{}",
            lab.envoy.log()
        );
    }
}
