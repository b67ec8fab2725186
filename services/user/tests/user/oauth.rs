//! The token endpoint.

use axum::body::Body;
use axum::http::Request;
use axum::http::header::WWW_AUTHENTICATE;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use holdfast_user::clients::Client;

use crate::support::{Answer, Replica, World, verified};

const SECRET: &str = "a-secret:that/no+human&chose=%20-0123456789";

async fn world() -> World {
    let world = World::new().await;
    let client = Client {
        id: "reports".to_owned(),
        secret: SECRET.to_owned(),
        roles: vec!["staff".to_owned()],
        scope: "orders:read stock:read".to_owned(),
    };
    client.check().unwrap();
    world.replica.api.clients.declare(&client).await.unwrap();
    world
}

fn encoded(text: &str) -> String {
    serde_urlencoded::to_string([("", text)]).unwrap()[1..].to_owned()
}

async fn with_basic(replica: &Replica, credentials: &str, body: &str) -> Answer {
    let request = Request::post("/v1/oauth/token")
        .header("content-type", "application/x-www-form-urlencoded; charset=utf-8")
        .header(
            "authorization",
            format!("Basic {}", BASE64_STANDARD.encode(credentials)),
        );
    replica
        .send(request.body(Body::from(body.to_owned())).unwrap())
        .await
}

#[tokio::test]
async fn a_client_is_given_a_token_for_itself() {
    let world = world().await;
    let credentials = format!("reports:{}", encoded(SECRET));
    let tokens = with_basic(&world.replica, &credentials, "grant_type=client_credentials")
        .await
        .expect(200);
    assert!(tokens.body.get("refresh_token").is_none());
    let claims = verified(&tokens.text("access_token"), &world.replica.jwks().await).unwrap();
    assert_eq!(
        (claims["client_id"].as_str(), claims["roles"].as_str()),
        (Some("reports"), Some("staff"))
    );
    assert!(claims["sub"].as_str().unwrap().parse::<uuid::Uuid>().is_ok());

    let body = format!(
        "grant_type=client_credentials&client_id=reports&client_secret={}&scope=stock%3Aread",
        encoded(SECRET)
    );
    let narrow = world.replica.form(&body).await.expect(200);
    assert_eq!(narrow.text("scope"), "stock:read");
}

#[tokio::test]
async fn a_client_that_is_not_known_is_told_so_and_how() {
    let world = world().await;
    for credentials in [
        "reports:wrong",
        "reports",
        "nobody:x",
        "client.>:x",
        "",
        ":",
        "reports:a%ZZ",
    ] {
        let refused = with_basic(&world.replica, credentials, "grant_type=client_credentials")
            .await
            .expect(401);
        assert_eq!(refused.body["error"], "invalid_client", "{credentials}");
        assert!(refused.header(WWW_AUTHENTICATE).starts_with("Basic"));
    }
    let none = world
        .replica
        .form("grant_type=client_credentials")
        .await
        .expect(401);
    assert_eq!(none.body["error"], "invalid_client");
}

#[tokio::test]
async fn a_request_that_is_not_valid_is_named_as_the_standard_does() {
    let world = world().await;
    let credentials = format!("reports:{}", encoded(SECRET));
    for (body, error) in [
        ("", "invalid_request"),
        ("grant_type=refresh_token", "invalid_request"),
        (
            "grant_type=password&username=a&password=b",
            "unsupported_grant_type",
        ),
        (
            "grant_type=refresh_token&grant_type=refresh_token",
            "invalid_request",
        ),
        ("grant_type=client_credentials&scope=admin", "invalid_scope"),
        ("grant_type=refresh_token&refresh_token=%00", "invalid_grant"),
    ] {
        let answer = with_basic(&world.replica, &credentials, body).await.expect(400);
        assert_eq!(answer.body["error"], error, "{body}");
        assert_eq!(answer.body["status"], 400);
    }
    let json = world
        .replica
        .post(
            "/v1/oauth/token",
            serde_json::json!({"grant_type": "refresh_token"}),
        )
        .await;
    assert_eq!(json.expect(415).fields(), ["Content-Type"]);
}
