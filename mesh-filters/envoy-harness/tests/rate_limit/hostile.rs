//! Input from a caller that means harm.

use crate::lab::{Lab, per_key};
use holdfast_envoy_harness::jwt::token;
use serde_json::json;

#[tokio::test]
#[ignore = "needs Envoy and the built filters: make test-filters"]
async fn given_headers_that_are_not_text_then_they_are_keys_like_any_other() {
    let lab = Lab::start(&per_key(&json!({"requests": 1, "per": "1h"})), 1).await;
    let large = [b"x-key: ".as_slice(), &[b'x'; 65_536]].concat();
    let hostile: [&[&[u8]]; 5] = [
        &[b"x-key: \xff\xfe\x80"],
        &[
            b"x-key: \x80",
            b"content-type: \xff",
            b"traceparent: 00-\xff-\"}-1",
        ],
        &[b"x-key: twice", b"x-key: \xff"],
        &[b"x-key:", b"x-key: 7"],
        &[&large],
    ];
    for headers in hostile {
        assert_eq!(
            (lab.raw(headers).await, lab.raw(headers).await),
            (200, 429),
            "{headers:?}"
        );
    }
    assert_eq!(
        lab.raw(&[b"x-key: twice", b"x-key: another"]).await,
        429,
        "the first value is the key"
    );
    lab.assert_unharmed().await;
}

#[tokio::test]
#[ignore = "needs Envoy and the built filters: make test-filters"]
async fn given_garbage_as_a_token_then_the_second_choice_of_key_holds() {
    let config = json!({"rules": [{"name": "per-tenant", "key": [{"jwt_claim": "tenant"}],
        "otherwise_key": [{"source_ip": true}], "limit": {"requests": 9, "per": "1h"}}]});
    let lab = Lab::start(&config, 1).await;
    let send = async |bearer: &[u8]| lab.raw(&[&[b"authorization: Bearer ", bearer].concat()]).await;
    // A token that is none, or names no tenant, is limited by address; one whose tenant is odd by that tenant.
    let garbage: [&[u8]; 4] = [b"", b"a.b.c", b"\xff.\xfe.\x80", &[b'.'; 1000]];
    let payloads: [&[u8]; 5] = [b"", b"\xff\xfe", b"[1]", b"{\"sub\":7}", b"{}"];
    let signed = payloads.map(|payload| token(payload).into_bytes());
    for bearer in garbage.into_iter().chain(signed.iter().map(Vec::as_slice)) {
        assert_eq!(send(bearer).await, 200, "{:?}", String::from_utf8_lossy(bearer));
    }
    assert_eq!(send(b"the tenth").await, 429);
    for odd in [
        &b"{\"tenant\":7}"[..],
        b"{\"tenant\":{\"a\":[1]}}",
        "{\"tenant\":\"\\u0000\\ud83d\\ude00\"}".as_bytes(),
    ] {
        assert_eq!(
            send(token(odd).as_bytes()).await,
            200,
            "{:?}",
            String::from_utf8_lossy(odd)
        );
    }
    lab.assert_unharmed().await;
}

/// Each spelling of a path with its own key: whether the rule for `/v1/orders` counts it.
#[tokio::test]
#[ignore = "needs Envoy and the built filters: make test-filters"]
async fn given_other_spellings_of_a_path_then_the_rule_for_it_counts_them_all() {
    let config = json!({"rules": [{"name": "orders", "match": {"path_prefix": "/v1/orders"},
        "key": [{"header": "x-key"}], "limit": {"requests": 1, "per": "1h"}}]});
    let lab = Lab::start(&config, 1).await;
    let counted = async |path: &str| {
        let send = async || {
            lab.client
                .send("GET", path, &[("x-key", path)])
                .await
                .status
                .as_u16()
        };
        assert_eq!(send().await, 200, "{path}");
        send().await == 429
    };
    for path in [
        "/v1/orders",
        "/v1/orders/",
        "/v1/orders?x",
        "//v1/orders",
        "/v1//orders/7",
        "/./v1/orders",
        "/v1/x/../orders",
        "/v1/x/%2e%2e/orders",
        "/v1/stock/..%2Forders",
        "/v1%2Forders",
        "/v1%2f%2forders",
        "/v1/%6Frders",
        "/v1%5Corders",
    ] {
        assert!(counted(path).await, "{path}");
    }
    for path in [
        "/v1/orders;x",
        "/v1;x/orders",
        "/v1/orderss",
        "/V1/orders",
        "/v1/orders%20",
        "/v1/orders%252F7",
    ] {
        assert!(!counted(path).await, "{path} is a path of its own");
    }
    lab.assert_unharmed().await;
}
