//! The pages of the shop: static files, built from `web/`. What they show comes from the API, by the same gateway.

use std::path::{Path, PathBuf};

use axum::Router;
use axum::http::{HeaderName, HeaderValue, header};
use holdfast_platform::service::{self, Context};
use tower::ServiceBuilder;
use tower_http::services::{ServeDir, ServeFile};
use tower_http::set_header::SetResponseHeaderLayer;

/// The page may load what this origin serves and nothing else, runs no script and no style that is written into it, and
/// is shown in nobody's frame. `connect-src 'self'` covers the WebSocket too (CSP level 3, §6.7.2.8).
const CONTENT_SECURITY_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; manifest-src 'self'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
);
/// The names of built files change with their content.
const IMMUTABLE: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// The page names the files of its own version, so a copy is asked about each time.
const REVALIDATE: HeaderValue = HeaderValue::from_static("no-cache");

/// What the storefront is told beside what all services are.
#[derive(Clone, Debug, clap::Args)]
pub struct StorefrontArgs {
    /// The folder of the built pages: what `make storefront` builds
    #[arg(long, env = "HOLDFAST_STOREFRONT_PAGES", value_name = "DIR")]
    pub pages: PathBuf,
}

/// Why the storefront cannot run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It cannot start, or its server fails.
    #[error(transparent)]
    Service(#[from] service::Error),
    /// There are no pages.
    #[error("HOLDFAST_STOREFRONT_PAGES={0} has no index.html: build it with `make storefront`")]
    NotBuilt(PathBuf),
}

/// Serves the pages until shutdown.
///
/// # Errors
/// [`Error`] if there are no pages, it cannot start, or its server fails.
pub async fn serve(context: Context, args: StorefrontArgs) -> Result<(), Error> {
    if !args.pages.join("index.html").is_file() {
        return Err(Error::NotBuilt(args.pages));
    }
    Ok(context.serve_http(router(&args.pages)).await?)
}

/// Files by their names; every other path is the page, which finds out by itself what it shows.
pub fn router(pages: &Path) -> Router {
    let page = ServeFile::new(pages.join("index.html"))
        .precompressed_br()
        .precompressed_gzip();
    let files = ServeDir::new(pages)
        .precompressed_br()
        .precompressed_gzip()
        .append_index_html_on_directories(true)
        .fallback(page);
    // Of what is built, what is missing is missing: the page in its place would be run as a script.
    let built = ServeDir::new(pages.join("assets"))
        .precompressed_br()
        .precompressed_gzip();
    Router::new()
        .nest_service(
            "/assets",
            with_header(header::CACHE_CONTROL, IMMUTABLE).service(built),
        )
        .route_service(
            "/",
            with_header(header::CACHE_CONTROL, REVALIDATE).service(files.clone()),
        )
        .route_service(
            "/{*path}",
            with_header(header::CACHE_CONTROL, REVALIDATE).service(files),
        )
        .layer(with_header(
            header::CONTENT_SECURITY_POLICY,
            CONTENT_SECURITY_POLICY,
        ))
        .layer(with_header(
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ))
        .layer(with_header(
            header::REFERRER_POLICY,
            HeaderValue::from_static("no-referrer"),
        ))
}

type WithHeader = ServiceBuilder<
    tower::layer::util::Stack<SetResponseHeaderLayer<HeaderValue>, tower::layer::util::Identity>,
>;

fn with_header(name: HeaderName, value: HeaderValue) -> WithHeader {
    ServiceBuilder::new().layer(SetResponseHeaderLayer::overriding(name, value))
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::{Request, StatusCode};
    use axum::response::Response;
    use http_body_util::BodyExt;
    use tower::ServiceExt;

    use super::*;

    fn built() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("assets")).unwrap();
        std::fs::write(folder.path().join("index.html"), "<!doctype html>page").unwrap();
        std::fs::write(folder.path().join("assets/app-1.js"), "app()").unwrap();
        std::fs::write(folder.path().join("assets/app-1.js.gz"), "zipped").unwrap();
        folder
    }

    async fn get(path: &str, accept_encoding: &str) -> Response {
        let folder = built();
        let request = Request::get(path)
            .header("accept-encoding", accept_encoding)
            .body(Body::empty())
            .unwrap();
        let response = router(folder.path()).oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Response::from_parts(head, Body::from(body))
    }

    async fn text(response: Response) -> String {
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    #[tokio::test]
    async fn any_path_of_the_shop_is_its_page_asked_about_each_time() {
        for path in ["/", "/orders/0193", "/products/tea-sencha-100", "/cart"] {
            let response = get(path, "").await;
            assert_eq!(response.status(), StatusCode::OK, "{path}");
            assert_eq!(response.headers()["cache-control"], "no-cache");
            assert_eq!(text(response).await, "<!doctype html>page");
        }
    }

    #[tokio::test]
    async fn a_built_file_is_kept_for_good_and_sent_compressed_to_who_takes_it() {
        let response = get("/assets/app-1.js", "gzip").await;
        assert_eq!(
            response.headers()["cache-control"],
            "public, max-age=31536000, immutable"
        );
        assert_eq!(response.headers()["content-encoding"], "gzip");
        assert_eq!(text(response).await, "zipped");
    }

    #[tokio::test]
    async fn a_built_file_that_is_missing_is_not_the_page() {
        assert_eq!(get("/assets/app-0.js", "").await.status(), StatusCode::NOT_FOUND);
    }

    #[tokio::test]
    async fn nothing_outside_the_folder_is_served() {
        for path in ["/../Cargo.toml", "/%2e%2e/Cargo.toml", "/assets/../../Cargo.toml"] {
            let response = get(path, "").await;
            assert!(!text(response).await.contains("[package]"), "{path}");
        }
    }

    #[tokio::test]
    async fn every_answer_has_the_policy() {
        for path in ["/", "/assets/app-1.js", "/assets/none"] {
            let response = get(path, "").await;
            let policy = response.headers()["content-security-policy"]
                .to_str()
                .unwrap()
                .to_owned();
            assert!(policy.starts_with("default-src 'none'"), "{path}: {policy}");
        }
    }
}
