//! What a ledger shows of its charges.

use serde::Serialize;

use crate::charge::Charge;

/// Sums over charges, in minor units whatever the currency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// How many charges.
    pub charges: u64,
    /// What was taken.
    pub captured: i64,
    /// What was given back.
    pub refunded: i64,
}

impl Totals {
    pub(super) fn add(&mut self, charge: &Charge) {
        self.charges += 1;
        self.captured += charge.captured;
        self.refunded += charge.refunded;
    }

    pub(super) fn replace(&mut self, old: &Charge, new: &Charge) {
        self.captured += new.captured - old.captured;
        self.refunded += new.refunded - old.refunded;
    }
}

/// A part of the list of charges, in the order of their first sight.
#[derive(Debug, Serialize)]
pub struct Page {
    /// The charges.
    pub items: Vec<Charge>,
    /// Where to go on, if there is more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
    /// Over all charges that match, not only this part.
    pub totals: Totals,
}
