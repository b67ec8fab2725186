//! The card provider's own books: what was really captured and given back, whatever anybody believes.

use std::collections::BTreeMap;
use std::time::Duration;

use uuid::Uuid;

/// Where a charge stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It will be captured at this moment of the simulation.
    Pending(Duration),
    /// The money was taken.
    Captured,
    /// Refused for good.
    Declined,
    /// Never to be taken.
    Voided,
}

/// One charge; there is at most one per idempotency key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Minor units.
    pub amount: i64,
    /// ISO 4217.
    pub currency: String,
    /// Where it stands.
    pub standing: Standing,
    /// All of it was given back.
    pub refunded: bool,
    /// It can be given back.
    pub refundable: bool,
}

impl Entry {
    /// Captured and not given back, in minor units.
    #[must_use]
    pub fn held(&self) -> i64 {
        if self.standing == Standing::Captured && !self.refunded {
            self.amount
        } else {
            0
        }
    }
}

/// What the card of a customer does, by its token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Card {
    /// Captured at once.
    Good,
    /// Declined at once.
    Bad,
    /// Captured at once; the caller waits this long for its answer.
    Slow(Duration),
    /// Taken in, captured after this long, told by webhook.
    Later(Duration),
    /// As `Good`, but the first answer gets lost.
    Mute,
    /// Errors until this moment of the simulation, then as `Good`.
    Broken(Duration),
    /// As `Good`, but never to be refunded.
    Stuck,
}

/// Charges by idempotency key: the order.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    entries: BTreeMap<Uuid, Entry>,
}

impl Ledger {
    /// Takes a charge in, or finds that it has it already.
    pub fn charge(&mut self, order: Uuid, amount: i64, currency: &str, card: Card, now: Duration) -> Entry {
        self.settle(now);
        let standing = match card {
            Card::Bad => Standing::Declined,
            Card::Later(after) => Standing::Pending(now + after),
            Card::Good | Card::Slow(_) | Card::Mute | Card::Broken(_) | Card::Stuck => Standing::Captured,
        };
        let new = Entry {
            amount,
            currency: currency.to_owned(),
            standing,
            refunded: false,
            refundable: card != Card::Stuck,
        };
        self.entries.entry(order).or_insert(new).clone()
    }

    /// The charge of an order.
    pub fn find(&mut self, order: Uuid, now: Duration) -> Option<Entry> {
        self.settle(now);
        self.entries.get(&order).cloned()
    }

    /// Cancels a charge that is still pending, and tells where it stands. A provider that has not seen the
    /// charge cannot cancel it, and takes it if it comes later.
    pub fn void(&mut self, order: Uuid, now: Duration) -> Option<Entry> {
        self.settle(now);
        let entry = self.entries.get_mut(&order)?;
        if matches!(entry.standing, Standing::Pending(_)) {
            entry.standing = Standing::Voided;
        }
        Some(entry.clone())
    }

    /// Gives captured money back, once.
    pub fn refund(&mut self, order: Uuid, now: Duration) -> Option<Entry> {
        self.settle(now);
        let entry = self.entries.get_mut(&order)?;
        if entry.standing == Standing::Captured && entry.refundable {
            entry.refunded = true;
        }
        Some(entry.clone())
    }

    /// All charges by order.
    #[must_use]
    pub fn entries(&self) -> &BTreeMap<Uuid, Entry> {
        &self.entries
    }

    fn settle(&mut self, now: Duration) {
        for entry in self.entries.values_mut() {
            if matches!(entry.standing, Standing::Pending(due) if due <= now) {
                entry.standing = Standing::Captured;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORDER: Uuid = Uuid::from_u128(1);

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_repeated_charge_is_the_same_charge() {
        let mut ledger = Ledger::default();
        let first = ledger.charge(ORDER, 500, "EUR", Card::Good, at(0));
        assert_eq!(ledger.charge(ORDER, 500, "EUR", Card::Good, at(1)), first);
        assert_eq!(first.held(), 500);
    }

    #[test]
    fn a_pending_charge_is_captured_when_due_unless_it_was_voided() {
        let mut ledger = Ledger::default();
        ledger.charge(ORDER, 500, "EUR", Card::Later(at(3)), at(0));
        assert_eq!(ledger.find(ORDER, at(2)).map(|entry| entry.held()), Some(0));
        assert_eq!(
            ledger.void(ORDER, at(2)).map(|entry| entry.standing),
            Some(Standing::Voided)
        );
        assert_eq!(ledger.find(ORDER, at(9)).map(|entry| entry.held()), Some(0));
    }

    #[test]
    fn a_charge_that_comes_after_its_void_is_taken() {
        let mut ledger = Ledger::default();
        assert_eq!(ledger.void(ORDER, at(0)), None);
        assert_eq!(ledger.charge(ORDER, 500, "EUR", Card::Good, at(1)).held(), 500);
        assert_eq!(ledger.refund(ORDER, at(2)).map(|entry| entry.held()), Some(0));
    }
}
