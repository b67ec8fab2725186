//! What callers see.

use crate::lab::{Lab, per_key};
use holdfast_envoy_harness::jwt::token;
use holdfast_envoy_harness::{Answer, Client, Protocol};
use serde_json::{Value, json};

const KEY: (&str, &str) = ("x-key", "k");

/// Whether a text is the expected one, where its seconds (after `before`) may be some fewer: time goes on in tests too.
fn is_about(text: Option<&str>, before: &str, seconds: u64, after: &str) -> bool {
    let told = text.and_then(|text| {
        text.strip_prefix(before)?
            .strip_suffix(after)?
            .parse::<u64>()
            .ok()
    });
    told.is_some_and(|told| (seconds.saturating_sub(20)..=seconds).contains(&told))
}

#[tokio::test]
#[ignore = "needs Envoy and the built filters: make test-filters"]
async fn given_an_allowed_request_then_its_answer_tells_what_is_left() {
    let lab = Lab::start(&per_key(&json!({"requests": 2, "per": "1m"})), 1).await;
    let answer = lab.client.send("GET", "/", &[KEY]).await;
    assert_eq!((answer.status.as_u16(), answer.text().as_str()), (200, "ok"));
    assert_eq!(answer.header("ratelimit"), Some(r#""per-key";r=1;t=30"#));
    assert_eq!(answer.header("retry-after"), None);
    assert_eq!(lab.upstream.requests(), 1);
}

#[tokio::test]
#[ignore = "needs Envoy and the built filters: make test-filters"]
async fn given_a_reached_limit_then_the_answer_is_a_problem_and_the_upstream_is_spared() {
    let lab = Lab::start(&per_key(&json!({"requests": 2, "per": "1m"})), 1).await;
    let headers = [
        KEY,
        ("x-test-id", "refused"),
        (
            "traceparent",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ),
    ];
    assert_eq!(lab.statuses(&[KEY], 2).await, [200, 200]);
    let answer = lab.client.send("GET", "/", &headers).await;
    assert_eq!(answer.status, 429);
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    assert_eq!(answer.headers.get_all("content-type").iter().count(), 1);
    assert_eq!(answer.header("ratelimit-policy"), Some(r#""per-key";q=2;w=60"#));
    assert!(is_about(
        answer.header("ratelimit"),
        r#""per-key";r=0;t="#,
        30,
        ""
    ));
    assert_eq!(
        answer.headers.get_all("ratelimit").iter().count(),
        1,
        "our own reply passes us again"
    );
    assert!(is_about(answer.header("retry-after"), "", 30, ""));
    let problem: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(
        (&problem["status"], &problem["violated-policies"]),
        (&json!(429), &json!(["per-key"]))
    );
    assert_eq!(
        problem["type"],
        "https://iana.org/assignments/http-problem-types#quota-exceeded"
    );
    assert_eq!(problem["trace_id"], "0af7651916cd43dd8448eb211c80319c");
    let log = lab.envoy.access_log("refused").await;
    assert_eq!((log.status, log.details.as_str()), (429, "rate_limited{per-key}"));
    assert_eq!(lab.upstream.requests(), 2);
    assert_eq!(
        (
            lab.metric("rule.per-key.allowed").await,
            lab.metric("rule.per-key.denied").await
        ),
        (2, 1)
    );
    lab.assert_unharmed().await;
}

#[tokio::test]
#[ignore = "needs Envoy and the built filters: make test-filters"]
async fn given_a_grpc_caller_then_it_gets_resource_exhausted() {
    let lab = Lab::start(&per_key(&json!({"requests": 1, "per": "1m"})), 1).await;
    let client = Client::new(lab.envoy.address, Protocol::Http2);
    let call = || {
        client.send(
            "POST",
            "/pkg.Service/Do",
            &[KEY, ("content-type", "application/grpc")],
        )
    };
    call().await;
    let answer: Answer = call().await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("application/grpc"));
    assert_eq!(answer.header("grpc-status"), Some("8"));
    let message = answer.header("grpc-message");
    assert!(is_about(
        message,
        "The limit per-key is reached. Try again in ",
        60,
        " s."
    ));
    assert!(is_about(answer.header("retry-after"), "", 60, ""));
    assert!(answer.body.is_empty());
}

#[tokio::test]
#[ignore = "needs Envoy and the built filters: make test-filters"]
async fn given_a_shadow_rule_then_it_counts_and_nobody_sees_it() {
    let mut config = per_key(&json!({"requests": 1, "per": "1m"}));
    config["rules"][0]["mode"] = json!("shadow");
    let lab = Lab::start(&config, 1).await;
    assert_eq!(lab.statuses(&[KEY], 4).await, [200; 4]);
    assert_eq!(
        lab.client.send("GET", "/", &[KEY]).await.header("ratelimit"),
        None
    );
    assert_eq!(
        (
            lab.metric("rule.per-key.allowed").await,
            lab.metric("rule.per-key.shadow_denied").await
        ),
        (1, 4)
    );
    lab.assert_logged("shadow rule per-key would refuse a request")
        .await;
}

#[tokio::test]
#[ignore = "needs Envoy and the built filters: make test-filters"]
async fn given_tokens_then_each_subject_has_its_own_bucket_and_the_rest_share_their_address() {
    let limit = json!({"requests": 2, "per": "1m"});
    let config = json!({"rules": [{"name": "per-user", "key": [{"jwt_claim": "sub"}],
                                   "otherwise_key": [{"source_ip": true}], "limit": limit}]});
    let lab = Lab::start(&config, 1).await;
    for subject in ["ann", "bob"] {
        let bearer = format!("Bearer {}", token(json!({"sub": subject}).to_string().as_bytes()));
        assert_eq!(
            lab.statuses(&[("authorization", &bearer)], 3).await,
            [200, 200, 429],
            "{subject}"
        );
    }
    let forged = token(br#"{"sub":"ann"}"#).replace('.', ".x");
    assert_eq!(
        lab.statuses(&[("authorization", &format!("Bearer {forged}"))], 1)
            .await,
        [200]
    );
    assert_eq!(lab.statuses(&[], 2).await, [200, 429]);
}

#[tokio::test]
#[ignore = "needs Envoy and the built filters: make test-filters"]
async fn given_several_rules_then_a_refusal_by_one_takes_no_token_from_the_others() {
    let config = json!({"rules": [
        {"name": "all", "limit": {"requests": 5, "per": "1h"}},
        {"name": "per-key", "key": [{"header": "x-key"}], "limit": {"requests": 2, "per": "1h"}},
        {"name": "writes", "match": {"methods": ["POST"]}, "limit": {"requests": 1, "per": "1h"}}
    ]});
    let lab = Lab::start(&config, 2).await;
    assert_eq!(lab.statuses(&[KEY], 6).await, [200, 200, 429, 429, 429, 429]);
    let answer = lab.client.send("GET", "/", &[("x-key", "other")]).await;
    let left = answer.header("ratelimit");
    assert!(
        is_about(left, r#""all";r=2;t="#, 2160, r#", "per-key";r=1;t=1800"#),
        "{left:?}"
    );
}
