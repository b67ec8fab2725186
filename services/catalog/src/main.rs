//! The catalogue as a process.

use clap::Parser;
use holdfast_catalog::app::{self, CatalogArgs};
use holdfast_platform::config::{self, ServiceArgs};
use holdfast_platform::service;

/// Products and prices, served from memory
#[derive(Parser)]
#[command(name = "holdfast-catalog", version)]
struct Args {
    #[command(flatten)]
    service: ServiceArgs,
    #[command(flatten)]
    catalog: CatalogArgs,
}

fn main() -> std::process::ExitCode {
    let args: Args = config::parse_or_exit();
    let catalog = args.catalog;
    service::run("catalog", &args.service, |context| app::serve(context, catalog))
}
