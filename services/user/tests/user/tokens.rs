//! Access tokens, and the keys that sign them.

use holdfast_contracts::subjects::SIGNING_KEYS_BUCKET;
use holdfast_platform::journal::jetstream::JournalConfig;
use holdfast_user::bucket::Bucket;
use serde_json::Value;

use crate::support::{PASSWORD, Replica, World, key_of, master, verified};

async fn access_token(replica: &Replica) -> String {
    let tokens = replica.logged_in("anna@example.org").await;
    tokens.text("access_token")
}

fn kids(jwks: &Value) -> Vec<String> {
    let keys = jwks["keys"].as_array().unwrap().iter();
    keys.map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_token_says_what_the_gateway_demands() {
    let world = World::new().await;
    let id = world.replica.registered("anna@example.org").await;
    let token = access_token(&world.replica).await;
    let claims = verified(&token, &world.replica.jwks().await).unwrap();
    assert_eq!(
        (&claims["iss"], &claims["aud"]),
        (&"https://holdfast.dev".into(), &"holdfast".into())
    );
    assert_eq!(
        (claims["sub"].as_str(), claims["scope"].as_str()),
        (Some(id.as_str()), Some("account orders"))
    );
    assert_eq!(
        claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(),
        900
    );
    assert!(claims["jti"].is_string() && claims["sid"].is_string() && claims.get("roles").is_none());
    let other = verified(&access_token(&world.replica).await, &world.replica.jwks().await).unwrap();
    assert_ne!(claims["jti"], other["jti"]);
}

#[tokio::test]
async fn no_private_key_is_published_or_stored_in_the_clear() {
    let world = World::new().await;
    let jwks = world.replica.jwks().await;
    for key in jwks["keys"].as_array().unwrap() {
        let members: Vec<&String> = key.as_object().unwrap().keys().collect();
        assert_eq!(members, ["alg", "crv", "kid", "kty", "use", "x"]);
    }
    // Another master key opens nothing.
    let args = ["user", "--master-keys", &master("k1", 9)];
    let args = <holdfast_user::args::Args as clap::Parser>::try_parse_from(args).unwrap();
    let masters = std::sync::Arc::new(args.user.masters().unwrap());
    let clock = std::sync::Arc::new(world.clock.clone());
    let config = JournalConfig::default();
    let built = holdfast_user::app::build(&world.nats, &args.user, &masters, config, clock).await;
    assert!(built.is_err());
}

#[tokio::test]
async fn a_set_of_keys_is_kept_for_less_than_the_lead() {
    let world = World::new().await;
    let quick = world.replica(&["--key-lead", "1m", "--key-period", "2m"]).await;
    for (replica, expected) in [
        (&world.replica, "public, max-age=300, stale-if-error=1800"),
        (&quick, "public, max-age=15, stale-if-error=30"),
    ] {
        let request = axum::http::Request::get("/.well-known/jwks.json");
        let answer = replica
            .send(request.body(axum::body::Body::empty()).unwrap())
            .await;
        assert_eq!(answer.header(axum::http::header::CACHE_CONTROL), expected);
    }
}

#[tokio::test]
async fn replicas_share_the_keys_also_after_all_have_died() {
    let world = World::new().await;
    world.replica.registered("anna@example.org").await;
    let token = access_token(&world.replica).await;
    let jwks = world.replica.jwks().await;
    let born_later = world.replica(&[]).await;
    assert_eq!(born_later.jwks().await, jwks);
    assert!(verified(&token, &born_later.jwks().await).is_some());
    assert_eq!(key_of(&access_token(&born_later).await), key_of(&token));
}

#[tokio::test]
async fn replicas_that_start_together_make_one_key() {
    let world = World::new().await;
    let replicas = futures::future::join_all((0..5).map(|_| world.replica(&[]))).await;
    let first = replicas[0].jwks().await;
    assert_eq!(kids(&first).len(), 1);
    for replica in &replicas {
        assert_eq!(replica.jwks().await, first);
    }
}

/// A day of a key in steps of ten minutes. One replica looks after the keys each time, the other every half hour; the
/// verifier fetches the set each 50 minutes, and no token that holds is ever refused.
#[tokio::test]
async fn keys_follow_each_other_and_no_valid_token_is_refused() {
    let world = World::new().await;
    let other = world.replica(&[]).await;
    world.replica.registered("anna@example.org").await;
    let mut cached = world.replica.jwks().await;
    let (mut seen, mut tokens) = (Vec::new(), Vec::<(i64, String)>::new());
    for step in 0..320 {
        world.advance(600);
        world.replica.api.signer.upkeep().await.unwrap();
        if step % 3 == 0 {
            other.api.signer.upkeep().await.unwrap();
        }
        if step % 5 == 0 {
            cached = other.jwks().await;
        }
        // Tokens without a login each, which would take its time.
        for replica in [&world.replica, &other] {
            let token = replica.api.signer.token(&grant()).unwrap();
            if seen.last() != Some(&key_of(&token)) && !seen.contains(&key_of(&token)) {
                seen.push(key_of(&token));
            }
            tokens.push((step, token));
        }
        // Tokens hold for less than two steps.
        tokens.retain(|(made, _)| step - made <= 1);
        for (made, token) in &tokens {
            assert!(
                verified(token, &cached).is_some(),
                "of step {made} in step {step}"
            );
        }
        assert!(kids(&world.replica.jwks().await).len() <= 2);
    }
    assert_eq!(seen.len(), 3, "two days and some: {seen:?}");
    let gone = &seen[0];
    assert!(
        !kids(&world.replica.jwks().await).contains(gone),
        "a key that is done with is not published"
    );
}

#[tokio::test]
async fn keys_that_are_deleted_are_replaced_at_once() {
    let world = World::new().await;
    let before = world.replica.jwks().await;
    let bucket = Bucket::new(&world.nats, SIGNING_KEYS_BUCKET, JournalConfig::default());
    bucket.remove("ring").await.unwrap();
    world.replica.api.signer.upkeep().await.unwrap();
    let after = world.replica.jwks().await;
    assert_eq!(kids(&after).len(), 1);
    assert_ne!(kids(&after), kids(&before));
    let token = world.replica.api.signer.token(&grant()).unwrap();
    assert!(verified(&token, &after).is_some());
}

fn grant() -> holdfast_user_core::claims::Grant {
    holdfast_user_core::claims::Grant {
        subject: uuid::Uuid::now_v7(),
        roles: vec![],
        scope: String::new(),
        session: None,
        client: None,
    }
}

#[tokio::test]
async fn without_nats_tokens_are_signed_and_keys_published() {
    let mut world = World::new().await;
    let before = world.replica.jwks().await;
    world.server.kill();
    assert_eq!(world.replica.jwks().await, before);
    assert!(world.replica.api.signer.token(&grant()).is_ok());
    let login = world
        .replica
        .log_in("anna@example.org", PASSWORD)
        .await
        .expect(503);
    assert_eq!(login.header(axum::http::header::RETRY_AFTER), "2");
    world.server.restart().await;
    world.replica.register("anna@example.org").await.expect(201);
}
