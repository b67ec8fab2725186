//! What browsers are told: which pages may call, and what may be done with an answer.

use super::*;

const PAGE: (&str, &str) = ("origin", "http://localhost:5173");
const STRANGERS: [&str; 6] = [
    "https://example.org",
    "http://localhost.example.org:5173",
    "http://localhost",
    "https://localhost:5173",
    "http://evil-localhost:5173",
    "null",
];

fn list(answer: &Answer, name: &str) -> Vec<String> {
    let values = answer.header(name).unwrap_or_default().split(',');
    values.map(|value| value.trim().to_lowercase()).collect()
}

fn assert_allowed(answer: &Answer, what: &str) {
    assert_eq!(
        answer.header("access-control-allow-origin"),
        Some(PAGE.1),
        "{what}"
    );
    assert_eq!(
        answer.header("access-control-allow-credentials"),
        Some("true"),
        "{what}"
    );
    let vary = answer.headers.get_all("vary").iter();
    assert!(
        vary.filter_map(|value| value.to_str().ok())
            .any(|value| value.to_lowercase().contains("origin")),
        "{what}: {:?}",
        answer.headers
    );
}

#[tokio::test]
#[ignore = "make test-mesh"]
async fn given_a_page_of_an_origin_that_is_listed_then_it_may_call_and_read_and_no_other_may() {
    let edge = Edge::start().await;
    let wanted = [
        ("access-control-request-method", "PATCH"),
        ("access-control-request-headers", "authorization,if-match"),
    ];
    let preflight = [PAGE, wanted[0], wanted[1]];
    let answer = edge.send("OPTIONS", "/v1/users/me", None, &preflight).await;
    assert_eq!(answer.status, 200);
    assert_allowed(&answer, "preflight");
    assert!(list(&answer, "access-control-allow-methods").contains(&"patch".to_owned()));
    for name in ["authorization", "idempotency-key", "if-match", "content-type"] {
        let allowed = list(&answer, "access-control-allow-headers");
        assert!(allowed.contains(&name.to_owned()), "{name} of {allowed:?}");
    }
    assert!(answer.header("access-control-max-age").is_some());
    for stranger in STRANGERS {
        let foreign = [("origin", stranger), wanted[0], wanted[1]];
        let answer = edge.send("OPTIONS", "/v1/users/me", None, &foreign).await;
        assert_eq!(answer.header("access-control-allow-origin"), None, "{stranger}");
        let answer = edge.send("GET", "/v1/products", None, &foreign).await;
        assert_eq!(answer.header("access-control-allow-origin"), None, "{stranger}");
    }

    let before = edge.services.requests();
    for (path, token, status) in [
        ("/v1/products", None, 200),
        ("/v1/orders", Some(USER_TOKEN), 200),
        // A page is told why, too.
        ("/v1/orders", None, 401),
        ("/v1/orders", Some("a.b.c"), 401),
        ("/v1/stock/mug/receipts", Some(USER_TOKEN), 403),
    ] {
        let answer = edge.send("GET", path, token, &[PAGE]).await;
        assert_eq!(answer.status, status, "{path}");
        assert_allowed(&answer, path);
        let exposed = list(&answer, "access-control-expose-headers");
        for name in [
            "etag",
            "location",
            "retry-after",
            "ratelimit",
            "ratelimit-policy",
            "age",
            "cache-status",
        ] {
            assert!(
                exposed.contains(&name.to_owned()),
                "{path}: {name} of {exposed:?}"
            );
        }
    }
    assert_eq!(edge.services.requests() - before, 2);
    edge.mesh.assert_accepted().await;
}

#[tokio::test]
#[ignore = "make test-mesh"]
async fn given_any_answer_then_a_browser_makes_nothing_else_of_it_than_it_is() {
    let edge = Edge::start().await;
    for (path, token, status) in [
        ("/v1/products", None, 200),
        ("/sandbox/nothing", None, 503),
        ("/v1/orders", None, 401),
        ("/v1/ops", Some(USER_TOKEN), 403),
        ("/v1/nothing", Some(USER_TOKEN), 404),
    ] {
        let answer = edge.send("GET", path, token, &[]).await;
        assert_eq!(answer.status, status, "{path}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert!(answer.header("referrer-policy").is_some(), "{path}");
        assert!(answer.header("permissions-policy").is_some(), "{path}");
        let policy = answer.header("content-security-policy").unwrap_or_default();
        assert!(policy.starts_with("default-src 'none'"), "{path}: {policy}");
        assert!(policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
        // It would bind all of localhost to TLS.
        assert_eq!(answer.header("strict-transport-security"), None, "{path}");
    }
    // Who says more about his own page is heard.
    let own = [
        ("content-security-policy", "default-src 'self'"),
        ("referrer-policy", "no-referrer"),
        ("permissions-policy", "payment=(self)"),
        ("x-content-type-options", "sniff"),
    ];
    edge.services.script(Script::answer(200, &own, "<p>"));
    let answer = edge.send("GET", "/docs", None, &[]).await;
    for (name, value) in &own[..3] {
        assert_eq!(answer.header(name), Some(*value));
        assert_eq!(answer.headers.get_all(*name).iter().count(), 1, "{name}");
    }
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
}

#[tokio::test]
#[ignore = "make test-mesh"]
async fn given_the_catalogue_is_away_then_what_is_answered_in_its_place_is_no_more_than_it_is_either() {
    let edge = Edge::start().await;
    let read = async |script: Script, path: &str, status: u16| {
        edge.services.script(script);
        let answer = edge.send("GET", path, None, &[PAGE]).await;
        assert_eq!(answer.status, status, "{path}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        for name in ["referrer-policy", "permissions-policy", "content-security-policy"] {
            assert_eq!(answer.headers.get_all(name).iter().count(), 1, "{path}: {name}");
        }
        answer
    };
    // By the gateway itself, and by the service.
    for (down, path) in [
        (Script::Hang, "/v1/products/mug"),
        (Script::answer(503, &[], ""), "/v1/products/cup"),
    ] {
        assert_problem(&read(down.clone(), path, 503).await, 503, "unavailable");
        assert_allowed(&read(Script::Echo, path, 200).await, path);
        let stale = read(down, path, 200).await;
        assert!(stale.header("age").is_some(), "{:?}", stale.headers);
        // Past the CORS filter; and a copy must not name the page that it was made for.
        assert_eq!(stale.header("access-control-allow-origin"), None, "{path}");
    }
}
