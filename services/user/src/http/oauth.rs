//! `/v1/oauth/token`: the token endpoint of OAuth 2 (RFC 6749 §3.2) for `refresh_token` and `client_credentials`.
//!
//! Its errors are problems as everywhere, with the member `error` that OAuth clients look for.

use axum::extract::{FromRequest, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use holdfast_platform::problem::{
    BODY_TOO_LARGE, INCOMPLETE_BODY, Problem, ProblemType, RawBody, SLOW_BODY, UNSUPPORTED_MEDIA_TYPE,
};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{Api, Tokens};
use crate::accounts;
use crate::clients;
use crate::sessions::{self, RefreshToken};

const fn bad(slug: &'static str, title: &'static str) -> ProblemType {
    ProblemType::new(slug, StatusCode::BAD_REQUEST, title)
}

const INVALID_REQUEST: ProblemType = bad("oauth-invalid-request", "The token request is not valid");
const INVALID_GRANT: ProblemType = bad("oauth-invalid-grant", "The refresh token is not good");
const INVALID_SCOPE: ProblemType = bad(
    "oauth-invalid-scope",
    "The scope is more than the client may have",
);
const UNSUPPORTED_GRANT_TYPE: ProblemType =
    bad("oauth-unsupported-grant-type", "The grant type is not supported");
const INVALID_CLIENT: ProblemType = ProblemType::new(
    "oauth-invalid-client",
    StatusCode::UNAUTHORIZED,
    "The client is not known",
);

/// The parameters. Unknown ones are ignored, and none may come twice (§3.2).
#[derive(Deserialize, ToSchema)]
#[schema(as = TokenRequest)]
pub(super) struct Parameters {
    /// `refresh_token` or `client_credentials`.
    #[schema(
        required = true,
        nullable = false,
        pattern = "^(refresh_token|client_credentials)$"
    )]
    grant_type: Option<String>,
    /// The token, for `refresh_token`.
    #[schema(nullable = false)]
    refresh_token: Option<String>,
    /// For `client_credentials`, unless they are in `Authorization: Basic`.
    #[schema(nullable = false)]
    client_id: Option<String>,
    /// For `client_credentials`, unless they are in `Authorization: Basic`.
    #[schema(nullable = false, format = Password)]
    client_secret: Option<String>,
    /// Less than all that the client may have, for `client_credentials`.
    #[schema(nullable = false)]
    scope: Option<String>,
}

fn refused(kind: &'static ProblemType, error: &'static str) -> Problem {
    Problem::new(kind).with("error", error)
}

fn missing(field: &'static str) -> Problem {
    refused(&INVALID_REQUEST, "invalid_request").field(field, Value::Null, "is missing")
}

impl<S: Sync> FromRequest<S> for Parameters {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        const FORM: &str = "application/x-www-form-urlencoded";
        let kind = request.headers().get(header::CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let essence = kind.split(';').next().unwrap_or_default().trim();
        if !essence.eq_ignore_ascii_case(FORM) {
            let must = format!("must be {FORM}");
            return Err(Problem::new(&UNSUPPORTED_MEDIA_TYPE).field("Content-Type", Value::Null, must));
        }
        let RawBody(body) = RawBody::<8192>::from_request(request, state).await?;
        serde_urlencoded::from_bytes(&body).map_err(|error| {
            refused(&INVALID_REQUEST, "invalid_request").field("body", Value::Null, error.to_string())
        })
    }
}

holdfast_platform::problems! {
    /// Why there are no tokens.
    Refused: &[
        &INVALID_REQUEST, &INVALID_GRANT, &INVALID_SCOPE, &UNSUPPORTED_GRANT_TYPE, &INCOMPLETE_BODY, &INVALID_CLIENT,
        &SLOW_BODY, &BODY_TOO_LARGE, &UNSUPPORTED_MEDIA_TYPE,
    ]
}

/// Get tokens
///
/// The token endpoint of OAuth 2 (RFC 6749 §3.2). A refresh token is good once: if it comes again its session ends.
/// Its errors are problems with the member `error` of RFC 6749.
#[utoipa::path(
    post,
    path = "/v1/oauth/token",
    operation_id = "getTokens",
    tag = "accounts",
    security((), ("client" = [])),
    request_body(
        content = Parameters,
        content_type = "application/x-www-form-urlencoded",
        example = json!({"grant_type": "client_credentials", "client_id": "reports", "client_secret": "…"}),
    ),
    responses((status = 200, description = "Tokens", body = Tokens), Refused),
)]
pub(super) async fn token(
    State(api): State<Api>,
    headers: HeaderMap,
    parameters: Parameters,
) -> Result<Tokens, Problem> {
    match parameters.grant_type.as_deref() {
        Some("refresh_token") => refresh(&api, parameters).await,
        Some("client_credentials") => for_client(&api, &headers, parameters).await,
        Some(_) => Err(refused(&UNSUPPORTED_GRANT_TYPE, "unsupported_grant_type")),
        None => Err(missing("grant_type")),
    }
}

async fn refresh(api: &Api, parameters: Parameters) -> Result<Tokens, Problem> {
    let text = parameters.refresh_token.ok_or_else(|| missing("refresh_token"))?;
    let token = RefreshToken::parse(&text).ok_or_else(invalid_grant)?;
    let owner = api
        .accounts
        .owner(token.id.user)
        .await
        .map_err(|error| match error {
            accounts::Error::NoAccount => invalid_grant(),
            error => error.into(),
        })?;
    let next = api
        .sessions
        .refresh(&token, owner.epoch)
        .await
        .map_err(|error| match error {
            sessions::Error::Denied => invalid_grant(),
            sessions::Error::Store(error) => error.into(),
        })?;
    api.tokens_of(owner, &next)
}

fn invalid_grant() -> Problem {
    refused(&INVALID_GRANT, "invalid_grant")
}

async fn for_client(api: &Api, headers: &HeaderMap, parameters: Parameters) -> Result<Tokens, Problem> {
    let unknown = || refused(&INVALID_CLIENT, "invalid_client");
    let (id, secret) = match headers.get(header::AUTHORIZATION) {
        Some(value) => basic(value.to_str().unwrap_or_default()).ok_or_else(unknown)?,
        None => (
            parameters.client_id.ok_or_else(unknown)?,
            parameters.client_secret.ok_or_else(unknown)?,
        ),
    };
    let granted = api.clients.grant(&id, &secret, parameters.scope.as_deref()).await;
    let grant = granted.map_err(|error| match error {
        clients::Error::Unknown => unknown(),
        clients::Error::Scope(reason) => {
            refused(&INVALID_SCOPE, "invalid_scope").field("scope", Value::Null, reason.to_string())
        }
        clients::Error::Store(error) => error.into(),
    })?;
    api.tokens(&grant, None)
}

/// The id and the secret of a client, each form-encoded (§2.3.1).
fn basic(value: &str) -> Option<(String, String)> {
    let (scheme, credentials) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let credentials = String::from_utf8(BASE64_STANDARD.decode(credentials.trim()).ok()?).ok()?;
    let (id, secret) = credentials.split_once(':')?;
    Some((decoded(id)?, decoded(secret)?))
}

fn decoded(text: &str) -> Option<String> {
    let mut pairs: Vec<(String, String)> = serde_urlencoded::from_str(&format!("v={text}")).ok()?;
    match (pairs.pop(), pairs.is_empty()) {
        (Some((_, value)), true) => Some(value),
        _ => None,
    }
}
