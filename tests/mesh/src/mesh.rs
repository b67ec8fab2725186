//! Several Envoys under one control plane.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use holdfast_envoy_harness::{AccessLog, Client, Envoy, Protocol};
use serde_json::Value;
use tokio::time::{Instant, sleep};

use crate::{Lab, Ports, Reloaded};

const PUSH_DEADLINE: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(10);

/// What a mesh is to be made of.
#[derive(Debug)]
pub struct Builder {
    ports: Ports,
    resources: String,
    envoys: Vec<(String, Option<String>)>,
    concurrency: u32,
}

/// A control plane and its Envoys. All end when this is dropped.
#[derive(Debug)]
pub struct Mesh {
    /// Where everything is.
    pub ports: Ports,
    lab: Lab,
    envoys: BTreeMap<String, Envoy>,
    concurrency: u32,
}

impl Mesh {
    /// A mesh without any Envoy yet.
    pub fn builder() -> Builder {
        Builder {
            ports: Ports::free(),
            resources: "# Nothing.\n".to_owned(),
            envoys: Vec::new(),
            concurrency: 1,
        }
    }

    /// The Envoy of this name.
    pub fn envoy(&self, name: &str) -> &Envoy {
        self.envoys
            .get(name)
            .unwrap_or_else(|| panic!("there is no Envoy {name}"))
    }

    /// A client that sends to what is at this port of the laptop. Through a sidecar's proxy port a request says by the
    /// header `host` where it goes.
    pub fn client(&self, usual: u16) -> Client {
        Client::new(self.ports.address(usual), Protocol::Http1)
    }

    /// A client of a service, by the proxy at this port of the laptop.
    pub fn caller(&self, proxy: u16, service: &str, protocol: Protocol) -> Client {
        let authority = format!("{service}.holdfast.svc.cluster.local");
        Client::through(self.ports.address(proxy), &authority, protocol)
    }

    /// The line of the request with this id in the access log of an Envoy. [`ALL_LOGGED`](crate::ALL_LOGGED) makes every
    /// request have one.
    pub async fn logged(&self, envoy: &str, id: &str) -> AccessLog {
        let deadline = Instant::now() + PUSH_DEADLINE;
        loop {
            let output = self.envoy(envoy).output();
            let line = output.lines().find(|line| line.contains(&format!("\"{id}\"")));
            if let Some(entry) = line.and_then(parse) {
                return entry;
            }
            assert!(
                Instant::now() < deadline,
                "{envoy} has not logged {id}:\n{output}"
            );
            sleep(POLL).await;
        }
    }

    /// Starts one more Envoy, in place of the one of this name: with the certificate of `account`.
    pub async fn run(&mut self, workload: &str, account: &str) {
        self.stop(workload).await;
        let config = as_account(self.lab.bootstrap(workload), account);
        let envoy = Envoy::run(&config, self.concurrency).await;
        self.envoys.insert(workload.to_owned(), envoy);
    }

    /// Kills an Envoy, if it runs.
    pub async fn stop(&mut self, name: &str) {
        if let Some(envoy) = self.envoys.remove(name) {
            envoy.stop().await;
        }
    }

    /// Puts other resources of the test's own in place, and waits until every Envoy has taken what that changes for it:
    /// `affected` has to hear of something, whether it takes it or not.
    pub async fn push(&mut self, resources: &str, affected: &str) -> Reloaded {
        let before = self.updates(affected).await;
        let reloaded = self.lab.reload(resources).await;
        assert_eq!(reloaded.error, None, "the resources are refused");
        let deadline = Instant::now() + PUSH_DEADLINE;
        while self.updates(affected).await == before {
            assert!(Instant::now() < deadline, "{affected} has heard of nothing");
            sleep(POLL).await;
        }
        reloaded
    }

    /// Fails if an Envoy has refused anything that the control plane gave it.
    pub async fn assert_accepted(&self) {
        for (name, envoy) in &self.envoys {
            let refused = self.refused(name).await;
            assert!(refused.is_empty(), "{name} refused {refused:?}:\n{}", envoy.log());
        }
    }

    /// The counters of what an Envoy has refused.
    pub async fn refused(&self, name: &str) -> Vec<(String, u64)> {
        let mut counters = self.envoy(name).stats("update_rejected").await;
        assert!(!counters.is_empty(), "{name} has no control plane");
        counters.retain(|(_, count)| *count > 0);
        counters
    }

    async fn updates(&self, name: &str) -> u64 {
        let envoy = self.envoy(name);
        let stats = [
            envoy.stats("update_success").await,
            envoy.stats("update_rejected").await,
        ];
        stats.iter().flatten().map(|(_, count)| count).sum()
    }
}

impl Builder {
    /// What listens at `address` is at this port of the laptop.
    #[must_use]
    pub fn at(mut self, usual: u16, address: SocketAddr) -> Self {
        self.ports.set(usual, address.port());
        self
    }

    /// The Envoy of a workload: `gateway` or a service.
    #[must_use]
    pub fn envoy(self, workload: &str) -> Self {
        self.add(workload, None)
    }

    /// A free port stands for `usual`, which is none of the laptop's but of the test's own resources.
    #[must_use]
    pub fn port(mut self, usual: u16) -> Self {
        self.ports.add(usual);
        self
    }

    /// An Envoy with the configuration of `workload` and the certificate of another service account.
    #[must_use]
    pub fn impostor(self, workload: &str, account: &str) -> Self {
        self.add(workload, Some(account))
    }

    /// YAML documents that replace or add to those of `istio/`.
    #[must_use]
    pub fn resources(mut self, yaml: &str) -> Self {
        yaml.clone_into(&mut self.resources);
        self
    }

    /// Worker threads of each Envoy.
    #[must_use]
    pub fn concurrency(mut self, workers: u32) -> Self {
        self.concurrency = workers;
        self
    }

    /// Starts all and returns when all are ready and have taken what they were given.
    pub async fn start(self) -> Mesh {
        let lab = Lab::start(&self.ports, &self.resources).await;
        let mut envoys = BTreeMap::new();
        for (workload, account) in self.envoys {
            let mut config = lab.bootstrap(&workload);
            if let Some(account) = account {
                config = as_account(config, &account);
            }
            envoys.insert(workload, Envoy::run(&config, self.concurrency).await);
        }
        let mesh = Mesh {
            ports: self.ports,
            lab,
            envoys,
            concurrency: self.concurrency,
        };
        mesh.assert_accepted().await;
        mesh
    }

    fn add(mut self, workload: &str, account: Option<&str>) -> Self {
        self.envoys
            .push((workload.to_owned(), account.map(str::to_owned)));
        self
    }
}

/// A bootstrap whose Envoy gets the certificate of this service account.
#[must_use]
pub fn as_account(mut bootstrap: Value, account: &str) -> Value {
    bootstrap["node"]["metadata"]["SERVICE_ACCOUNT"] = account.into();
    bootstrap
}

/// What matters of a line in Istio's format: `[time] "GET /path HTTP/2" 503 UH no_healthy_upstream …`.
fn parse(line: &str) -> Option<AccessLog> {
    let (_, rest) = line.split_once(" HTTP/")?;
    let (_, rest) = rest.split_once("\" ")?;
    let mut words = rest.split(' ');
    Some(AccessLog {
        status: words.next()?.parse().ok()?,
        flags: words.next()?.to_owned(),
        details: words.next()?.to_owned(),
        grpc: None,
    })
}
