//! The API.

mod accounts;
mod identity;
mod keys;
mod oauth;
mod problems;
pub(crate) mod schemas;
mod sessions;

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use holdfast_platform::openapi::{self, OpenApi, OpenApiRouter, operation};
use holdfast_platform::problem::{self, Problem};
use holdfast_user_core::claims::Grant;
use serde::Serialize;
use utoipa::ToSchema;

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
    let (router, _) = public().merge(internal()).split_for_parts();
    problem::with_fallbacks(router)
        .with_state(api)
        .layer(from_fn(guarded))
}

/// What the routes look like in OpenAPI: those that the gateway leads to, and those for other services.
#[must_use]
pub fn documents() -> [OpenApi; 2] {
    [public().into_openapi(), internal().into_openapi()]
}

fn public() -> OpenApiRouter<Api> {
    openapi::router()
        .routes(operation(accounts::__path_register, accounts::register))
        .routes(operation(accounts::__path_show, accounts::show))
        .routes(operation(accounts::__path_change, accounts::change))
        .routes(operation(accounts::__path_erase, accounts::erase))
        .routes(operation(accounts::__path_export, accounts::export))
        .routes(operation(
            accounts::__path_change_password,
            accounts::change_password,
        ))
        .routes(operation(sessions::__path_log_in, sessions::log_in))
        .routes(operation(sessions::__path_log_out, sessions::log_out))
        .routes(operation(oauth::__path_token, oauth::token))
        .routes(operation(keys::__path_jwks, keys::jwks))
}

fn internal() -> OpenApiRouter<Api> {
    openapi::router().routes(operation(accounts::__path_contact, accounts::contact))
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

/// Tokens (RFC 6749 §5.1).
#[derive(Serialize, ToSchema)]
struct Tokens {
    /// For the header `Authorization`.
    access_token: String,
    /// For the next tokens: good once.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    refresh_token: Option<String>,
    /// `Bearer`.
    token_type: &'static str,
    /// For how many seconds the access token is good.
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
