//! The storefront as a process.

use clap::Parser;
use holdfast_platform::config::{self, ServiceArgs};
use holdfast_platform::service;
use holdfast_storefront::{StorefrontArgs, serve};

/// The pages of the shop, as static files
#[derive(Parser)]
#[command(name = "holdfast-storefront", version)]
struct Args {
    #[command(flatten)]
    service: ServiceArgs,
    #[command(flatten)]
    storefront: StorefrontArgs,
}

fn main() -> std::process::ExitCode {
    let args: Args = config::parse_or_exit();
    let storefront = args.storefront;
    service::run("storefront", &args.service, |context| serve(context, storefront))
}
