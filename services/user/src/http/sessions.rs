//! `/v1/sessions`.

use axum::extract::State;
use axum::http::StatusCode;
use holdfast_platform::problem::{INVALID_REQUEST, Problem, RawBody, ValidJson};
use serde::Deserialize;
use serde_json::Value;

use super::identity::Caller;
use super::problems::of_refresh_token;
use super::{Api, Tokens};
use crate::sessions::{Error, RefreshToken, SessionId};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LogIn {
    email: String,
    password: String,
}

pub(super) async fn log_in(
    State(api): State<Api>,
    ValidJson(body): ValidJson<LogIn>,
) -> Result<Tokens, Problem> {
    let owner = api.accounts.authenticate(&body.email, &body.password).await?;
    let begun = api.sessions.begin(owner.id, owner.epoch).await;
    let token = begun.map_err(of_refresh_token)?;
    api.tokens_of(owner, &token)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LogOut {
    refresh_token: String,
}

/// Ends the session of the refresh token in the body or, without a body, the one that the gateway names.
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
