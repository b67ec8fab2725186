//! The user service as a process.

use holdfast_platform::{config, service};
use holdfast_user::app;
use holdfast_user::args::Args;

fn main() -> std::process::ExitCode {
    let args: Args = config::parse_or_exit();
    let user = args.user;
    service::run("user", &args.service, move |context| app::serve(context, user))
}
