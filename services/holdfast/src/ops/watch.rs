//! Sees what operators are told: three lanes, and a look at the proxies.

mod advisories;
mod breakers;
mod letters;
mod parked;

use std::time::Duration;

use holdfast_platform::journal::Disposition;

pub use advisories::Advisories;
pub use breakers::{Breakers, Proxy};
pub use letters::told_of_letter;
pub use parked::told_of_parking;

use super::Error;

/// When an event that could not be told is tried again.
const AGAIN: Duration = Duration::from_secs(2);

/// How a delivery is settled whose event was, or was not, told.
fn settle(told: Result<(), Error>) -> Disposition {
    match told {
        Ok(()) => Disposition::Ack,
        Err(error) => Disposition::Failed(AGAIN, error.to_string()),
    }
}
