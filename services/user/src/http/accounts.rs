//! `/v1/users`, `/v1/users/me`, `/v1/contacts`.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use holdfast_platform::openapi::JSON_BODY;
use holdfast_platform::problem::{INVALID_PARAMETER, NOT_FOUND, Problem, ValidJson, ValidPath};
use holdfast_user_core::contact::Notifications;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::Api;
use super::identity::Caller;
use super::problems::{BUSY, EMAIL_TAKEN, TOO_MANY_ATTEMPTS, of_confirmation, of_other};
use super::schemas::Notifications as NotificationsSchema;
use crate::accounts::{Change, Export, Person, Registration};

holdfast_platform::problems! {
    /// Why there is no new account.
    NotRegistered: JSON_BODY, &[&EMAIL_TAKEN, &BUSY]
}

holdfast_platform::problems! {
    /// Why an account is not changed.
    NotChanged: JSON_BODY, &[&EMAIL_TAKEN, &TOO_MANY_ATTEMPTS, &BUSY]
}

/// A new account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Registration)]
pub(super) struct Register {
    #[schema(format = Email, max_length = 254)]
    email: String,
    /// As strong as three of four by zxcvbn.
    #[schema(format = Password, min_length = 8, max_length = 1024)]
    password: String,
    /// For people.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// International: `+`, then 7 to 15 digits. Spaces, dots, hyphens and brackets are left out.
    #[schema(pattern = r"^[ ().-]*\+[ ().-]*[1-9][ ().-]*([0-9][ ().-]*){6,14}$")]
    phone: Option<String>,
    #[serde(default)]
    #[schema(value_type = NotificationsSchema)]
    notifications: Notifications,
}

/// Register
///
/// Two addresses that differ in case, or in how their domain is written, are the same.
#[utoipa::path(
    post,
    path = "/v1/users",
    operation_id = "registerUser",
    tag = "accounts",
    security(()),
    request_body(
        content = Register,
        example = json!({
            "email": "anna@example.com", "password": "four salted almonds at dawn", "name": "Anna Lindqvist",
            "phone": "+46 70 174 06 35", "notifications": {"email": true, "sms": false},
        }),
    ),
    responses(
        (
            status = 201, description = "The account", body = Person,
            headers(("Location" = String, description = "Where it is, once you are logged in")),
        ),
        NotRegistered,
    ),
)]
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

/// Read your account
#[utoipa::path(
    get,
    path = "/v1/users/me",
    operation_id = "getAccount",
    tag = "accounts",
    security(("bearer" = [])),
    responses((status = 200, description = "The account", body = Person)),
)]
pub(super) async fn show(State(api): State<Api>, caller: Caller) -> Result<Json<Person>, Problem> {
    Ok(Json(api.accounts.person(caller.user).await?))
}

/// A JSON merge patch (RFC 7396): what is not given stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AccountPatch)]
pub(super) struct Patch {
    /// For people.
    #[schema(min_length = 1, max_length = 100)]
    name: Option<String>,
    /// `null` removes it.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, pattern = r"^[ ().-]*\+[ ().-]*[1-9][ ().-]*([0-9][ ().-]*){6,14}$")]
    phone: Option<Option<String>>,
    #[schema(value_type = Option<NotificationsSchema>)]
    notifications: Option<Notifications>,
    /// Needs `current_password`.
    #[schema(format = Email, max_length = 254)]
    email: Option<String>,
    #[schema(format = Password)]
    current_password: Option<String>,
}

fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// Change your account
///
/// A JSON merge patch: what is not given stays.
#[utoipa::path(
    patch,
    path = "/v1/users/me",
    operation_id = "changeAccount",
    tag = "accounts",
    security(("bearer" = [])),
    request_body(content(
        (Patch = "application/json", example = json!({"name": "Anna L. Lindqvist", "phone": null})),
        (Patch = "application/merge-patch+json", example = json!({"notifications": {"email": true, "sms": true}})),
    )),
    responses((status = 200, description = "The account", body = Person), NotChanged),
)]
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

/// A new password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PasswordChange)]
pub(super) struct NewPassword {
    #[schema(format = Password)]
    current_password: String,
    /// As strong as three of four by zxcvbn.
    #[schema(format = Password, min_length = 8, max_length = 1024)]
    new_password: String,
}

holdfast_platform::problems! {
    /// Why the password stays.
    PasswordStays: JSON_BODY, &[&TOO_MANY_ATTEMPTS, &BUSY]
}

/// Change your password
///
/// You are logged out everywhere.
#[utoipa::path(
    put,
    path = "/v1/users/me/password",
    operation_id = "changePassword",
    tag = "accounts",
    security(("bearer" = [])),
    request_body(
        content = NewPassword,
        example = json!({
            "current_password": "four salted almonds at dawn", "new_password": "nine unlit lanterns by the quay",
        }),
    ),
    responses((status = 204, description = "Changed"), PasswordStays),
)]
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

/// What is left of an account.
#[derive(Serialize, ToSchema)]
#[schema(as = ErasedAccount)]
struct Erased {
    id: Uuid,
    /// `erased`.
    status: &'static str,
}

/// Erase your account
///
/// The key of all that is personal is destroyed. Your orders keep your id and nothing else of you.
#[utoipa::path(
    delete,
    path = "/v1/users/me",
    operation_id = "eraseAccount",
    tag = "accounts",
    security(("bearer" = [])),
    responses((status = 202, description = "Erased", body = Erased)),
)]
pub(super) async fn erase(State(api): State<Api>, caller: Caller) -> Result<Response, Problem> {
    api.accounts.erase(caller.user).await?;
    let erased = Erased {
        id: caller.user,
        status: "erased",
    };
    Ok((StatusCode::ACCEPTED, Json(erased)).into_response())
}

/// Export your account
///
/// All that is kept of you beside your orders.
#[utoipa::path(
    get,
    path = "/v1/users/me/export",
    operation_id = "exportAccount",
    tag = "accounts",
    security(("bearer" = [])),
    responses((
        status = 200, description = "The account", body = Export,
        headers(("Content-Disposition" = String, description = "That it is a file, and its name")),
    )),
)]
pub(super) async fn export(State(api): State<Api>, caller: Caller) -> Result<Response, Problem> {
    let export = api.accounts.export(caller.user).await?;
    let disposition = "attachment; filename=\"holdfast-account.json\"";
    Ok(([(header::CONTENT_DISPOSITION, disposition)], Json(export)).into_response())
}

/// How to reach somebody, for other services.
#[derive(Serialize, ToSchema)]
#[schema(as = Contact)]
pub(super) struct ContactBody {
    user_id: Uuid,
    email: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    phone: Option<String>,
    #[schema(value_type = NotificationsSchema)]
    notifications: Notifications,
}

holdfast_platform::problems! {
    /// Why nobody can be reached.
    NotReached: &[&INVALID_PARAMETER, &NOT_FOUND]
}

/// Read how to reach a user
#[utoipa::path(
    get,
    path = "/v1/contacts/{user_id}",
    operation_id = "getContact",
    tag = "accounts",
    params(("user_id" = Uuid, Path, description = "The user")),
    responses((status = 200, description = "How to reach them", body = ContactBody), NotReached),
)]
// The mesh lets none but services come here.
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

#[cfg(test)]
mod tests {
    use holdfast_platform::openapi::testing::request_example;
    use holdfast_user_core::{contact, email, password};

    use super::*;
    use crate::http::documents;

    #[test]
    fn the_examples_of_requests_are_some() {
        let [document, _] = documents();
        let new = request_example(&document, "post", "/v1/users");
        let new: Register = serde_json::from_value(new).expect("the handler's type");
        assert!(email::Email::parse(&new.email).is_ok());
        assert!(contact::name(&new.name).is_ok());
        assert!(contact::phone(new.phone.as_deref().unwrap_or_default()).is_ok());
        let patch = request_example(&document, "patch", "/v1/users/me");
        assert!(serde_json::from_value::<Patch>(patch).is_ok());
        let change = request_example(&document, "put", "/v1/users/me/password");
        let change: NewPassword = serde_json::from_value(change).expect("the handler's type");
        for password in [&new.password, &change.new_password] {
            assert!(
                password::judge(password, &[&new.email, &new.name]).is_ok(),
                "{password}"
            );
        }
    }
}
