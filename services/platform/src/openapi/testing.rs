//! For the tests of services: does the document say what the router does?

use std::collections::BTreeSet;

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use serde_json::Value;
use tower::ServiceExt;
use utoipa::openapi::OpenApi;

/// Panics unless the router takes just those methods at each path that the documents name.
///
/// # Panics
/// If they differ.
pub async fn assert_described(router: Router, documents: &[OpenApi]) {
    for document in documents {
        let document = serde_json::to_value(document).expect("a document is JSON");
        for (path, operations) in document["paths"].as_object().expect("paths") {
            let described: BTreeSet<String> =
                operations.as_object().into_iter().flatten().map(method).collect();
            let taken = allowed(router.clone(), path).await;
            assert_eq!(
                taken, described,
                "methods of {path}: the router's, and the document's"
            );
        }
    }
    assert!(!documents.is_empty(), "there is no document");
}

fn method((name, _): (&String, &Value)) -> String {
    name.to_ascii_uppercase()
}

/// What the router says that it allows, when it is asked for something else.
async fn allowed(router: Router, path: &str) -> BTreeSet<String> {
    let request = Request::builder().method(Method::TRACE);
    let request = request
        .uri(path.replace(['{', '}'], ""))
        .body(Body::empty())
        .expect("a request");
    let answer = router.oneshot(request).await.expect("infallible");
    assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED, "{path}");
    let allow = answer.headers().get(header::ALLOW).expect("Allow");
    let methods = allow.to_str().expect("text").split(',').map(str::trim);
    methods
        .filter(|method| *method != "HEAD")
        .map(str::to_owned)
        .collect()
}

/// The example of a request's body.
///
/// # Panics
/// If there is none.
#[must_use]
pub fn request_example(document: &OpenApi, method: &str, path: &str) -> Value {
    let document = serde_json::to_value(document).expect("a document is JSON");
    let content = &document["paths"][path][method]["requestBody"]["content"];
    let content = content
        .as_object()
        .and_then(|types| types.values().next())
        .expect("a body");
    let example = content.get("example").expect("an example");
    example.clone()
}
