//! `holdfast token`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use jiff::Timestamp;
use uuid::Uuid;

use super::{Error, Outcome};
use crate::issuer::{Identity, Issuer};
use crate::local::{CUSTOMER, STAFF};
use crate::ui;

pub(super) const EXAMPLES: &str = "\
Examples:
  curl -H \"Authorization: Bearer $(holdfast token)\" http://localhost:8080/v1/orders
  holdfast token staff              for the sample member of the staff
  holdfast token --user ID --valid-for 5m

It needs no running platform, only the key in its folder, which `holdfast up` makes.

Exit status: 0 done, 2 there is no key, or it cannot be used.";

/// What `holdfast token` can be told.
#[derive(Debug, Args)]
pub(super) struct Token {
    /// Who is to be authenticated.
    #[arg(value_enum, default_value_t = Who::Customer)]
    who: Who,
    /// Another user in the same role.
    #[arg(long, value_name = "ID")]
    user: Option<Uuid>,
    /// How long the token holds.
    #[arg(long, value_name = "TIME", default_value = "12h", value_parser = super::duration)]
    valid_for: Duration,
    /// Folder of the platform that takes the token.
    #[arg(long, env = "HOLDFAST_HOME", default_value = ".holdfast", value_name = "DIR")]
    home: PathBuf,
}

/// The sample users.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Who {
    /// Orders.
    Customer,
    /// Sees the orders of all, and maintains products and stock.
    Staff,
}

impl Token {
    fn identity(&self) -> Identity {
        let (sample, is_staff) = match self.who {
            Who::Customer => (CUSTOMER, false),
            Who::Staff => (STAFF, true),
        };
        Identity {
            user: self.user.unwrap_or(sample),
            is_staff,
        }
    }
}

pub(super) fn run(token: &Token) -> Result<Outcome, Error> {
    let issuer = Issuer::find(&token.home)?;
    let issued = issuer.token(token.identity(), Timestamp::now(), token.valid_for)?;
    ui::line(issued.text);
    Ok(Outcome::Done)
}

#[cfg(test)]
mod tests {
    use crate::issuer::VALIDITY;

    #[test]
    fn the_default_is_what_up_issues() {
        assert_eq!(crate::cli::duration("12h"), Ok(VALIDITY));
    }
}
