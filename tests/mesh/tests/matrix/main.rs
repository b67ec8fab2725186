//! Every way to fail, in each protocol, with what Istio makes of `istio/`: order's sidecar and that of the service it calls,
//! their filters, retries, mutual TLS and problems. A fixed answer is payment's, a copy inventory's.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "clippy knows tests by their attribute, not the functions that they call"
)]

mod lab;

use std::collections::BTreeMap;

use holdfast_envoy_harness::{Answer, Fault, Script};
use lab::{CHARGES, Call, Lab, TRACE};
use serde_json::json;

/// `grpc-status` of an answer that is nothing else.
fn grpc_status<'a>(answer: &'a Answer, cell: &str) -> Option<&'a str> {
    assert_eq!(answer.status, 200, "{cell}");
    assert_eq!(answer.header("content-type"), Some("application/grpc"), "{cell}");
    assert!(answer.body.is_empty() && answer.trailers.is_empty(), "{cell}");
    answer.header("grpc-status")
}

/// The statuses of gRPC.
const UNAVAILABLE: Option<&str> = Some("14");

#[tokio::test]
#[ignore = "make test-mesh"]
async fn given_any_fault_of_payment_then_a_charge_is_pending() {
    let mut lab = Lab::start("payment").await;
    for fault in Lab::ORDER {
        for (call, answer, log) in lab.fail(fault, |_| CHARGES.to_owned()).await {
            let cell = format!("{call:?} {fault:?}: {answer:?} {log:?}");
            if call == Call::Grpc {
                assert_eq!(grpc_status(&answer, &cell), UNAVAILABLE, "{cell}");
            } else {
                assert_eq!(answer.status, 202, "{cell}");
                assert_eq!(answer.text(), r#"{"status":"payment-pending"}"#, "{cell}");
                assert_eq!(answer.header("content-type"), Some("application/json"), "{cell}");
            }
            for absent in ["cache-status", "age", "retry-after"] {
                assert_eq!(answer.header(absent), None, "{absent} of {cell}");
            }
            lab::assert_logged((call, fault), &log, "static", "payment-pending", &cell);
        }
    }
    assert_eq!(lab.count("payment-pending.static").await, 3 * 15);
    lab.mesh.assert_accepted().await;
}

#[tokio::test]
#[ignore = "make test-mesh"]
async fn given_any_fault_of_inventory_and_no_copy_then_order_gets_a_problem() {
    let mut lab = Lab::start("inventory").await;
    for fault in Lab::ORDER {
        for (call, answer, log) in lab.fail(fault, |call| call.stock("7")).await {
            let cell = format!("{call:?} {fault:?}: {answer:?} {log:?}");
            if call == Call::Grpc {
                assert_eq!(grpc_status(&answer, &cell), UNAVAILABLE, "{cell}");
            } else {
                assert_eq!(answer.status, 503, "{cell}");
                let problem: serde_json::Value = serde_json::from_slice(&answer.body).expect(&cell);
                let expected = json!({"type": "https://holdfast.dev/problems/unavailable",
                    "title": "Service unavailable", "status": 503, "trace_id": TRACE});
                assert_eq!(problem, expected, "{cell}");
                let kind = answer.header("content-type");
                assert_eq!(kind, Some("application/problem+json"), "{cell}");
                assert_eq!(
                    lab::cache_status(&answer),
                    [lab::forwarded("miss", fault)],
                    "{cell}"
                );
                assert_eq!(answer.header("retry-after"), Some("5"), "{cell}");
            }
            assert_eq!(answer.header("age"), None, "{cell}");
            lab::assert_logged((call, fault), &log, "static", call.stock_rule(), &cell);
        }
    }
    assert_eq!(lab.count("stale-availability.stale_miss").await, 2 * 15);
    assert_eq!(lab.count("stale-availability.static").await, 2 * 15);
    assert_eq!(lab.count("grpc-stock.static").await, 15);
    lab.mesh.assert_accepted().await;
}

/// gRPC has no copies: a call has no meaning to a cache, whatever was answered before.
#[tokio::test]
#[ignore = "make test-mesh"]
async fn given_any_fault_of_inventory_and_a_copy_then_order_gets_the_copy() {
    let mut lab = Lab::start("inventory").await;
    let mut copies = BTreeMap::new();
    for fault in Fault::ALL {
        for call in Call::ALL {
            copies.insert(call.stock_of(fault), lab.store(call, fault).await);
        }
    }
    for fault in Lab::ORDER {
        for (call, answer, log) in lab.fail(fault, |call| call.stock_of(fault)).await {
            let good = &copies[&call.stock_of(fault)];
            let cell = format!("{call:?} {fault:?}: {answer:?} {log:?}");
            if call == Call::Grpc {
                assert_eq!(grpc_status(&answer, &cell), UNAVAILABLE, "{cell}");
                assert_eq!(answer.header("age"), None, "{cell}");
                lab::assert_logged((call, fault), &log, "static", call.stock_rule(), &cell);
            } else {
                assert_eq!((answer.status, &answer.body), (good.status, &good.body), "{cell}");
                for kept in ["content-type", "etag", "cache-control", "date"] {
                    assert_eq!(answer.header(kept), good.header(kept), "{kept} of {cell}");
                }
                let age: u64 = answer.header("age").expect(&cell).parse().expect(&cell);
                assert!((30..90).contains(&age), "{cell}");
                let told = format!(
                    "{}; ttl=-{age}; detail=stale-if-error",
                    lab::forwarded("stale", fault)
                );
                assert_eq!(lab::cache_status(&answer), [told], "{cell}");
                lab::assert_logged((call, fault), &log, "stale", call.stock_rule(), &cell);
            }
        }
    }
    assert_eq!(lab.count("stale-availability.stored").await, 2 * 15);
    assert_eq!(lab.count("stale-availability.stale_hit").await, 2 * 15);
    assert_eq!(lab.count("stale-availability.stale_miss").await, 0);
    assert_eq!(lab.count("grpc-stock.stored").await, 0);
    lab.mesh.assert_accepted().await;
}

/// What has begun to arrive cannot be taken back, and is no copy.
#[tokio::test]
#[ignore = "make test-mesh"]
async fn given_a_good_answer_whose_body_never_ends_then_it_is_cut_at_the_timeout_and_not_stored() {
    let lab = Lab::start("inventory").await;
    for call in [Call::Http1, Call::Http2] {
        let body = "begun".into();
        let script = Script::Stall { status: 200, body };
        let (answer, log) = lab.ask(call, script, &call.stock("7")).await;
        let cell = format!("{call:?}: {answer:?} {log:?}");
        assert_eq!((answer.status.as_u16(), answer.complete), (200, false), "{cell}");
        assert_eq!(log.flags, "UT", "{cell}");
    }
    assert_eq!(lab.count("stale-availability.stored").await, 0);
}
