//! `/v1/users`, `/v1/users/me`, `/v1/contacts`.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use holdfast_platform::problem::{Problem, ValidJson, ValidPath};
use holdfast_user_core::contact::Notifications;
use serde::{Deserialize, Deserializer, Serialize};
use uuid::Uuid;

use super::Api;
use super::identity::Caller;
use super::problems::{of_confirmation, of_other};
use crate::accounts::{Change, Person, Registration};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Register {
    email: String,
    password: String,
    name: String,
    phone: Option<String>,
    #[serde(default)]
    notifications: Notifications,
}

pub(super) async fn register(
    State(api): State<Api>,
    ValidJson(body): ValidJson<Register>,
) -> Result<Response, Problem> {
    let new = Registration {
        email: body.email,
        password: body.password,
        name: body.name,
        phone: body.phone,
        notifications: body.notifications,
    };
    let person = api.accounts.register(new, Uuid::now_v7(), Vec::new()).await?;
    let location = [(header::LOCATION, "/v1/users/me")];
    Ok((StatusCode::CREATED, location, Json(person)).into_response())
}

pub(super) async fn show(State(api): State<Api>, caller: Caller) -> Result<Json<Person>, Problem> {
    Ok(Json(api.accounts.person(caller.user).await?))
}

/// A JSON merge patch (RFC 7396): what is not given stays.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Patch {
    name: Option<String>,
    /// `null` removes it.
    #[serde(default, deserialize_with = "given")]
    phone: Option<Option<String>>,
    notifications: Option<Notifications>,
    email: Option<String>,
    current_password: Option<String>,
}

fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

pub(super) async fn change(
    State(api): State<Api>,
    caller: Caller,
    ValidJson(patch): ValidJson<Patch>,
) -> Result<Json<Person>, Problem> {
    let change = Change {
        name: patch.name,
        phone: patch.phone,
        notifications: patch.notifications,
        email: patch.email,
        current_password: patch.current_password,
    };
    let changed = api.accounts.change(caller.user, change).await;
    changed.map(Json).map_err(of_confirmation)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewPassword {
    current_password: String,
    new_password: String,
}

pub(super) async fn change_password(
    State(api): State<Api>,
    caller: Caller,
    ValidJson(body): ValidJson<NewPassword>,
) -> Result<StatusCode, Problem> {
    let changed = api
        .accounts
        .change_password(caller.user, &body.current_password, &body.new_password)
        .await;
    changed.map_err(of_confirmation)?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Serialize)]
struct Erased {
    id: Uuid,
    status: &'static str,
}

pub(super) async fn erase(State(api): State<Api>, caller: Caller) -> Result<Response, Problem> {
    api.accounts.erase(caller.user).await?;
    let erased = Erased {
        id: caller.user,
        status: "erased",
    };
    Ok((StatusCode::ACCEPTED, Json(erased)).into_response())
}

pub(super) async fn export(State(api): State<Api>, caller: Caller) -> Result<Response, Problem> {
    let export = api.accounts.export(caller.user).await?;
    let disposition = "attachment; filename=\"holdfast-account.json\"";
    Ok(([(header::CONTENT_DISPOSITION, disposition)], Json(export)).into_response())
}

/// How to reach somebody, for other services.
#[derive(Serialize)]
pub(super) struct ContactBody {
    user_id: Uuid,
    email: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
    notifications: Notifications,
}

/// The mesh lets none but services come here.
pub(super) async fn contact(
    State(api): State<Api>,
    ValidPath(user): ValidPath<Uuid>,
) -> Result<Json<ContactBody>, Problem> {
    let person = api.accounts.person(user).await.map_err(of_other)?;
    Ok(Json(ContactBody {
        user_id: person.id,
        email: person.email,
        name: person.name,
        phone: person.phone,
        notifications: person.notifications,
    }))
}
