//! Other ways to write a path: none of them is a way around a policy, a route or a limit.

use holdfast_tests_mesh::raw;

use super::*;

/// Of what only staff may do. `None`: the gateway does not know it.
const STAFF_ONLY: [(&str, Option<u16>); 36] = [
    ("/v1/products", Some(403)),
    ("//v1//products", Some(403)),
    ("/v1/products/", Some(403)),
    ("/v1/products/mug/..", Some(403)),
    ("/v1/./products", Some(403)),
    ("/v1/x/../products", Some(403)),
    ("/v1/x/%2e%2e/products", Some(403)),
    ("/v1/x/%2E%2E%2Fproducts", Some(403)),
    ("/v1/x/.%2e/products", Some(403)),
    ("/v1/%70roducts", Some(403)),
    ("/%76%31/products", Some(403)),
    ("/v1%2Fproducts", Some(403)),
    ("/v1%2fproducts", Some(403)),
    ("/v1%2F%2Fproducts", Some(403)),
    ("/v1\\products", Some(403)),
    ("/v1%5Cproducts", Some(403)),
    ("/v1/products?x=/../..", Some(403)),
    ("/v1/products#x", None),
    ("/v1/orders/../products", Some(403)),
    ("/v1/orders/%2e%2e%2fproducts", Some(403)),
    ("/../v1/products", Some(403)),
    ("/V1/products", None),
    ("/v1/Products", None),
    ("/v1/products;x", None),
    ("/v1;x/products", None),
    ("/v1/products%3Bx", None),
    ("/v1/products%00", None),
    ("/v1/products%0d%0a", None),
    ("/v1/products%20", None),
    ("/v1/products.", None),
    ("/v1/products%252F", None),
    ("/v1%252Fproducts", None),
    ("/v1/%2570roducts", None),
    ("/v1/stock/mug/receipts/", Some(403)),
    ("/v1/stock//mug//receipts", Some(403)),
    ("/v1/orders/7//resume", Some(403)),
];

/// What reaches order, which has no such route.
const UNKNOWN_TO_ORDER: [&str; 4] = [
    "/v1/orders/7/resume/",
    "/v1/orders/7/resume;x",
    "/v1/orders/7/Resume",
    "/v1/orders/7/resume%3B",
];

/// Behind what is public.
const NOT_PUBLIC: [(&str, &str); 12] = [
    ("POST", "/v1/users/../orders"),
    ("POST", "/v1/sessions/%2e%2e/orders"),
    ("POST", "/v1/payments/webhooks/../../orders"),
    ("POST", "/v1/payments/webhooks/..%2F..%2Forders"),
    ("POST", "/v1/payments/webhooks/%2e%2e/%2e%2e/orders"),
    ("POST", "/v1/payments/webhooks\\..\\..\\orders"),
    ("GET", "/v1/products/../orders"),
    ("GET", "/v1/products/%2e%2e%2forders"),
    ("GET", "/images/../v1/orders"),
    ("GET", "//v1//orders"),
    ("GET", "/images/..;/v1/orders"),
    ("GET", "/.well-known/jwks.json/../../v1/orders"),
];

async fn ask(edge: &Edge, method: &str, path: &str, token: Option<&str>) -> u16 {
    let request = format!("{method} {path}");
    let token = token.map(|token| format!("authorization: Bearer {token}").into_bytes());
    let mut fields: Vec<&[u8]> = vec![b"content-length: 0"];
    fields.extend(token.as_deref());
    let gateway = edge.mesh.ports.address(GATEWAY);
    raw(gateway, request.as_bytes(), &fields).await.status
}

#[tokio::test]
#[ignore = "make test-mesh"]
async fn given_any_spelling_of_a_path_then_what_is_for_staff_stays_so() {
    let edge = Edge::start().await;
    for (path, expected) in STAFF_ONLY {
        let status = ask(&edge, "POST", path, Some(USER_TOKEN)).await;
        match expected {
            Some(expected) => assert_eq!(status, expected, "{path}"),
            None => assert!([400, 404].contains(&status), "{path}: {status}"),
        }
        // The question is not whether it is known, but who asks.
        let status = ask(&edge, "POST", path, None).await;
        assert!([400, 401].contains(&status), "{path} without a token: {status}");
    }
    assert_eq!(ask(&edge, "POST", "/v1/products\0", Some(USER_TOKEN)).await, 400);
    assert_eq!(edge.services.requests(), 0);
    for path in UNKNOWN_TO_ORDER {
        let client = edge.mesh.client(GATEWAY);
        let bearer = format!("Bearer {USER_TOKEN}");
        let answer = client.send("POST", path, &[("authorization", &bearer)]).await;
        let seen = answer.text();
        assert_ne!(seen, "/v1/orders/7/resume", "{path}");
        assert_eq!(answer.status, 200, "{path}");
    }
}

#[tokio::test]
#[ignore = "make test-mesh"]
async fn given_any_spelling_of_a_path_then_nothing_is_public_by_what_it_begins_with() {
    let edge = Edge::start().await;
    for (method, path) in NOT_PUBLIC {
        let status = ask(&edge, method, path, None).await;
        assert!([400, 401].contains(&status), "{method} {path}: {status}");
    }
    assert_eq!(edge.services.requests(), 0);
}

#[tokio::test]
#[ignore = "make test-mesh"]
async fn given_any_spelling_of_a_path_then_its_limit_counts() {
    let edge = Edge::start().await;
    let spellings = [
        "/v1/sessions",
        "//v1//sessions",
        "/v1/%73essions",
        "/v1%2Fsessions",
        "/v1/x/../sessions",
        "/v1/sessions/",
        "/v1/sessions?x=1",
        "/v1/./sessions",
    ];
    let mut limited = 0;
    // 20 at once and 5 a second.
    for path in spellings.iter().cycle().take(80) {
        limited += usize::from(ask(&edge, "POST", path, None).await == 429);
    }
    assert!(limited > 20, "{limited}");
    for path in spellings {
        assert_eq!(ask(&edge, "POST", path, None).await, 429, "{path}");
    }
}
