//! Where the platform is: as flags say, else as the platform that runs here tells, else its usual ports.

use std::path::PathBuf;
use std::time::Duration;

use holdfast_platform::nats::{self, Credentials, Nats, NatsConfig};

use super::Error;
use crate::local::{self, OPERATOR, Proxy, RunDir, Service};
use crate::sample::{self, Person};

const CONNECT_WITHIN: Duration = Duration::from_secs(5);

/// Where the platform is.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Platform {
    /// Folder of the platform that `holdfast up` runs; its ports are found there.
    #[arg(long, env = "HOLDFAST_HOME", default_value = ".holdfast", value_name = "DIR")]
    home: PathBuf,
    /// NATS server [default: that of the platform in --home, else nats://127.0.0.1:4222].
    #[arg(long = "nats", env = "HOLDFAST_NATS_URL", value_name = "URL")]
    nats: Option<String>,
    /// User of NATS [default: the operator of the platform in --home].
    #[arg(
        long,
        env = "HOLDFAST_NATS_USER",
        requires = "nats_password",
        value_name = "USER"
    )]
    nats_user: Option<String>,
    /// Password of that user; better in the environment than on the command line.
    #[arg(
        long,
        env = "HOLDFAST_NATS_PASSWORD",
        hide_env_values = true,
        value_name = "PASSWORD"
    )]
    nats_password: Option<String>,
}

impl Platform {
    /// A connection to its NATS.
    pub(super) async fn connect(&self) -> Result<Nats, Error> {
        let url = self
            .nats
            .clone()
            .unwrap_or_else(|| format!("nats://127.0.0.1:{}", self.port("nats-server").unwrap_or(4222)));
        let failed = |detail: String| Error::Connect {
            url: url.clone(),
            detail,
        };
        let config = NatsConfig::new(&url, OPERATOR).with(self.credentials());
        let nats = nats::connect(&config)
            .await
            .map_err(|error| failed(error.to_string()))?;
        let mut connected = nats.connected();
        match tokio::time::timeout(CONNECT_WITHIN, connected.wait_for(|up| *up)).await {
            Ok(Ok(_)) => {}
            _ => return Err(failed(format!("no answer within {}s", CONNECT_WITHIN.as_secs()))),
        }
        Ok(nats)
    }

    /// Those that were given, else those of the platform that runs here, unless another one is meant.
    fn credentials(&self) -> Option<Credentials> {
        match (&self.nats_user, &self.nats_password, &self.nats) {
            (Some(user), Some(password), _) => Some(Credentials {
                user: user.clone(),
                password: password.clone(),
            }),
            (_, _, None) => local::operator(&self.home),
            _ => None,
        }
    }

    /// The base URL of one of its services, unless `flag` names one.
    pub(super) fn service_url(&self, service: Service, flag: Option<&str>) -> String {
        match flag {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None => {
                let port = self.port(service.name()).unwrap_or(service.usual_port());
                format!("http://127.0.0.1:{port}")
            }
        }
    }

    /// The base URL of its gateway, if it has one.
    pub(super) fn gateway_url(&self) -> Option<String> {
        let port = self.port(Proxy::Gateway.name())?;
        Some(format!("http://127.0.0.1:{port}"))
    }

    /// A token that its gateway takes.
    pub(super) async fn token(&self, person: Person) -> Result<String, Error> {
        Ok(sample::token(&self.home, person).await?)
    }

    fn port(&self, name: &str) -> Option<u16> {
        RunDir::find(&self.home)
            .into_iter()
            .find(|process| process.name == name)
            .map(|found| found.http_port)
    }
}
