//! From commits of orders to messages that are to be sent.

use std::time::Duration;

use holdfast_notification_core::{Notice, Route, plan, route};
use holdfast_platform::journal::{Delivery, Disposition};
use holdfast_platform::nats::jittered;

use crate::codec::{self, Commit, Task, decode_commit};
use crate::contacts::{Contacts, Unavailable};
use crate::markers::{Marker, Markers};
use crate::meter;
use crate::outbox::{self, Outbox};

/// Decides who is told what by which way. Cheap to clone.
#[derive(Clone)]
pub struct Intake {
    /// How to reach people.
    pub contacts: Contacts,
    /// Where messages wait.
    pub outbox: Outbox,
    /// What was told.
    pub markers: Markers,
}

/// Why a commit is not done with. Retryable.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error(transparent)]
    Contacts(#[from] Unavailable),
    #[error(transparent)]
    Outbox(#[from] outbox::Error),
}

impl Intake {
    /// Handles a commit. Repeated, it puts nothing into the stream twice within two minutes; after that, markers tell.
    pub async fn handle(&self, delivery: Delivery) -> Disposition {
        let Delivery { record, attempt } = delivery;
        let commit = match decode_commit(&record) {
            Ok(commit) => commit,
            Err(error) => return dead(&error),
        };
        match self.distribute(&commit).await {
            Ok(()) => Disposition::Ack,
            Err(error) => {
                tracing::warn!(order = %commit.order, attempt, "nobody is told yet: {error}");
                Disposition::Retry(again(attempt))
            }
        }
    }

    async fn distribute(&self, commit: &Commit) -> Result<(), Error> {
        let notices = plan(&commit.changes);
        if notices.is_empty() {
            return Ok(());
        }
        let card = self.contacts.of(commit.user).await?;
        let contact = card.map(|card| card.contact());
        for notice in notices {
            match route(notice.kind, contact) {
                Route::Send(channels) => {
                    for channel in channels {
                        self.outbox.now(&task(commit, notice.clone(), channel)).await?;
                    }
                }
                Route::Drop(reason) => {
                    meter::dropped(reason);
                    tracing::debug!(order = %commit.order, version = notice.version, reason = reason.as_str(), "nobody is told");
                    let key = format!("{}.{}.none", commit.order, notice.version);
                    self.markers.set(&key, Marker::Dropped(reason.as_str())).await;
                }
            }
        }
        Ok(())
    }
}

fn task(commit: &Commit, notice: Notice, channel: holdfast_notification_core::Channel) -> Task {
    Task {
        order: commit.order,
        user: commit.user,
        time: commit.time,
        channel,
        notice,
        tries: Default::default(),
    }
}

/// A message that cannot be read.
pub(crate) fn dead(error: &codec::Error) -> Disposition {
    Disposition::DeadLetter(error.reason(), error.to_string())
}

/// When something of ours is asked again that did not answer.
pub(crate) fn again(attempt: u64) -> Duration {
    jittered(
        Duration::from_millis(250),
        usize::try_from(attempt).unwrap_or(usize::MAX),
    )
}
