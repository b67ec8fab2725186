//! The payment service as a process.

use holdfast_payment::app;
use holdfast_payment::config::Args;
use holdfast_platform::{config, service};

fn main() -> std::process::ExitCode {
    let args: Args = config::parse_or_exit();
    let common = args.service.clone();
    service::run("payment", &common, |context| app::serve(context, args))
}
