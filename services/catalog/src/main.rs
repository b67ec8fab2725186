//! The catalogue as a process.

use clap::Parser;
use holdfast_catalog::app;
use holdfast_platform::config::{self, ServiceArgs};
use holdfast_platform::service;

/// Products and prices, served from memory
#[derive(Parser)]
#[command(name = "holdfast-catalog", version)]
struct Args {
    #[command(flatten)]
    service: ServiceArgs,
}

fn main() -> std::process::ExitCode {
    let args: Args = config::parse_or_exit();
    service::run("catalog", &args.service, app::serve)
}
