//! Publishing one append until its outcome is known.

use std::sync::Arc;
use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::client::{Request, RequestErrorKind};
use async_nats::header::{NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, NATS_MESSAGE_ID};
use bytes::Bytes;
use serde::Deserialize;

use super::commit::Turn;
use super::read::{self, Wanted};
use super::{APPEND_ID, Append, Error, Patience, Revision, Shared};
use crate::telemetry::propagation;

/// An append as it goes over the wire, as often as it takes.
#[derive(Clone)]
pub(super) struct Proposal {
    pub(super) subject: String,
    pub(super) expected: Revision,
    append_id: String,
    headers: HeaderMap,
    pub(super) payload: Bytes,
}

impl Proposal {
    pub(super) fn new(mut append: Append, append_id: String) -> Self {
        propagation::inject(&mut append.headers);
        let mut headers = HeaderMap::new();
        for (name, value) in append.headers {
            headers.insert(name, value);
        }
        if !append.message_id.is_empty() {
            headers.insert(NATS_MESSAGE_ID, append.message_id);
        }
        headers.insert(NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, append.expected.to_string());
        headers.insert(APPEND_ID, append_id.as_str());
        Self {
            subject: append.subject,
            expected: append.expected,
            append_id,
            headers,
            payload: append.payload,
        }
    }

    pub(super) fn headers(&self) -> HeaderMap {
        self.headers.clone()
    }

    fn conflict(&self) -> Error {
        Error::Conflict {
            subject: self.subject.clone(),
            expected: self.expected,
        }
    }
}

/// What the server said to a publish.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// Stored at this revision; the last one, if it was a batch.
    Stored(Revision),
    /// Not stored: the message id is that of the record at this revision.
    Duplicate(Revision),
    /// Not stored: the subject has moved on.
    Moved,
    /// Not stored, and it may succeed if tried again: no leader, another write to the subject under way.
    Busy(String),
    /// Nobody knows; it may even be stored later.
    Unknown(String),
    /// Not stored, and it never will be.
    Refused(String),
}

pub(super) async fn append(shared: &Arc<Shared>, append: Append) -> Result<Revision, Error> {
    let mut patience = shared.patience();
    let proposal = Proposal::new(append, shared.new_append_id());
    let Some(gate) = &shared.gate else {
        return until_known(shared, proposal, false, &mut patience).await;
    };
    let (proposal, turn) = gate.turn(shared, proposal, &patience).await?;
    match turn {
        Turn::Stored(revision) => Ok(revision),
        Turn::Single(_permit) => until_known(shared, proposal, false, &mut patience).await,
        Turn::Rejected => until_known(shared, proposal, false, &mut patience).await,
        Turn::Doubtful => until_known(shared, proposal, true, &mut patience).await,
    }
}

/// Publishes until it is known whether the record is stored. `doubt`: whether an earlier try may have stored it.
async fn until_known(
    shared: &Shared,
    proposal: Proposal,
    mut doubt: bool,
    patience: &mut Patience,
) -> Result<Revision, Error> {
    loop {
        wait_until_connected(shared, patience).await?;
        let detail = match publish(shared, &proposal, patience.left()).await {
            Answer::Stored(revision) => return Ok(revision),
            Answer::Refused(detail) if !doubt => return Err(Error::Refused { detail }),
            Answer::Moved if !doubt => return Err(proposal.conflict()),
            Answer::Duplicate(of) if !doubt && of <= proposal.expected => {
                return Err(Error::Refused {
                    detail: format!("the message id is that of revision {of}"),
                });
            }
            Answer::Moved | Answer::Duplicate(_) | Answer::Refused(_) => {
                if let Some(outcome) = settle(shared, &proposal, patience).await? {
                    return outcome;
                }
                "the leader does not show what is stored".to_owned()
            }
            Answer::Busy(detail) => detail,
            Answer::Unknown(detail) => {
                doubt = true;
                detail
            }
        };
        tracing::debug!(subject = proposal.subject, detail, "append is tried again");
        patience.pause(&detail).await?;
    }
}

/// Asks the leader what was stored on the expected revision: ours, another's, or (yet) nothing.
async fn settle(
    shared: &Shared,
    proposal: &Proposal,
    patience: &mut Patience,
) -> Result<Option<Result<Revision, Error>>, Error> {
    let wanted = Wanted::NextAfter(&proposal.subject, proposal.expected);
    let Some((record, append_id)) = read::leader(shared, wanted, patience).await? else {
        return Ok(None);
    };
    let ours = append_id.is_some_and(|id| id == proposal.append_id);
    Ok(Some(if ours {
        Ok(record.revision)
    } else {
        Err(proposal.conflict())
    }))
}

/// Nothing is handed to a client without a connection: it would be sent whenever the connection comes back.
async fn wait_until_connected(shared: &Shared, patience: &Patience) -> Result<(), Error> {
    let mut connected = shared.nats.connected();
    if *connected.borrow() {
        return Ok(());
    }
    match tokio::time::timeout(patience.left(), connected.wait_for(|up| *up)).await {
        Ok(Ok(_)) => Ok(()),
        _ => Err(Error::Unavailable {
            detail: "no connection to NATS".into(),
        }),
    }
}

async fn publish(shared: &Shared, proposal: &Proposal, left: Duration) -> Answer {
    request(
        shared,
        &proposal.subject,
        proposal.headers(),
        proposal.payload.clone(),
        left,
    )
    .await
}

/// Sends one message and waits for the stream's answer.
pub(super) async fn request(
    shared: &Shared,
    subject: &str,
    headers: HeaderMap,
    payload: Bytes,
    left: Duration,
) -> Answer {
    let timeout = shared.config.try_timeout.min(left);
    let request = Request::new()
        .headers(headers)
        .payload(payload)
        .timeout(Some(timeout));
    let answer = shared.nats.client().send_request(subject.to_owned(), request);
    match shared.nats.unless_refused(subject, answer).await {
        Err(refused) => Answer::Refused(refused.to_string()),
        Ok(Ok(message)) => interpret(&message.payload),
        Ok(Err(error)) => match error.kind() {
            RequestErrorKind::NoResponders => Answer::Busy("no stream takes this subject now".into()),
            RequestErrorKind::InvalidSubject | RequestErrorKind::MaxPayloadExceeded => {
                Answer::Refused(error.to_string())
            }
            RequestErrorKind::TimedOut | RequestErrorKind::Other => {
                Answer::Unknown(format!("no answer to a publish: {error}"))
            }
        },
    }
}

#[derive(Deserialize)]
struct Ack {
    #[serde(default)]
    seq: u64,
    #[serde(default)]
    duplicate: bool,
    error: Option<ApiError>,
}

#[derive(Deserialize)]
struct ApiError {
    code: u16,
    #[serde(default)]
    err_code: u16,
    #[serde(default)]
    description: String,
}

const WRONG_LAST_SEQUENCE: u16 = 10071;
/// The subject has a write under way that is not applied yet; says nothing about who will be first.
const WRONG_LAST_SEQUENCE_UNDER_WAY: u16 = 10164;
/// A record with the same message id is under way, perhaps our own earlier try. Only replicated streams say so.
const MESSAGE_ID_UNDER_WAY: u16 = 10158;

fn interpret(payload: &[u8]) -> Answer {
    match serde_json::from_slice::<Ack>(payload) {
        Ok(Ack {
            error: Some(error), ..
        }) => refusal(&error),
        Ok(Ack {
            seq, duplicate: true, ..
        }) => Answer::Duplicate(Revision(seq)),
        Ok(Ack { seq, .. }) if seq > 0 => Answer::Stored(Revision(seq)),
        Ok(_) => Answer::Unknown("an acknowledgement without a sequence".into()),
        Err(error) => Answer::Unknown(format!("not an acknowledgement: {error}")),
    }
}

fn refusal(error: &ApiError) -> Answer {
    let words = || format!("{} ({})", error.description, error.err_code);
    match (error.err_code, error.code) {
        (WRONG_LAST_SEQUENCE, _) => Answer::Moved,
        (WRONG_LAST_SEQUENCE_UNDER_WAY | MESSAGE_ID_UNDER_WAY, _) => Answer::Busy(words()),
        (_, 429) => Answer::Busy(words()),
        // The stream could not, or does not know whether it did.
        (_, 408 | 500..) => Answer::Unknown(words()),
        _ => Answer::Refused(words()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_of_the_server_are_understood() {
        let error = |code: u16, err_code: u16| {
            interpret(
                format!(r#"{{"error":{{"code":{code},"err_code":{err_code},"description":"d"}}}}"#)
                    .as_bytes(),
            )
        };
        assert_eq!(
            interpret(br#"{"stream":"S","seq":7}"#),
            Answer::Stored(Revision(7))
        );
        assert_eq!(
            interpret(br#"{"stream":"S","seq":7,"duplicate":true}"#),
            Answer::Duplicate(Revision(7))
        );
        assert_eq!(error(400, 10071), Answer::Moved);
        assert!(matches!(error(400, 10164), Answer::Busy(_)));
        assert!(matches!(error(409, 10158), Answer::Busy(_)));
        assert!(matches!(error(503, 10008), Answer::Unknown(_)));
        assert!(matches!(error(400, 10054), Answer::Refused(_)));
        assert!(matches!(interpret(b"?"), Answer::Unknown(_)));
        assert!(matches!(interpret(b"{}"), Answer::Unknown(_)));
    }
}
