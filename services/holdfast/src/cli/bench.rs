//! `holdfast bench`.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use holdfast_platform::nats::NatsConfig;

use super::up::{MeshFiles, NatsBinary};
use super::{Error, Outcome};
use crate::bench::{self, Accounts, Load, Report, Target, Window, report};
use crate::local::{self, Logs, OPERATOR, Options, Platform, Ports, RunDir, Service, Sync, sample_skus};
use crate::ui::{self, Colour, Paint};

pub(super) const EXAMPLES: &str = "\
Examples:
  holdfast bench                                 1, 16, 64 and 256 clients, both durabilities
  holdfast bench --clients 64 --sync default     one of them
  holdfast bench --demand flash-sale             all orders for one SKU only
  holdfast bench --endurance 500000              memory over half a million orders, then a restart behind them
  holdfast bench --mesh --clients 96 --login-storm 64
                                                 through the gateway, alone and while 64 people log in all the time
  holdfast bench --attach                        the platform that runs from .holdfast

It starts its own platform on free ports with data that it throws away; run it with release binaries
(`make bench`). The report is kept in .holdfast/bench.

Exit status: 0 measured, 1 orders were refused or did not end, 2 it could not be measured.";

/// Pieces of each product: nothing runs short in any run.
const PLENTY: u32 = 20_000_000;

/// What is ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Demand {
    /// All SKUs of the sample, at random.
    Uniform,
    /// One SKU.
    FlashSale,
}

/// What `holdfast bench` can be told.
#[derive(Debug, Args)]
pub(super) struct Bench {
    /// Closed-loop clients, one run for each number.
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "1,16,64,256",
        value_name = "N,…"
    )]
    clients: Vec<usize>,
    /// Length of the measured window of each run.
    #[arg(long, default_value_t = 10, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,
    /// Load before each measured window.
    #[arg(long, default_value_t = 3, value_name = "SECONDS")]
    warm_up: u64,
    /// Durabilities to measure.
    #[arg(long, value_enum, value_delimiter = ',', default_value = "default,always")]
    sync: Vec<Sync>,
    /// What is ordered; every number of clients is measured with each.
    #[arg(long, value_enum, value_delimiter = ',', default_value = "uniform,flash-sale")]
    demand: Vec<Demand>,
    /// Per cent of the orders whose card is declined.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(0..=100))]
    declined: u32,
    /// Instead: one run of this many orders, with the first of --clients; then inventory is killed and its restart timed.
    #[arg(long, value_name = "ORDERS", conflicts_with = "attach", value_parser = clap::value_parser!(u64).range(1..))]
    endurance: Option<u64>,
    /// Through the gateway and the sidecars, with an account for each client. One account may order 20 times a second.
    #[arg(long, conflicts_with = "attach")]
    mesh: bool,
    /// Measure each load three times: alone, while so many people log in all the time, and alone again.
    #[arg(long, value_name = "PEOPLE", conflicts_with_all = ["attach", "endurance"], value_parser = clap::value_parser!(u64).range(1..=1000))]
    login_storm: Option<u64>,
    /// Measure the platform that runs from --home.
    #[arg(long)]
    attach: bool,
    /// Folder of the running platform, and of the reports.
    #[arg(long, env = "HOLDFAST_HOME", default_value = ".holdfast", value_name = "DIR")]
    home: PathBuf,
    #[command(flatten)]
    nats: NatsBinary,
    #[command(flatten)]
    mesh_files: MeshFiles,
}

pub(super) async fn run(bench: Bench) -> Result<Outcome, Error> {
    let paint = Paint::from_environment();
    let mut report = Report::begin();
    if !report.optimised {
        ui::note("these binaries are not optimised: the numbers tell little (use `make bench`)");
    }
    report::show_heading(paint);
    if bench.attach {
        let target = running(&bench)?;
        bench.measure(&target, &mut report, paint).await?;
    } else {
        for sync in &bench.sync {
            bench.measure_own(*sync, &mut report, paint).await?;
        }
    }
    let path = report.write(&bench.home.join("bench"))?;
    ui::line(paint.paint(Colour::Dim, format_args!("report: {}", path.display())));
    let lossless = report
        .runs
        .iter()
        .all(|run| run.refused + run.unfinished + run.parked == 0);
    Ok(if lossless {
        Outcome::Done
    } else {
        Outcome::Negative
    })
}

impl Bench {
    async fn measure_own(&self, sync: Sync, report: &mut Report, paint: Paint) -> Result<(), Error> {
        let home = tempfile::tempdir().map_err(|source| local::Error::File {
            path: std::env::temp_dir(),
            source,
        })?;
        let binaries = local::own_folder()?;
        let options = Options {
            home: home.path().to_owned(),
            nats_server: self.nats.locate(&binaries),
            ports: Ports::free()?,
            // Straight unless it is asked for, so that runs can be compared with those before there was a mesh.
            mesh: self.mesh.then(|| self.mesh_files.choose(&binaries)),
            sync,
            logs: Logs::Files(home.path().join("log")),
            webhook_secret: local::new_webhook_secret(),
            stock: PLENTY,
            // The clients have no accounts, so there is nobody to tell. `make bench-notification` measures that.
            notifications: false,
            binaries,
        };
        let platform = Platform::start(options).await?;
        let measured = self.measure_this(&platform, report, paint).await;
        platform.stop().await;
        measured
    }

    async fn measure_this(
        &self,
        platform: &Platform,
        report: &mut Report,
        paint: Paint,
    ) -> Result<(), Error> {
        let Options { ports, sync, .. } = platform.options();
        let target = Target {
            nats: platform.nats(),
            orders: format!("127.0.0.1:{}", self.entrance(ports, Service::Order)),
            accounts: self.accounts(platform).await?,
            through_gateway: self.mesh,
            processes: platform.processes(),
            sync: Some(*sync),
        };
        match self.endurance {
            None => self.measure(&target, report, paint).await,
            Some(orders) => self.endure(platform, &target, orders, report, paint).await,
        }
    }

    /// As many as order or log in.
    async fn accounts(&self, platform: &Platform) -> Result<Option<Accounts>, Error> {
        let customers = self.clients.iter().filter(|_| self.mesh).max().copied();
        let people = customers.max(self.storm());
        let Some(people) = people else {
            return Ok(None);
        };
        let ports = &platform.options().ports;
        let user = format!("http://127.0.0.1:{}", ports.of(Service::User).http);
        Ok(Some(Accounts {
            entrance: format!("http://127.0.0.1:{}", self.entrance(ports, Service::User)),
            people: bench::register(&user, people).await?.into(),
        }))
    }

    /// Where people come in who want something of a service.
    fn entrance(&self, ports: &Ports, service: Service) -> u16 {
        match self.mesh {
            true => ports.gateway.http,
            false => ports.of(service).http,
        }
    }

    fn storm(&self) -> Option<usize> {
        self.login_storm.and_then(|people| usize::try_from(people).ok())
    }

    async fn endure(
        &self,
        platform: &Platform,
        target: &Target,
        orders: u64,
        report: &mut Report,
        paint: Paint,
    ) -> Result<(), Error> {
        let clients = self.clients.first().copied().unwrap_or(1);
        let mut load = self.load(clients, Demand::Uniform);
        load.window = Window::Orders(orders);
        let run = bench::run(target, &load).await?;
        report::show(&run, paint);
        let ended = run.completed + run.cancelled;
        report.runs.push(run);
        let restart = bench::measure_restart(platform, "inventory", ended).await?;
        report::show_restart(&restart);
        report.restarts.push(restart);
        Ok(())
    }

    async fn measure(&self, target: &Target, report: &mut Report, paint: Paint) -> Result<(), Error> {
        for clients in &self.clients {
            for demand in &self.demand {
                let load = self.load(*clients, *demand);
                let storm = self.storm().into_iter().flat_map(|people| [people, 0]);
                for logins in [0].into_iter().chain(storm) {
                    let run = bench::run(
                        target,
                        &Load {
                            logins,
                            ..load.clone()
                        },
                    )
                    .await?;
                    report::show(&run, paint);
                    report.runs.push(run);
                }
            }
        }
        Ok(())
    }

    fn load(&self, clients: usize, demand: Demand) -> Load {
        let mut skus = sample_skus();
        if demand == Demand::FlashSale {
            skus.truncate(1);
        }
        Load {
            clients,
            skus: Arc::from(skus),
            declined_percent: self.declined,
            logins: 0,
            warm_up: Duration::from_secs(self.warm_up),
            window: Window::Time(Duration::from_secs(self.seconds)),
        }
    }
}

fn running(bench: &Bench) -> Result<Target, Error> {
    let processes = RunDir::find(&bench.home);
    let port = |name: &str| {
        processes
            .iter()
            .find(|process| process.name == name)
            .map(|found| found.http_port)
    };
    let (Some(nats), Some(orders)) = (port("nats-server"), port("order")) else {
        return Err(Error::NotRunning {
            home: bench.home.clone(),
        });
    };
    Ok(Target {
        nats: NatsConfig::new(format!("nats://127.0.0.1:{nats}"), OPERATOR)
            .with(local::operator(&bench.home)),
        orders: format!("127.0.0.1:{orders}"),
        accounts: None,
        through_gateway: false,
        processes,
        sync: None,
    })
}
