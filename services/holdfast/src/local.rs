//! The whole platform on one machine: nats-server and every service as supervised child processes.
//!
//! What is killed is started again. What the supervisor leaves behind in `.holdfast/run` tells people and
//! tools where everything is; data is in `.holdfast/data` and survives.

mod accounts;
mod child;
mod environment;
mod error;
mod exec;
mod identities;
mod logs;
mod mesh;
mod options;
mod ports;
mod run_dir;
mod seed;
mod services;
mod spec;

use std::sync::Arc;
use std::time::Duration;

use holdfast_platform::http;
use holdfast_platform::nats::{self, Nats, NatsConfig};
use reqwest::{Client, RequestBuilder};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

pub use error::Error;
pub use exec::replace_process;
pub use identities::{OPERATOR, operator};
pub use logs::Logs;
pub use mesh::{Mesh, Proxy};
pub use options::{Options, new_webhook_secret, own_folder};
pub use ports::{GatewayPorts, MailPorts, Ports, ServicePorts, SidecarPorts};
pub use run_dir::{Process, RunDir};
pub use seed::{CUSTOMER, STAFF, sample_skus};
pub use services::Service;
pub use spec::Sync;

use crate::provision::{self, Declarations};
use crate::sample;
use crate::schemas::Registry;
use child::Child;
use identities::Identities;

/// A server with much data needs its time to read it back.
const READY_WITHIN: Duration = Duration::from_secs(60);
/// How long a process that starts may take to say whether it is ready.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// Longer than services take to finish what is under way.
const STOP_WITHIN: Duration = Duration::from_secs(15);

/// A platform that runs until [`Platform::stop`]; the children of one that is dropped or killed die with it.
#[derive(Debug)]
pub struct Platform {
    options: Options,
    identities: Identities,
    run_dir: Arc<RunDir>,
    /// In the order of their start.
    children: Vec<Child>,
    force: CancellationToken,
}

impl Platform {
    /// Starts everything, provisions streams, loads sample data, and returns when every service is ready.
    ///
    /// # Errors
    /// What kept it from being ready, with its remedy; then everything that was started is stopped again.
    pub async fn start(options: Options) -> Result<Self, Error> {
        let run_dir = Arc::new(RunDir::claim(&options.home)?);
        spec::check_binaries(&options)?;
        ports::check_free(&options.ports, options.mesh.is_some())?;
        let mut platform = Self {
            options,
            identities: Identities::new(),
            run_dir,
            children: Vec::new(),
            force: CancellationToken::new(),
        };
        match platform.bring_up().await {
            Ok(()) => Ok(platform),
            Err(error) => {
                platform.stop().await;
                Err(error)
            }
        }
    }

    async fn bring_up(&mut self) -> Result<(), Error> {
        let accounts = accounts::establish(&self.options.home)?;
        let conf = self.identities.write(self.run_dir.folder())?;
        self.spawn(spec::nats_server(&self.options, &self.identities, &conf));
        let nats = self.provision().await?;
        seed::products(nats.client()).await?;
        for service in self.options.services() {
            self.spawn(spec::service(&self.options, &self.identities, service));
        }
        self.spawn_mesh()?;
        for service in self.options.services() {
            let admin = self.options.ports.of(service).admin;
            self.ready(service.name(), &format!("http://127.0.0.1:{admin}/readyz"))
                .await?;
        }
        seed::stock(&self.options).await?;
        self.mesh_ready().await?;
        self.let_in(accounts).await
    }

    /// Logs the sample people in, and waits until the gateway believes it.
    async fn let_in(&self, accounts: [accounts::Account; 2]) -> Result<(), Error> {
        let Options {
            home,
            logs,
            ports,
            mesh,
            ..
        } = &self.options;
        let url = format!("http://127.0.0.1:{}", ports.of(Service::User).http);
        let logins = accounts::log_in(&url, accounts, logs).await?;
        sample::write(home, &logins)?;
        let token = logins.into_values().find_map(|login| login.token);
        let (Some(_), Some(token)) = (mesh, token) else {
            return Ok(());
        };
        let url = format!("http://127.0.0.1:{}/v1/users/me", ports.gateway.http);
        let ask = |client: &Client| client.get(&url).bearer_auth(&token.text);
        self.answers(Proxy::Gateway.name(), ask).await
    }

    fn spawn_mesh(&mut self) -> Result<(), Error> {
        let Some(mesh) = &self.options.mesh else {
            return Ok(());
        };
        for spec in mesh::prepare(&self.options, mesh)? {
            self.spawn(spec);
        }
        Ok(())
    }

    async fn mesh_ready(&self) -> Result<(), Error> {
        if self.options.mesh.is_none() {
            return Ok(());
        }
        for proxy in Proxy::start_order(&self.options) {
            let (_, admin) = proxy.ports(&self.options.ports);
            self.ready(proxy.name(), &format!("http://127.0.0.1:{admin}/ready"))
                .await?;
        }
        Ok(())
    }

    fn spawn(&mut self, spec: spec::Spec) {
        self.children.push(Child::supervise(
            spec,
            &self.options,
            Arc::clone(&self.run_dir),
            self.force.clone(),
        ));
    }

    async fn provision(&self) -> Result<Nats, Error> {
        let declarations = Declarations::built_in().map_err(provision::Error::from)?;
        let nats = nats::connect(&self.nats()).await?;
        let started = Instant::now();
        loop {
            let detail = match *nats.connected().borrow() {
                false => "no connection".to_owned(),
                true => match provision::apply(nats.client(), &declarations, provision::Options::default())
                    .await
                {
                    Ok(_) => match Registry::new(&nats).push_built_in().await {
                        Ok(()) => return Ok(nats),
                        Err(error) if error.is_retryable() => error.to_string(),
                        Err(error) => return Err(error.into()),
                    },
                    Err(error) if error.is_retryable() => error.to_string(),
                    Err(error) => return Err(error.into()),
                },
            };
            self.still_starting("nats-server", started, &detail)?;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn ready(&self, name: &'static str, url: &str) -> Result<(), Error> {
        self.answers(name, |client| client.get(url)).await
    }

    async fn answers(
        &self,
        name: &'static str,
        ask: impl Fn(&Client) -> RequestBuilder,
    ) -> Result<(), Error> {
        let (client, started) = (http::client(ANSWER_WITHIN, None)?, Instant::now());
        loop {
            let detail = match ask(&client).send().await {
                Ok(answer) if answer.status().is_success() => return Ok(()),
                Ok(answer) => answer.text().await.unwrap_or_default(),
                Err(error) => error.to_string(),
            };
            self.still_starting(name, started, &detail)?;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// A process that keeps stopping while it starts will not get better by waiting.
    fn still_starting(&self, name: &'static str, started: Instant, detail: &str) -> Result<(), Error> {
        let stops = self
            .children
            .iter()
            .find(|child| child.name() == name)
            .map_or(0, Child::stops);
        let detail = match started.elapsed() {
            _ if stops >= 3 => format!("it stopped {stops} times, see its output"),
            elapsed if elapsed > READY_WITHIN => format!("not within {}s; {detail}", READY_WITHIN.as_secs()),
            _ => return Ok(()),
        };
        Err(Error::NotReady { name, detail })
    }

    /// Where NATS listens.
    #[must_use]
    pub fn nats_url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.options.ports.nats)
    }

    /// How the operator connects to it.
    #[must_use]
    pub fn nats(&self) -> NatsConfig {
        NatsConfig::new(self.nats_url(), OPERATOR).with(self.identities.of(OPERATOR))
    }

    /// How it was started.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// What runs now.
    #[must_use]
    pub fn processes(&self) -> Vec<Process> {
        self.run_dir.processes()
    }

    /// Cancelling it makes a [`Platform::stop`] that waits for somebody kill instead.
    #[must_use]
    pub fn force(&self) -> CancellationToken {
        self.force.clone()
    }

    /// Stops everything, the last that was started first; a process that does not stop in time is killed.
    pub async fn stop(mut self) {
        while let Some(child) = self.children.pop() {
            child.stop(STOP_WITHIN).await;
        }
        self.run_dir.clear();
    }
}
