//! What is started, and what it is told.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::environment::{self, tuned};
use super::identities::Identities;
use super::{Error, Options, Service, mesh};

/// What an acknowledged write has survived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Sync {
    /// The kill of any process: nats-server's default, synced to disk every two minutes.
    Default,
    /// A power failure too: synced before every acknowledgement.
    Always,
}

impl Sync {
    /// As it is written on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Always => "always",
        }
    }

    /// In seconds: for nats-server `2m` is two million, of seconds then.
    fn interval(self) -> &'static str {
        match self {
            Self::Default => "120s",
            Self::Always => "always",
        }
    }

    /// Grouping concurrent appends pays where each append would wait for the disk, and costs elsewhere.
    pub(super) fn group_commit(self) -> &'static str {
        match self {
            Self::Default => "off",
            Self::Always => "adaptive",
        }
    }
}

/// One process to supervise.
#[derive(Clone, Debug)]
pub(super) struct Spec {
    pub(super) name: &'static str,
    pub(super) program: PathBuf,
    pub(super) arguments: Vec<OsString>,
    pub(super) environment: Vec<(&'static str, String)>,
    pub(super) http_port: u16,
    pub(super) admin_port: u16,
}

/// Fails before anything is started if something is missing.
pub(super) fn check_binaries(options: &Options) -> Result<(), Error> {
    if !options.nats_server.is_file() {
        let remedy = "`make tools` installs it; HOLDFAST_NATS_SERVER or --nats-server names another";
        return Err(Error::Missing {
            path: options.nats_server.clone(),
            remedy,
        });
    }
    let services = options
        .services()
        .map(|service| options.binaries.join(service.binary()));
    if let Some(mesh) = &options.mesh {
        mesh::check_files(mesh)?;
    }
    for path in services.chain([options.binaries.join("holdfast")]) {
        if !path.is_file() {
            return Err(Error::Missing {
                path,
                remedy: "`make build` builds it",
            });
        }
    }
    Ok(())
}

pub(super) fn nats_server(options: &Options, identities: &Identities, conf: &Path) -> Spec {
    let store = options.home.join("data/nats");
    let mut environment = vec![
        ("HOLDFAST_NATS_PORT", options.ports.nats.to_string()),
        (
            "HOLDFAST_NATS_MONITOR_PORT",
            options.ports.nats_monitor.to_string(),
        ),
        // Quoted, so that nats-server takes any path for a string.
        ("HOLDFAST_NATS_STORE", format!("\"{}\"", store.display())),
        ("HOLDFAST_NATS_SYNC", options.sync.interval().to_owned()),
        tuned("GOGC", "400"),
        tuned("GOMEMLIMIT", "1GiB"),
    ];
    environment.extend(identities.environment());
    Spec {
        name: "nats-server",
        program: options.nats_server.clone(),
        arguments: vec!["-c".into(), conf.into()],
        environment,
        http_port: options.ports.nats,
        admin_port: options.ports.nats_monitor,
    }
}

pub(super) fn service(options: &Options, identities: &Identities, service: Service) -> Spec {
    let ports = options.ports.of(service);
    Spec {
        name: service.name(),
        program: options.binaries.join(service.binary()),
        arguments: Vec::new(),
        environment: environment::of(service, options, identities),
        http_port: ports.http,
        admin_port: ports.admin,
    }
}
