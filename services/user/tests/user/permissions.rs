//! What the service may do on NATS is enough for all that it does, and no more.

use std::time::Duration;

use holdfast::provision::{self, Declarations};
use holdfast_platform::clock::Clock;
use holdfast_platform::clock::{ManualClock, SystemClock};
use holdfast_platform::nats::{Nats, NatsConfig, connect};
use holdfast_platform::testing::{NatsServer, ServerOptions};
use serde_json::json;
use tokio::time::{sleep, timeout};

use crate::support::{PASSWORD, Replica, master};

const PERMISSIONS: &str = include_str!("../../../../nats/users/user.conf");

async fn confined() -> (NatsServer, Nats) {
    let config = format!(
        "authorization {{ users: [{{user: operator, password: o}}, {{user: user, password: u, permissions: {{ {PERMISSIONS} }} }}] }}\n\
         no_auth_user: operator"
    );
    let options = ServerOptions {
        config,
        ..ServerOptions::default()
    };
    let server = NatsServer::start_with(options).await;
    let operator = server.connect("operator").await;
    let declared = Declarations::built_in().unwrap();
    provision::apply(operator.client(), &declared, provision::Options::default())
        .await
        .unwrap();
    let url = format!("nats://user:u@127.0.0.1:{}", server.port());
    let nats = connect(&NatsConfig::new(url, "user")).await.unwrap();
    nats.connected().wait_for(|up| *up).await.unwrap();
    (server, nats)
}

#[tokio::test]
async fn all_that_the_service_does_is_allowed() {
    let (_server, nats) = confined().await;
    let clock = ManualClock::at(SystemClock.now());
    let replica = Replica::new(&nats, &clock, &[]).await;
    let anna = replica.registered("anna@example.org").await;
    replica.log_in("anna@example.org", "wrong").await.expect(401);
    let tokens = replica.logged_in("anna@example.org").await;
    let next = replica.refresh(&tokens.text("refresh_token")).await.expect(200);
    let log_out = Some(json!({"refresh_token": next.text("refresh_token")}));
    replica
        .as_user(&anna, "DELETE", "/v1/sessions/current", log_out)
        .await
        .expect(204);
    let patch = Some(json!({"name": "Anna", "email": "a@example.org", "current_password": PASSWORD}));
    replica
        .as_user(&anna, "PATCH", "/v1/users/me", patch)
        .await
        .expect(200);
    replica
        .as_user(&anna, "GET", "/v1/users/me/export", None)
        .await
        .expect(200);
    replica.api.accounts.finish_abandoned().await.unwrap();

    let both = format!("{},{}", master("k2", 2), master("k1", 1));
    let rotating = Replica::new(&nats, &clock, &["--master-keys", &both]).await;
    assert_eq!(rotating.api.keys.rewrap().await.unwrap(), 1);
    rotating
        .as_user(&anna, "DELETE", "/v1/users/me", None)
        .await
        .expect(202);
}

#[tokio::test]
async fn the_rest_is_refused_and_named() {
    let (_server, nats) = confined().await;
    for subject in [
        "orders.a.b",
        "$KV.catalog.tea",
        "$JS.API.STREAM.PURGE.USER_KEYS",
        "$JS.API.STREAM.DELETE.KV_users",
        "$JS.API.STREAM.MSG.GET.ORDERS",
        "$JS.API.CONSUMER.CREATE.KV_users",
    ] {
        nats.client().publish(subject, "".into()).await.unwrap();
        named(&nats, subject).await;
    }
    for subject in ["orders.>", "_INBOX_order.>"] {
        let _subscription = nats.client().subscribe(subject).await.unwrap();
        named(&nats, subject).await;
    }
}

async fn named(nats: &Nats, subject: &str) {
    let refused = async {
        while nats.refusal(subject).is_none() {
            sleep(Duration::from_millis(5)).await;
        }
    };
    assert!(
        timeout(Duration::from_secs(10), refused).await.is_ok(),
        "{subject} is allowed"
    );
}
