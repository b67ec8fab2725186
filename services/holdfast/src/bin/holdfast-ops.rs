//! The process that watches for operators and serves their API.

use std::process::ExitCode;

use clap::Parser;
use holdfast::ops::process::{self, OpsArgs};
use holdfast_platform::config::{self, ServiceArgs};
use holdfast_platform::service;

/// Tells operators what needs them, and serves what they can do
#[derive(Parser)]
#[command(name = "holdfast-ops", version)]
struct Args {
    #[command(flatten)]
    service: ServiceArgs,
    #[command(flatten)]
    ops: OpsArgs,
}

fn main() -> ExitCode {
    let args: Args = config::parse_or_exit();
    let ops = args.ops;
    service::run("ops", &args.service, |context| process::serve(context, ops))
}
