//! Reads the stream `DLQ`.

use std::collections::BTreeMap;

use futures::{Stream, StreamExt as _, TryStreamExt as _, stream};
use holdfast_contracts::subjects;
use holdfast_platform::dead_letter::{Letter, NotALetter};
use holdfast_platform::journal::jetstream::{JetStreamJournal, JournalConfig};
use holdfast_platform::journal::{Record, Revision, Scan as _};
use holdfast_platform::nats::Nats;
use jiff::Timestamp;
use serde::Serialize;

use super::Error;
use super::filter::LetterFilter;
use crate::logs::{self, Log};

const PAGE: usize = 1_000;

/// A message of `DLQ`.
#[derive(Clone, Debug)]
pub struct StoredLetter {
    /// Its sequence: by this it is named.
    pub sequence: u64,
    /// When it was stored.
    pub stored: Timestamp,
    /// Its subject.
    pub subject: String,
    /// What it says, unless it is no letter.
    pub letter: Result<Letter, NotALetter>,
}

impl StoredLetter {
    fn of(record: &Record) -> Self {
        Self {
            sequence: record.revision.0,
            stored: record.time,
            subject: record.subject.clone(),
            letter: Letter::of_record(record),
        }
    }
}

/// How many letters there are of one kind.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Kind {
    /// Whose.
    pub service: String,
    /// Of which consumer.
    pub consumer: String,
    /// Given up why.
    pub reason: String,
}

impl Kind {
    fn of_subject(subject: &str) -> Self {
        let mut tokens = subject.split('.').skip(1);
        let mut token = || tokens.next().unwrap_or("_").to_owned();
        Self {
            service: token(),
            consumer: token(),
            reason: token(),
        }
    }
}

/// The dead letters.
#[derive(Clone)]
pub struct Letters {
    nats: Nats,
    dlq: JetStreamJournal,
}

impl Letters {
    /// Those of a platform.
    #[must_use]
    pub fn new(nats: &Nats) -> Self {
        Self {
            nats: nats.clone(),
            dlq: JetStreamJournal::new(nats, subjects::DLQ, JournalConfig::default()),
        }
    }

    /// The newest sequence that was ever given out.
    ///
    /// # Errors
    /// [`Error::Log`] if the stream cannot be asked.
    pub async fn newest(&self) -> Result<u64, Error> {
        Ok(Log::now(&self.nats, subjects::DLQ).await?.end())
    }

    /// How many letters are meant, by kind, up to a sequence.
    ///
    /// # Errors
    /// [`Error`] if the stream does not answer.
    pub async fn tally(&self, filter: &LetterFilter, up_to: u64) -> Result<BTreeMap<Kind, u64>, Error> {
        let mut tally = BTreeMap::new();
        let mut pages = std::pin::pin!(self.records(filter, up_to));
        while let Some(page) = pages.try_next().await? {
            for record in page {
                *tally.entry(Kind::of_subject(&record.subject)).or_default() += 1;
            }
        }
        Ok(tally)
    }

    /// The letters that are meant, oldest first, up to a sequence, in pages. What is deleted meanwhile is left out.
    pub fn pages<'a>(
        &'a self,
        filter: &'a LetterFilter,
        up_to: u64,
    ) -> impl Stream<Item = Result<Vec<StoredLetter>, Error>> + 'a {
        self.records(filter, up_to)
            .map_ok(|page| page.iter().map(StoredLetter::of).collect())
    }

    /// At most `limit` (1..=1000) of the letters that are meant, after a sequence, oldest first.
    ///
    /// # Errors
    /// [`Error`] if the stream does not answer.
    pub async fn some(
        &self,
        filter: &LetterFilter,
        after: u64,
        limit: usize,
    ) -> Result<Vec<StoredLetter>, Error> {
        let since = match filter.since {
            Some(since) => logs::revision_before(&self.nats, subjects::DLQ, since).await?,
            None => Revision::NONE,
        };
        let after = since.max(Revision(after));
        let page = self
            .dlq
            .scan(&filter.subject(), after, Revision::NONE, limit)
            .await;
        let mut page = page.map_err(failed)?;
        page.retain(|record| is_before(record, filter));
        Ok(page.iter().map(StoredLetter::of).collect())
    }

    fn records<'a>(
        &'a self,
        filter: &'a LetterFilter,
        up_to: u64,
    ) -> impl Stream<Item = Result<Vec<Record>, Error>> + 'a {
        let named = stream::iter(filter.sequences.clone()).filter_map(move |sequence| async move {
            let page = self.named(filter, sequence, up_to).await.transpose();
            page.map(|record| record.map(|record| vec![record]))
        });
        let all = stream::try_unfold(None, move |after| self.page(filter, up_to, after));
        match filter.sequences.is_empty() {
            true => all.left_stream(),
            false => named.right_stream(),
        }
    }

    async fn named(&self, filter: &LetterFilter, sequence: u64, up_to: u64) -> Result<Option<Record>, Error> {
        let after = Revision(sequence.saturating_sub(1));
        let page = self.dlq.scan(&filter.subject(), after, Revision::NONE, 1).await;
        let found = page.map_err(failed)?.into_iter().next();
        Ok(found
            .filter(|record| record.revision.0 == sequence && sequence <= up_to && is_before(record, filter)))
    }

    async fn page(
        &self,
        filter: &LetterFilter,
        up_to: u64,
        after: Option<Revision>,
    ) -> Result<Option<(Vec<Record>, Option<Revision>)>, Error> {
        let after = match (after, filter.since) {
            (Some(after), _) => after,
            (None, Some(since)) => logs::revision_before(&self.nats, subjects::DLQ, since).await?,
            (None, None) => Revision::NONE,
        };
        if after.0 >= up_to {
            return Ok(None);
        }
        let page = self
            .dlq
            .scan(&filter.subject(), after, Revision::NONE, PAGE)
            .await;
        let mut page = page.map_err(failed)?;
        let Some(last) = page.last().map(|record| record.revision) else {
            return Ok(None);
        };
        page.retain(|record| record.revision.0 <= up_to && is_before(record, filter));
        Ok((!page.is_empty()).then_some((page, Some(last))))
    }
}

fn is_before(record: &Record, filter: &LetterFilter) -> bool {
    filter.before.is_none_or(|before| record.time < before)
}

fn failed(source: holdfast_platform::journal::Error) -> Error {
    let stream = subjects::DLQ;
    Error::Journal { stream, source }
}
