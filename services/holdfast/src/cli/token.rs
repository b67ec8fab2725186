//! `holdfast token`.

use std::path::PathBuf;

use clap::Args;

use super::{Error, Outcome};
use crate::sample::{self, Person};
use crate::ui;

pub(super) const EXAMPLES: &str = "\
Examples:
  curl -H \"Authorization: Bearer $(holdfast token)\" http://localhost:8080/v1/orders
  holdfast token staff              of the sample member of the staff

It logs in at the platform that runs from --home, and keeps the token there until two minutes before it ends.

Exit status: 0 done, 2 no platform runs there, or it does not let them in.";

/// What `holdfast token` can be told.
#[derive(Debug, Args)]
pub(super) struct Token {
    /// Who is to be authenticated.
    #[arg(value_enum, default_value_t = Person::Customer)]
    who: Person,
    /// Folder of the platform that takes the token.
    #[arg(long, env = "HOLDFAST_HOME", default_value = ".holdfast", value_name = "DIR")]
    home: PathBuf,
}

pub(super) async fn run(token: &Token) -> Result<Outcome, Error> {
    ui::line(sample::token(&token.home, token.who).await?);
    Ok(Outcome::Done)
}
