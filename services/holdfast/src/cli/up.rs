//! `holdfast up`.

use std::path::{Path, PathBuf};

use clap::Args;
use holdfast_contracts::ids;
use tokio::signal::unix::{Signal, SignalKind, signal};
use uuid::Uuid;

use super::{Error, Outcome};
use crate::local::{self, CUSTOMER, Logs, Options, Platform, Ports, Service, ServicePorts, Sync};
use crate::ui::{self, Colour, Paint};

pub(super) const EXAMPLES: &str = "\
Examples:
  holdfast up                       everything on its usual ports, until Ctrl-C
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
    ports: PortFlags,
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
    /// Port of the order service; the admin port of each service is its port plus 1000.
    #[arg(long, default_value_t = Service::Order.usual_port(), value_name = "PORT", value_parser = http_port())]
    order_port: u16,
    /// Port of the catalogue.
    #[arg(long, default_value_t = Service::Catalog.usual_port(), value_name = "PORT", value_parser = http_port())]
    catalog_port: u16,
    /// Port of the inventory service.
    #[arg(long, default_value_t = Service::Inventory.usual_port(), value_name = "PORT", value_parser = http_port())]
    inventory_port: u16,
    /// Port of the payment service.
    #[arg(long, default_value_t = Service::Payment.usual_port(), value_name = "PORT", value_parser = http_port())]
    payment_port: u16,
    /// Port of the payment provider's sandbox.
    #[arg(long, default_value_t = Service::Sandbox.usual_port(), value_name = "PORT", value_parser = http_port())]
    sandbox_port: u16,
}

/// Leaves room for the admin port, which is 1000 higher.
fn http_port() -> clap::builder::RangedI64ValueParser<u16> {
    clap::value_parser!(u16).range(1..=i64::from(u16::MAX) - 1000)
}

impl PortFlags {
    fn choose(&self) -> Result<Ports, local::Error> {
        if self.free_ports {
            return Ports::free();
        }
        Ok(Ports {
            nats: self.nats_port,
            nats_monitor: self.nats_monitor_port,
            order: ServicePorts::from_http(self.order_port),
            catalog: ServicePorts::from_http(self.catalog_port),
            inventory: ServicePorts::from_http(self.inventory_port),
            payment: ServicePorts::from_http(self.payment_port),
            sandbox: ServicePorts::from_http(self.sandbox_port),
        })
    }
}

impl NatsBinary {
    /// The binary that was named, else the pinned one in this repository, else the one in `PATH`.
    pub(super) fn locate(&self, binaries: &Path) -> PathBuf {
        const PINNED: &str = ".tools/bin/nats-server";
        if let Some(named) = &self.nats_server {
            return named.clone();
        }
        let beside_target = binaries.ancestors().nth(2).unwrap_or(Path::new(".")).join(PINNED);
        let in_path = std::env::var_os("PATH").unwrap_or_default();
        let in_path = std::env::split_paths(&in_path).map(|folder| folder.join("nats-server"));
        [PathBuf::from(PINNED), beside_target]
            .into_iter()
            .chain(in_path)
            .find(|path| path.is_file())
            .unwrap_or_else(|| PINNED.into())
    }
}

pub(super) async fn run(up: Up) -> Result<Outcome, Error> {
    let paint = Paint::from_environment();
    let binaries = local::own_folder()?;
    let options = Options {
        home: absolute(&up.home)?,
        nats_server: up.nats.locate(&binaries),
        ports: up.ports.choose()?,
        sync: up.sync,
        logs: Logs::Prefixed(paint),
        webhook_secret: local::new_webhook_secret(),
        stock: up.stock,
        binaries,
    };
    let mut signals = Signals::listen()?;
    let platform = tokio::select! {
        started = Platform::start(options) => started?,
        // What was started dies with this process.
        () = signals.next() => return Ok(Outcome::Done),
    };
    banner(&platform, paint);
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

fn banner(platform: &Platform, paint: Paint) {
    let options = platform.options();
    let title = paint.paint(Colour::Bold, "Holdfast is ready.");
    let durability = match options.sync {
        Sync::Default => {
            "acknowledged writes survive the kill of any process (--sync always: a power failure too)"
        }
        Sync::Always => "acknowledged writes survive a power failure",
    };
    ui::line(format_args!(
        "\n  {title} {}; Ctrl-C stops it.\n",
        paint.paint(Colour::Dim, durability)
    ));
    for service in [
        Service::Order,
        Service::Catalog,
        Service::Inventory,
        Service::Payment,
        Service::Sandbox,
    ] {
        let ServicePorts { http, admin } = options.ports.of(service);
        let url = paint.paint(Colour::Cyan, format_args!("http://127.0.0.1:{http}"));
        ui::line(format_args!(
            "  {:<11} {url}   admin http://127.0.0.1:{admin}",
            service.name()
        ));
    }
    let nats = paint.paint(Colour::Cyan, platform.nats_url());
    ui::line(format_args!(
        "  {:<11} {nats}   monitoring http://127.0.0.1:{}",
        "nats", options.ports.nats_monitor
    ));
    ui::line("\n  Create an order (the same Idempotency-Key is always the same order), watch it, list it:\n");
    for command in curl_lines(options.ports.order.http, Uuid::now_v7()) {
        ui::line(command);
    }
    ui::line("");
}

/// Three commands that work when they are pasted one after the other or each by itself, in any shell: the
/// order's id follows from the user and the key, so the second need not learn it from the first.
fn curl_lines(port: u16, key: Uuid) -> [String; 3] {
    let key = key.to_string();
    let orders = format!("http://127.0.0.1:{port}/v1/orders");
    let user = format!("-H 'x-holdfast-user: {CUSTOMER}'");
    let id = ids::order_id(CUSTOMER, &key);
    let sku = local::sample_skus().into_iter().next().unwrap_or_default();
    let order = format!(r#"{{"lines":[{{"sku":"{sku}","quantity":1}}],"payment_token":"tok_ok"}}"#);
    [
        format!(
            "curl -sS {orders} {user} -H 'Idempotency-Key: {key}' -H 'Content-Type: application/json' -d '{order}'"
        ),
        format!("curl -sS {orders}/{id}/events {user}"),
        format!("curl -sS '{orders}?limit=5' {user}"),
    ]
}
