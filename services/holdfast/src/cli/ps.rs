//! `holdfast ps`.

use std::path::PathBuf;

use clap::Args;

use super::{Error, Outcome};
use crate::local::{Process, RunDir};
use crate::ui;

pub(super) const EXAMPLES: &str = "\
Examples:
  holdfast ps                       every process: name, pid, where it takes traffic, its admin port
  kill -9 $(holdfast ps payment)    a name alone: its pid

Exit status: 0 done, 1 no process has that name, 2 no platform runs.";

/// What `holdfast ps` can be told.
#[derive(Debug, Args)]
pub(super) struct Ps {
    /// Print the pid of this process only.
    name: Option<String>,
    /// Folder of the platform.
    #[arg(long, env = "HOLDFAST_HOME", default_value = ".holdfast", value_name = "DIR")]
    home: PathBuf,
}

pub(super) fn run(ps: Ps) -> Result<Outcome, Error> {
    let processes = RunDir::find(&ps.home);
    if processes.is_empty() {
        return Err(Error::NotRunning { home: ps.home });
    }
    let Some(name) = ps.name else {
        processes.iter().for_each(show);
        return Ok(Outcome::Done);
    };
    match processes.iter().find(|process| process.name == name) {
        Some(process) => ui::line(process.pid),
        None => return Ok(Outcome::Negative),
    }
    Ok(Outcome::Done)
}

fn show(process: &Process) {
    let Process {
        name,
        pid,
        http_port,
        admin_port,
    } = process;
    ui::line(format_args!(
        "{name:<18} {pid:>8}   127.0.0.1:{http_port:<5}   admin 127.0.0.1:{admin_port}"
    ));
}
