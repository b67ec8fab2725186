//! The service as a process: seeded, killed, started again.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use holdfast::provision::{self, Declarations};
use holdfast_platform::testing::{NatsServer, free_port};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use crate::support::{PASSWORD, master, verified};

struct Process {
    child: Child,
    http: u16,
}

impl Process {
    async fn start(nats: &NatsServer, seed: &std::path::Path) -> Self {
        let (http, admin) = (free_port(), free_port());
        let child = Command::new(env!("CARGO_BIN_EXE_holdfast-user"))
            .env("HOLDFAST_HTTP_ADDR", format!("127.0.0.1:{http}"))
            .env("HOLDFAST_ADMIN_ADDR", format!("127.0.0.1:{admin}"))
            .env("HOLDFAST_NATS_URL", nats.url())
            .env("HOLDFAST_LOG", "warn")
            .env("HOLDFAST_USER_MASTER_KEYS", master("k1", 1))
            .env("HOLDFAST_USER_SEED_FILE", seed)
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let process = Self { child, http };
        let ready = async {
            let url = format!("http://127.0.0.1:{admin}/readyz");
            while !reqwest::get(&url)
                .await
                .is_ok_and(|answer| answer.status() == 200)
            {
                sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(Duration::from_secs(30), ready).await.unwrap();
        process
    }

    async fn log_in(&self, email: &str) -> Value {
        let url = format!("http://127.0.0.1:{}/v1/sessions", self.http);
        let body = json!({"email": email, "password": PASSWORD});
        let answer = reqwest::Client::new().post(url).json(&body).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        answer.json().await.unwrap()
    }

    async fn jwks(&self) -> Value {
        let url = format!("http://127.0.0.1:{}/.well-known/jwks.json", self.http);
        reqwest::get(url).await.unwrap().json().await.unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn a_killed_process_comes_back_with_its_keys_and_its_seed() {
    let nats = NatsServer::start().await;
    let client = nats.connect("provision").await;
    let declared = Declarations::built_in().unwrap();
    provision::apply(client.client(), &declared, provision::Options::default())
        .await
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let seed = folder.path().join("seed.json");
    let staff = uuid::Uuid::from_u128(7);
    let users = json!([
        {"id": staff, "email": "staff@example.org", "password": PASSWORD, "name": "Staff", "roles": ["staff"]},
        {"email": "anna@example.org", "password": PASSWORD, "name": "Anna"},
    ]);
    std::fs::write(&seed, json!({"users": users}).to_string()).unwrap();

    let (first, second) = tokio::join!(Process::start(&nats, &seed), Process::start(&nats, &seed));
    let tokens = first.log_in("staff@example.org").await;
    let token = tokens["access_token"].as_str().unwrap();
    drop((first, second));

    let again = Process::start(&nats, &seed).await;
    let claims = verified(token, &again.jwks().await).unwrap();
    assert_eq!(
        (claims["sub"].as_str(), claims["roles"].as_str()),
        (Some(staff.to_string().as_str()), Some("staff"))
    );
    again.log_in("anna@example.org").await;
}

#[test]
fn without_a_master_key_it_does_not_start_and_says_why() {
    let run = |keys: Option<&str>| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_holdfast-user"));
        command
            .env("HOLDFAST_HTTP_ADDR", "127.0.0.1:0")
            .env("HOLDFAST_ADMIN_ADDR", "127.0.0.1:0");
        if let Some(keys) = keys {
            command.env("HOLDFAST_USER_MASTER_KEYS", keys);
        }
        let output = command.output().unwrap();
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(
        run(None).contains("HOLDFAST_USER_MASTER_KEYS_FILE"),
        "{}",
        run(None)
    );
    let wrong = run(Some("k1:c2VjcmV0LXNlY3JldA=="));
    assert!(
        wrong.contains("key 1 is not 32 bytes in base64") && !wrong.contains("c2Vj"),
        "{wrong}"
    );
}
