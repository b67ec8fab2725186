//! Login, back-off, refresh tokens, logout.

use std::time::{Duration, Instant};

use axum::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use futures::future::join_all;
use serde_json::{Value, json};

use crate::support::{PASSWORD, World};

const WRONG: &str = "wrong horse battery staple";

#[tokio::test]
async fn an_unknown_account_and_a_wrong_password_are_answered_alike() {
    let world = World::new().await;
    world.replica.registered("anna@example.org").await;
    let mut answers = Vec::new();
    for (email, password) in [
        ("anna@example.org", WRONG),
        ("nobody@example.org", WRONG),
        ("nobody@example.org", PASSWORD),
        ("no address", PASSWORD),
        ("anna@example.org", ""),
        ("anna@example.org", "correct horse battery staple\0"),
        ("' OR 1=1 --@example.org", "' OR '1'='1"),
    ] {
        let answer = world.replica.log_in(email, password).await.expect(401);
        assert!(answer.header(WWW_AUTHENTICATE).starts_with("Bearer"));
        let mut body = answer.body;
        body["trace_id"] = Value::Null;
        answers.push(body);
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
}

#[tokio::test]
async fn an_unknown_account_takes_as_long_as_a_wrong_password() {
    let world = World::new().await;
    let mut times = [Vec::new(), Vec::new()];
    for number in 0..15 {
        let known = format!("known{number}@example.org");
        world.replica.registered(&known).await;
        let unknown = format!("unknown{number}@example.org");
        for (email, times) in [known, unknown].iter().zip(&mut times) {
            let since = Instant::now();
            world.replica.log_in(email, WRONG).await.expect(401);
            times.push(since.elapsed());
        }
    }
    let [known, unknown] = times.map(|mut times| {
        times.sort();
        times[times.len() / 2]
    });
    let ratio = known.as_secs_f64() / unknown.as_secs_f64();
    eprintln!("known {known:?}, unknown {unknown:?}");
    assert!(
        (0.67..1.5).contains(&ratio),
        "known {known:?}, unknown {unknown:?}"
    );
}

#[tokio::test]
async fn after_wrong_passwords_an_account_waits_whether_there_is_one_or_not() {
    let world = World::new().await;
    let other = world.replica(&[]).await;
    world.replica.registered("anna@example.org").await;
    for email in ["anna@example.org", "nobody@example.org"] {
        for attempt in 0..6 {
            let replica = if attempt % 2 == 0 { &world.replica } else { &other };
            replica.log_in(email, WRONG).await.expect(401);
        }
        // The right password would not be looked at either.
        let waits = world.replica.log_in(email, PASSWORD).await.expect(429);
        assert_eq!(waits.header(RETRY_AFTER), "1");
    }
    world.advance(1);
    world.replica.logged_in("anna@example.org").await;
    // A success forgets what was before it.
    for _ in 0..5 {
        world.replica.log_in("anna@example.org", WRONG).await.expect(401);
    }
    other.logged_in("anna@example.org").await;
}

#[tokio::test]
async fn a_storm_of_logins_is_told_to_come_again() {
    let world = World::new().await;
    world.replica.registered("anna@example.org").await;
    let narrow = world
        .replica(&["--password-threads", "1", "--password-queue", "4"])
        .await;
    let logins = (0..40).map(|_| narrow.log_in("anna@example.org", PASSWORD));
    let answers = join_all(logins).await;
    let with = |status| answers.iter().filter(|answer| answer.status == status).count();
    assert!(with(200) >= 5 && with(503) >= 20 && with(200) + with(503) == 40);
    let busy = answers.iter().find(|answer| answer.status == 503).unwrap();
    assert_eq!(busy.header(RETRY_AFTER), "1");
    narrow.logged_in("anna@example.org").await;
}

#[tokio::test]
async fn while_passwords_are_checked_the_rest_goes_on() {
    let world = World::new().await;
    let user = world.replica.registered("anna@example.org").await;
    let storm = join_all((0..60).map(|_| world.replica.log_in("anna@example.org", PASSWORD)));
    let storm_began = Instant::now();
    let (answers, slowest) = tokio::join!(storm, async {
        let mut slowest = Duration::ZERO;
        for _ in 0..10 {
            let since = Instant::now();
            world
                .replica
                .as_user(&user, "GET", "/v1/users/me", None)
                .await
                .expect(200);
            slowest = slowest.max(since.elapsed());
        }
        slowest
    });
    assert!(answers.iter().all(|answer| answer.status == 200));
    let storm = storm_began.elapsed();
    assert!(slowest < storm / 3, "{slowest:?} while a storm of {storm:?}");
}

#[tokio::test]
async fn a_refresh_token_is_good_once_and_its_replay_ends_the_session() {
    let world = World::new().await;
    let other = world.replica(&[]).await;
    world.replica.registered("anna@example.org").await;
    let login = async || {
        let tokens = world.replica.logged_in("anna@example.org").await;
        tokens.text("refresh_token")
    };
    let (first, unharmed) = (login().await, login().await);
    let second = other.refresh(&first).await.expect(200).text("refresh_token");
    let third = world
        .replica
        .refresh(&second)
        .await
        .expect(200)
        .text("refresh_token");
    assert!(first != second && second != third);

    let replay = other.refresh(&first).await.expect(400);
    assert_eq!(replay.body["error"], "invalid_grant");
    let newest = world.replica.refresh(&third).await.expect(400);
    assert_eq!(newest.body["error"], "invalid_grant");
    other.refresh(&unharmed).await.expect(200);
}

#[tokio::test]
async fn of_many_who_come_with_one_token_at_most_one_is_served() {
    let world = World::new().await;
    let other = world.replica(&[]).await;
    world.replica.registered("anna@example.org").await;
    let tokens = world.replica.logged_in("anna@example.org").await;
    let token = tokens.text("refresh_token");
    let both = [&world.replica, &other];
    let answers = join_all((0..20).map(|number| both[number % 2].refresh(&token))).await;
    let served: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
    assert!(served.len() <= 1);
    for tokens in served {
        other.refresh(&tokens.text("refresh_token")).await.expect(400);
    }
}

#[tokio::test]
async fn a_session_ends_at_its_time_also_if_it_is_used() {
    let world = World::new().await;
    world.replica.registered("anna@example.org").await;
    let tokens = world.replica.logged_in("anna@example.org").await;
    world.advance(29 * 24 * 3600);
    let next = world
        .replica
        .refresh(&tokens.text("refresh_token"))
        .await
        .expect(200);
    world.advance(24 * 3600);
    world
        .replica
        .refresh(&next.text("refresh_token"))
        .await
        .expect(400);
}

#[tokio::test]
async fn a_forged_refresh_token_harms_nobody() {
    let world = World::new().await;
    world.replica.registered("anna@example.org").await;
    let tokens = world.replica.logged_in("anna@example.org").await;
    let token = tokens.text("refresh_token");
    // The same session with another lineage: whoever never had a token.
    let mut forged: Vec<char> = token.chars().collect();
    forged[55] = if forged[55] == 'A' { 'B' } else { 'A' };
    let forged: String = forged.into_iter().collect();
    for wrong in [
        forged.as_str(),
        "",
        "hfr_x",
        &token[1..],
        "%00",
        &"x".repeat(7000),
    ] {
        assert!(world.replica.refresh(wrong).await.status == 400, "{wrong}");
    }
    world.replica.refresh(&token).await.expect(200);
}

#[tokio::test]
async fn logging_out_ends_the_session_and_no_other() {
    let world = World::new().await;
    let anna = world.replica.registered("anna@example.org").await;
    let bert = world.replica.registered("bert@example.org").await;
    let login = async || {
        let tokens = world.replica.logged_in("anna@example.org").await;
        tokens.text("refresh_token")
    };
    let (gone, stays) = (login().await, login().await);
    let log_out = async |user: &str, token: &str| {
        let body = Some(json!({"refresh_token": token}));
        world
            .replica
            .as_user(user, "DELETE", "/v1/sessions/current", body)
            .await
    };
    let foreign = log_out(&bert, &gone).await.expect(422);
    assert_eq!(foreign.fields(), ["refresh_token"]);
    log_out(&anna, &gone).await.expect(204);
    log_out(&anna, &gone).await.expect(204);
    world.replica.refresh(&gone).await.expect(400);
    world.replica.refresh(&stays).await.expect(200);
    let missing = world
        .replica
        .as_user(&anna, "DELETE", "/v1/sessions/current", None);
    assert_eq!(missing.await.expect(422).fields(), ["refresh_token"]);
    let nobody = axum::http::Request::delete("/v1/sessions/current");
    let nobody = world
        .replica
        .send(nobody.body(axum::body::Body::empty()).unwrap())
        .await;
    nobody.expect(401);
}

#[tokio::test]
async fn a_changed_password_ends_all_sessions() {
    const NEW: &str = "another horse battery staple";
    let world = World::new().await;
    let anna = world.replica.registered("anna@example.org").await;
    let tokens = world.replica.logged_in("anna@example.org").await;
    let change = async |current: &str, new: &str| {
        let body = Some(json!({"current_password": current, "new_password": new}));
        world
            .replica
            .as_user(&anna, "PUT", "/v1/users/me/password", body)
            .await
    };
    assert_eq!(
        change(WRONG, NEW).await.expect(422).fields(),
        ["current_password"]
    );
    assert_eq!(
        change(PASSWORD, "annaberg").await.expect(422).fields(),
        ["new_password"]
    );
    change(PASSWORD, NEW).await.expect(204);
    world
        .replica
        .refresh(&tokens.text("refresh_token"))
        .await
        .expect(400);
    world
        .replica
        .log_in("anna@example.org", PASSWORD)
        .await
        .expect(401);
    world.replica.log_in("anna@example.org", NEW).await.expect(200);
}

#[tokio::test]
async fn whoever_is_logged_in_cannot_guess_the_password_either() {
    let world = World::new().await;
    let anna = world.replica.registered("anna@example.org").await;
    let body = json!({"current_password": WRONG, "new_password": "another horse battery staple"});
    let guess = || {
        world
            .replica
            .as_user(&anna, "PUT", "/v1/users/me/password", Some(body.clone()))
    };
    for _ in 0..6 {
        guess().await.expect(422);
    }
    guess().await.expect(429);
}
