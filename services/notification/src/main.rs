//! Notification as a process.

use holdfast_notification::app;
use holdfast_notification::args::Args;
use holdfast_platform::{config, service};

fn main() -> std::process::ExitCode {
    let args: Args = config::parse_or_exit();
    let common = args.service.clone();
    service::run("notification", &common, |context| app::serve(context, args))
}
