//! Payments: what is asked at the provider and recorded, in which order, so that no card is charged twice and
//! no money is forgotten.
//!
//! Nothing here waits, spawns or reads a clock by itself: deadlines belong to the adapters and to the HTTP
//! shell, so that a simulation decides what time it is and what is lost.

mod record;

use std::sync::Arc;

use holdfast_contracts::events::PAYMENT_COMMIT;
use holdfast_contracts::subjects;
use holdfast_platform::clock::Clock;
use holdfast_platform::journal::{self, Journal, Revision};
use uuid::Uuid;

use self::record::{Payment, append};
use crate::codec::{self, Commit};
use crate::provider::{self, ChargeRequest, Found, Notification, Provider};
use crate::state::{Charge, Money, Outcome, State, record};
use crate::turns::Turns;

/// Two writers that meet on one payment settle it in two rounds; more is a sign of a fault.
const MAX_CONFLICTS: usize = 8;

/// Why a payment is not settled.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The provider told nothing, or the outcome is not known yet. Nothing was recorded; ask again.
    #[error(transparent)]
    Provider(#[from] provider::Error),
    /// The outcome could not be recorded, or the record not be read. Ask again: the provider still knows.
    #[error(transparent)]
    Journal(#[from] journal::Error),
    /// Others write to this payment without end. Ask again.
    #[error("the payment of order {0} is contended")]
    Contended(Uuid),
    /// The order's payment is about another amount. A refusal.
    #[error("the payment of this order is about {} {}", .0.amount, .0.currency)]
    OtherAmount(Money),
    /// A record cannot be believed. This payment stops until somebody looks at it.
    #[error("the record at sequence {sequence} of PAYMENTS cannot be read: {source}")]
    Corrupt {
        /// Stream sequence of the record.
        sequence: Revision,
        /// What is wrong with it.
        #[source]
        source: codec::Error,
    },
    /// An event could not be written down. A fault of ours.
    #[error("an event could not be encoded: {0}")]
    Encode(#[from] serde_json::Error),
}

/// Charges, refunds and webhooks over a journal and a provider.
pub struct Payments<J, P, C> {
    journal: J,
    provider: Arc<P>,
    clock: Arc<C>,
    turns: Arc<Turns>,
}

impl<J: Clone, P, C> Clone for Payments<J, P, C> {
    fn clone(&self) -> Self {
        Self {
            journal: self.journal.clone(),
            provider: Arc::clone(&self.provider),
            clock: Arc::clone(&self.clock),
            turns: Arc::clone(&self.turns),
        }
    }
}

impl<J: Journal, P: Provider, C: Clock> Payments<J, P, C> {
    /// Payments that are recorded in `journal` (the stream `PAYMENTS`) and made by `provider`.
    pub fn new(journal: J, provider: Arc<P>, clock: Arc<C>) -> Self {
        Self {
            journal,
            provider,
            clock,
            turns: Arc::default(),
        }
    }

    /// Charges the card of an order once, and tells where the payment stands. `attempt` counts from 1; from 2
    /// on the provider is asked before it is told to charge. So it is by whoever had to wait here for another attempt
    /// at the same order: that may have charged, and not have heard of it.
    ///
    /// # Errors
    /// After any error the same request may be repeated, with the next attempt.
    pub async fn charge(&self, request: &ChargeRequest, attempt: u32) -> Result<State, Error> {
        let turn = self.turns.take(request.order_id).await;
        let is_first = attempt <= 1 && !turn.has_waited;
        let payment = self.load(request.order_id).await?.of(request.user_id);
        if let Some(amount) = payment.state.amount()
            && *amount != request.amount
        {
            return Err(Error::OtherAmount(amount.clone()));
        }
        match payment.state {
            State::Succeeded(_) | State::Declined(_) | State::Refunded(_) => Ok(payment.state),
            State::Unseen if is_first => self.charge_now(payment, request).await,
            State::Unseen => match self.provider.find(request.order_id).await? {
                Some(found) => self.learn(payment, found).await,
                None => self.charge_now(payment, request).await,
            },
            State::Pending(_) | State::Voided | State::Stray(_) => self.ask(payment).await,
        }
    }

    /// Where the payment of an order stands, after asking the provider if the record does not tell.
    ///
    /// # Errors
    /// After any error the same request may be repeated.
    pub async fn get(&self, order_id: Uuid) -> Result<State, Error> {
        let payment = self.load(order_id).await?;
        match payment.state {
            State::Unseen | State::Pending(_) | State::Stray(_) => self.ask(payment).await,
            state => Ok(state),
        }
    }

    /// Makes sure that no money of an order is held, now or later: gives back what was captured, voids what was
    /// not. The state is [`State::Refunded`], [`State::Voided`] or [`State::Declined`] afterwards.
    ///
    /// # Errors
    /// After any error the same request may be repeated.
    pub async fn refund(&self, order_id: Uuid, user_id: Uuid) -> Result<State, Error> {
        let payment = self.load(order_id).await?.of(user_id);
        match payment.state.clone() {
            State::Refunded(_) | State::Declined(_) => Ok(payment.state),
            State::Succeeded(charge) | State::Stray(charge) => self.give_back(payment, &charge).await,
            State::Unseen | State::Pending(_) | State::Voided => {
                let outcome = self.provider.void(order_id).await?;
                let payment = self.record(payment, &outcome).await?;
                match payment.state.held().cloned() {
                    Some(charge) => self.give_back(payment, &charge).await,
                    None => Ok(payment.state),
                }
            }
        }
    }

    /// Makes sure that a charge which is not captured yet never will be, and tells where the payment stands for
    /// good. What was captured stays so: an order that waits for its outcome may complete on it at any moment, so
    /// that only its own log may decide to give the money back.
    ///
    /// # Errors
    /// After any error the same request may be repeated.
    pub async fn void(&self, order_id: Uuid, user_id: Uuid) -> Result<State, Error> {
        let payment = self.load(order_id).await?.of(user_id);
        match payment.state.clone() {
            State::Unseen | State::Pending(_) | State::Voided => {
                let outcome = self.provider.void(order_id).await?;
                self.settle(payment, outcome).await
            }
            State::Stray(charge) => self.give_back(payment, &charge).await,
            state => Ok(state),
        }
    }

    /// Records what the provider tells by itself. Harmless when repeated, late or early.
    ///
    /// # Errors
    /// After any error the provider should tell it again.
    pub async fn apply(&self, notification: Notification) -> Result<State, Error> {
        let Notification { order_id, found } = notification;
        let payment = self.load(order_id).await?;
        match found {
            Some(found) => self.learn(payment, found).await,
            None => self.ask(payment).await,
        }
    }

    async fn charge_now(&self, payment: Payment, request: &ChargeRequest) -> Result<State, Error> {
        let outcome = match self.provider.charge(request).await {
            Ok(outcome) => outcome,
            Err(refused @ provider::Error::Refused(_)) => return Err(refused.into()),
            Err(unknown) => match self.provider.find(request.order_id).await {
                Ok(Some(found)) => found.outcome,
                Ok(None) | Err(_) => return Err(unknown.into()),
            },
        };
        self.settle(payment, outcome).await
    }

    async fn ask(&self, payment: Payment) -> Result<State, Error> {
        if let State::Stray(charge) = payment.state.clone() {
            return self.give_back(payment, &charge).await;
        }
        match self.provider.find(payment.order_id).await? {
            Some(found) => self.learn(payment, found).await,
            None => Ok(payment.state),
        }
    }

    async fn learn(&self, mut payment: Payment, found: Found) -> Result<State, Error> {
        payment.user_id = payment.user_id.or(found.user_id);
        self.settle(payment, found.outcome).await
    }

    /// Records an outcome, and gives the money back if it was promised that none would be taken.
    async fn settle(&self, payment: Payment, outcome: Outcome) -> Result<State, Error> {
        let payment = self.record(payment, &outcome).await?;
        match payment.state.clone() {
            State::Stray(charge) => self.give_back(payment, &charge).await,
            state => Ok(state),
        }
    }

    async fn give_back(&self, payment: Payment, charge: &Charge) -> Result<State, Error> {
        let refund = self.provider.refund(payment.order_id, charge).await?;
        let outcome = Outcome::Refunded(charge.clone(), refund);
        Ok(self.record(payment, &outcome).await?.state)
    }

    /// Appends what an outcome means, deciding again whenever somebody else was faster.
    async fn record(&self, mut payment: Payment, outcome: &Outcome) -> Result<Payment, Error> {
        for _ in 0..MAX_CONFLICTS {
            let Some(commit) = self.decide(&payment, outcome) else {
                return Ok(payment);
            };
            match self
                .journal
                .append(append(&commit, payment.revision, self.provider.name())?)
                .await
            {
                Ok(revision) => return Ok(payment.with(commit, revision)),
                Err(journal::Error::Conflict { .. }) => payment = self.reload(&payment).await?,
                Err(error) => return Err(error.into()),
            }
        }
        Err(Error::Contended(payment.order_id))
    }

    /// None if there is nothing new, or if the charge is not one of ours (nobody says whose order it is).
    fn decide(&self, payment: &Payment, outcome: &Outcome) -> Option<Commit> {
        let events = record(&payment.state, outcome);
        let user_id = payment.user_id?;
        (!events.is_empty()).then(|| Commit {
            order_id: payment.order_id,
            user_id,
            time: self.clock.now(),
            first_version: payment.version + 1,
            events,
        })
    }

    async fn load(&self, order_id: Uuid) -> Result<Payment, Error> {
        self.read(order_id, Revision::NONE).await
    }

    /// Reads again after a lost race, never from a copy that does not hold the winner.
    async fn reload(&self, payment: &Payment) -> Result<Payment, Error> {
        let subject = subjects::payment(payment.order_id);
        let newest = self
            .journal
            .last(&subject)
            .await?
            .map_or(Revision::NONE, |record| record.revision);
        let fresh = self.read(payment.order_id, newest).await?;
        Ok(Payment {
            user_id: fresh.user_id.or(payment.user_id),
            ..fresh
        })
    }

    async fn read(&self, order_id: Uuid, at_least: Revision) -> Result<Payment, Error> {
        let records = self.journal.read(&subjects::payment(order_id), at_least).await?;
        let mut payment = Payment::unseen(order_id);
        for record in records {
            let sequence = record.revision;
            let known = record.is_event(PAYMENT_COMMIT).map_err(codec::Error::Unknown);
            let read = known.and_then(|()| Commit::from_payload(&record.payload));
            let follows = read.and_then(|commit| payment.then(commit, sequence));
            payment = follows.map_err(|source| Error::Corrupt { sequence, source })?;
        }
        Ok(payment)
    }
}

#[cfg(test)]
mod tests;
