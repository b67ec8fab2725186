//! What its owner sees and changes of an account, and what other services are told.

use axum::body::Body;
use axum::http::Request;
use holdfast_platform::openapi::testing::assert_described;
use holdfast_user::http::documents;
use serde_json::json;
use uuid::Uuid;

use crate::support::{PASSWORD, World};

#[tokio::test]
async fn its_owner_sees_and_changes_an_account() {
    let world = World::new().await;
    let anna = world.replica.registered("anna@example.org").await;
    let patch = async |body| {
        world
            .replica
            .as_user(&anna, "PATCH", "/v1/users/me", Some(body))
            .await
    };
    let changed = patch(json!({"name": "Anna Bach", "notifications": {"email": false, "sms": true}})).await;
    let changed = changed.expect(200);
    assert_eq!(
        (changed.text("name"), changed.text("phone")),
        ("Anna Bach".into(), "+49301234567".into())
    );
    assert_eq!(
        changed.body["notifications"],
        json!({"email": false, "sms": true})
    );
    let without = patch(json!({"phone": null})).await.expect(200);
    assert!(without.body.get("phone").is_none());
    let shown = world
        .replica
        .as_user(&anna, "GET", "/v1/users/me", None)
        .await
        .expect(200);
    assert_eq!(shown.body, without.body);
    assert_eq!(
        patch(json!({"name": "", "phone": "x"}))
            .await
            .expect(422)
            .fields(),
        ["name", "phone"]
    );
    assert_eq!(
        patch(json!({"roles": ["staff"]})).await.expect(422).fields(),
        ["roles"]
    );
    assert_eq!(patch(json!({})).await.expect(200).body, without.body);
}

#[tokio::test]
async fn an_address_is_changed_with_the_password_and_the_old_one_is_free_again() {
    let world = World::new().await;
    let anna = world.replica.registered("anna@example.org").await;
    world.replica.registered("bert@example.org").await;
    let patch = async |body| {
        world
            .replica
            .as_user(&anna, "PATCH", "/v1/users/me", Some(body))
            .await
    };
    let without = patch(json!({"email": "anna@example.net"})).await.expect(422);
    assert_eq!(without.fields(), ["current_password"]);
    let wrong = patch(json!({"email": "anna@example.net", "current_password": "x"}))
        .await
        .expect(422);
    assert_eq!(wrong.fields(), ["current_password"]);
    let taken = patch(json!({"email": "Bert@example.org", "current_password": PASSWORD})).await;
    taken.expect(409);
    let changed = patch(json!({"email": "anna@example.net", "current_password": PASSWORD}))
        .await
        .expect(200);
    assert_eq!(changed.text("email"), "anna@example.net");
    world.replica.logged_in("anna@example.net").await;
    world
        .replica
        .log_in("anna@example.org", PASSWORD)
        .await
        .expect(401);
    world.replica.registered("anna@example.org").await;
    // Another spelling of the same address is not another address.
    let spelled = patch(json!({"email": "ANNA@example.net", "current_password": PASSWORD}))
        .await
        .expect(200);
    assert_eq!(spelled.text("email"), "ANNA@example.net");
    world.replica.logged_in("anna@example.net").await;
}

#[tokio::test]
async fn an_export_has_all_that_is_kept() {
    let world = World::new().await;
    let anna = world.replica.registered("anna@example.org").await;
    world.replica.logged_in("anna@example.org").await;
    let export = world
        .replica
        .as_user(&anna, "GET", "/v1/users/me/export", None)
        .await
        .expect(200);
    assert_eq!(export.body["account"]["email"], "anna@example.org");
    assert_eq!(export.body["account"]["phone"], "+49301234567");
    let sessions = export.body["sessions"].as_array().unwrap();
    assert_eq!((sessions.len(), &sessions[0]["is_revoked"]), (1, &false.into()));
    assert!(!export.body.to_string().contains("argon2"));
    let disposition = export.header(axum::http::header::CONTENT_DISPOSITION);
    assert!(disposition.starts_with("attachment"));
}

#[tokio::test]
async fn another_service_is_told_how_to_reach_somebody() {
    let world = World::new().await;
    let anna = world.replica.registered("anna@example.org").await;
    let get = async |id: &str| {
        let request = Request::get(format!("/v1/contacts/{id}"))
            .body(Body::empty())
            .unwrap();
        world.replica.send(request).await
    };
    let contact = get(&anna).await.expect(200);
    let expected = json!({
        "user_id": anna, "email": "anna@example.org", "name": "Anna Berg", "phone": "+49301234567",
        "notifications": {"email": true, "sms": false},
    });
    assert_eq!(contact.body, expected);
    get(&Uuid::now_v7().to_string()).await.expect(404);
    assert_eq!(get("x").await.expect(400).fields(), ["user_id"]);
}

#[tokio::test]
async fn who_is_nobody_or_two_is_let_in_nowhere() {
    let world = World::new().await;
    for (method, path) in [
        ("GET", "/v1/users/me"),
        ("PATCH", "/v1/users/me"),
        ("DELETE", "/v1/users/me"),
        ("GET", "/v1/users/me/export"),
        ("PUT", "/v1/users/me/password"),
        ("DELETE", "/v1/sessions/current"),
    ] {
        let request = || Request::builder().method(method).uri(path);
        let nobody = world
            .replica
            .send(request().body(Body::empty()).unwrap())
            .await
            .expect(401);
        assert_eq!(
            nobody.header(axum::http::header::WWW_AUTHENTICATE),
            "Bearer realm=\"holdfast\""
        );
        let one = Uuid::now_v7().to_string();
        let two = request()
            .header("x-holdfast-user", &one)
            .header("x-holdfast-user", Uuid::nil().to_string());
        world
            .replica
            .send(two.body(Body::empty()).unwrap())
            .await
            .expect(400);
    }
    let stranger = Uuid::now_v7().to_string();
    world
        .replica
        .as_user(&stranger, "GET", "/v1/users/me", None)
        .await
        .expect(401);
}

#[tokio::test]
async fn the_documents_describe_the_router() {
    let world = World::new().await;
    assert_described(world.replica.router.clone(), &documents()).await;
}
