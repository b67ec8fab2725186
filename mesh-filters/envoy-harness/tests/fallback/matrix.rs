//! Every way to fail, in both protocols, for a fixed answer, a copy, and a copy that is wanting.

use crate::lab::{Lab, age, cache_status};
use holdfast_envoy_harness::{Fault, Protocol, Script};
use serde_json::json;

const PROTOCOLS: [Protocol; 2] = [Protocol::Http1, Protocol::Http2];
/// W3C Trace Context.
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

#[tokio::test]
#[ignore = "needs Envoy and the built filters: make test-filters"]
async fn given_any_fault_then_a_fixed_rule_answers() {
    let lab = Lab::start().await;
    for protocol in PROTOCOLS {
        for fault in Fault::ALL {
            let (answer, log) = lab.fail(protocol, fault, ("POST", "/fixed/1"), &[]).await;
            let cell = format!("{protocol:?} {fault:?}: {answer:?} {log:?}");
            assert_eq!(answer.status, 202, "{cell}");
            assert_eq!(answer.text(), r#"{"status":"payment-pending"}"#, "{cell}");
            assert_eq!(answer.header("content-type"), Some("application/json"), "{cell}");
            assert_eq!(answer.header("content-length"), Some("28"), "{cell}");
            assert_eq!(answer.header("x-fixed"), Some("yes"), "{cell}");
            assert_eq!(cache_status(&answer), [""; 0], "{cell}");
            assert_eq!(
                (log.status, log.flags.as_str()),
                (202, fault.flags(protocol)),
                "{cell}"
            );
            assert_eq!(
                log.details,
                format!("fallback_static{{fixed,{}}}", fault.cause()),
                "{cell}"
            );
        }
    }
    assert_eq!(lab.count("fixed", "static").await, 2 * 15);
}

#[tokio::test]
#[ignore = "needs Envoy and the built filters: make test-filters"]
async fn given_any_fault_and_no_copy_then_the_rule_answers_with_a_problem() {
    let lab = Lab::start().await;
    let traceparent = format!("00-{TRACE}-00f067aa0ba902b7-01");
    for protocol in PROTOCOLS {
        for fault in Fault::ALL {
            let headers = [("traceparent", traceparent.as_str())];
            let (answer, log) = lab.fail(protocol, fault, ("GET", "/stock/1"), &headers).await;
            let cell = format!("{protocol:?} {fault:?}: {answer:?} {log:?}");
            assert_eq!(answer.status, 503, "{cell}");
            let problem: serde_json::Value = serde_json::from_slice(&answer.body).expect(&cell);
            let expected = json!({"type": "https://example.test/unavailable", "title": "Service unavailable",
                "status": 503, "trace_id": TRACE});
            assert_eq!(problem, expected, "{cell}");
            assert_eq!(
                answer.header("content-type"),
                Some("application/problem+json"),
                "{cell}"
            );
            assert_eq!(answer.header("retry-after"), Some("5"), "{cell}");
            let told = fault
                .upstream()
                .map(|status| format!("; fwd-status={status}"))
                .unwrap_or_default();
            assert_eq!(
                cache_status(&answer),
                [format!("holdfast-fallback; fwd=miss{told}")],
                "{cell}"
            );
            assert_eq!(
                (log.status, log.flags.as_str()),
                (503, fault.flags(protocol)),
                "{cell}"
            );
            assert_eq!(
                log.details,
                format!("fallback_static{{stock,{}}}", fault.cause()),
                "{cell}"
            );
        }
    }
    assert_eq!(lab.count("stock", "stale_miss").await, 2 * 15);
    assert_eq!(lab.count("stock", "static").await, 2 * 15);
    assert_eq!(lab.count("stock", "stored").await, 0);
}

#[tokio::test]
#[ignore = "needs Envoy and the built filters: make test-filters"]
async fn given_any_fault_and_a_copy_then_the_copy_answers() {
    let lab = Lab::start().await;
    let headers = [
        ("content-type", "application/json"),
        ("etag", "\"7\""),
        ("cache-control", "max-age=0"),
        ("age", "30"),
        ("cache-status", "inner; hit"),
    ];
    for protocol in PROTOCOLS {
        for (at, fault) in Fault::ALL.into_iter().enumerate() {
            let path = format!("/stock/{protocol:?}/{at}?sku=a&sku=b");
            lab.upstream
                .script(Script::answer(200, &headers, &format!("{{\"at\":{at}}}")));
            let (good, _) = lab.send(protocol, "plain", ("GET", &path), &[]).await;
            assert_eq!(
                (good.status.as_u16(), good.header("cache-status")),
                (200, Some("inner; hit"))
            );
            let (answer, log) = lab.fail(protocol, fault, ("GET", &path), &[]).await;
            let cell = format!("{protocol:?} {fault:?}: {answer:?} {log:?}");
            assert_eq!(answer.status, 200, "{cell}");
            assert_eq!(answer.body, good.body, "{cell}");
            for kept in ["content-type", "etag", "cache-control", "date", "content-length"] {
                assert_eq!(answer.header(kept), good.header(kept), "{kept} of {cell}");
            }
            assert!((30..35).contains(&age(&answer)), "{cell}");
            let told = fault
                .upstream()
                .map(|status| format!("; fwd-status={status}"))
                .unwrap_or_default();
            let ours = format!(
                "holdfast-fallback; fwd=stale{told}; ttl=-{}; detail=stale-if-error",
                age(&answer)
            );
            assert_eq!(cache_status(&answer), ["inner; hit".to_owned(), ours], "{cell}");
            assert_eq!(
                (log.status, log.flags.as_str()),
                (200, fault.flags(protocol)),
                "{cell}"
            );
            assert_eq!(
                log.details,
                format!("fallback_stale{{stock,{}}}", fault.cause()),
                "{cell}"
            );
        }
    }
    assert_eq!(lab.count("stock", "stored").await, 2 * 15);
    assert_eq!(lab.count("stock", "stale_hit").await, 2 * 15);
    assert_eq!(lab.count("stock", "stale_miss").await, 0);
}

#[tokio::test]
#[ignore = "needs Envoy and the built filters: make test-filters"]
async fn given_no_fault_or_another_rules_request_then_the_response_passes() {
    let lab = Lab::start().await;
    for protocol in PROTOCOLS {
        for (line, status) in [
            (("POST", "/fixed"), 201),
            (("POST", "/fixed"), 404),
            (("GET", "/fixed"), 503),
        ] {
            lab.upstream
                .script(Script::answer(status, &[("x-own", "1")], "own"));
            let (answer, log) = lab.send(protocol, "plain", line, &[]).await;
            assert_eq!((answer.status.as_u16(), answer.text().as_str()), (status, "own"));
            assert_eq!(
                (answer.header("x-own"), log.details.as_str()),
                (Some("1"), "via_upstream")
            );
        }
        let (answer, log) = lab.fail(protocol, Fault::Refused, ("GET", "/fixed"), &[]).await;
        assert_eq!((answer.status.as_u16(), log.flags.as_str()), (503, "UF"));
    }
    assert_eq!(lab.count("fixed", "static").await, 0);
}
