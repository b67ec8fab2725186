//! `/.well-known/jwks.json`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use holdfast_platform::problem::Problem;

use super::Api;

pub(super) async fn jwks(State(api): State<Api>) -> Result<Response, Problem> {
    let keys: Arc<str> = api.signer.jwks()?;
    let (fresh, stale) = api.signer.keeping();
    let cache = format!("public, max-age={fresh}, stale-if-error={stale}");
    let headers = [
        (header::CONTENT_TYPE, "application/jwk-set+json".to_owned()),
        (header::CACHE_CONTROL, cache),
    ];
    Ok((headers, keys.to_string()).into_response())
}
