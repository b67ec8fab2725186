//! Goods that came in: taken to the writer, wherever it is.
//!
//! Receipts are asked for over HTTP at any replica. One that is the writer decides them itself; the others ask
//! the writer over core NATS. If nobody answers there, no replica has been the writer since the last one died,
//! or ever: then the replica that was asked tries to be it, and the log's fencing makes that safe.

use std::time::Duration;

use async_nats::connection::State;
use async_nats::{Client, RequestErrorKind};
use futures::StreamExt;
use holdfast_inventory_core::{Line, Receipt, Refusal};
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, oneshot, watch};

use crate::writer::ReceiptOutcome;

/// How many receipts one request may bring.
pub const MAX_RECEIPTS: usize = 500;
/// How many requests may wait for the writer.
pub const QUEUE: usize = 64;
const DEADLINE: Duration = Duration::from_secs(4);

/// Whether this replica decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It is, as far as it knows, the one writer.
    Writer,
    /// It is ready to be.
    Standby,
}

/// Why receipts were not decided. They may be counted all the same, if the answer was lost: the same request
/// again is safe.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Too many wait already.
    #[error("too many receipts are waiting")]
    Busy,
    /// No writer answered in time.
    #[error("no writer has answered: {0}")]
    NoWriter(String),
}

/// Receipts on their way to the writer.
pub struct Request {
    /// At most [`MAX_RECEIPTS`].
    pub receipts: Vec<Receipt>,
    /// Told when all of them are durable: one outcome each.
    pub reply: oneshot::Sender<Vec<ReceiptOutcome>>,
}

/// The subject on which the writer of a shard takes receipts from other replicas.
#[must_use]
pub fn writer_subject(shard: u32) -> String {
    format!("inventory.writer.{shard}.receive")
}

/// Where receipts are handed in.
#[derive(Clone)]
pub struct Desk {
    local: mpsc::Sender<Request>,
    role: watch::Receiver<Role>,
    client: Client,
    subject: String,
}

impl Desk {
    /// A desk that knows the local worker by its queue and its role.
    #[must_use]
    pub fn new(
        local: mpsc::Sender<Request>,
        role: watch::Receiver<Role>,
        client: Client,
        shard: u32,
    ) -> Self {
        Self {
            local,
            role,
            client,
            subject: writer_subject(shard),
        }
    }

    /// Has receipts decided; the outcomes are durable.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn count(&self, receipts: Vec<Receipt>) -> Result<Vec<ReceiptOutcome>, Error> {
        if self.client.connection_state() != State::Connected {
            return Err(Error::NoWriter("no connection to NATS".to_owned()));
        }
        let decided = async {
            if *self.role.borrow() == Role::Standby
                && let Some(outcomes) = self.ask_writer(&receipts).await?
            {
                return Ok(outcomes);
            }
            decide_here(&self.local, receipts).await
        };
        let late = |_| Error::NoWriter(format!("nothing within {DEADLINE:?}"));
        tokio::time::timeout(DEADLINE, decided).await.map_err(late)?
    }

    /// `None` if no replica takes itself for the writer.
    async fn ask_writer(&self, receipts: &[Receipt]) -> Result<Option<Vec<ReceiptOutcome>>, Error> {
        let no_writer = |error: &dyn std::fmt::Display| Error::NoWriter(error.to_string());
        let question: Vec<WireReceipt> = receipts.iter().map(WireReceipt::from).collect();
        let question = serde_json::to_vec(&question).map_err(|error| no_writer(&error))?;
        let reply = match self.client.request(self.subject.clone(), question.into()).await {
            Ok(reply) => reply,
            Err(error) if error.kind() == RequestErrorKind::NoResponders => return Ok(None),
            Err(error) => return Err(no_writer(&error)),
        };
        let answer = serde_json::from_slice(&reply.payload).map_err(|error| no_writer(&error))?;
        match answer {
            Answer::Outcomes(outcomes) => Ok(Some(outcomes.into_iter().map(Into::into).collect())),
            Answer::Error(detail) => Err(Error::NoWriter(detail)),
        }
    }
}

async fn decide_here(
    worker: &mpsc::Sender<Request>,
    receipts: Vec<Receipt>,
) -> Result<Vec<ReceiptOutcome>, Error> {
    let (reply, outcomes) = oneshot::channel();
    worker
        .try_send(Request { receipts, reply })
        .map_err(|_| Error::Busy)?;
    outcomes
        .await
        .map_err(|_| Error::NoWriter("this replica is shutting down".to_owned()))
}

/// Takes receipts from other replicas, one request at a time, until dropped.
///
/// # Errors
/// If the subscription cannot be made.
pub async fn serve(
    client: Client,
    shard: u32,
    worker: mpsc::Sender<Request>,
) -> Result<(), async_nats::SubscribeError> {
    let mut questions = client.subscribe(writer_subject(shard)).await?;
    while let Some(question) = questions.next().await {
        let Some(reply) = question.reply else { continue };
        let answer = answer(&question.payload, &worker).await;
        let payload = serde_json::to_vec(&answer).unwrap_or_default();
        if let Err(error) = client.publish(reply, payload.into()).await {
            tracing::warn!("cannot answer for receipts: {error}");
        }
    }
    Ok(())
}

async fn answer(question: &[u8], worker: &mpsc::Sender<Request>) -> Answer {
    let receipts: Vec<WireReceipt> = match serde_json::from_slice(question) {
        Ok(receipts) => receipts,
        Err(error) => return Answer::Error(error.to_string()),
    };
    let receipts = receipts.into_iter().map(Receipt::from).collect();
    match tokio::time::timeout(DEADLINE, decide_here(worker, receipts)).await {
        Ok(Ok(outcomes)) => Answer::Outcomes(outcomes.into_iter().map(WireOutcome::from).collect()),
        Ok(Err(error)) => Answer::Error(error.to_string()),
        Err(_) => Answer::Error("the writer is busy".to_owned()),
    }
}

#[derive(Serialize, Deserialize)]
struct WireReceipt {
    receipt_id: String,
    sku: String,
    quantity: u32,
}

impl From<&Receipt> for WireReceipt {
    fn from(Receipt { receipt_id, line }: &Receipt) -> Self {
        Self {
            receipt_id: receipt_id.clone(),
            sku: line.sku.clone(),
            quantity: line.quantity,
        }
    }
}

impl From<WireReceipt> for Receipt {
    fn from(
        WireReceipt {
            receipt_id,
            sku,
            quantity,
        }: WireReceipt,
    ) -> Self {
        Self {
            receipt_id,
            line: Line { sku, quantity },
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Answer {
    Outcomes(Vec<WireOutcome>),
    Error(String),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum WireOutcome {
    Counted,
    Repeated,
    OtherReceipt(WireReceipt),
    ReceiptId,
    Sku,
    Quantity,
    TooMuch,
}

impl From<ReceiptOutcome> for WireOutcome {
    fn from(outcome: ReceiptOutcome) -> Self {
        match outcome {
            ReceiptOutcome::Counted => Self::Counted,
            ReceiptOutcome::Repeated => Self::Repeated,
            ReceiptOutcome::Refused(Refusal::OtherReceipt { receipt_id, counted }) => {
                Self::OtherReceipt(WireReceipt::from(&Receipt {
                    receipt_id,
                    line: counted,
                }))
            }
            ReceiptOutcome::Refused(Refusal::ReceiptId) => Self::ReceiptId,
            ReceiptOutcome::Refused(Refusal::Sku) => Self::Sku,
            ReceiptOutcome::Refused(Refusal::Quantity) => Self::Quantity,
            ReceiptOutcome::Refused(Refusal::TooMuch) => Self::TooMuch,
        }
    }
}

impl From<WireOutcome> for ReceiptOutcome {
    fn from(outcome: WireOutcome) -> Self {
        match outcome {
            WireOutcome::Counted => Self::Counted,
            WireOutcome::Repeated => Self::Repeated,
            WireOutcome::OtherReceipt(receipt) => {
                let Receipt { receipt_id, line } = receipt.into();
                Self::Refused(Refusal::OtherReceipt {
                    receipt_id,
                    counted: line,
                })
            }
            WireOutcome::ReceiptId => Self::Refused(Refusal::ReceiptId),
            WireOutcome::Sku => Self::Refused(Refusal::Sku),
            WireOutcome::Quantity => Self::Refused(Refusal::Quantity),
            WireOutcome::TooMuch => Self::Refused(Refusal::TooMuch),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_cross_from_replica_to_replica_unchanged() {
        let other = Refusal::OtherReceipt {
            receipt_id: "r".into(),
            counted: Line {
                sku: "a".into(),
                quantity: 5,
            },
        };
        let refusals = [
            other,
            Refusal::ReceiptId,
            Refusal::Sku,
            Refusal::Quantity,
            Refusal::TooMuch,
        ];
        let outcomes = [ReceiptOutcome::Counted, ReceiptOutcome::Repeated]
            .into_iter()
            .chain(refusals.map(ReceiptOutcome::Refused));
        for outcome in outcomes {
            let wire = serde_json::to_string(&WireOutcome::from(outcome.clone())).unwrap();
            let read: WireOutcome = serde_json::from_str(&wire).unwrap();
            assert_eq!(ReceiptOutcome::from(read), outcome, "{wire}");
        }
    }
}
