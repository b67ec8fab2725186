//! The quota service as a process.

use holdfast_platform::{config, service};
use holdfast_quota::app;
use holdfast_quota::args::Args;

fn main() -> std::process::ExitCode {
    let args: Args = config::parse_or_exit();
    let quota = args.quota;
    service::run("quota", &args.service, move |context| app::serve(context, quota))
}
