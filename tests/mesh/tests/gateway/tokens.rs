//! Tokens: what is one, where it may be, and what it opens.

use std::time::Duration;

use holdfast_tests_mesh::tokens::{Key, claims, now};
use holdfast_tests_mesh::{istio, raw};
use serde_json::json;
use tokio::time::{Instant, sleep};

use super::*;

/// Longer than the gateway keeps a set of keys.
const FETCHED: Duration = Duration::from_secs(45);

fn is_challenge(answer: &Answer) -> bool {
    let challenge = answer.header("www-authenticate");
    challenge.is_some_and(|challenge| challenge.starts_with("Bearer"))
}

#[tokio::test]
#[ignore = "make test-mesh"]
async fn given_what_is_no_valid_token_then_it_is_401_and_no_service_hears_of_it() {
    let edge = Edge::start().await;
    let key = Key::known();
    let good = key.sign(&claims(&json!({})));
    let answer = edge.send("GET", "/v1/orders", Some(&good), &[]).await;
    assert_eq!(answer.status, 200, "the key is the right one");
    let served = edge.services.requests();

    let (head, rest) = good.split_once('.').expect("a token");
    let (body, signature) = rest.split_once('.').expect("a token");
    let (_, staff) = key
        .unsigned("EdDSA", &claims(&json!({"roles": "staff"})))
        .split_once('.')
        .map(|(head, body)| (head.to_owned(), body.to_owned()))
        .expect("a token");
    let none = key.unsigned("none", &claims(&json!({})));
    let of = |changes| Some(key.sign(&claims(&changes)));
    let cases = [
        ("none", None),
        ("empty", Some(String::new())),
        ("expired", of(json!({"iat": now() - 7200, "exp": now() - 3600}))),
        ("not yet valid", of(json!({"nbf": now() + 3600}))),
        ("another audience", of(json!({"aud": "shop"}))),
        ("no audience", of(json!({"aud": null}))),
        ("another issuer", of(json!({"iss": "https://example.org"}))),
        ("no issuer", of(json!({"iss": null}))),
        ("nobody's", of(json!({"sub": null}))),
        ("alg none", Some(format!("{none}."))),
        ("alg none, signed", Some(format!("{none}.{signature}"))),
        (
            "HS256 with the public key",
            Some(key.confuse(&claims(&json!({})))),
        ),
        (
            "unknown kid",
            Some(Key::stranger("unknown").sign(&claims(&json!({})))),
        ),
        (
            "unknown key, known kid",
            Some(Key::stranger("known").sign(&claims(&json!({})))),
        ),
        ("tampered claims", Some(format!("{head}.{staff}.{signature}"))),
        ("no signature", Some(format!("{head}.{body}."))),
        (
            "20 KiB",
            Some(format!("{head}.{}.{signature}", "A".repeat(20 * 1024))),
        ),
        (
            "20 KiB, signed",
            of(json!({"padding": "A".repeat(15 * 1024), "aud": "shop"})),
        ),
    ];
    for (what, token) in &cases {
        for protocol in PROTOCOLS {
            let answer = edge
                .by(protocol, "GET", "/v1/orders", token.as_deref(), &[])
                .await;
            assert_eq!(answer.status, 401, "{what} by {protocol:?}");
            assert_problem(&answer, 401, "unauthenticated");
            assert!(is_challenge(&answer), "{what} by {protocol:?}: {answer:?}");
        }
    }
    assert_eq!(edge.services.requests(), served);
    edge.mesh.assert_accepted().await;
}

#[tokio::test]
#[ignore = "make test-mesh"]
async fn given_a_valid_token_in_another_place_then_it_is_none() {
    let edge = Edge::start().await;
    let good = Key::known().sign(&claims(&json!({})));
    let basic = format!("Basic {good}");
    let cookies = format!("access_token={good}; token={good}; Authorization=Bearer {good}");
    let in_query = format!("/v1/orders?access_token={good}&token={good}");
    let elsewhere = [
        (in_query.as_str(), ("x-nothing", "1")),
        ("/v1/orders", ("cookie", cookies.as_str())),
        ("/v1/orders", ("x-access-token", good.as_str())),
        ("/v1/orders", ("x-goog-iap-jwt-assertion", good.as_str())),
        ("/v1/orders", ("proxy-authorization", basic.as_str())),
        ("/v1/orders", ("authorization", good.as_str())),
        ("/v1/orders", ("authorization", basic.as_str())),
    ];
    for (path, field) in elsewhere {
        let answer = edge.send("GET", path, None, &[field]).await;
        assert_eq!(answer.status, 401, "{field:?}");
        assert!(is_challenge(&answer), "{field:?}");
    }
    // Of two, which would count?
    let [good, other] = ["a", "b"].map(|user| {
        let token = Key::known().sign(&claims(&json!({"sub": user})));
        format!("authorization: Bearer {token}").into_bytes()
    });
    let gateway = edge.mesh.ports.address(GATEWAY);
    let answer = raw(gateway, b"GET /v1/orders", &[&good, &other]).await;
    assert_eq!(answer.status, 401, "{answer:?}");
    assert_eq!(edge.services.requests(), 0);
}

#[tokio::test]
#[ignore = "make test-mesh"]
async fn given_a_list_of_roles_then_staff_is_one_of_them_wherever_it_is() {
    let edge = Edge::start().await;
    for (roles, expected) in [
        ("staff", 200),
        ("staff,audit", 200),
        ("audit,staff", 200),
        ("audit,staff,support", 200),
        ("", 403),
        ("staffing", 403),
        ("audit,nostaff", 403),
        ("astaff,staffa,a staff,staff a", 403),
        ("STAFF", 403),
    ] {
        let token = Key::known().sign(&claims(&json!({"roles": roles})));
        let answer = edge.send("POST", "/v1/products", Some(&token), &[]).await;
        assert_eq!(answer.status, expected, "{roles:?}");
        if expected == 200 {
            assert_eq!(edge.told("x-holdfast-roles"), [roles]);
        }
    }
    // A role that is no text is none.
    for odd in [json!(["staff"]), json!({"staff": true}), json!(true)] {
        let token = Key::known().sign(&claims(&json!({"roles": odd})));
        let answer = edge.send("POST", "/v1/products", Some(&token), &[]).await;
        assert_eq!(answer.status, 403, "{odd}");
    }
}

#[tokio::test]
#[ignore = "make test-mesh"]
async fn given_a_session_then_the_service_hears_of_it() {
    let edge = Edge::start().await;
    let token = Key::known().sign(&claims(&json!({"sid": "0198"})));
    let forged = [("x-holdfast-session", "0199")];
    let path = "/v1/sessions/current";
    assert_eq!(edge.send("DELETE", path, Some(&token), &forged).await.status, 200);
    assert_eq!(edge.told("x-holdfast-session"), ["0198"]);
    let token = Key::known().sign(&claims(&json!({})));
    assert_eq!(edge.send("DELETE", path, Some(&token), &forged).await.status, 200);
    assert!(edge.told("x-holdfast-session").is_empty());
}

#[tokio::test]
#[ignore = "make test-mesh"]
async fn given_a_key_is_withdrawn_then_its_tokens_are_refused_without_a_restart() {
    let mut edge = Edge::start().await;
    let token = Key::known().sign(&claims(&json!({})));
    assert_eq!(
        edge.send("GET", "/v1/orders", Some(&token), &[]).await.status,
        200
    );
    let without = KEYS.replace(r#""kid":"known""#, r#""kid":"another""#);
    edge.mesh.push(&without, "gateway").await;
    let answer = edge.send("GET", "/v1/orders", Some(&token), &[]).await;
    assert_problem(&answer, 401, "unauthenticated");
    let other = edge.send("GET", "/v1/orders", Some(USER_TOKEN), &[]).await;
    assert_eq!(other.status, 200);
}

/// Until the gateway thinks so.
async fn until(edge: &Edge, token: &str, expected: u16) {
    let deadline = Instant::now() + FETCHED;
    loop {
        let answer = edge.send("GET", "/v1/orders", Some(token), &[]).await;
        if answer.status == expected {
            return;
        }
        assert!(Instant::now() < deadline, "{answer:?}");
        sleep(Duration::from_millis(100)).await;
    }
}

/// As in a cluster: the keys are those that user publishes, and come through the mesh.
#[tokio::test]
#[ignore = "make test-mesh"]
async fn given_user_publishes_other_keys_then_the_gateway_follows_and_it_goes_on_while_user_is_away() {
    let user = Upstream::start().await;
    let [old, new] = [Key::known(), Key::stranger("new")];
    let publish = |key: &Key| user.script(Script::answer(200, &[], &key.jwks().to_string()));
    publish(&old);
    // What is tested is not how often.
    let identity = istio("identity.yaml").replace("cache_duration: 30s", "cache_duration: 1s");
    let mut edge = Edge::with(&identity, Some(user.address)).await;
    let [by_old, by_new] = [&old, &new].map(|key| key.sign(&claims(&json!({}))));
    until(&edge, &by_old, 200).await;
    assert_eq!(
        edge.send("GET", "/v1/orders", Some(&by_new), &[]).await.status,
        401
    );
    publish(&new);
    until(&edge, &by_new, 200).await;
    assert_eq!(
        edge.send("GET", "/v1/orders", Some(&by_old), &[]).await.status,
        401
    );
    // Longer than a set is kept.
    edge.mesh.stop("user").await;
    sleep(Duration::from_secs(3)).await;
    assert_eq!(
        edge.send("GET", "/v1/orders", Some(&by_new), &[]).await.status,
        200
    );
    edge.mesh.assert_accepted().await;
}
