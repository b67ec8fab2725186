//! The realtime service as a process.

use holdfast_platform::{config, service};
use holdfast_realtime::app;
use holdfast_realtime::args::Args;

fn main() -> std::process::ExitCode {
    let args: Args = config::parse_or_exit();
    let realtime = args.realtime;
    service::run("realtime", &args.service, move |context| {
        app::serve(context, realtime)
    })
}
