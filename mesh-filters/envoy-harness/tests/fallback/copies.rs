//! What is stored, for whom, and within which bounds.

use crate::lab::{Lab, cache_status, config, fallback};
use holdfast_envoy_harness::jwt::{jwt_authn, token};
use holdfast_envoy_harness::{Client, Fault, Protocol, Script, fields};
use serde_json::json;

type Fields<'a> = &'a [(&'a str, &'a str)];

const OK: (&str, &str) = ("content-type", "text/plain");

#[tokio::test]
#[ignore = "needs Envoy and the built filters: make test-filters"]
async fn given_a_response_that_must_not_be_stored_then_there_is_no_copy() {
    let lab = Lab::start().await;
    let large = "x".repeat(1025);
    let token = ("authorization", "Bearer x");
    let cases: [(Fields, Fields, &str); 9] = [
        (&[], &[("cache-control", "no-store")], "x"),
        (
            &[],
            &[("cache-control", "max-age=60"), ("cache-control", "private")],
            "x",
        ),
        (&[], &[("cache-control", "must-revalidate")], "x"),
        (&[], &[("vary", "*")], "x"),
        (&[], &[("vary", "accept"), ("vary", "cookie")], "x"),
        (&[], &[("set-cookie", "a=b")], "x"),
        (&[token], &[("cache-control", "max-age=60")], "x"),
        (&[("cookie", "s=1")], &[], "x"),
        (&[], &[], &large),
    ];
    for (at, (request, response, body)) in cases.into_iter().enumerate() {
        let path = format!("/stock/{at}");
        let good = lab.get(&path, request, Script::answer(200, response, body)).await;
        assert_eq!((good.status.as_u16(), good.text().as_str()), (200, body));
        assert_eq!(
            lab.refused(&path, request).await.status,
            503,
            "{request:?} {response:?}"
        );
        assert_eq!(
            lab.refused(&path, &[]).await.status,
            503,
            "{request:?} {response:?}"
        );
    }
    assert_eq!(lab.count("stock", "stored").await, 0);
    assert_eq!(lab.count("stock", "not_stored").await, 9);
}

#[tokio::test]
#[ignore = "needs Envoy and the built filters: make test-filters"]
async fn given_two_principals_then_each_gets_only_its_own_copy() {
    let lab = Lab::start().await;
    let token = ("authorization", "Bearer x");
    for user in ["ann", "bob"] {
        lab.get(
            "/mine",
            &[token, ("x-user", user)],
            Script::answer(200, &[OK], user),
        )
        .await;
    }
    for user in ["ann", "bob"] {
        assert_eq!(
            lab.refused("/mine", &[token, ("x-user", user)]).await.text(),
            user
        );
    }
    for stranger in [
        &[token, ("x-user", "eve")][..],
        &[token],
        &[],
        &[("x-user", "ann"), ("x-user", "bob")],
    ] {
        let answer = lab.refused("/mine", stranger).await;
        assert_eq!(answer.status, 503, "{stranger:?}");
        assert_eq!(
            cache_status(&answer),
            [""; 0],
            "the rule has no answer, so Envoy's own passes"
        );
    }
    assert_eq!(lab.count("mine", "unanswered").await, 4);
}

/// Envoy's filter takes a good token away, so that the fallback never sees it.
#[tokio::test]
#[ignore = "needs Envoy and the built filters: make test-filters"]
async fn given_a_token_that_the_proxy_has_taken_away_then_what_it_brought_is_for_nobody_else() {
    let mut rules = config(256);
    rules["rules"].as_array_mut().unwrap().push(json!({
        "name": "claims", "match": {"path_prefix": "/claims"}, "on": {"statuses": [503]},
        "stale": {"max_age": "300s", "principal": {"jwt_claim": "sub"}}}));
    let lab = Lab::with(vec![jwt_authn(false), fallback(&rules)]).await;
    let bearer = |subject: &str| {
        let payload = json!({"sub": subject, "odd": {"a": [1, null]}}).to_string();
        format!("Bearer {}", token(payload.as_bytes()))
    };
    let (ann, bob) = (bearer("ann"), bearer("bob"));
    let (ann, bob) = (
        [("authorization", ann.as_str())],
        [("authorization", bob.as_str())],
    );
    for path in ["/stock/1", "/claims", "/mine"] {
        lab.get(path, &ann, Script::answer(200, &[OK], "ann's")).await;
    }
    for path in ["/stock/1", "/claims", "/mine"] {
        for other in [&bob[..], &[]] {
            assert_eq!(lab.refused(path, other).await.status, 503, "{path} {other:?}");
        }
    }
    assert_eq!(lab.refused("/claims", &ann).await.text(), "ann's");
    assert_eq!(
        lab.refused("/stock/1", &ann).await.status,
        503,
        "nobody is told apart there"
    );
    assert_eq!(lab.refused("/mine", &ann).await.status, 503, "nobody is named");

    let public = [OK, ("cache-control", "public, max-age=1")];
    lab.get("/stock/2", &ann, Script::answer(200, &public, "all"))
        .await;
    lab.get("/stock/3", &[], Script::answer(200, &[OK], "anonymous"))
        .await;
    for (path, asker, status) in [
        ("/stock/2", &bob[..], 200),
        ("/stock/2", &[], 200),
        ("/stock/3", &ann, 503),
        ("/stock/3", &[], 200),
    ] {
        assert_eq!(lab.refused(path, asker).await.status, status, "{path} {asker:?}");
    }
}

#[tokio::test]
#[ignore = "needs Envoy and the built filters: make test-filters"]
async fn given_a_body_cut_short_then_there_is_no_copy_of_it() {
    let lab = Lab::start().await;
    lab.upstream.script(Script::Stall {
        status: 200,
        body: "half".into(),
    });
    let (answer, log) = lab
        .send(Protocol::Http1, "timeout", ("GET", "/stock/1"), &[])
        .await;
    assert_eq!((answer.status.as_u16(), answer.complete), (200, false));
    assert_eq!(log.flags, "UT");
    assert_eq!(lab.refused("/stock/1", &[]).await.status, 503);
    assert_eq!(lab.count("stock", "stored").await, 0);
}

#[tokio::test]
#[ignore = "needs Envoy and the built filters: make test-filters"]
async fn given_trailers_or_no_body_then_the_copy_is_whole_and_head_is_answered_by_it() {
    let lab = Lab::start().await;
    let trailers = fields(&[("x-sum", "1")]);
    let script = Script::Trailers {
        headers: fields(&[OK]),
        body: "whole".into(),
        trailers,
    };
    lab.upstream.script(script);
    let (good, _) = lab.send(Protocol::Http2, "plain", ("GET", "/stock/1"), &[]).await;
    assert_eq!((good.text().as_str(), good.trailers.len()), ("whole", 1));
    assert_eq!(lab.refused("/stock/1", &[]).await.text(), "whole");
    lab.get(
        "/stock/2",
        &[],
        Script::answer(200, &[("content-length", "0")], ""),
    )
    .await;
    let empty = lab.refused("/stock/2", &[]).await;
    assert_eq!((empty.status.as_u16(), empty.text().as_str()), (200, ""));
    let (head, _) = lab
        .fail(Protocol::Http1, Fault::Refused, ("HEAD", "/stock/1"), &[])
        .await;
    assert_eq!(
        (
            head.status.as_u16(),
            head.header("content-length"),
            head.body.len()
        ),
        (200, Some("5"), 0)
    );
}

#[tokio::test]
#[ignore = "needs Envoy and the built filters: make test-filters"]
async fn given_a_successful_change_then_the_copy_is_gone() {
    let lab = Lab::start().await;
    lab.get("/stock/1", &[], Script::answer(200, &[OK], "7")).await;
    lab.upstream.script(Script::answer(204, &[], ""));
    lab.send(Protocol::Http1, "plain", ("PUT", "/stock/1"), &[]).await;
    assert_eq!(lab.refused("/stock/1", &[]).await.status, 503);
    assert_eq!(lab.count("stock", "invalidated").await, 1);
}

/// Each connection is served by one worker; copies are the proxy's.
#[tokio::test]
#[ignore = "needs Envoy and the built filters: make test-filters"]
async fn given_a_copy_of_one_worker_then_all_workers_have_it() {
    let lab = Lab::start().await;
    lab.get("/stock/1", &[], Script::answer(200, &[OK], "7")).await;
    let headers = [("x-fault", "refused"), ("x-protocol", "h1")];
    for _ in 0..40 {
        let stranger = Client::new(lab.envoy.address, Protocol::Http1);
        assert_eq!(stranger.send("GET", "/stock/1", &headers).await.text(), "7");
    }
    let busy = [0, 1].map(|worker| format!("listener.127.0.0.1_0.worker_{worker}.downstream_cx_total"));
    for worker in busy {
        assert!(lab.envoy.stat(&worker).await > 0, "{worker} has served nothing");
    }
}

#[tokio::test]
#[ignore = "needs Envoy and the built filters: make test-filters"]
async fn given_more_responses_than_places_then_the_oldest_go_and_are_counted() {
    let lab = Lab::with(vec![fallback(&config(16))]).await;
    for number in 0..200 {
        let path = format!("/stock/{number}");
        lab.get(&path, &[], Script::answer(200, &[OK], &number.to_string()))
            .await;
    }
    let mut hits = 0;
    for number in 0..200 {
        let answer = lab.refused(&format!("/stock/{number}"), &[]).await;
        if answer.status == 200 {
            assert_eq!(answer.text(), number.to_string());
            hits += 1;
        }
    }
    assert!((8..=16).contains(&hits), "{hits} hits");
    assert_eq!(lab.refused("/stock/199", &[]).await.text(), "199");
    assert_eq!(lab.count("stock", "stored").await, 200);
    assert_eq!(lab.count("stock", "evicted").await, 200 - hits);
}

/// More resources than places, on all workers at once: whatever is served is what was asked for.
#[tokio::test]
#[ignore = "needs Envoy and the built filters: make test-filters"]
async fn given_many_callers_at_once_then_no_one_gets_anothers_copy() {
    let lab = Lab::with(vec![fallback(&config(16))]).await;
    lab.upstream.script(Script::Echo);
    let caller = |seed: usize| {
        let client = Client::new(lab.envoy.address, Protocol::Http1);
        async move {
            let mut hits = 0;
            for step in 0..300_usize {
                let path = format!("/stock/{}", step.wrapping_mul(31).wrapping_add(seed * 7) % 24);
                let fault = if step % 3 == 0 { "refused" } else { "plain" };
                let answer = client
                    .send("GET", &path, &[("x-fault", fault), ("x-protocol", "h1")])
                    .await;
                if answer.status == 200 {
                    assert_eq!(answer.text(), path);
                    hits += usize::from(fault == "refused");
                }
            }
            hits
        }
    };
    let callers: Vec<_> = (0..12).map(|seed| tokio::spawn(caller(seed))).collect();
    let mut hits = 0;
    for caller in callers {
        hits += caller.await.unwrap();
    }
    assert!(hits > 0, "no copy was ever served");
    assert_eq!(lab.count("stock", "stale_hit").await, hits as u64);
    assert_eq!(lab.count("stock", "contended").await, 0);
}
