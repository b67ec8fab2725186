//! Input from a caller or an upstream that means harm.

use crate::lab::{Lab, cache_status};
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

#[tokio::test]
#[ignore = "needs Envoy and the built filters: make test-filters"]
async fn given_other_spellings_of_a_path_then_they_have_its_answer_and_its_copy() {
    let lab = Lab::start().await;
    lab.get("/stock/1", &[], Script::answer(200, &[], "7")).await;
    for path in [
        "//stock/1",
        "/stock//1",
        "/stock/./1",
        "/stock/x/../1",
        "/stock/x/%2e%2e/1",
        "/stock%2F1",
        "/st%6Fck/1",
        "/fixed/..%2Fstock/1",
    ] {
        assert_eq!(lab.refused(path, &[]).await.text(), "7", "{path}");
    }
    assert_eq!(lab.count("stock", "stored").await, 1);
    for path in ["/stock/1;x", "/stock/1%20", "/stock/1%252F"] {
        assert_eq!(lab.refused(path, &[]).await.status, 503, "{path}");
    }
    assert_eq!(
        lab.count("stock", "stale_miss").await,
        3,
        "they are its rule's all the same"
    );
    let elsewhere = lab.refused("/stock;x/1", &[]).await;
    assert_eq!(
        (elsewhere.status.as_u16(), cache_status(&elsewhere)),
        (503, vec![])
    );
    assert_eq!(lab.count("stock", "stale_miss").await, 3, "of no rule");
}

#[tokio::test]
#[ignore = "needs Envoy and the built filters: make test-filters"]
async fn given_a_flood_of_made_up_names_then_the_copy_of_what_there_is_stays() {
    let lab = Lab::start().await;
    lab.get("/stock/1", &[], Script::answer(200, &[], "7")).await;
    for number in 0..400 {
        let flood = Script::answer(200, &[], "flood");
        let path = match number % 3 {
            0 => format!("/stock/1?page={number}"),
            1 => format!("/stock/1;{number}"),
            _ => format!("/stock/1?unknown={number}"),
        };
        lab.get(&path, &[], flood).await;
    }
    assert_eq!(lab.refused("/stock/1", &[]).await.text(), "7");
    let known = lab.refused("/stock/1?page=399", &[]).await;
    assert_eq!(known.text(), "flood");
    assert_eq!(lab.refused("/stock/1?unknown=398", &[]).await.status, 503);
    assert!(lab.count("stock", "evicted").await > 0);
}
