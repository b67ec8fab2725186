//! `/.well-known/jwks.json`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use holdfast_platform::problem::Problem;

use super::Api;

pub(super) async fn jwks(State(api): State<Api>) -> Result<Response, Problem> {
    let keys: Arc<str> = api.signer.jwks()?;
    let headers = [
        (header::CONTENT_TYPE, "application/jwk-set+json"),
        (header::CACHE_CONTROL, "public, max-age=300, stale-if-error=3600"),
    ];
    Ok((headers, keys.to_string()).into_response())
}
