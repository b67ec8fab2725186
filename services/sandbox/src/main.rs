//! The sandbox provider as a process.

use holdfast_platform::{config, service};
use holdfast_sandbox::app::{self, Args};

fn main() -> std::process::ExitCode {
    let args: Args = config::parse_or_exit();
    let common = args.service.clone();
    service::run("sandbox", &common, |context| app::serve(context, args))
}
