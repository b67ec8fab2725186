//! The API.

mod accounts;
mod identity;
mod keys;
mod oauth;
mod problems;
mod sessions;

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post, put};
use holdfast_platform::problem::{self, Problem};
use holdfast_user_core::claims::Grant;
use serde::Serialize;

use crate::accounts::{Accounts, Owner};
use crate::clients::Clients;
use crate::data_keys::DataKeys;
use crate::sessions::{RefreshToken, Sessions};
use crate::signing::Signer;

/// What a user's tokens allow.
const SCOPE: &str = "account orders";

/// All that requests are answered from.
#[derive(Clone)]
pub struct Api {
    /// Accounts.
    pub accounts: Arc<Accounts>,
    /// Refresh tokens.
    pub sessions: Arc<Sessions>,
    /// Clients of the token endpoint.
    pub clients: Arc<Clients>,
    /// Access tokens.
    pub signer: Arc<Signer>,
    /// The keys of users.
    pub keys: DataKeys,
}

/// The routes of the service.
pub fn router(api: Api) -> Router {
    let router = Router::new()
        .route("/v1/users", post(accounts::register))
        .route(
            "/v1/users/me",
            get(accounts::show)
                .patch(accounts::change)
                .delete(accounts::erase),
        )
        .route("/v1/users/me/export", get(accounts::export))
        .route("/v1/users/me/password", put(accounts::change_password))
        .route("/v1/contacts/{user_id}", get(accounts::contact))
        .route("/v1/sessions", post(sessions::log_in))
        .route("/v1/sessions/current", delete(sessions::log_out))
        .route("/v1/oauth/token", post(oauth::token))
        .route("/.well-known/jwks.json", get(keys::jwks));
    problem::with_fallbacks(router)
        .with_state(api)
        .layer(from_fn(guarded))
}

/// What all answers have in common: what is personal or secret is kept by nobody on the way, and who is refused is told
/// how to be let in (RFC 9110 §11.6.1).
async fn guarded(request: Request, next: Next) -> Response {
    let challenge = match request.uri().path() {
        "/v1/oauth/token" => "Basic realm=\"holdfast\", charset=\"UTF-8\"",
        _ => "Bearer realm=\"holdfast\"",
    };
    let mut response = next.run(request).await;
    if response.status() == StatusCode::UNAUTHORIZED {
        let challenge = HeaderValue::from_static(challenge);
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    let no_store = HeaderValue::from_static("no-store");
    response
        .headers_mut()
        .entry(header::CACHE_CONTROL)
        .or_insert(no_store);
    response
}

/// RFC 6749 §5.1.
#[derive(Serialize)]
struct Tokens {
    access_token: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    token_type: &'static str,
    expires_in: i64,
    scope: String,
}

impl IntoResponse for Tokens {
    fn into_response(self) -> Response {
        axum::Json(self).into_response()
    }
}

impl Api {
    fn tokens(&self, grant: &Grant, refresh: Option<&RefreshToken>) -> Result<Tokens, Problem> {
        Ok(Tokens {
            access_token: self.signer.token(grant)?,
            refresh_token: refresh.map(RefreshToken::text),
            token_type: "Bearer",
            expires_in: self.signer.lifetime().as_secs(),
            scope: grant.scope.clone(),
        })
    }

    fn tokens_of(&self, owner: Owner, refresh: &RefreshToken) -> Result<Tokens, Problem> {
        let grant = Grant {
            subject: owner.id,
            roles: owner.roles,
            scope: SCOPE.to_owned(),
            session: Some(refresh.id.session),
            client: None,
        };
        self.tokens(&grant, Some(refresh))
    }
}
