//! The payment provider as a port: what [`crate::service::Payments`] needs of it.
//!
//! A decline is an outcome. An error means that nothing is known ([`Error::Unknown`], [`Error::TimedOut`]) or
//! that the provider will not talk to us ([`Error::Refused`]).

pub mod measured;
pub mod sandbox;
pub mod stripe;
mod transport;

use std::future::Future;

use jiff::Timestamp;
use uuid::Uuid;

use crate::signature;
use crate::state::{Charge, Money, Outcome, Refund};

/// Why there is no outcome.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No answer before the deadline; it may or may not have happened.
    #[error("the provider did not answer in time")]
    TimedOut,
    /// The answer was lost, or is a fault, or cannot be read; it may or may not have happened.
    #[error("the provider's answer is unknown: {0}")]
    Unknown(String),
    /// The provider refuses whatever we ask, such as for wrong credentials. Nothing happened.
    #[error("the provider refused: {0}")]
    Refused(String),
}

/// A charge to be made once, with the order id as idempotency key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChargeRequest {
    /// Whose payment; the idempotency key.
    pub order_id: Uuid,
    /// Whose order.
    pub user_id: Uuid,
    /// How much; positive.
    pub amount: Money,
    /// The provider's single-use token for the card.
    pub payment_token: String,
}

/// A charge that the provider knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Where it stands.
    pub outcome: Outcome,
    /// Whose order it was, if the charge was made by us.
    pub user_id: Option<Uuid>,
}

/// A payment provider. Every call has a deadline of its own and may be repeated: the order id is its key.
pub trait Provider: Send + Sync + 'static {
    /// The name of the adapter, as it stands in events.
    fn name(&self) -> &'static str;

    /// Charges the card, or tells what became of the charge that was made with this key before.
    ///
    /// # Errors
    /// See [`Error`]; only after [`Error::Refused`] is it sure that nothing was charged.
    fn charge(&self, request: &ChargeRequest) -> impl Future<Output = Result<Outcome, Error>> + Send;

    /// What the provider knows about the charge of an order; none if it has not seen one yet.
    ///
    /// # Errors
    /// See [`Error`].
    fn find(&self, order_id: Uuid) -> impl Future<Output = Result<Option<Found>, Error>> + Send;

    /// Makes sure, as far as the provider can, that the charge of an order never captures anything, and tells
    /// where it stands for good: voided, declined, or captured before. Never pending.
    ///
    /// # Errors
    /// See [`Error`]; [`Error::Unknown`] also if the provider cannot stop or decide the charge now.
    fn void(&self, order_id: Uuid) -> impl Future<Output = Result<Outcome, Error>> + Send;

    /// Gives all the money of a charge back, once.
    ///
    /// # Errors
    /// See [`Error`].
    fn refund(&self, order_id: Uuid, charge: &Charge) -> impl Future<Output = Result<Refund, Error>> + Send;
}

/// What a provider tells by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notification {
    /// Whose payment.
    pub order_id: Uuid,
    /// Where the charge stands; none if the provider has to be asked.
    pub found: Option<Found>,
}

/// Why a webhook is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebhookError {
    /// Not signed, or not by us, or too long ago.
    #[error("the signature is not accepted: {0}")]
    Signature(#[from] signature::Error),
    /// Well signed, but not readable.
    #[error("the event cannot be read: {0}")]
    Malformed(String),
}

/// Reads the webhooks of a provider.
pub trait Webhooks: Send + Sync + 'static {
    /// The header that the signature stands in.
    fn signature_header(&self) -> &'static str;

    /// Verifies the signature over the raw body and reads the event; none if the event is of a kind, or about
    /// a charge, that does not concern us.
    ///
    /// # Errors
    /// [`WebhookError`].
    fn notification(
        &self,
        signature: &str,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Option<Notification>, WebhookError>;
}
