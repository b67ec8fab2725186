//! What replacing a response does to the connection it came on.

use crate::lab::Lab;
use holdfast_envoy_harness::{Fault, Protocol, Script};

const TIMES: u64 = 3;

struct Seen {
    connections: u64,
    closed: u64,
    resets: u64,
}

async fn fail(protocol: Protocol, tag: &str, fault: Fault) -> (Seen, Lab) {
    let lab = Lab::start().await;
    for _ in 0..TIMES {
        let (answer, _) = lab.fail(protocol, fault, ("POST", "/fixed"), &[]).await;
        assert_eq!(answer.status, 202, "{protocol:?} {fault:?}");
    }
    let stat = async |name: &str| lab.envoy.stat(&format!("cluster.plain-{tag}.{name}")).await;
    let seen = Seen {
        connections: stat("upstream_cx_total").await,
        closed: stat("upstream_cx_destroy_local").await,
        resets: stat("upstream_rq_tx_reset").await,
    };
    (seen, lab)
}

#[tokio::test]
#[ignore = "needs Envoy and the built filters: make test-filters"]
async fn given_a_failure_without_a_body_then_its_connection_stays() {
    for (protocol, tag) in [(Protocol::Http1, "h1"), (Protocol::Http2, "h2")] {
        let (seen, _lab) = fail(protocol, tag, Fault::Status(503, "")).await;
        assert_eq!(
            (seen.connections, seen.closed, seen.resets),
            (1, 0, 0),
            "{protocol:?}"
        );
    }
}

#[tokio::test]
#[ignore = "needs Envoy and the built filters: make test-filters"]
async fn given_a_body_still_to_come_then_http_1_loses_the_connection_and_http_2_only_the_stream() {
    for fault in [Fault::Status(503, "oops"), Fault::SlowBody] {
        let (seen, _lab) = fail(Protocol::Http1, "h1", fault).await;
        assert_eq!((seen.connections, seen.closed), (TIMES, TIMES), "{fault:?}");
        let (seen, _lab) = fail(Protocol::Http2, "h2", fault).await;
        assert_eq!(
            (seen.connections, seen.closed, seen.resets),
            (1, 0, TIMES),
            "{fault:?}"
        );
    }
}

#[tokio::test]
#[ignore = "needs Envoy and the built filters: make test-filters"]
async fn given_an_upstream_that_breaks_off_in_the_middle_then_the_caller_gets_what_there_was() {
    let lab = Lab::start().await;
    for protocol in [Protocol::Http1, Protocol::Http2] {
        let stall = Script::Stall {
            status: 200,
            body: "half".into(),
        };
        lab.upstream.script(stall);
        let (answer, log) = lab.send(protocol, "timeout", ("POST", "/fixed"), &[]).await;
        let cell = format!("{protocol:?} {answer:?} {log:?}");
        assert_eq!(
            (answer.status.as_u16(), answer.text().as_str(), answer.complete),
            (200, "half", false),
            "{cell}"
        );
    }
    assert_eq!(lab.count("fixed", "static").await, 0);
}
