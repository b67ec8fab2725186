//! `PAYMENTS` and the provider: I2.

use holdfast_contracts::payment::v1::{PaymentCommit, PaymentEvent, payment_event::Event};
use holdfast_contracts::{decode, money::v1::Money, subjects};
use holdfast_platform::journal::Record;
use jiff::Timestamp;
use serde::Deserialize;
use uuid::Uuid;

use super::trail::{Progress, Trail};
use super::{Auditor, Invariant};

const STREAM: &str = subjects::PAYMENTS;
const PROVIDER: &str = "provider";

/// A charge as the provider lists it, in minor units.
#[derive(Clone, Debug, Deserialize)]
pub struct ProviderCharge {
    /// The order, if the provider was told.
    pub order_id: Option<String>,
    /// The key that the charge was asked for with; the order, where the provider was not told.
    pub idempotency_key: String,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// What was taken.
    pub captured: i64,
    /// What was given back of it.
    pub refunded: i64,
}

impl Auditor {
    /// The next message of `PAYMENTS`.
    pub fn payment(&mut self, record: &Record) {
        let sequence = record.revision.0;
        if sequence != self.payments_read + 1 {
            let detail = format!("messages are missing after {}", self.payments_read);
            self.report(Invariant::I4, None, STREAM, &[sequence], detail);
        }
        self.payments_read = sequence;
        self.totals.payment_commits += 1;
        let order_id = record
            .subject
            .strip_prefix("payments.")
            .and_then(|id| id.parse().ok());
        let outcome = match (order_id, decode::<PaymentCommit>(&record.payload)) {
            (Some(order_id), Ok(commit)) => self.payments(order_id, &commit.events, record),
            (None, _) => Err(format!("{} is not the subject of a payment", record.subject)),
            (_, Err(error)) => Err(error.to_string()),
        };
        if let Err(detail) = outcome {
            self.report(Invariant::Log, order_id, STREAM, &[sequence], detail);
        }
    }

    fn payments(&mut self, order_id: Uuid, events: &[PaymentEvent], record: &Record) -> Result<(), String> {
        let trail = self.trails.entry(order_id).or_default();
        trail.money.newest = Some(record.time);
        trail.money.sequences.push(record.revision.0);
        for event in events {
            let expected = trail.money.version + 1;
            if event.version != expected {
                return Err(format!(
                    "version {} where {expected} was expected: a fork or a gap",
                    event.version
                ));
            }
            trail.money.version = expected;
            match &event.event {
                Some(Event::ChargeSucceeded(charge)) => {
                    trail.money.captured += amount(trail, charge.amount.as_ref())?;
                }
                Some(Event::ChargeRefunded(refund)) => {
                    trail.money.refunded += amount(trail, refund.amount.as_ref())?;
                }
                Some(Event::ChargePending(_) | Event::ChargeDeclined(_) | Event::ChargeVoided(_)) => {}
                None => return Err("an event of an unknown kind".to_owned()),
            }
        }
        Ok(())
    }

    /// From here on the provider's own list is compared, even if nothing is on it.
    pub fn ask_provider(&mut self) {
        self.provider_asked = true;
    }

    /// The next charge in the provider's own list; call it after `PAYMENTS` was read.
    pub fn provider_charge(&mut self, charge: &ProviderCharge) {
        self.totals.provider_charges += 1;
        let named = charge.order_id.as_ref().unwrap_or(&charge.idempotency_key);
        let Ok(order_id) = named.parse() else {
            let detail = format!("a charge for {named:?}, which is no order");
            return self.report(Invariant::I2, None, PROVIDER, &[], detail);
        };
        let provider = &mut self.trails.entry(order_id).or_default().provider;
        provider.captured += charge.captured;
        provider.refunded += charge.refunded;
        provider.captures += u32::from(charge.captured > 0);
        provider.newest = provider.newest.max(Some(charge.created_at));
    }

    /// I2 at the end of all logs.
    pub(super) fn check_money(&mut self, order_id: Uuid, trail: &Trail) {
        let money = &trail.money;
        if !trail.exists() {
            // What is younger than the newest commit that was read may be of a younger order.
            let newest = money.newest.max(trail.provider.newest);
            if newest.is_some_and(|newest| newest <= self.orders_until) {
                let detail = "a payment for an order that is not in the log".to_owned();
                self.report(Invariant::I4, Some(order_id), STREAM, &money.sequences, detail);
            }
            return;
        }
        let recorded = money.captured - money.refunded;
        self.check_held_money(order_id, trail, recorded, STREAM);
        if self.provider_asked {
            let provider = &trail.provider;
            self.check_held_money(order_id, trail, provider.captured - provider.refunded, PROVIDER);
            if provider.captures > 1 {
                let detail = format!("{} charges were captured", provider.captures);
                self.report(Invariant::I2, Some(order_id), PROVIDER, &[], detail);
            }
        }
    }

    fn check_held_money(&mut self, order_id: Uuid, trail: &Trail, held: i64, stream: &'static str) {
        let (fits, expected) = match &trail.progress {
            Progress::Completed => (held == trail.total, trail.total),
            // A charge that landed late is being given back.
            Progress::Cancelled { .. } => (
                held == 0 || trail.money.newest.is_some_and(|newest| !self.is_overdue(newest)),
                0,
            ),
            Progress::Open(_) => (held == 0 || held == trail.total, trail.total),
            Progress::Missing | Progress::Broken(_) => return,
        };
        if !fits {
            let detail = format!("{held} is held of it, and {expected} should be (minor units)");
            let sequences: &[u64] = if stream == STREAM {
                &trail.money.sequences
            } else {
                &[]
            };
            self.report(Invariant::I2, Some(order_id), stream, sequences, detail);
        }
    }
}

fn amount(trail: &Trail, amount: Option<&Money>) -> Result<i64, String> {
    let amount = amount.ok_or("an amount is missing")?;
    match trail.currency.as_deref() {
        Some(currency) if currency != amount.currency => Err(format!(
            "money in {}, and the order is in {currency}",
            amount.currency
        )),
        _ => Ok(amount.amount),
    }
}
