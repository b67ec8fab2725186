//! Reading the platform's streams from the outside.

use async_nats::jetstream::stream::State;
use holdfast_platform::journal::jetstream::{JetStreamJournal, JournalConfig};
use holdfast_platform::journal::{self, Record, Revision, Scan as _};
use holdfast_platform::nats::Nats;
use jiff::Timestamp;
use serde_json::json;

/// Records per request.
const PAGE: usize = 1_000;

/// Why a stream cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("stream {stream}: {detail}")]
pub struct Error {
    /// Which one.
    pub stream: String,
    /// What was seen.
    pub detail: String,
}

/// One stream, to be read from its beginning to where it ended when this was made.
#[derive(Clone)]
pub struct Log {
    journal: JetStreamJournal,
    stream: &'static str,
    end: Revision,
}

impl Log {
    /// The stream as it is now.
    ///
    /// # Errors
    /// [`Error`] if the server does not answer or has no such stream.
    pub async fn now(nats: &Nats, stream: &'static str) -> Result<Self, Error> {
        let state = state(nats, stream).await?;
        let journal = JetStreamJournal::new(nats, stream, JournalConfig::default());
        Ok(Self {
            journal,
            stream,
            end: Revision(state.last_sequence),
        })
    }

    /// The newest sequence that will be read.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.end.0
    }

    /// Hands every record that matches `filter` to `visit`, oldest first. The record at the end must match.
    ///
    /// # Errors
    /// [`Error`] if the server stops answering.
    pub async fn read(&self, filter: &str, mut visit: impl FnMut(&Record)) -> Result<(), Error> {
        let mut after = Revision::NONE;
        while after < self.end {
            let page = self
                .journal
                .scan(filter, after, self.end, PAGE)
                .await
                .map_err(|error| self.failed(&error))?;
            let Some(last) = page.last() else { break };
            after = last.revision;
            page.iter()
                .take_while(|record| record.revision <= self.end)
                .for_each(&mut visit);
        }
        Ok(())
    }

    fn failed(&self, error: &journal::Error) -> Error {
        Error {
            stream: self.stream.to_owned(),
            detail: error.to_string(),
        }
    }
}

async fn state(nats: &Nats, stream: &str) -> Result<State, Error> {
    let failed = |detail: String| Error {
        stream: stream.to_owned(),
        detail,
    };
    let found = nats
        .jetstream()
        .get_stream(stream)
        .await
        .map_err(|error| failed(error.to_string()))?;
    Ok(found.cached_info().state.clone())
}

/// Where to begin to read everything that was stored at `since` or later.
///
/// # Errors
/// [`Error`] if the server does not answer.
pub async fn revision_before(nats: &Nats, stream: &str, since: Timestamp) -> Result<Revision, Error> {
    let failed = |detail: String| Error {
        stream: stream.to_owned(),
        detail,
    };
    let request = json!({"start_time": since, "next_by_subj": ">", "batch": 1}).to_string();
    let subject = format!("$JS.API.DIRECT.GET.{stream}");
    let answer = nats
        .client()
        .request(subject, request.into())
        .await
        .map_err(|error| failed(error.to_string()))?;
    let sequence = answer
        .headers
        .as_ref()
        .and_then(|headers| headers.get("Nats-Sequence"));
    match sequence.and_then(|sequence| sequence.as_str().parse::<u64>().ok()) {
        Some(sequence) => Ok(Revision(sequence.saturating_sub(1))),
        // Nothing was stored since.
        None => Ok(Revision(state(nats, stream).await?.last_sequence)),
    }
}
