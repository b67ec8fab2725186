//! `holdfast man`.

use std::path::PathBuf;

use clap::Args;

use super::{Error, Outcome};
use crate::ui;

pub(super) const EXAMPLES: &str = "\
Examples:
  holdfast man | man -l -                           read it
  holdfast man --dir ~/.local/share/man/man1        one page per command, for `man holdfast-dlq-redrive`

Exit status: 0 done, 2 it could not be written.";

#[derive(Debug, Args)]
pub(super) struct Man {
    /// Write a page for each command into this folder.
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

pub(super) fn run(man: &Man, command: clap::Command) -> Result<Outcome, Error> {
    match &man.dir {
        Some(dir) => clap_mangen::generate_to(command, dir).map_err(|error| Error::File {
            path: dir.clone(),
            detail: error.to_string(),
        })?,
        None => {
            let mut page = Vec::new();
            let written = clap_mangen::Man::new(command).render(&mut page);
            ui::note_failure(written);
            ui::print(String::from_utf8_lossy(&page));
        }
    }
    Ok(Outcome::Done)
}
