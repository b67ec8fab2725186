//! Which letters are meant, as flags.

use std::time::Duration;

use clap::Args;
use jiff::Timestamp;

use crate::ops::filter::LetterFilter;

const REASONS: [&str; 4] = ["malformed", "unknown_schema", "refused", "max_deliveries"];

#[derive(Clone, Debug, Default, Args)]
pub(super) struct Filter {
    /// Only these letters.
    #[arg(value_name = "LETTER")]
    letters: Vec<u64>,
    /// Only of this service.
    #[arg(long, value_name = "NAME")]
    service: Option<String>,
    /// Only of this consumer.
    #[arg(long, value_name = "NAME")]
    consumer: Option<String>,
    /// Only given up for this reason.
    #[arg(long, value_parser = REASONS)]
    reason: Option<String>,
    /// Only of this type, such as OrderCommit.
    #[arg(long = "type", value_name = "TYPE")]
    event_type: Option<String>,
    /// Only about this order.
    #[arg(long, value_name = "ID")]
    order: Option<String>,
    /// Only about this user.
    #[arg(long, value_name = "ID")]
    user: Option<String>,
    /// Only what was given up longer ago than this.
    #[arg(long, value_name = "TIME", value_parser = crate::cli::duration)]
    older_than: Option<Duration>,
    /// Only what was given up less long ago than this.
    #[arg(long, value_name = "TIME", value_parser = crate::cli::duration)]
    younger_than: Option<Duration>,
}

impl Filter {
    /// The same, counted from now.
    pub(super) fn resolve(&self) -> LetterFilter {
        let now = Timestamp::now();
        let ago = |age: Option<Duration>| age.map(|age| now.checked_sub(age).unwrap_or(Timestamp::MIN));
        LetterFilter {
            service: self.service.clone(),
            consumer: self.consumer.clone(),
            reason: self.reason.clone(),
            event_type: self.event_type.clone(),
            user: self.user.clone(),
            order: self.order.clone(),
            since: ago(self.younger_than),
            before: ago(self.older_than),
            sequences: self.letters.clone(),
        }
    }

    /// Whether nothing is said, which would mean all.
    pub(super) fn is_empty(&self) -> bool {
        self.resolve() == LetterFilter::default()
    }
}
