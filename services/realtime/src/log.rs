//! The stream `ORDERS`, and its live copy.

use async_nats::{Message, Subscriber};
use holdfast_contracts::subjects;
use holdfast_platform::journal::jetstream::JetStreamJournal;
use holdfast_platform::journal::{Error, Journal as _, Record, Revision, Scan as _};
use holdfast_platform::nats::Nats;
use holdfast_realtime_core::commit::Commit;
use tokio::sync::Semaphore;
use uuid::Uuid;

/// Reads at once, of all topics: after a restart thousands of clients come together.
const READS: usize = 64;
/// Records per page.
const PAGE: usize = 500;

/// Where orders are read from.
pub struct Log {
    nats: Nats,
    journal: JetStreamJournal,
    turns: Semaphore,
}

impl Log {
    /// The log of `journal`, the stream `ORDERS`.
    #[must_use]
    pub fn new(nats: &Nats, journal: JetStreamJournal) -> Self {
        Self {
            nats: nats.clone(),
            journal,
            turns: Semaphore::new(READS),
        }
    }

    /// What is stored of a user's orders from now on, as soon as it is, unless it gets lost on the way. Whatever is read
    /// after this has returned was stored before, or comes here.
    ///
    /// # Errors
    /// In words, if the connection was given up.
    pub async fn listen(&self, user: Uuid) -> Result<Subscriber, String> {
        let subject = format!("status.{user}.*");
        let subscribed = self.nats.client().subscribe(subject).await;
        subscribed.map_err(|error| error.to_string())
    }

    /// All records of one order, up to the newest; none: there is no such order.
    ///
    /// # Errors
    /// [`Error`] if the log does not answer.
    pub async fn order(&self, user: Uuid, order: Uuid) -> Result<Vec<(Commit, u64)>, Error> {
        let _turn = self.turns.acquire().await;
        let subject = subjects::order(user, order);
        let Some(last) = self.journal.last(&subject).await? else {
            return Ok(Vec::new());
        };
        let records = self.journal.read(&subject, last.revision).await?;
        Ok(records.iter().filter_map(commit).collect())
    }

    /// Whether a user has this order.
    ///
    /// # Errors
    /// [`Error`] if the log does not answer.
    pub async fn has(&self, user: Uuid, order: Uuid) -> Result<bool, Error> {
        let _turn = self.turns.acquire().await;
        let last = self.journal.last(&subjects::order(user, order)).await?;
        Ok(last.is_some())
    }

    /// Whose order it is. The leader has to look through its index of subjects for it: for staff alone.
    ///
    /// # Errors
    /// [`Error`] if the log does not answer.
    pub async fn owner(&self, order: Uuid) -> Result<Option<Uuid>, Error> {
        let _turn = self.turns.acquire().await;
        let filter = format!("orders.*.{order}");
        let found = self.journal.first_after(&filter, Revision::NONE).await?;
        Ok(found
            .and_then(|record| subjects::parse_order(&record.subject))
            .map(|(user, _)| user))
    }

    /// Gives `take` all records of a user's orders after a revision, and returns the last revision when the leader says
    /// that there is nothing more.
    ///
    /// # Errors
    /// [`Error`] if the log does not answer.
    pub async fn catch_up(
        &self,
        user: Uuid,
        after: u64,
        mut take: impl FnMut(&Commit, u64),
    ) -> Result<u64, Error> {
        let _turn = self.turns.acquire().await;
        let filter = subjects::orders_of(user);
        let mut after = Revision(after);
        let mut give = |record: &Record, after: &mut Revision| {
            *after = record.revision;
            if let Some((commit, revision)) = commit(record) {
                take(&commit, revision);
            }
        };
        while let Some(next) = self.journal.first_after(&filter, after).await? {
            give(&next, &mut after);
            loop {
                let page = self.journal.scan(&filter, after, Revision::NONE, PAGE).await?;
                page.iter().for_each(|record| give(record, &mut after));
                if page.len() < PAGE {
                    break;
                }
            }
        }
        Ok(after.0)
    }
}

/// What a live message tells, and where it stands in the stream.
#[must_use]
pub fn live(message: &Message) -> Option<(Commit, u64)> {
    let headers = message.headers.as_ref()?;
    let revision = headers.get_last("Nats-Sequence")?.as_str().parse().ok()?;
    read(&message.payload, &message.subject, revision)
}

fn commit(record: &Record) -> Option<(Commit, u64)> {
    read(&record.payload, &record.subject, record.revision.0)
}

/// A commit that cannot be read stops its order here, as it does in `order`, and no other.
fn read(payload: &[u8], subject: &str, revision: u64) -> Option<(Commit, u64)> {
    match Commit::read(payload) {
        Ok(commit) if names(subject, &commit) => return Some((commit, revision)),
        Ok(_) => tracing::error!(subject, revision, "the commit of another order"),
        Err(error) => tracing::error!(subject, revision, "{error}"),
    }
    None
}

/// Whether the last two tokens of a subject are owner and order.
fn names(subject: &str, commit: &Commit) -> bool {
    let mut tokens = subject.rsplit('.');
    let (order, user) = (tokens.next(), tokens.next());
    let is = |token: Option<&str>, id: Uuid| token.is_some_and(|token| token.parse() == Ok(id));
    is(order, commit.order) && is(user, commit.user)
}
