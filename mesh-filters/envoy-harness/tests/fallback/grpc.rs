//! gRPC callers get a gRPC status, whichever way the call fails.

use crate::lab::Lab;
use holdfast_envoy_harness::{Answer, Fault, Protocol, Script, fields};

const GRPC: (&str, &str) = ("content-type", "application/grpc");
const CALL: (&str, &str) = ("POST", "/pkg.Service/Do");

/// `grpc-status` and `grpc-message`, from the headers of a trailers-only answer or from its trailers.
fn outcome(answer: &Answer) -> (Option<&str>, Option<&str>) {
    let field = |name: &str| {
        let value = answer.headers.get(name).or_else(|| answer.trailers.get(name));
        value.map(|value| value.to_str().unwrap())
    };
    (field("grpc-status"), field("grpc-message"))
}

#[tokio::test]
#[ignore = "needs Envoy and the built filters: make test-filters"]
async fn given_any_fault_then_the_caller_gets_the_rules_status_in_headers_alone() {
    let lab = Lab::start().await;
    for fault in Fault::ALL {
        let (answer, log) = lab.fail(Protocol::Http2, fault, CALL, &[GRPC]).await;
        let cell = format!("{fault:?}: {answer:?} {log:?}");
        assert_eq!(answer.status, 200, "{cell}");
        assert_eq!(answer.header("content-type"), Some("application/grpc"), "{cell}");
        assert_eq!(outcome(&answer), (Some("10"), Some("sp%C3%A4ter")), "{cell}");
        assert!(answer.body.is_empty() && answer.trailers.is_empty(), "{cell}");
        assert_eq!(
            (log.grpc, log.flags.as_str()),
            (Some(10), fault.flags(Protocol::Http2)),
            "{cell}"
        );
        assert_eq!(
            log.details,
            format!("fallback_static{{grpc,{}}}", fault.cause()),
            "{cell}"
        );
    }
    assert_eq!(lab.count("grpc", "static").await, 15);
}

#[tokio::test]
#[ignore = "needs Envoy and the built filters: make test-filters"]
async fn given_a_grpc_failure_of_the_upstream_then_it_is_replaced_before_any_message_only() {
    let lab = Lab::start().await;
    let failed = [("grpc-status", "14"), ("grpc-message", "down")];
    let in_headers = Script::answer(200, &[&[GRPC][..], &failed].concat(), "");
    let in_trailers = |body: &'static str| Script::Trailers {
        headers: fields(&[GRPC]),
        body: body.into(),
        trailers: fields(&failed),
    };
    let ours = (Some("10"), Some("sp%C3%A4ter"));
    let theirs = (Some("14"), Some("down"));
    for (script, expected) in [
        (in_headers, ours),
        (in_trailers(""), ours),
        (in_trailers("message"), theirs),
    ] {
        lab.upstream.script(script);
        let (answer, log) = lab.send(Protocol::Http2, "plain", CALL, &[GRPC]).await;
        assert_eq!(outcome(&answer), expected, "{answer:?} {log:?}");
    }
    assert_eq!(lab.count("grpc", "static").await, 2);
}

#[tokio::test]
#[ignore = "needs Envoy and the built filters: make test-filters"]
async fn given_a_grpc_answer_that_is_no_failure_then_it_passes() {
    let lab = Lab::start().await;
    lab.upstream
        .script(Script::answer(200, &[GRPC, ("grpc-status", "5")], ""));
    let (answer, _) = lab.send(Protocol::Http2, "plain", CALL, &[GRPC]).await;
    assert_eq!(outcome(&answer).0, Some("5"));
    let trailers = fields(&[("grpc-status", "0")]);
    lab.upstream.script(Script::Trailers {
        headers: fields(&[GRPC]),
        body: "m".into(),
        trailers,
    });
    let (answer, _) = lab.send(Protocol::Http2, "plain", CALL, &[GRPC]).await;
    assert_eq!((outcome(&answer).0, answer.text().as_str()), (Some("0"), "m"));
    assert_eq!(lab.count("grpc", "static").await, 0);
}
