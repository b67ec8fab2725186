//! Who can register, and that an e-mail address is one account's.

use futures::future::join_all;
use holdfast_contracts::subjects::USERS_BUCKET;
use holdfast_platform::journal::Revision;
use holdfast_platform::journal::jetstream::JournalConfig;
use holdfast_user::bucket::Bucket;
use holdfast_user::seed::Seed;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{PASSWORD, World};

#[tokio::test]
async fn a_stranger_registers_and_logs_in() {
    let world = World::new().await;
    let user = &world.replica;
    let registered = user.register("Anna@Example.org").await.expect(201);
    assert_eq!(registered.body["email"], "Anna@example.org");
    assert_eq!(registered.body["phone"], "+49301234567");
    assert_eq!(
        registered.body["notifications"],
        json!({"email": true, "sms": false})
    );
    assert!(!registered.body.to_string().contains("argon2"), "{registered:?}");
    let tokens = user.logged_in(" anna@EXAMPLE.org").await;
    assert_eq!(
        (&tokens.body["token_type"], &tokens.body["expires_in"]),
        (&"Bearer".into(), &900.into())
    );
    assert_eq!(tokens.header(axum::http::header::CACHE_CONTROL), "no-store");
}

#[tokio::test]
async fn all_that_is_wrong_is_named_and_nothing_is_repeated() {
    let world = World::new().await;
    let wrong =
        json!({"email": "a\u{0}@b.c", "password": "hunter2\u{0}", "name": "\u{1b}[2J", "phone": "12"});
    let answer = world.replica.post("/v1/users", wrong).await.expect(422);
    assert_eq!(answer.fields(), ["email", "password", "name", "phone"]);
    assert!(!answer.body.to_string().contains("hunter2"));
    let weak = json!({"email": "a@b.cd", "password": "password1", "name": "A"});
    let answer = world.replica.post("/v1/users", weak).await.expect(422);
    assert_eq!(answer.fields(), ["password"]);
    for (body, field) in [
        (json!({"email": "a@b.cd", "password": PASSWORD}), "name"),
        (
            json!({"email": "a@b.cd", "password": PASSWORD, "name": "A", "roles": ["staff"]}),
            "roles",
        ),
        (json!({"email": 7, "password": PASSWORD, "name": "A"}), "email"),
        (
            json!({"email": "a@b.cd", "password": {"$ne": null}, "name": "A"}),
            "password",
        ),
    ] {
        let answer = world.replica.post("/v1/users", body).await.expect(422);
        assert_eq!(answer.fields(), [field]);
    }
    assert_eq!(world.messages("USER_KEYS").await, 0);
}

#[tokio::test]
async fn odd_texts_are_texts() {
    let world = World::new().await;
    for (number, name) in [
        "Robert'); DROP TABLE users;--",
        "{\"$gt\": \"\"}",
        "${jndi:ldap://x/a} %s%n",
        "\u{1f469}\u{200d}\u{1f680} \u{5d0}\u{5d1}",
        "<script>alert(1)</script>",
        "*.> $KV.users",
    ]
    .iter()
    .enumerate()
    {
        let email = format!("odd+{number}'$^{{}}@example.org");
        let body = json!({"email": email, "password": PASSWORD, "name": name});
        let registered = world.replica.post("/v1/users", body).await.expect(201);
        let shown = world
            .replica
            .as_user(&registered.text("id"), "GET", "/v1/users/me", None)
            .await
            .expect(200);
        assert_eq!(
            (shown.text("name"), shown.text("email")),
            ((*name).to_owned(), email.clone())
        );
        world.replica.log_in(&email, PASSWORD).await.expect(200);
    }
}

#[tokio::test]
async fn long_and_foreign_passwords_are_taken_whole() {
    let world = World::new().await;
    let kilobyte: String = "correct horse battery staple ".repeat(36)[..1024].to_owned();
    let foreign = "p\u{e2}t\u{e9} \u{1f40e} \u{43f}\u{44f}\u{442}\u{44c} verblyudov";
    for (number, password) in [kilobyte.as_str(), foreign].iter().enumerate() {
        let email = format!("p{number}@example.org");
        let body = json!({"email": email, "password": password, "name": "A"});
        world.replica.post("/v1/users", body).await.expect(201);
        world.replica.log_in(&email, password).await.expect(200);
        let mut cut = (*password).to_owned();
        cut.pop();
        world.replica.log_in(&email, &cut).await.expect(401);
    }
    // The same password, from a keyboard that composes letters otherwise.
    let composed = "pa\u{302}te\u{301} \u{1f40e} \u{43f}\u{44f}\u{442}\u{44c} verblyudov";
    world.replica.log_in("p1@example.org", composed).await.expect(200);
    world
        .replica
        .log_in("p0@example.org", &format!("{kilobyte}x"))
        .await
        .expect(401);
    let body = json!({"email": "a@example.org", "password": format!("{kilobyte}x"), "name": "A"});
    assert_eq!(
        world.replica.post("/v1/users", body).await.expect(422).fields(),
        ["password"]
    );
}

#[tokio::test]
async fn given_200_registrations_of_one_address_at_two_replicas_exactly_one_succeeds() {
    let world = World::new().await;
    // Many passwords are hashed side by side, so that many come to claim the address at the same moment.
    let many = ["--password-threads", "32"];
    let (one, other) = (world.replica(&many).await, world.replica(&many).await);
    let registrations = (0..200).map(|number| {
        let replica = if number % 2 == 0 { &one } else { &other };
        let email = if number % 3 == 0 {
            "Anna@example.org"
        } else {
            "anna@EXAMPLE.org"
        };
        replica.register(email)
    });
    let statuses: Vec<u16> = join_all(registrations)
        .await
        .iter()
        .map(|answer| answer.status.as_u16())
        .collect();
    let with = |status| statuses.iter().filter(|found| **found == status).count();
    assert_eq!((with(201), with(409)), (1, 199), "{statuses:?}");
    other.logged_in("anna@example.org").await;
    // Nothing of the others is left.
    assert_eq!(world.messages("USER_KEYS").await, 1);
    let users = bucket(&world);
    assert_eq!(users.list::<Value>("user.*").await.unwrap().len(), 1);
    assert_eq!(users.list::<Value>("unfinished.*").await.unwrap().len(), 0);
}

/// A few at a time come closer to each other than many do.
#[tokio::test]
async fn given_registrations_at_the_same_moment_again_and_again_each_time_exactly_one_succeeds() {
    let world = World::new().await;
    let many = ["--password-threads", "8"];
    let (one, other) = (world.replica(&many).await, world.replica(&many).await);
    for round in 0..15 {
        let email = format!("anna{round}@example.org");
        let registrations = (0..8).map(|number| if number % 2 == 0 { &one } else { &other }.register(&email));
        let answers = join_all(registrations).await;
        let made = answers.iter().filter(|answer| answer.status == 201).count();
        assert_eq!(made, 1, "round {round}: {answers:?}");
    }
}

fn bucket(world: &World) -> Bucket {
    Bucket::new(&world.nats, USERS_BUCKET, JournalConfig::default())
}

#[tokio::test]
async fn a_crash_before_the_address_is_claimed_locks_nothing_and_leaves_nothing() {
    let world = World::new().await;
    // All that a registration writes before its claim.
    let (users, id) = (bucket(&world), Uuid::now_v7());
    let now = jiff::Timestamp::now();
    let note = json!({"work": "registration", "email_index": "00", "since": now});
    users
        .put(&format!("unfinished.{id}"), Revision::NONE, &note, None)
        .await
        .unwrap();
    world.replica.api.keys.create(id).await.unwrap();
    world.replica.register("anna@example.org").await.expect(201);

    let accounts = &world.replica.api.accounts;
    assert_eq!(
        accounts.finish_abandoned().await.unwrap(),
        0,
        "it may be under way still"
    );
    world.advance(121);
    assert_eq!(accounts.finish_abandoned().await.unwrap(), 1);
    assert!(world.replica.api.keys.open(id).await.unwrap().is_none());
    assert_eq!(accounts.finish_abandoned().await.unwrap(), 0);
    world.replica.logged_in("anna@example.org").await;
}

#[tokio::test]
async fn a_crash_after_the_address_was_claimed_leaves_a_whole_account() {
    let world = World::new().await;
    let id = world.replica.registered("anna@example.org").await;
    let users = bucket(&world);
    let profile = users
        .get::<Value>(&format!("user.{id}"))
        .await
        .unwrap()
        .value
        .unwrap();
    let note = json!({"work": "registration", "email_index": profile["email_index"], "since": jiff::Timestamp::now()});
    let key = format!("unfinished.{id}");
    let before = users.get::<Value>(&key).await.unwrap();
    users.put(&key, before.revision, &note, None).await.unwrap();
    world.advance(121);
    assert_eq!(world.replica.api.accounts.finish_abandoned().await.unwrap(), 1);
    world.replica.logged_in("anna@example.org").await;
    assert!(users.get::<Value>(&key).await.unwrap().value.is_none());
}

/// The note may stay when the registration is done, and the address may be given up before somebody finds it.
#[tokio::test]
async fn an_account_whose_address_has_changed_is_not_taken_for_an_abandoned_registration() {
    let world = World::new().await;
    let id = world.replica.registered("anna@example.org").await;
    let users = bucket(&world);
    let profile = users.get::<Value>(&format!("user.{id}")).await.unwrap();
    let index = profile.value.unwrap()["email_index"].clone();
    let note = json!({"work": "registration", "email_index": index, "since": jiff::Timestamp::now()});
    let key = format!("unfinished.{id}");
    let before = users.get::<Value>(&key).await.unwrap();
    users.put(&key, before.revision, &note, None).await.unwrap();
    change_address(&world, &id, "anna@example.net").await;
    world.advance(121);
    assert_eq!(world.replica.api.accounts.finish_abandoned().await.unwrap(), 1);
    world.replica.logged_in("anna@example.net").await;
    assert!(users.get::<Value>(&key).await.unwrap().value.is_none());
}

async fn change_address(world: &World, id: &str, email: &str) {
    let patch = json!({"email": email, "current_password": PASSWORD});
    let changed = world.replica.as_user(id, "PATCH", "/v1/users/me", Some(patch));
    changed.await.expect(200);
}

#[tokio::test]
async fn somebody_of_the_seed_who_has_another_address_by_now_keeps_account_and_address() {
    let world = World::new().await;
    let staff = Uuid::from_u128(7);
    let users = json!([{"id": staff, "email": "staff@example.org", "password": PASSWORD, "name": "S"}]);
    let seed: Seed = serde_json::from_value(json!({"users": users})).unwrap();
    let api = &world.replica.api;
    seed.plant(&api.accounts, &api.clients).await.unwrap();
    change_address(&world, &staff.to_string(), "otto@example.org").await;

    seed.plant(&api.accounts, &api.clients).await.unwrap();
    world.advance(121);
    assert_eq!(api.accounts.finish_abandoned().await.unwrap(), 0);
    world.replica.logged_in("otto@example.org").await;
    world
        .replica
        .log_in("staff@example.org", PASSWORD)
        .await
        .expect(401);
    assert_eq!(world.messages("USER_KEYS").await, 1);
}

#[tokio::test]
async fn a_claim_whose_account_never_came_is_void_after_a_minute() {
    let world = World::new().await;
    let id = world.replica.registered("anna@example.org").await;
    let users = bucket(&world);
    let key = format!("user.{id}");
    let profile = users.get::<Value>(&key).await.unwrap();
    users.delete(&key, profile.revision).await.unwrap();
    world.replica.register("anna@example.org").await.expect(409);
    world
        .replica
        .log_in("anna@example.org", PASSWORD)
        .await
        .expect(401);
    world.advance(61);
    world.replica.register("anna@example.org").await.expect(201);
    world.replica.logged_in("anna@example.org").await;
}

#[tokio::test]
async fn what_a_seed_has_is_made_once_and_again_after_it_was_erased() {
    let world = World::new().await;
    let staff = Uuid::from_u128(7);
    let seed = json!({
        "users": [{"id": staff, "email": "staff@example.org", "password": PASSWORD, "name": "S", "roles": ["staff"]}],
        "clients": [{"id": "reports", "secret": "0123456789abcdef0123456789abcdef", "scope": "orders"}],
    });
    let seed: Seed = serde_json::from_value(seed).unwrap();
    let api = &world.replica.api;
    for _ in 0..2 {
        seed.plant(&api.accounts, &api.clients).await.unwrap();
    }
    let staff = staff.to_string();
    for _ in 0..2 {
        world
            .replica
            .as_user(&staff, "DELETE", "/v1/users/me", None)
            .await
            .expect(202);
        world
            .replica
            .log_in("staff@example.org", PASSWORD)
            .await
            .expect(401);
        seed.plant(&api.accounts, &api.clients).await.unwrap();
        let shown = world
            .replica
            .as_user(&staff, "GET", "/v1/users/me", None)
            .await
            .expect(200);
        assert_eq!(shown.body["roles"], json!(["staff"]));
    }
    assert_eq!(world.messages("USER_KEYS").await, 1);
}
