//! `/.well-known/jwks.json`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use holdfast_platform::problem::Problem;

use super::Api;
use super::schemas::KeySet;

/// Read the keys that tokens are signed with
///
/// A JSON Web Key Set (RFC 7517).
#[utoipa::path(
    get,
    path = "/.well-known/jwks.json",
    operation_id = "getKeys",
    tag = "accounts",
    security(()),
    responses((
        status = 200, description = "The keys", body = KeySet, content_type = "application/jwk-set+json",
        headers(("Cache-Control" = String, description = "How long they may be kept")),
    )),
)]
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
