//! The command line: what can be asked, and how it ends.

mod audit;
mod bench;
mod connect;
mod events;
mod nats;
mod orders;
mod ps;
mod token;
mod up;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{CommandFactory as _, Parser, Subcommand};
use jiff::SignedDuration;

use crate::{local, ui};

/// Runs, provisions and inspects a Holdfast platform.
#[derive(Debug, Parser)]
#[command(name = "holdfast", version, propagate_version = true, max_term_width = 110)]
#[command(
    after_help = "Exit status: 0 done, 1 what was asked for is not so (see each command), 2 it could not be done."
)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the whole platform on this machine until Ctrl-C.
    #[command(after_help = up::EXAMPLES)]
    Up(up::Up),
    /// Bring a NATS server to what the files under `nats/` declare.
    Nats {
        #[command(subcommand)]
        command: nats::Command,
    },
    /// Look at orders, and help those that are stuck.
    #[command(after_help = orders::EXAMPLES)]
    Orders {
        #[command(subcommand)]
        command: orders::Command,
    },
    /// What happens to orders.
    Events {
        #[command(subcommand)]
        command: events::Command,
    },
    /// The processes of the platform that runs here.
    #[command(after_help = ps::EXAMPLES)]
    Ps(ps::Ps),
    /// Print a bearer token for the gateway.
    #[command(after_help = token::EXAMPLES)]
    Token(token::Token),
    /// Check the invariants over all logs, and print every violation.
    #[command(after_help = audit::EXAMPLES)]
    Audit(audit::Audit),
    /// Measure orders per second, latency and CPU time per order.
    #[command(after_help = bench::EXAMPLES)]
    Bench(bench::Bench),
    /// Print a completion script for a shell.
    #[command(
        after_help = "Example: holdfast completions bash > ~/.local/share/bash-completion/completions/holdfast"
    )]
    Completions {
        /// Which shell.
        shell: clap_complete::Shell,
    },
    /// Become a child that does not outlive its supervisor; for `up` itself.
    #[command(hide = true)]
    ExecChild {
        #[arg(long)]
        supervisor: u32,
        #[arg(last = true, required = true)]
        command: Vec<OsString>,
    },
}

/// Why a command could not be done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No connection to NATS.
    #[error(
        "no connection to NATS at {url}: {detail}\n  is the platform up? `holdfast up` starts it; --home, --nats or HOLDFAST_NATS_URL name another"
    )]
    Connect {
        /// Where it was expected.
        url: String,
        /// What was seen.
        detail: String,
    },
    /// A stream cannot be read.
    #[error(transparent)]
    Log(#[from] crate::logs::Error),
    /// A file that was named cannot be used.
    #[error("{path}: {detail}")]
    File {
        /// Which one.
        path: PathBuf,
        /// Why.
        detail: String,
    },
    /// A service does not answer as it should.
    #[error("{url}: {detail}")]
    Http {
        /// Which one.
        url: String,
        /// What was seen.
        detail: String,
    },
    /// Streams and consumers could not be provisioned.
    #[error(transparent)]
    Provision(#[from] crate::provision::Error),
    /// No token can be issued.
    #[error(transparent)]
    Issuer(#[from] crate::issuer::Error),
    /// The platform could not be run.
    #[error(transparent)]
    Local(#[from] local::Error),
    /// No platform runs where one was expected.
    #[error("no platform runs from {home}: `holdfast up` starts one")]
    NotRunning {
        /// The folder that was looked into.
        home: PathBuf,
    },
    /// The benchmark could not be run.
    #[error(transparent)]
    Bench(#[from] crate::bench::Error),
    /// A child could not become what it should.
    #[error("{}: {source}", .program.display())]
    Exec {
        /// What it should become.
        program: PathBuf,
        /// Why it could not.
        #[source]
        source: std::io::Error,
    },
}

impl From<crate::provision::DeclarationError> for Error {
    fn from(error: crate::provision::DeclarationError) -> Self {
        Self::Provision(error.into())
    }
}

/// How a command ended that could be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Status 0.
    Done,
    /// Status 1: what was asked for is not so.
    Negative,
}

/// Does what the command line asks for.
pub async fn run(cli: Cli) -> ExitCode {
    match dispatch(cli.command).await {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Negative) => ExitCode::from(1),
        Err(error) => {
            ui::note(format_args!("error: {error}"));
            ExitCode::from(2)
        }
    }
}

async fn dispatch(command: Command) -> Result<Outcome, Error> {
    match command {
        Command::Up(up) => up::run(up).await,
        Command::Nats { command } => nats::run(command).await,
        Command::Orders { command } => orders::run(command).await,
        Command::Events { command } => events::run(command).await,
        Command::Ps(ps) => ps::run(ps),
        Command::Token(token) => token::run(&token),
        Command::Audit(audit) => audit::run(audit).await,
        Command::Bench(bench) => bench::run(bench).await,
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "holdfast", &mut std::io::stdout());
            Ok(Outcome::Done)
        }
        Command::ExecChild { supervisor, command } => exec_child(supervisor, &command),
    }
}

fn exec_child(supervisor: u32, command: &[OsString]) -> Result<Outcome, Error> {
    let Some((program, arguments)) = command.split_first() else {
        return Ok(Outcome::Negative);
    };
    let program = PathBuf::from(program);
    let source = local::replace_process(supervisor, &program, arguments);
    Err(Error::Exec { program, source })
}

/// A time span like `15m` or `1h 30m`.
fn duration(text: &str) -> Result<Duration, String> {
    let duration: SignedDuration = text.parse().map_err(|error: jiff::Error| error.to_string())?;
    Duration::try_from(duration).map_err(|error| error.to_string())
}
