//! The command line: what can be asked, and how it ends.

mod audit;
mod bench;
mod bulk;
mod connect;
mod dlq;
mod events;
mod man;
mod nats;
mod orders;
mod ps;
mod schemas;
mod streams;
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
    #[command(after_help = nats::EXAMPLES)]
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
    /// Look at messages that consumers gave up on, and send them back.
    #[command(after_help = dlq::EXAMPLES)]
    Dlq {
        #[command(subcommand)]
        command: dlq::Command,
    },
    /// How far each consumer is behind.
    #[command(after_help = streams::EXAMPLES)]
    Streams(streams::Streams),
    /// What happens to orders.
    #[command(after_help = events::EXAMPLES)]
    Events {
        #[command(subcommand)]
        command: events::Command,
    },
    /// The contracts that are in use, and whether others could be.
    #[command(after_help = schemas::EXAMPLES)]
    Schemas {
        #[command(subcommand)]
        command: schemas::Command,
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
    #[command(after_help = COMPLETIONS)]
    Completions {
        /// Which shell.
        shell: clap_complete::Shell,
    },
    /// Print the manual page.
    #[command(after_help = man::EXAMPLES)]
    Man(man::Man),
    /// Become a child that does not outlive its supervisor; for `up` itself.
    #[command(hide = true)]
    ExecChild {
        #[arg(long)]
        supervisor: u32,
        #[arg(last = true, required = true)]
        command: Vec<OsString>,
    },
}

const COMPLETIONS: &str = "\
Examples:
  holdfast completions bash > ~/.local/share/bash-completion/completions/holdfast

Exit status: 0 done, 2 it could not be written.";

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
    /// The schema registry cannot be read or changed.
    #[error(transparent)]
    Schemas(#[from] crate::schemas::Error),
    /// There is no token.
    #[error(transparent)]
    Token(#[from] crate::sample::Error),
    /// The platform could not be run.
    #[error(transparent)]
    Local(#[from] local::Error),
    /// No platform runs where one was expected.
    #[error("no platform runs from {home}: `holdfast up` starts one")]
    NotRunning {
        /// The folder that was looked into.
        home: PathBuf,
    },
    /// What operators do could not be done.
    #[error(transparent)]
    Ops(#[from] crate::ops::Error),
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
    let status = match dispatch(cli.command).await {
        Ok(Outcome::Done) => 0,
        Ok(Outcome::Negative) => 1,
        Err(error) => {
            ui::note(format_args!("error: {error}"));
            2
        }
    };
    end(status)
}

/// Ends with what is said instead of a command: its help, the version, or what is wrong with the command line.
#[must_use]
pub fn answer(answer: &clap::Error) -> ExitCode {
    let printed = answer.print();
    if !answer.use_stderr() {
        ui::note_failure(printed);
    }
    end(u8::try_from(answer.exit_code()).unwrap_or(2))
}

/// Nothing that could not be told is done.
fn end(status: u8) -> ExitCode {
    match ui::written() {
        Ok(()) => ExitCode::from(status),
        Err(error) => {
            ui::note(format_args!("error: cannot write to standard output: {error}"));
            ExitCode::from(2)
        }
    }
}

async fn dispatch(command: Command) -> Result<Outcome, Error> {
    match command {
        Command::Up(up) => up::run(up).await,
        Command::Nats { command } => nats::run(command).await,
        Command::Orders { command } => orders::run(command).await,
        Command::Dlq { command } => dlq::run(command).await,
        Command::Streams(streams) => streams::run(streams).await,
        Command::Events { command } => events::run(command).await,
        Command::Schemas { command } => schemas::run(command).await,
        Command::Ps(ps) => ps::run(ps),
        Command::Token(token) => token::run(&token).await,
        Command::Audit(audit) => audit::run(audit).await,
        Command::Bench(bench) => bench::run(bench).await,
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "holdfast", &mut script);
            ui::print(String::from_utf8_lossy(&script));
            Ok(Outcome::Done)
        }
        Command::Man(man) => man::run(&man, Cli::command()),
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Every verb with a text of its own for `--help`, and the path that leads to it.
    fn helps(command: &clap::Command, path: &str) -> Vec<(String, String)> {
        let path = format!("{path} {}", command.get_name());
        let below = command.get_subcommands().filter(|command| !command.is_hide_set());
        let mut helps: Vec<_> = below.flat_map(|command| helps(command, &path)).collect();
        helps.push((path, command.clone().render_long_help().to_string()));
        helps
    }

    #[test]
    fn every_verb_has_examples_and_exit_statuses() {
        let helps = helps(&Cli::command(), "");
        assert!(helps.len() > 15, "{helps:?}");
        for (verb, help) in helps.iter().filter(|(verb, _)| verb != " holdfast") {
            let examples = help.split("Examples:").nth(1).unwrap_or_default();
            assert!(
                examples.contains(&format!(" {}", verb.trim())),
                "{verb} has no example of its own"
            );
            assert!(examples.contains("Exit status:"), "{verb} has no exit statuses");
        }
    }
}
