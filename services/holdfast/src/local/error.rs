//! Why the platform could not be started.

use std::path::PathBuf;

use holdfast_platform::nats;

use crate::{provision, sample};

/// Why the platform could not be started.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another supervisor runs in this folder.
    #[error(
        "a platform is already running from {home} (pid {pid}); stop it with Ctrl-C or `kill {pid}`, or run another with --home"
    )]
    AlreadyRunning {
        /// The shared folder.
        home: PathBuf,
        /// The other supervisor.
        pid: String,
    },
    /// Somebody else listens where a process of ours should.
    #[error(
        "port {port} of {process} is taken{holder}; choose another with {flag}, or any that are free with --free-ports"
    )]
    PortTaken {
        /// Which port.
        port: u16,
        /// Whose it would be.
        process: &'static str,
        /// Who has it, as ` by …`, or nothing if that cannot be told.
        holder: String,
        /// What changes it.
        flag: &'static str,
    },
    /// A binary is missing.
    #[error("{path} is missing: {remedy}")]
    Missing {
        /// Which one.
        path: PathBuf,
        /// How to get it.
        remedy: &'static str,
    },
    /// A file of ours cannot be written or read.
    #[error("{path}: {source}")]
    File {
        /// Which one.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A process did not become ready.
    #[error("{name} did not become ready: {detail}")]
    NotReady {
        /// Which one.
        name: &'static str,
        /// What was seen last.
        detail: String,
    },
    /// There can be no connection to NATS.
    #[error(transparent)]
    Nats(#[from] nats::Error),
    /// Streams and consumers could not be provisioned.
    #[error(transparent)]
    Provision(#[from] provision::Error),
    /// The contracts that are built in could not be registered.
    #[error(transparent)]
    Schemas(#[from] crate::schemas::Error),
    /// What Istio rendered does not fit this platform.
    #[error("the rendered configuration of {proxy} cannot be used: {detail}")]
    Rendered {
        /// Which one.
        proxy: &'static str,
        /// Why.
        detail: String,
    },
    /// Certificates could not be issued.
    #[error("certificates: {0}")]
    Certificates(String),
    /// The sample people could not be logged in.
    #[error(transparent)]
    Login(#[from] sample::Error),
    /// An HTTP client could not be set up.
    #[error("the HTTP client cannot be set up: {0}")]
    Client(#[from] reqwest::Error),
    /// Sample data could not be loaded.
    #[error("sample data: {0}")]
    Seed(String),
}
