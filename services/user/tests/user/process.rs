//! The service as a process: seeded, killed, started again.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use futures::{StreamExt, stream};
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
            .env("HOLDFAST_USER_PASSWORD_WAIT", "60s")
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

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.http)
    }

    async fn log_in(&self, email: &str) -> Value {
        let url = self.url("/v1/sessions");
        let body = json!({"email": email, "password": PASSWORD});
        let answer = reqwest::Client::new().post(url).json(&body).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        answer.json().await.unwrap()
    }

    /// The status, if there was an answer.
    async fn register(&self, email: &str) -> Option<u16> {
        let url = self.url("/v1/users");
        let body = json!({"email": email, "password": PASSWORD, "name": "A"});
        let answer = reqwest::Client::new().post(url).json(&body).send().await;
        answer.ok().map(|answer| answer.status().as_u16())
    }

    /// As a crash would.
    fn kill(&self) {
        let killed = Command::new("kill")
            .args(["-9", &self.child.id().to_string()])
            .status();
        assert!(killed.unwrap().success());
    }

    async fn jwks(&self) -> Value {
        reqwest::get(self.url("/.well-known/jwks.json"))
            .await
            .unwrap()
            .json()
            .await
            .unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn provisioned() -> NatsServer {
    let nats = NatsServer::start().await;
    let client = nats.connect("provision").await;
    let declared = Declarations::built_in().unwrap();
    provision::apply(client.client(), &declared, provision::Options::default())
        .await
        .unwrap();
    nats
}

#[tokio::test]
async fn a_killed_process_comes_back_with_its_keys_and_its_seed() {
    let nats = provisioned().await;
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

/// Registrations, and `kill -9` in their midst, again and again.
#[tokio::test]
async fn whenever_it_is_killed_no_account_is_lost_and_no_address_is_locked() {
    let (nats, folder) = (provisioned().await, tempfile::tempdir().unwrap());
    let seed = folder.path().join("seed.json");
    std::fs::write(&seed, "{}").unwrap();
    let (mut made, mut unknown) = (Vec::new(), Vec::new());
    for round in 0..5 {
        let process = Process::start(&nats, &seed).await;
        let registrations = (0..16).map(|number| {
            let email = format!("r{round}n{number}@example.org");
            async { (process.register(&email).await, email) }
        });
        let mut registrations = stream::iter(registrations).buffer_unordered(8);
        let kill_at = rand::random_range(2..12);
        for _ in 0..kill_at {
            let (status, email) = registrations.next().await.unwrap();
            assert_eq!(status, Some(201));
            made.push(email);
        }
        process.kill();
        while let Some((status, email)) = registrations.next().await {
            match status {
                Some(201) => made.push(email),
                _ => unknown.push(email),
            }
        }
        drop(registrations);
    }
    let process = Process::start(&nats, &seed).await;
    for email in &made {
        process.log_in(email).await;
    }
    let mut had_it = 0;
    for email in &unknown {
        let status = process.register(email).await;
        assert!(matches!(status, Some(201 | 409)), "{email}: {status:?}");
        had_it += usize::from(status == Some(409));
        process.log_in(email).await;
    }
    eprintln!(
        "{} made, {} unknown, of which {had_it} were made",
        made.len(),
        unknown.len()
    );
    assert!(!unknown.is_empty());
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
