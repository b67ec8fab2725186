//! What the API of Holdfast looks like: the OpenAPI document of all services, and a page to read it on; beside it the
//! AsyncAPI document of the events.
//!
//! All are compiled in and need nothing else, so they are there as long as one catalogue is.

use std::hash::{DefaultHasher, Hasher};

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use axum::routing::get;
use bytes::Bytes;
use holdfast_platform::openapi::{self, OpenApiRouter, operation};
use holdfast_platform::problem::{NOT_FOUND, Problem, ValidPath};

use super::{Content, JSON, value};

const DOCUMENT: &str = include_str!("../../../../docs/api/openapi.json");
const EVENTS: &str = include_str!("../../../../docs/api/asyncapi.json");
const CACHE_CONTROL: HeaderValue = HeaderValue::from_static("public, max-age=300, stale-if-error=604800");
/// Scripts, styles and requests of this origin alone. The page styles some elements by attributes.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// A file that is compiled in.
#[derive(Clone)]
struct File {
    name: &'static str,
    media_type: HeaderValue,
    etag: HeaderValue,
    body: Bytes,
}

#[derive(Clone)]
pub(super) struct Shelf {
    document: File,
    page: [File; 5],
}

impl File {
    fn new(name: &'static str, media_type: &'static str, body: &'static str) -> Self {
        let mut hasher = DefaultHasher::new();
        hasher.write(body.as_bytes());
        Self {
            name,
            media_type: HeaderValue::from_static(media_type),
            etag: value(format!("\"{:016x}\"", hasher.finish())),
            body: Bytes::from_static(body.as_bytes()),
        }
    }

    fn answer(&self, request: &HeaderMap) -> Response {
        let content = Content {
            etag: self.etag.clone(),
            media_type: self.media_type.clone(),
            cache_control: CACHE_CONTROL,
        };
        let mut answer = content.answer(request, None, || self.body.clone());
        answer
            .headers_mut()
            .insert(header::CONTENT_SECURITY_POLICY, POLICY);
        answer
    }
}

impl Shelf {
    fn new() -> Self {
        const SCRIPT: &str = "text/javascript; charset=utf-8";
        let bundle = include_str!("../../assets/docs/swagger-ui-bundle.js");
        Self {
            document: File {
                media_type: JSON,
                ..File::new("openapi.json", "application/json", DOCUMENT)
            },
            page: [
                File::new(
                    "",
                    "text/html; charset=utf-8",
                    include_str!("../../assets/docs/index.html"),
                ),
                File::new("start.js", SCRIPT, include_str!("../../assets/docs/start.js")),
                File::new("swagger-ui-bundle.js", SCRIPT, bundle),
                File::new(
                    "swagger-ui.css",
                    "text/css; charset=utf-8",
                    include_str!("../../assets/docs/swagger-ui.css"),
                ),
                File::new("asyncapi.json", "application/json", EVENTS),
            ],
        }
    }

    fn find(&self, name: &str) -> Result<&File, Problem> {
        let file = self.page.iter().find(|file| file.name == name);
        file.ok_or_else(|| Problem::new(&NOT_FOUND).detail("the page is /docs"))
    }
}

pub(super) fn router() -> OpenApiRouter {
    routes().with_state(Shelf::new())
}

/// The page itself is no part of the API, and is not described.
pub(super) fn routes() -> OpenApiRouter<Shelf> {
    openapi::router()
        .routes(operation(__path_document, document))
        .route("/docs", get(page))
        .route("/docs/{file}", get(part))
}

/// Read this document
///
/// OpenAPI 3.1. `/docs` shows it to people.
#[utoipa::path(
    get,
    path = "/v1/openapi.json",
    operation_id = "getOpenApi",
    tag = "products",
    security(()),
    params(("If-None-Match" = Option<String>, Header, description = "The `ETag` of what you have")),
    responses(
        (
            status = 200, description = "The document", body = Object,
            headers(
                ("ETag" = String, description = "Changes with the document"),
                ("Cache-Control" = String, description = "How long it may be kept"),
            ),
        ),
        (status = 304, description = "You have what there is"),
    ),
)]
async fn document(State(shelf): State<Shelf>, headers: HeaderMap) -> Response {
    shelf.document.answer(&headers)
}

async fn page(State(shelf): State<Shelf>, headers: HeaderMap) -> Result<Response, Problem> {
    Ok(shelf.find("")?.answer(&headers))
}

async fn part(
    State(shelf): State<Shelf>,
    ValidPath(name): ValidPath<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    Ok(shelf.find(&name)?.answer(&headers))
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::{Request, StatusCode};
    use tower::ServiceExt;

    use super::*;

    async fn get(path: &str, known: &str) -> Response {
        let (router, _) = router().split_for_parts();
        let request = Request::get(path).header("if-none-match", known);
        let request = request.body(Body::empty()).expect("a request");
        router.oneshot(request).await.expect("infallible")
    }

    #[tokio::test]
    async fn the_page_has_all_its_parts_and_needs_nobody_else() {
        let index = include_str!("../../assets/docs/index.html");
        assert!(!index.contains("//"), "another host");
        let parts = index.split('"').filter(|text| text.starts_with("/docs/"));
        for path in parts.chain(["/docs", "/docs/asyncapi.json", "/v1/openapi.json"]) {
            let answer = get(path, "\"other\"").await;
            assert_eq!(answer.status(), StatusCode::OK, "{path}");
            let policy = answer.headers()["content-security-policy"]
                .to_str()
                .expect("text");
            assert!(policy.starts_with("default-src 'none'"), "{policy}");
            let etag = answer.headers()["etag"].to_str().expect("text").to_owned();
            assert_eq!(
                get(path, &etag).await.status(),
                StatusCode::NOT_MODIFIED,
                "{path}"
            );
        }
        assert_eq!(get("/docs/other.js", "").await.status(), StatusCode::NOT_FOUND);
    }
}
