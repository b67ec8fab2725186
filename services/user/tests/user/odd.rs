//! Texts that mean something to somebody else: to a database, a shell, a log, NATS, a template. Wherever they come in,
//! they are text, or they are refused; nothing fails, and no answer repeats a secret.

use axum::http::Request;
use serde_json::{Value, json};

use crate::support::{Answer, PASSWORD, World};

const ODD: [&str; 8] = [
    "' OR '1'='1'; DROP TABLE users;--",
    "{\"$gt\":\"\"}",
    "${jndi:ldap://x/a}%s%n%00",
    "../../etc/passwd",
    "a\r\nSet-Cookie: x=1\r\n\r\n{\"level\":\"ERROR\"}",
    "nul\u{0}nul",
    "*.>",
    "\u{202e}\u{feff}\u{1f469}\u{200d}\u{1f680}\u{301}",
];

/// Done or refused as the standard says; a fault is neither.
#[track_caller]
fn is_no_fault(what: &str, odd: &str, answer: &Answer) {
    let status = answer.status.as_u16();
    assert!((200..500).contains(&status), "{what} {odd:?}: {answer:?}");
    if status >= 400 {
        let kind = answer.headers["content-type"].to_str().unwrap();
        assert_eq!(kind, "application/problem+json", "{what} {odd:?}");
        assert!(answer.body["trace_id"].is_string(), "{what} {odd:?}: {answer:?}");
    }
    assert!(!answer.headers.contains_key("set-cookie"), "{what} {odd:?}");
}

/// `base` with `field` set to an odd text.
fn with(base: &Value, field: &str, odd: &str) -> Value {
    let mut body = base.clone();
    body[field] = odd.into();
    body
}

#[tokio::test]
async fn an_odd_text_in_any_field_is_text_or_refused() {
    let world = World::new().await;
    let user = &world.replica;
    let anna = user.registered("anna@example.org").await;
    let account =
        json!({"email": "b@example.org", "password": PASSWORD, "name": "B", "phone": "+49301234567"});
    let login = json!({"email": "nobody@example.org", "password": PASSWORD});
    let passwords = json!({"current_password": PASSWORD, "new_password": "x"});
    for odd in ODD {
        for field in ["email", "password", "phone", "name", odd] {
            let mut body = with(&account, field, odd);
            if field == "name" {
                body["password"] = "weak".into();
            }
            is_no_fault(field, odd, &user.post("/v1/users", body).await);
        }
        for field in ["email", "password", odd] {
            let answer = user.post("/v1/sessions", with(&login, field, odd)).await;
            assert!(
                [401, 422, 429].contains(&answer.status.as_u16()),
                "{odd:?}: {answer:?}"
            );
            is_no_fault(field, odd, &answer);
        }
        for field in ["name", "phone", "notifications", "email", odd] {
            let patch = with(&json!({}), field, odd);
            let changed = user.as_user(&anna, "PATCH", "/v1/users/me", Some(patch)).await;
            is_no_fault(field, odd, &changed);
        }
        let change = with(&passwords, "new_password", odd);
        let changed = user
            .as_user(&anna, "PUT", "/v1/users/me/password", Some(change))
            .await;
        // A long one is a good password, and then it is this one.
        if changed.status != 204 {
            is_no_fault("new_password", odd, &changed.expect(422));
        } else {
            let back = json!({"current_password": odd, "new_password": PASSWORD});
            let back = user
                .as_user(&anna, "PUT", "/v1/users/me/password", Some(back))
                .await;
            back.expect(204);
        }
        let session = json!({"refresh_token": odd});
        let ended = user
            .as_user(&anna, "DELETE", "/v1/sessions/current", Some(session))
            .await;
        is_no_fault("session", odd, &ended.expect(422));
    }
    user.logged_in("anna@example.org").await;
    let accounts = world.messages("USER_KEYS").await;
    assert_eq!(accounts, 2, "Anna, and who has an odd password, but a good one");
}

#[tokio::test]
async fn an_odd_text_at_the_token_endpoint_in_a_header_or_in_a_path_is_refused() {
    let world = World::new().await;
    let user = &world.replica;
    for odd in ODD {
        let text = serde_urlencoded::to_string([("", odd)]).unwrap()[1..].to_owned();
        for form in [
            format!("grant_type={text}"),
            format!("grant_type=refresh_token&refresh_token=hfr_{text}"),
            format!("grant_type=client_credentials&client_id={text}&client_secret={text}"),
            format!("grant_type=client_credentials&client_id=reports&client_secret=s&scope={text}"),
            format!("{text}={text}"),
        ] {
            let answer = user.form(&form).await;
            assert!([400, 401].contains(&answer.status.as_u16()), "{form}: {answer:?}");
            is_no_fault("form", odd, &answer);
            assert!(answer.body["error"].is_string(), "{form}: {answer:?}");
        }
        for path in [format!("/v1/contacts/{text}"), format!("/v1/users/{text}")] {
            let answer = user
                .send(Request::get(path).body(Default::default()).unwrap())
                .await;
            is_no_fault("path", odd, &answer);
            assert!(answer.status.as_u16() >= 400, "{odd:?}: {answer:?}");
        }
        for header in ["x-holdfast-user", "x-holdfast-session", "authorization"] {
            let request = Request::post("/v1/oauth/token").header(header, odd);
            let form = "application/x-www-form-urlencoded";
            let request = request
                .header("content-type", form)
                .body("grant_type=client_credentials".into());
            // What is no header never comes here.
            if let Ok(request) = request {
                is_no_fault(header, odd, &user.send(request).await.expect(401));
            }
        }
    }
}
