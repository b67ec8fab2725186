//! What is started, and what it is told.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use holdfast_platform::nats::Credentials;

use super::identities::Identities;
use super::{Error, Logs, Options, Ports, Proxy, mesh};

/// A service of the platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// The card provider that misbehaves on request.
    Sandbox,
    /// Products and prices.
    Catalog,
    /// Stock.
    Inventory,
    /// Charges and refunds.
    Payment,
    /// Orders.
    Order,
}

impl Service {
    /// Who is called comes before who calls.
    pub const START_ORDER: [Self; 5] = [
        Self::Sandbox,
        Self::Catalog,
        Self::Inventory,
        Self::Payment,
        Self::Order,
    ];

    /// Its name in logs and in `processes.json`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sandbox => "sandbox",
            Self::Catalog => "catalog",
            Self::Inventory => "inventory",
            Self::Payment => "payment",
            Self::Order => "order",
        }
    }

    /// The Envoy in front of it; the sandbox has none, as a provider has none.
    #[must_use]
    pub fn sidecar(self) -> Option<Proxy> {
        match self {
            Self::Sandbox => None,
            Self::Catalog => Some(Proxy::Catalog),
            Self::Inventory => Some(Proxy::Inventory),
            Self::Payment => Some(Proxy::Payment),
            Self::Order => Some(Proxy::Order),
        }
    }

    /// Its name in the mesh.
    fn host(self) -> String {
        format!("{}.holdfast.svc.cluster.local", self.name())
    }

    /// Where it takes traffic unless it is told otherwise.
    #[must_use]
    pub fn usual_port(self) -> u16 {
        match self {
            Self::Sandbox => 8190,
            Self::Catalog => 8102,
            Self::Inventory => 8103,
            Self::Payment => 8104,
            Self::Order => 8101,
        }
    }

    /// The flag of `holdfast up` that changes its ports.
    #[must_use]
    pub fn port_flag(self) -> &'static str {
        match self {
            Self::Sandbox => "--sandbox-port",
            Self::Catalog => "--catalog-port",
            Self::Inventory => "--inventory-port",
            Self::Payment => "--payment-port",
            Self::Order => "--order-port",
        }
    }
}

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
    fn group_commit(self) -> &'static str {
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
    let services = Service::START_ORDER.map(|service| binary(options, service));
    if let Some(mesh) = &options.mesh {
        mesh::check_files(mesh)?;
    }
    for path in services.into_iter().chain([options.binaries.join("holdfast")]) {
        if !path.is_file() {
            return Err(Error::Missing {
                path,
                remedy: "`make build` builds it",
            });
        }
    }
    Ok(())
}

fn binary(options: &Options, service: Service) -> PathBuf {
    options.binaries.join(format!("holdfast-{}", service.name()))
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

/// A setting for many processes on few cores, unless the environment has another: one runtime thread per service spares
/// wake-ups across threads, and a lazier garbage collector in nats-server trades memory for CPU time.
fn tuned(variable: &'static str, value: &str) -> (&'static str, String) {
    (
        variable,
        std::env::var(variable).unwrap_or_else(|_| value.to_owned()),
    )
}

pub(super) fn service(options: &Options, identities: &Identities, service: Service) -> Spec {
    let ports = options.ports.of(service);
    let url = |service: Service| match options.mesh {
        Some(_) => format!("http://{}", service.host()),
        None => format!("http://127.0.0.1:{}", options.ports.of(service).http),
    };
    let mut environment = vec![
        ("HOLDFAST_HTTP_ADDR", format!("127.0.0.1:{}", ports.http)),
        ("HOLDFAST_ADMIN_ADDR", format!("127.0.0.1:{}", ports.admin)),
        (
            "HOLDFAST_NATS_URL",
            format!("nats://127.0.0.1:{}", options.ports.nats),
        ),
        (
            "HOLDFAST_JOURNAL_GROUP_COMMIT",
            options.sync.group_commit().to_owned(),
        ),
        tuned("HOLDFAST_WORKER_THREADS", "1"),
    ];
    if let Some(Credentials { user, password }) = identities.of(service.name()) {
        environment.extend([("HOLDFAST_NATS_USER", user), ("HOLDFAST_NATS_PASSWORD", password)]);
    }
    if let Logs::Prefixed(paint) = &options.logs
        && paint.is_colour()
    {
        // A child writes to a pipe, and would take its reader for a machine.
        environment.push(("HOLDFAST_LOG_FORMAT", "human".to_owned()));
    }
    if options.mesh.is_some() && service.sidecar().is_some() {
        let proxy = format!("http://127.0.0.1:{}", ports.sidecar.outbound);
        environment.push(("HOLDFAST_HTTP_PROXY", proxy));
    }
    match service {
        Service::Order => environment.extend([
            ("HOLDFAST_CATALOG_URL", url(Service::Catalog)),
            ("HOLDFAST_INVENTORY_URL", url(Service::Inventory)),
            ("HOLDFAST_PAYMENT_URL", url(Service::Payment)),
        ]),
        Service::Payment => environment.extend([
            ("HOLDFAST_SANDBOX_URL", url(Service::Sandbox)),
            ("HOLDFAST_SANDBOX_WEBHOOK_SECRET", options.webhook_secret.clone()),
        ]),
        Service::Sandbox => environment.extend([
            (
                "HOLDFAST_SANDBOX_DATA",
                options.home.join("data/sandbox").display().to_string(),
            ),
            (
                "HOLDFAST_SANDBOX_WEBHOOK_URL",
                format!("{}/v1/payments/webhooks/sandbox", webhooks(options)),
            ),
            ("HOLDFAST_SANDBOX_WEBHOOK_SECRET", options.webhook_secret.clone()),
        ]),
        Service::Catalog => environment.push(("HOLDFAST_INVENTORY_URL", url(Service::Inventory))),
        Service::Inventory => {}
    }
    Spec {
        name: service.name(),
        program: binary(options, service),
        arguments: Vec::new(),
        environment,
        http_port: ports.http,
        admin_port: ports.admin,
    }
}

/// A provider comes in as everybody from outside does.
fn webhooks(options: &Options) -> String {
    let Ports { gateway, payment, .. } = options.ports;
    let port = match options.mesh {
        Some(_) => gateway.http,
        None => payment.http,
    };
    format!("http://127.0.0.1:{port}")
}
