//! `holdfast up`.

mod banner;
mod service_ports;

use std::path::{Path, PathBuf};

use clap::Args;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{Error, Outcome};
use crate::local::{self, GatewayPorts, Logs, MailPorts, Mesh, Options, Platform, Ports, Sync};
use crate::ui::{self, Paint};
use service_ports::ServicePortFlags;

pub(super) const EXAMPLES: &str = "\
Examples:
  holdfast up                       everything on its usual ports, until Ctrl-C
  holdfast up --no-mesh             without gateway and sidecars
  holdfast up --sync always         every acknowledged write survives a power failure
  holdfast up --free-ports          beside another one; .holdfast/run/processes.json has the ports
  holdfast up --home /tmp/second    with its own data

Exit status: 0 stopped when asked to, 2 it could not be started.";

/// What `holdfast up` can be told.
#[derive(Debug, Args)]
pub(super) struct Up {
    /// Folder for data and run-time files.
    #[arg(long, env = "HOLDFAST_HOME", default_value = ".holdfast", value_name = "DIR")]
    home: PathBuf,
    /// What an acknowledged write has survived: the kill of any process, or a power failure too.
    #[arg(long, value_enum, default_value_t = Sync::Default)]
    sync: Sync,
    /// How many pieces of each sample product to have received.
    #[arg(long, default_value_t = 1_000, value_name = "PIECES")]
    stock: u32,
    #[command(flatten)]
    nats: NatsBinary,
    #[command(flatten)]
    mesh: MeshFlags,
    #[command(flatten)]
    ports: PortFlags,
}

#[derive(Debug, Args)]
struct MeshFlags {
    /// Without gateway and sidecars: services call each other straight, and take anybody for whom he says he is.
    #[arg(long)]
    no_mesh: bool,
    #[command(flatten)]
    files: MeshFiles,
}

/// What the mesh is made of.
#[derive(Debug, Args)]
pub(super) struct MeshFiles {
    /// The Envoy binary [default: the one that `make tools-mesh` installs, else the one in PATH].
    #[arg(long, env = "HOLDFAST_ENVOY", value_name = "FILE")]
    envoy: Option<PathBuf>,
    /// The folder of the filters that `make wasm` builds [default: the one beside the binaries].
    #[arg(long, env = "HOLDFAST_FILTERS", value_name = "DIR")]
    filters: Option<PathBuf>,
    /// The folder of the pages that `make storefront` builds [default: the one in this repository].
    #[arg(long, env = "HOLDFAST_PAGES", value_name = "DIR")]
    pages: Option<PathBuf>,
}

impl MeshFiles {
    /// The files that were named, else those that are found.
    pub(super) fn choose(&self, binaries: &Path) -> Mesh {
        let beside = || binaries.with_file_name("wasm32-unknown-unknown").join("wasm");
        Mesh {
            envoy: self.envoy.clone().unwrap_or_else(|| find_tool("envoy", binaries)),
            filters: self.filters.clone().unwrap_or_else(beside),
            pages: self.pages.clone().or_else(|| built_pages(binaries)),
        }
    }
}

/// Which nats-server to start.
#[derive(Debug, Args)]
pub(super) struct NatsBinary {
    /// The nats-server binary [default: the one that `make tools` installs, else the one in PATH].
    #[arg(long, env = "HOLDFAST_NATS_SERVER", value_name = "FILE")]
    nats_server: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct PortFlags {
    /// Listen on any ports that are free.
    #[arg(long)]
    free_ports: bool,
    /// Port for NATS clients.
    #[arg(long, default_value_t = 4222, value_name = "PORT")]
    nats_port: u16,
    /// Port for nats-server's monitoring.
    #[arg(long, default_value_t = 8222, value_name = "PORT")]
    nats_monitor_port: u16,
    /// Port of the gateway, where clients come in; its admin port is this plus 10920.
    #[arg(long, default_value_t = 8080, value_name = "PORT", value_parser = port_below(GatewayPorts::SPAN))]
    gateway_port: u16,
    /// Port of the sandbox's mail server.
    #[arg(long, default_value_t = 8125, value_name = "PORT")]
    mail_port: u16,
    /// Port by which mail leaves through the mesh.
    #[arg(long, default_value_t = 2525, value_name = "PORT")]
    mail_proxy_port: u16,
    #[command(flatten)]
    services: ServicePortFlags,
}

/// Leaves room for the ports that are derived from it.
fn port_below(span: u16) -> clap::builder::RangedI64ValueParser<u16> {
    clap::value_parser!(u16).range(1..=i64::from(u16::MAX - span))
}

impl PortFlags {
    fn choose(&self) -> Result<Ports, local::Error> {
        if self.free_ports {
            return Ports::free();
        }
        Ok(Ports {
            nats: self.nats_port,
            nats_monitor: self.nats_monitor_port,
            gateway: GatewayPorts::from_http(self.gateway_port),
            mail: MailPorts {
                server: self.mail_port,
                proxy: self.mail_proxy_port,
            },
            services: self.services.0,
        })
    }
}

impl NatsBinary {
    /// The binary that was named, else the one that is found.
    pub(super) fn locate(&self, binaries: &Path) -> PathBuf {
        let named = self.nats_server.clone();
        named.unwrap_or_else(|| find_tool("nats-server", binaries))
    }
}

/// The pages of the shop in the repository that the binaries were built in, if they are built.
fn built_pages(binaries: &Path) -> Option<PathBuf> {
    let pages = binaries.ancestors().nth(2)?.join("services/storefront/web/dist");
    pages.join("index.html").is_file().then_some(pages)
}

/// The pinned binary in this repository, else the one in `PATH`.
fn find_tool(name: &str, binaries: &Path) -> PathBuf {
    let pinned = Path::new(".tools/bin").join(name);
    let beside_target = binaries
        .ancestors()
        .nth(2)
        .unwrap_or(Path::new("."))
        .join(&pinned);
    let in_path = std::env::var_os("PATH").unwrap_or_default();
    let in_path = std::env::split_paths(&in_path).map(|folder| folder.join(name));
    [pinned.clone(), beside_target]
        .into_iter()
        .chain(in_path)
        .find(|path| path.is_file())
        .unwrap_or(pinned)
}

pub(super) async fn run(up: Up) -> Result<Outcome, Error> {
    let paint = Paint::from_environment();
    let binaries = local::own_folder()?;
    let options = Options {
        home: absolute(&up.home)?,
        nats_server: up.nats.locate(&binaries),
        ports: up.ports.choose()?,
        mesh: (!up.mesh.no_mesh).then(|| up.mesh.files.choose(&binaries)),
        sync: up.sync,
        logs: Logs::Prefixed(paint),
        webhook_secret: local::new_webhook_secret(),
        stock: up.stock,
        notifications: true,
        binaries,
    };
    let mut signals = Signals::listen()?;
    let platform = tokio::select! {
        started = Platform::start(options) => started?,
        // What was started dies with this process.
        () = signals.next() => return Ok(Outcome::Done),
    };
    banner::show(&platform, paint);
    signals.next().await;
    ui::line("stopping; once more kills what is still running");
    let force = platform.force();
    let stop = platform.stop();
    tokio::pin!(stop);
    tokio::select! {
        () = &mut stop => return Ok(Outcome::Done),
        () = signals.next() => force.cancel(),
    }
    stop.await;
    Ok(Outcome::Done)
}

fn absolute(path: &Path) -> Result<PathBuf, local::Error> {
    std::path::absolute(path).map_err(|source| local::Error::File {
        path: path.to_owned(),
        source,
    })
}

/// Ctrl-C, SIGTERM, or the terminal going away.
struct Signals([Signal; 3]);

impl Signals {
    fn listen() -> Result<Self, local::Error> {
        let kinds = [
            SignalKind::interrupt(),
            SignalKind::terminate(),
            SignalKind::hangup(),
        ];
        let [Ok(interrupt), Ok(terminate), Ok(hangup)] = kinds.map(signal) else {
            return Err(local::Error::File {
                path: "signal handler".into(),
                source: std::io::Error::last_os_error(),
            });
        };
        Ok(Self([interrupt, terminate, hangup]))
    }

    async fn next(&mut self) {
        let [interrupt, terminate, hangup] = &mut self.0;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    }
}
