//! A service as a process: ready, drained by SIGTERM, observable. The process is this test binary, started again.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use clap::Parser;
use holdfast_platform::config::{self, ServiceArgs};
use holdfast_platform::http;
use holdfast_platform::service::{self, Context};
use holdfast_platform::testing::{NatsServer, free_port};

#[derive(Parser)]
struct Args {
    #[command(flatten)]
    service: ServiceArgs,
}

/// Not a test: the service under test, when the environment says so.
#[test]
fn greeter() {
    if std::env::var_os("HOLDFAST_TEST_GREETER").is_none() {
        return;
    }
    let args: Args = config::parse_from(["greeter"]).unwrap();
    let code = service::run("greeter", &args.service, |context: Context| async move {
        let _nats = context.nats().await?;
        let slow = get(async || {
            tokio::time::sleep(Duration::from_millis(300)).await;
            "slow"
        });
        let router = Router::new()
            .route("/hello/{name}", get(async || "hello"))
            .route("/slow", slow);
        context.serve_http(router).await
    });
    let well = format!("{code:?}") == format!("{:?}", std::process::ExitCode::SUCCESS);
    std::process::exit(i32::from(!well));
}

struct Greeter {
    child: Child,
    url: String,
    admin: String,
}

impl Greeter {
    fn start(nats_url: &str) -> Self {
        let address = || format!("127.0.0.1:{}", free_port());
        let (http, admin) = (address(), address());
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "greeter", "--nocapture"])
            .env("HOLDFAST_TEST_GREETER", "1")
            .env("HOLDFAST_HTTP_ADDR", &http)
            .env("HOLDFAST_ADMIN_ADDR", &admin)
            .env("HOLDFAST_NATS_URL", nats_url)
            .env("HOLDFAST_WORKER_THREADS", "1")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self {
            child,
            url: format!("http://{http}"),
            admin: format!("http://{admin}"),
        }
    }

    async fn get(&self, url: &str) -> Option<(u16, String)> {
        let response = http::client(Duration::from_secs(5), None)
            .unwrap()
            .get(url)
            .send()
            .await
            .ok()?;
        Some((response.status().as_u16(), response.text().await.ok()?))
    }

    /// Asks /readyz until it answers so.
    async fn until_readyz(&self, status: u16) -> String {
        for _ in 0..500 {
            match self.get(&format!("{}/readyz", self.admin)).await {
                Some((answer, text)) if answer == status => return text,
                _ => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        }
        panic!("/readyz never answered {status}")
    }

    fn terminate(&self) {
        let sent = Command::new("kill")
            .args(["-TERM", &self.child.id().to_string()])
            .status();
        assert!(sent.unwrap().success());
    }

    async fn wait(mut self) -> ExitStatus {
        tokio::task::spawn_blocking(move || self.child.wait().unwrap())
            .await
            .unwrap()
    }
}

#[tokio::test]
async fn given_sigterm_a_request_under_way_is_answered_and_the_process_ends_well() {
    let server = NatsServer::start().await;
    let greeter = Greeter::start(&server.url());
    greeter.until_readyz(200).await;
    assert_eq!(
        greeter.get(&format!("{}/hello/you", greeter.url)).await,
        Some((200, "hello".into()))
    );
    let slow = format!("{}/slow", greeter.url);
    let (answer, ()) = futures::join!(greeter.get(&slow), async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        greeter.terminate();
    });
    assert_eq!(answer, Some((200, "slow".into())));
    assert!(greeter.wait().await.success());
}

#[tokio::test]
async fn the_admin_port_tells_and_changes() {
    let mut server = NatsServer::start().await;
    server.kill();
    let greeter = Greeter::start(&server.url());
    assert!(
        greeter.until_readyz(503).await.contains("nats"),
        "readyz lists what is not ready"
    );
    server.restart().await;
    greeter.until_readyz(200).await;
    assert_eq!(
        greeter.get(&format!("{}/livez", greeter.admin)).await.unwrap().0,
        200
    );
    greeter.get(&format!("{}/hello/you", greeter.url)).await;
    let metrics = greeter
        .get(&format!("{}/metrics", greeter.admin))
        .await
        .unwrap()
        .1;
    assert!(metrics.contains(r#"route="/hello/{name}""#), "{metrics}");

    let level = |directives: &'static str| {
        let client = http::client(Duration::from_secs(5), None).unwrap();
        let request = client.put(format!("{}/loglevel", greeter.admin)).body(directives);
        async move { request.send().await.unwrap() }
    };
    assert_eq!(level("warn,holdfast_platform=debug").await.status(), 200);
    let refused = level("holdfast=nonsense").await;
    assert_eq!(refused.status(), 422);
    assert_eq!(refused.headers()["content-type"], "application/problem+json");
    greeter.terminate();
    assert!(greeter.wait().await.success());
}
