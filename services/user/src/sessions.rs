//! Sessions: a family of refresh tokens each, in the bucket `sessions`.

use std::sync::Arc;

use holdfast_platform::clock::Clock;
use holdfast_platform::journal::Revision;
use holdfast_user_core::family::{Denied, Family, Presented, Revoked};
use jiff::SignedDuration;
use uuid::Uuid;

use crate::bucket::{self, Bucket, contended};
use crate::crypto::digest;
use crate::encoding::{from_url_safe, url_safe};

/// How a refresh token begins, so that scanners of leaked secrets know it.
const PREFIX: &str = "hfr_";

/// Why a refresh token is not good.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is none, it was used, or its session is over. Nobody is told which.
    #[error("the refresh token is not good")]
    Denied,
    /// Something cannot be read or written.
    #[error(transparent)]
    Store(#[from] bucket::Error),
}

/// Whose session it is, and which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionId {
    /// The user.
    pub user: Uuid,
    /// The session.
    pub session: Uuid,
}

/// A refresh token. Not shown.
pub struct RefreshToken {
    /// Which session it belongs to.
    pub id: SessionId,
    lineage: [u8; 16],
    secret: [u8; 32],
}

impl RefreshToken {
    /// Reads a token; none if it is none of ours.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = from_url_safe(text.strip_prefix(PREFIX)?)?;
        let (user, rest) = bytes.split_first_chunk::<16>()?;
        let (session, rest) = rest.split_first_chunk::<16>()?;
        let (lineage, secret) = rest.split_first_chunk::<16>()?;
        Some(Self {
            id: SessionId {
                user: Uuid::from_bytes(*user),
                session: Uuid::from_bytes(*session),
            },
            lineage: *lineage,
            secret: secret.try_into().ok()?,
        })
    }

    /// The token as it is given to its owner.
    #[must_use]
    pub fn text(&self) -> String {
        let SessionId { user, session } = &self.id;
        let parts: [&[u8]; 4] = [user.as_bytes(), session.as_bytes(), &self.lineage, &self.secret];
        format!("{PREFIX}{}", url_safe(parts.concat()))
    }

    fn presented(&self) -> Presented {
        Presented {
            lineage: digest(&self.lineage),
            secret: digest(&self.secret),
        }
    }

    fn next(&self) -> Self {
        Self {
            secret: rand::random(),
            ..*self
        }
    }
}

/// All sessions.
pub struct Sessions {
    bucket: Bucket,
    lifetime: SignedDuration,
    clock: Arc<dyn Clock>,
}

/// The keys of all sessions of a user, as a filter.
pub(crate) fn keys_of(user: Uuid) -> String {
    format!("family.{user}.*")
}

fn key(id: SessionId) -> String {
    format!("family.{}.{}", id.user, id.session)
}

impl Sessions {
    /// The sessions that are kept there, each for `lifetime`.
    #[must_use]
    pub fn new(bucket: Bucket, lifetime: SignedDuration, clock: Arc<dyn Clock>) -> Self {
        Self {
            bucket,
            lifetime,
            clock,
        }
    }

    /// Begins a session, and gives its first token.
    ///
    /// # Errors
    /// If the server does not answer.
    pub async fn begin(&self, user: Uuid, epoch: u32) -> Result<RefreshToken, Error> {
        let token = RefreshToken {
            id: SessionId {
                user,
                session: Uuid::now_v7(),
            },
            lineage: rand::random(),
            secret: rand::random(),
        };
        let (now, Presented { lineage, secret }) = (self.clock.now(), token.presented());
        let family = Family {
            lineage,
            newest: secret,
            generation: 0,
            epoch,
            created_at: now,
            used_at: now,
            expires_at: now.saturating_add(self.lifetime).unwrap_or(now),
            revoked: None,
        };
        self.put(token.id, Revision::NONE, &family).await?;
        Ok(token)
    }

    /// Takes a token for the next, if the account is in this epoch. One that was used before ends the session.
    ///
    /// # Errors
    /// [`Error::Denied`] if it is not good.
    pub async fn refresh(&self, token: &RefreshToken, epoch: u32) -> Result<RefreshToken, Error> {
        for _ in 0..3 {
            let found = self.bucket.get::<Family>(&key(token.id)).await?;
            let family = found.value.ok_or(Error::Denied)?;
            let next = token.next();
            let secret = next.presented().secret;
            let after = family.refresh(&token.presented(), secret, epoch, self.clock.now());
            let outcome = match &after {
                Ok(family) => self
                    .put(token.id, found.revision, family)
                    .await
                    .map(|()| Some(next)),
                Err(Denied::Reused(family)) => {
                    tracing::warn!(user = %token.id.user, session = %token.id.session, "a refresh token came twice: the session is over");
                    metrics::counter!("holdfast_user_refresh_reuse_total").increment(1);
                    self.put(token.id, found.revision, family).await.map(|()| None)
                }
                Err(Denied::Invalid) => return Err(Error::Denied),
            };
            match outcome {
                Ok(next) => return next.ok_or(Error::Denied),
                // Another came with a token of this session: look again.
                Err(error) if error.is_conflict() => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(contended(&key(token.id)).into())
    }

    /// Ends a session by one of its tokens, also by a used one.
    ///
    /// # Errors
    /// [`Error::Denied`] if it never was one of its tokens.
    pub async fn end_by(&self, token: &RefreshToken) -> Result<(), Error> {
        let lineage = token.presented().lineage;
        self.end_if(token.id, |family| family.lineage == lineage).await
    }

    /// Ends a session of the caller's.
    ///
    /// # Errors
    /// [`Error::Denied`] if there is none.
    pub async fn end(&self, id: SessionId) -> Result<(), Error> {
        self.end_if(id, |_| true).await
    }

    async fn end_if(&self, id: SessionId, allowed: impl Fn(&Family) -> bool) -> Result<(), Error> {
        for _ in 0..3 {
            let found = self.bucket.get::<Family>(&key(id)).await?;
            let family = found.value.filter(&allowed).ok_or(Error::Denied)?;
            if family.revoked.is_some() {
                return Ok(());
            }
            match self
                .put(id, found.revision, &family.revoke(Revoked::LoggedOut))
                .await
            {
                Err(error) if error.is_conflict() => {}
                ended => return Ok(ended?),
            }
        }
        Err(contended(&key(id)).into())
    }

    /// Kept until its end, also when it is revoked: then a token that comes again is known as one.
    async fn put(&self, id: SessionId, expected: Revision, family: &Family) -> Result<(), bucket::Error> {
        let left = family.expires_at.duration_since(self.clock.now());
        self.bucket
            .put(&key(id), expected, family, Some(left))
            .await
            .map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_reads_back_and_nothing_else_does() {
        let token = RefreshToken {
            id: SessionId {
                user: Uuid::from_u128(1),
                session: Uuid::from_u128(2),
            },
            lineage: [3; 16],
            secret: [4; 32],
        };
        let text = token.text();
        let read = RefreshToken::parse(&text).unwrap();
        assert_eq!(
            (read.id, read.lineage, read.secret),
            (token.id, token.lineage, token.secret)
        );
        for wrong in [
            "",
            "hfr_",
            "hfr_AAAA",
            &text[4..],
            &text[..text.len() - 4],
            &format!("{text}AAAA"),
            "hfr_\0",
        ] {
            assert!(RefreshToken::parse(wrong).is_none(), "{wrong}");
        }
    }
}
