//! `/v1/sessions`.

use axum::extract::State;
use axum::http::StatusCode;
use holdfast_platform::openapi::JSON_BODY;
use holdfast_platform::problem::{
    BODY_TOO_LARGE, INCOMPLETE_BODY, INVALID_REQUEST, Problem, RawBody, SLOW_BODY, ValidJson,
};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::identity::Caller;
use super::problems::{BUSY, TOO_MANY_ATTEMPTS, WRONG_PASSWORD, of_refresh_token};
use super::{Api, Tokens};
use crate::sessions::{Error, RefreshToken, SessionId};

/// Who logs in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Credentials)]
pub(super) struct LogIn {
    email: String,
    #[schema(format = Password)]
    password: String,
}

holdfast_platform::problems! {
    /// Why nobody is logged in.
    NotLoggedIn: JSON_BODY, &[&WRONG_PASSWORD, &TOO_MANY_ATTEMPTS, &BUSY]
}

holdfast_platform::problems! {
    /// Why nobody is logged out.
    NotLoggedOut: &[&INCOMPLETE_BODY, &SLOW_BODY, &BODY_TOO_LARGE, &INVALID_REQUEST]
}

/// Log in
#[utoipa::path(
    post,
    path = "/v1/sessions",
    operation_id = "logIn",
    tag = "accounts",
    security(()),
    request_body(
        content = LogIn,
        example = json!({"email": "anna@example.com", "password": "four salted almonds at dawn"}),
    ),
    responses((status = 200, description = "Tokens", body = Tokens), NotLoggedIn),
)]
pub(super) async fn log_in(
    State(api): State<Api>,
    ValidJson(body): ValidJson<LogIn>,
) -> Result<Tokens, Problem> {
    let owner = api.accounts.authenticate(&body.email, &body.password).await?;
    let begun = api.sessions.begin(owner.id, owner.epoch).await;
    let token = begun.map_err(of_refresh_token)?;
    api.tokens_of(owner, &token)
}

/// Which session ends.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LogOut {
    refresh_token: String,
}

/// Log out
///
/// Without a body the session of the access token ends, else that of the refresh token in it.
// The session of the access token is told by the gateway.
#[utoipa::path(
    delete,
    path = "/v1/sessions/current",
    operation_id = "logOut",
    tag = "accounts",
    security(("bearer" = [])),
    responses((status = 204, description = "Logged out"), NotLoggedOut),
)]
pub(super) async fn log_out(
    State(api): State<Api>,
    caller: Caller,
    RawBody(body): RawBody<4096>,
) -> Result<StatusCode, Problem> {
    let ended = match (body.is_empty(), caller.session) {
        (true, Some(session)) => {
            let user = caller.user;
            api.sessions.end(SessionId { user, session }).await
        }
        (true, None) => {
            let problem = Problem::new(&INVALID_REQUEST);
            return Err(problem.field("refresh_token", Value::Null, "is missing"));
        }
        (false, _) => {
            let LogOut { refresh_token } = serde_json::from_slice(&body).map_err(|error| {
                Problem::new(&INVALID_REQUEST).field("body", Value::Null, error.to_string())
            })?;
            match RefreshToken::parse(&refresh_token).filter(|token| token.id.user == caller.user) {
                Some(token) => api.sessions.end_by(&token).await,
                None => Err(Error::Denied),
            }
        }
    };
    ended.map_err(of_refresh_token)?;
    Ok(StatusCode::NO_CONTENT)
}
