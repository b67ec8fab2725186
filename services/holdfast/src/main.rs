//! The operator's command line.

use std::process::ExitCode;

use clap::Parser as _;
use holdfast::cli::{self, Cli};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match Cli::try_parse() {
        Ok(cli) => cli::run(cli).await,
        Err(answer) => cli::answer(&answer),
    }
}
