//! The provider's memory: every charge by its idempotency key, and what happens to it.
//!
//! Every change is appended to the [`Sink`] before it is believed, so that a killed provider forgets nothing.

mod list;

use std::collections::HashMap;
use std::io;

use jiff::{SignedDuration, Timestamp};

pub use self::list::{Page, Totals};
use crate::charge::{Charge, ChargeRequest, OtherRequest, Refund, Status};
use crate::token::{Behaviour, Delays};

/// Keeps the newest version of a charge.
pub trait Sink: Send {
    /// Stores one charge as it is now.
    ///
    /// # Errors
    /// If it was not handed to the operating system.
    fn keep(&mut self, charge: &Charge) -> io::Result<()>;
}

/// Why the provider does not do what it is asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The token asks for an outage.
    #[error("the provider is out of order")]
    Outage,
    /// No such charge.
    #[error("no such charge")]
    Unknown,
    /// The key names another charge.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// Only captured money can be refunded.
    #[error("the charge is {0:?}: nothing to refund")]
    NotCaptured(Status),
    /// The change could not be stored, and did not happen.
    #[error("the charge could not be stored")]
    Storage(#[from] io::Error),
}

/// The answer to a charge request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admission {
    /// Seen for the first time.
    New(Charge),
    /// Asked for before; as it is now.
    Known(Charge),
}

/// All charges.
pub struct Ledger<S> {
    charges: Vec<Charge>,
    by_key: HashMap<String, usize>,
    outages: HashMap<String, Timestamp>,
    totals: Totals,
    sink: S,
}

impl<S: Sink> Ledger<S> {
    /// A ledger that remembers `known` charges; of several versions of one charge the last counts.
    pub fn new(sink: S, known: impl IntoIterator<Item = Charge>) -> Self {
        let mut ledger = Self {
            charges: Vec::new(),
            by_key: HashMap::new(),
            outages: HashMap::new(),
            totals: Totals::default(),
            sink,
        };
        known.into_iter().for_each(|charge| ledger.remember(charge));
        ledger
    }

    /// Decides a charge, or finds that it was decided before.
    ///
    /// # Errors
    /// [`Error::Outage`] while `tok_error` lasts, [`Error::KeyReused`], [`Error::Storage`].
    pub fn charge(
        &mut self,
        key: &str,
        request: ChargeRequest,
        delays: &Delays,
        now: Timestamp,
    ) -> Result<Admission, Error> {
        if let Some(known) = self.get(key) {
            let mut charge = known.clone();
            charge
                .ask_again(request)
                .map_err(|OtherRequest| Error::KeyReused)?;
            return Ok(Admission::Known(self.store(charge)?));
        }
        self.check_outage(key, &request, delays, now)?;
        let charge = decided(Charge::new(key, request, now), delays, now);
        Ok(Admission::New(self.store(charge)?))
    }

    /// The charge with this idempotency key.
    ///
    /// # Errors
    /// [`Error::Unknown`]; [`Error::Outage`] while `tok_error` lasts.
    pub fn find(&self, key: &str, delays: &Delays, now: Timestamp) -> Result<Charge, Error> {
        self.check_known_outage(key, delays, now)?;
        self.get(key).cloned().ok_or(Error::Unknown)
    }

    /// Captures a charge that is due. Harmless when repeated or when the charge was voided meanwhile.
    ///
    /// # Errors
    /// [`Error::Unknown`], [`Error::Storage`].
    pub fn settle(&mut self, key: &str) -> Result<Charge, Error> {
        let mut charge = self.get(key).cloned().ok_or(Error::Unknown)?;
        charge.capture();
        self.store(charge)
    }

    /// Makes sure that a charge that is not captured never will be, also if it was never seen; `order_id` is what the
    /// merchant says that it would have been for.
    /// The answer tells where the charge stands for good: voided, declined, or captured before.
    ///
    /// # Errors
    /// [`Error::Outage`] while `tok_error` lasts, [`Error::Storage`].
    pub fn void(
        &mut self,
        (key, order_id): (&str, Option<&str>),
        delays: &Delays,
        now: Timestamp,
    ) -> Result<Charge, Error> {
        self.check_known_outage(key, delays, now)?;
        let mut charge = match self.get(key) {
            Some(known) => known.clone(),
            None => Charge::void_of_unseen(key, order_id, now),
        };
        charge.void();
        self.store(charge)
    }

    /// Gives all captured money of a charge back, once.
    ///
    /// # Errors
    /// [`Error::Unknown`], [`Error::NotCaptured`], [`Error::KeyReused`] if it was refunded under another
    /// key, [`Error::Storage`].
    pub fn refund(&mut self, charge_id: &str, refund_key: &str) -> Result<Charge, Error> {
        let key = charge_id.strip_prefix("ch_").ok_or(Error::Unknown)?;
        let mut charge = self.get(key).cloned().ok_or(Error::Unknown)?;
        match &charge.refund {
            Some(refund) if refund.idempotency_key == refund_key => return Ok(charge),
            Some(_) => return Err(Error::KeyReused),
            None if charge.status != Status::Succeeded => return Err(Error::NotCaptured(charge.status)),
            None => {}
        }
        charge.refund = Some(Refund {
            refund_id: format!("re_{key}"),
            idempotency_key: refund_key.to_owned(),
        });
        charge.refunded = charge.captured;
        self.store(charge)
    }

    /// Notes that one webhook of this charge arrived, and tells how many are still due.
    ///
    /// # Errors
    /// [`Error::Unknown`], [`Error::Storage`].
    pub fn webhook_delivered(&mut self, key: &str) -> Result<u8, Error> {
        let mut charge = self.get(key).cloned().ok_or(Error::Unknown)?;
        charge.webhooks_due = charge.webhooks_due.saturating_sub(1);
        Ok(self.store(charge)?.webhooks_due)
    }

    /// Charges that still need something to happen: a capture or a webhook.
    pub fn unfinished(&self) -> impl Iterator<Item = &Charge> {
        self.charges
            .iter()
            .filter(|charge| charge.settles_at.is_some() || charge.webhooks_due > 0)
    }

    /// At most `limit` charges from position `from`, of one order or of all.
    #[must_use]
    pub fn page(&self, order_id: Option<&str>, from: usize, limit: usize) -> Page {
        let Some(order_id) = order_id else {
            return self.page_of_all(from, limit);
        };
        let matching = |charge: &&Charge| charge.order_id.as_deref() == Some(order_id);
        let mut totals = Totals::default();
        self.charges
            .iter()
            .filter(matching)
            .for_each(|charge| totals.add(charge));
        let items: Vec<_> = self
            .charges
            .iter()
            .filter(matching)
            .skip(from)
            .take(limit)
            .cloned()
            .collect();
        let next = from + items.len();
        let next_cursor = (totals.charges > next as u64).then(|| next.to_string());
        Page {
            items,
            next_cursor,
            totals,
        }
    }

    /// The newest charges first, at most `limit`.
    pub fn newest(&self, limit: usize) -> impl Iterator<Item = &Charge> {
        self.charges.iter().rev().take(limit)
    }

    /// Sums over all charges.
    #[must_use]
    pub fn totals(&self) -> Totals {
        self.totals
    }

    fn page_of_all(&self, from: usize, limit: usize) -> Page {
        let items: Vec<_> = self.charges.iter().skip(from).take(limit).cloned().collect();
        let next = from + items.len();
        let next_cursor = (self.charges.len() > next).then(|| next.to_string());
        Page {
            items,
            next_cursor,
            totals: self.totals,
        }
    }

    fn get(&self, key: &str) -> Option<&Charge> {
        self.by_key.get(key).and_then(|index| self.charges.get(*index))
    }

    fn store(&mut self, charge: Charge) -> Result<Charge, Error> {
        if self.get(&charge.idempotency_key) != Some(&charge) {
            self.sink.keep(&charge)?;
            self.remember(charge.clone());
        }
        Ok(charge)
    }

    fn remember(&mut self, charge: Charge) {
        let known = self
            .by_key
            .get(&charge.idempotency_key)
            .and_then(|index| self.charges.get_mut(*index));
        if let Some(known) = known {
            self.totals.replace(known, &charge);
            *known = charge;
        } else {
            self.totals.add(&charge);
            self.by_key
                .insert(charge.idempotency_key.clone(), self.charges.len());
            self.charges.push(charge);
        }
    }

    fn check_outage(
        &mut self,
        key: &str,
        request: &ChargeRequest,
        delays: &Delays,
        now: Timestamp,
    ) -> Result<(), Error> {
        if Behaviour::of(&request.payment_token) == Behaviour::FailAtFirst {
            self.outages.entry(key.to_owned()).or_insert(now);
            self.check_known_outage(key, delays, now)?;
            self.outages.remove(key);
        }
        Ok(())
    }

    fn check_known_outage(&self, key: &str, delays: &Delays, now: Timestamp) -> Result<(), Error> {
        match self.outages.get(key) {
            Some(since) if now < later(*since, delays.outage) => Err(Error::Outage),
            _ => Ok(()),
        }
    }
}

fn decided(mut charge: Charge, delays: &Delays, now: Timestamp) -> Charge {
    match Behaviour::of(&charge.token) {
        Behaviour::Capture | Behaviour::FailAtFirst | Behaviour::LoseResponse => charge.capture(),
        Behaviour::Decline(code) => {
            charge.status = Status::Declined;
            charge.decline_code = Some(code.to_owned());
        }
        Behaviour::CaptureSlowly => charge.settles_at = Some(later(now, delays.slow)),
        Behaviour::TellByWebhook(times) => {
            charge.settles_at = Some(later(now, delays.webhook));
            charge.webhooks_due = times;
        }
    }
    charge
}

fn later(time: Timestamp, by: std::time::Duration) -> Timestamp {
    SignedDuration::try_from(by)
        .ok()
        .and_then(|by| time.checked_add(by).ok())
        .unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests;
