//! Replicas of services beside those that `holdfast up` runs.

use std::fs::File;
use std::net::TcpListener;

use tokio::process::{Child, Command};

use crate::platform::{READY_WITHIN, holdfast};
use crate::{Platform, eventually, send};

/// Another replica of a service; dropping it kills it.
pub struct Replica {
    url: String,
    _child: Child,
}

impl Replica {
    /// Starts a replica of `service` as the platform started its own, but for NATS, which it finds at `nats`.
    ///
    /// # Panics
    /// If it does not become ready; its output is beside the platform's.
    pub async fn start(platform: &Platform, service: &str, nats: &str) -> Self {
        let log = platform.home().join(format!("replica-{service}.log"));
        let log = File::create(log).expect("a log");
        let (http, admin) = (free_address(), free_address());
        let child = Command::new(holdfast())
            .args([
                "exec-child",
                "--supervisor",
                &std::process::id().to_string(),
                "--",
            ])
            .arg(holdfast().with_file_name(format!("holdfast-{service}")))
            .env_clear()
            .envs(platform.environment(service))
            .env("HOLDFAST_HTTP_ADDR", &http)
            .env("HOLDFAST_ADMIN_ADDR", &admin)
            .env("HOLDFAST_NATS_URL", nats)
            .stdout(log.try_clone().expect("a log"))
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .expect("holdfast starts");
        eventually(READY_WITHIN, async || {
            let answer = send(platform.client().get(format!("http://{admin}/readyz"))).await?;
            let is_ready = answer.status.is_success();
            is_ready.then_some(()).ok_or_else(|| format!("{answer:?}"))
        })
        .await;
        Self {
            url: format!("http://{http}"),
            _child: child,
        }
    }

    /// Its base URL.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }
}

fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address").to_string()
}
