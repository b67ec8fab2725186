//! What is on disk: never a person, and after erasure not even the key to one.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use holdfast::provision::{self, Declarations};
use holdfast_contracts::subjects::{USER_KEYS, user_key};
use holdfast_platform::journal::Journal;
use holdfast_platform::journal::jetstream::{JetStreamJournal, JournalConfig};
use holdfast_platform::testing::NatsCluster;
use holdfast_user::crypto::MasterKeys;
use holdfast_user::data_keys::DataKeys;
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use crate::support::{PASSWORD, World, files_with, master};

/// The encrypted data key of a user, as it is written in the stream.
async fn wrapped_key(world: &World, user: &str) -> String {
    let journal = JetStreamJournal::new(&world.nats, USER_KEYS, JournalConfig::default());
    let user: Uuid = user.parse().unwrap();
    let record = journal.last(&user_key(user)).await.unwrap().unwrap();
    let wrapped: Value = serde_json::from_slice(&record.payload).unwrap();
    wrapped["sealed"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn no_file_has_a_person_and_after_erasure_none_has_the_key() {
    let world = World::new().await;
    let body = json!({"email": "Zebulon.Quirrel@example.org", "password": PASSWORD, "name": "Zebulon Quirrel", "phone": "+4915123456789"});
    let zebulon = world.replica.post("/v1/users", body).await.expect(201).text("id");
    let bert = world.replica.registered("bert@example.org").await;
    let tokens = world.replica.logged_in("zebulon.quirrel@example.org").await;
    let changed = json!({"name": "Zebulon Q. Quirrel"});
    world
        .replica
        .as_user(&zebulon, "PATCH", "/v1/users/me", Some(changed))
        .await
        .expect(200);

    let key = wrapped_key(&world, &zebulon).await;
    for plain in [
        "Quirrel",
        "quirrel",
        "15123456789",
        PASSWORD,
        "argon2id",
        &tokens.text("refresh_token")[4..],
    ] {
        assert!(!world.on_disk(plain.as_bytes()), "{plain} is on disk");
    }
    assert!(world.on_disk(key.as_bytes()), "the search would find it");

    let erased = world
        .replica
        .as_user(&zebulon, "DELETE", "/v1/users/me", None)
        .await;
    assert_eq!(erased.expect(202).text("status"), "erased");
    assert!(!world.on_disk(key.as_bytes()), "the data key is on disk still");
    assert!(
        world.on_disk(wrapped_key(&world, &bert).await.as_bytes()),
        "another's key stays"
    );

    world
        .replica
        .as_user(&zebulon, "GET", "/v1/users/me", None)
        .await
        .expect(401);
    world
        .replica
        .as_user(&zebulon, "DELETE", "/v1/users/me", None)
        .await
        .expect(401);
    world
        .replica
        .log_in("zebulon.quirrel@example.org", PASSWORD)
        .await
        .expect(401);
    world
        .replica
        .refresh(&tokens.text("refresh_token"))
        .await
        .expect(400);
    let contact = axum::http::Request::get(format!("/v1/contacts/{zebulon}"));
    let contact = world
        .replica
        .send(contact.body(axum::body::Body::empty()).unwrap())
        .await;
    contact.expect(404);
    // The address is free, and bert is unharmed.
    world
        .replica
        .register("zebulon.quirrel@example.org")
        .await
        .expect(201);
    world.replica.logged_in("bert@example.org").await;
}

#[tokio::test]
async fn an_erasure_that_was_cut_off_is_finished() {
    let world = World::new().await;
    let anna = world.replica.registered("anna@example.org").await;
    world.replica.logged_in("anna@example.org").await;
    let users = holdfast_user::bucket::Bucket::new(&world.nats, "users", JournalConfig::default());
    let profile = users
        .get::<Value>(&format!("user.{anna}"))
        .await
        .unwrap()
        .value
        .unwrap();
    // The key is destroyed after the note; then the process dies.
    let note =
        json!({"work": "erasure", "email_index": profile["email_index"], "since": jiff::Timestamp::now()});
    let key = format!("unfinished.{anna}");
    let before = users.get::<Value>(&key).await.unwrap().revision;
    users.put(&key, before, &note, None).await.unwrap();
    world
        .replica
        .api
        .keys
        .destroy(anna.parse().unwrap())
        .await
        .unwrap();

    world
        .replica
        .log_in("anna@example.org", PASSWORD)
        .await
        .expect(401);
    world.advance(121);
    assert_eq!(world.replica.api.accounts.finish_abandoned().await.unwrap(), 1);
    for filter in ["user.*", "email.*", "unfinished.*"] {
        assert_eq!(users.list::<Value>(filter).await.unwrap().len(), 0, "{filter}");
    }
    let sessions = holdfast_user::bucket::Bucket::new(&world.nats, "sessions", JournalConfig::default());
    assert_eq!(sessions.list::<Value>("family.>").await.unwrap().len(), 0);
}

#[tokio::test]
async fn a_new_master_key_takes_the_place_of_the_old_one() {
    let world = World::new().await;
    let anna = world.replica.registered("anna@example.org").await;
    let before = wrapped_key(&world, &anna).await;
    let jwks = world.replica.jwks().await;

    let both = format!("{},{}", master("k2", 2), master("k1", 1));
    let rotating = world.replica(&["--master-keys", &both]).await;
    assert_eq!(rotating.api.keys.rewrap().await.unwrap(), 1);
    assert_eq!(rotating.api.keys.rewrap().await.unwrap(), 0);
    assert!(
        !world.on_disk(before.as_bytes()),
        "what the old master key opens is on disk still"
    );

    let after = world.replica(&["--master-keys", &master("k2", 2)]).await;
    after.logged_in("anna@example.org").await;
    assert_eq!(after.jwks().await, jwks);
    after
        .as_user(&anna, "DELETE", "/v1/users/me", None)
        .await
        .expect(202);
    assert_eq!(world.messages(USER_KEYS).await, 0);
}

struct Cluster {
    cluster: NatsCluster,
    keys: DataKeys,
    journal: JetStreamJournal,
}

impl Cluster {
    async fn start() -> Self {
        let cluster = NatsCluster::start().await;
        let nats = cluster.connect("user").await;
        let declared = Declarations::built_in().unwrap();
        let options = provision::Options {
            replicas: 3,
            ..provision::Options::default()
        };
        provision::apply(nats.client(), &declared, options).await.unwrap();
        let masters = Arc::new(MasterKeys::parse(&master("k1", 1)).unwrap());
        let keys = DataKeys::new(&nats, masters, JournalConfig::default());
        Self {
            cluster,
            keys: keys.await.unwrap(),
            journal: JetStreamJournal::new(&nats, USER_KEYS, JournalConfig::default()),
        }
    }

    /// A new key, as it is written.
    async fn key(&self) -> (Uuid, Vec<u8>) {
        let user = Uuid::now_v7();
        self.keys.create(user).await.unwrap();
        let record = self.journal.last(&user_key(user)).await.unwrap().unwrap();
        let wrapped: Value = serde_json::from_slice(&record.payload).unwrap();
        (user, wrapped["sealed"].as_str().unwrap().as_bytes().to_vec())
    }

    /// The files of all servers that have these bytes; a stream's own are in a folder of its name.
    fn holders(&self, key: &[u8]) -> Vec<PathBuf> {
        let servers = self.cluster.servers.iter();
        servers
            .flat_map(|server| files_with(&server.data(), key))
            .collect()
    }

    async fn until(&self, deadline: Duration, done: impl Fn() -> bool) {
        let waiting = async {
            while !done() {
                sleep(Duration::from_millis(100)).await;
            }
        };
        timeout(deadline, waiting).await.expect("done in time");
    }
}

fn is_of_the_stream(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str() == USER_KEYS)
}

#[tokio::test]
async fn on_three_servers_no_copy_of_the_stream_has_the_key_after_erasure() {
    let cluster = Cluster::start().await;
    let (user, key) = cluster.key().await;
    let copies = || {
        cluster
            .holders(&key)
            .into_iter()
            .filter(|path| is_of_the_stream(path))
            .count()
    };
    cluster.until(Duration::from_secs(20), || copies() == 3).await;
    cluster.keys.destroy(user).await.unwrap();
    cluster.until(Duration::from_secs(20), || copies() == 0).await;
}

/// The servers agree by logs of their own (`$SYS/_js_`), which have the key too until they are cut.
#[tokio::test]
#[ignore = "takes the servers three minutes: make test-mesh"]
async fn on_three_servers_that_go_on_working_no_file_has_the_key_some_minutes_after_erasure() {
    let cluster = Cluster::start().await;
    let (user, key) = cluster.key().await;
    cluster
        .until(Duration::from_secs(20), || cluster.holders(&key).len() >= 3)
        .await;
    cluster.keys.destroy(user).await.unwrap();
    let since = Instant::now();
    let work = async {
        loop {
            cluster.key().await;
            sleep(Duration::from_millis(200)).await;
        }
    };
    tokio::select! {
        () = work => {}
        () = cluster.until(Duration::from_secs(400), || cluster.holders(&key).is_empty()) => {}
    }
    eprintln!("gone after {:?}", since.elapsed());
}
