//! Erasure (GDPR art. 17), and what is left of work that nobody finished.
//!
//! The data key goes first: from then on nobody can read what is left, however the rest goes. A note says that an
//! account is being erased, or registered, until that is done; whoever finds an old note finishes the work.

use futures::future::try_join_all;
use futures::try_join;
use jiff::SignedDuration;
use uuid::Uuid;

use super::records::{Claim, Profile, Unfinished, Work, email_key, unfinished_key, user_key};
use super::{Accounts, Error};
use crate::bucket;
use crate::sessions;

/// A note that is older is nobody's any more: no request takes as long.
const ABANDONED: SignedDuration = SignedDuration::from_mins(2);

impl Accounts {
    /// Erases all that is known of a user but the id, which orders keep.
    ///
    /// # Errors
    /// [`Error::NoAccount`], or what kept it from being done; then it is done later.
    pub async fn erase(&self, user: Uuid) -> Result<(), Error> {
        let found = self.users.get::<Profile>(&user_key(user)).await?;
        let profile = found.value.ok_or(Error::NoAccount)?;
        self.note(user, Work::Erasure, &profile.email_index).await?;
        self.remove(user, &profile.email_index).await?;
        metrics::counter!("holdfast_user_erasures_total").increment(1);
        Ok(())
    }

    /// Finishes what was abandoned, and tells how much that was.
    ///
    /// # Errors
    /// [`Error`] if the server does not answer; the rest is finished later.
    pub async fn finish_abandoned(&self) -> Result<usize, Error> {
        let (now, mut finished) = (self.clock.now(), 0);
        for (key, found) in self.users.list::<Unfinished>("unfinished.*").await? {
            let user = key.strip_prefix("unfinished.").and_then(|id| id.parse().ok());
            let (Some(user), Some(note)) = (user, found.value) else {
                continue;
            };
            if now.duration_since(note.since) >= ABANDONED {
                self.finish(user, &note).await?;
                finished += 1;
            }
        }
        Ok(finished)
    }

    async fn finish(&self, user: Uuid, note: &Unfinished) -> Result<(), Error> {
        match note.work {
            Work::Registration if self.is_registered(user, note).await? => self.forget_note(user).await?,
            _ => self.remove(user, &note.email_index).await?,
        }
        tracing::info!(%user, work = ?note.work, "finished what was abandoned");
        Ok(())
    }

    /// Whether a registration came to its end: the address is claimed, or has been given up for another one since.
    async fn is_registered(&self, user: Uuid, note: &Unfinished) -> Result<bool, bucket::Error> {
        let (claim_key, user_key) = (email_key(&note.email_index), user_key(user));
        let (claim, profile) = try_join!(
            self.users.get::<Claim>(&claim_key),
            self.users.get::<Profile>(&user_key)
        )?;
        let has_claim = claim.value.is_some_and(|claim| claim.user == user);
        let has_another = profile
            .value
            .is_some_and(|profile| profile.email_index != note.email_index);
        Ok(has_claim || has_another)
    }

    pub(super) async fn note(&self, user: Uuid, work: Work, email_index: &str) -> Result<(), bucket::Error> {
        let key = unfinished_key(user);
        let note = Unfinished {
            work,
            email_index: email_index.to_owned(),
            since: self.clock.now(),
        };
        let found = self.users.get::<Unfinished>(&key).await?;
        self.users.put(&key, found.revision, &note, None).await.map(drop)
    }

    pub(super) async fn forget_note(&self, user: Uuid) -> Result<(), bucket::Error> {
        self.users.remove(&unfinished_key(user)).await
    }

    /// Removes all of a user. The note goes last, so that what fails is tried again.
    pub(super) async fn remove(&self, user: Uuid, email_index: &str) -> Result<(), bucket::Error> {
        self.keys.destroy(user).await?;
        self.release(email_index, user).await?;
        let sessions = self
            .sessions
            .list::<serde_json::Value>(&sessions::keys_of(user))
            .await?;
        try_join_all(sessions.iter().map(|(key, _)| self.sessions.remove(key))).await?;
        self.contacts.remove(&user.to_string()).await?;
        self.users.remove(&user_key(user)).await?;
        self.forget_note(user).await
    }
}
