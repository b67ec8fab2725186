//! An e-mail address belongs to one account: a document at its keyed hash says to which.
//!
//! A registration claims the address last, when all else is written, and an account is found through its claim alone.
//! So a crash leaves either a whole account or none, and never an address that nobody can have.

use jiff::SignedDuration;
use uuid::Uuid;

use super::records::{Claim, Profile, email_key, user_key};
use super::{Accounts, Error};
use crate::bucket;

/// A claim without its account may be that of a change under way; no request takes as long.
const SETTLED: SignedDuration = SignedDuration::from_mins(1);

impl Accounts {
    /// Whether an address belongs to somebody.
    pub(super) async fn is_taken(&self, index: &str) -> Result<bool, Error> {
        let found = self.users.get::<Claim>(&email_key(index)).await?;
        match found.value {
            None => Ok(false),
            Some(claim) => Ok(!self.is_void(&claim, index).await?),
        }
    }

    /// Makes an address that of this user.
    pub(super) async fn claim(&self, index: &str, user: Uuid) -> Result<(), Error> {
        let key = email_key(index);
        let found = self.users.get::<Claim>(&key).await?;
        match found.value {
            Some(claim) if claim.user == user => return Ok(()),
            Some(claim) if !self.is_void(&claim, index).await? => return Err(Error::EmailTaken),
            _ => {}
        }
        let claim = Claim {
            user,
            claimed_at: self.clock.now(),
        };
        match self.users.put(&key, found.revision, &claim, None).await {
            Ok(_) => Ok(()),
            Err(error) if error.is_conflict() => Err(Error::EmailTaken),
            Err(error) => Err(error.into()),
        }
    }

    /// Gives an address back, if it is that of this user.
    pub(super) async fn release(&self, index: &str, user: Uuid) -> Result<(), bucket::Error> {
        let key = email_key(index);
        let found = self.users.get::<Claim>(&key).await?;
        match found.value {
            Some(claim) if claim.user == user => match self.users.delete(&key, found.revision).await {
                // It has become somebody else's.
                Err(error) if error.is_conflict() => Ok(()),
                ended => ended,
            },
            _ => Ok(()),
        }
    }

    /// Whether nobody has the address in spite of a claim: what should have followed it, or undone it, never came.
    async fn is_void(&self, claim: &Claim, index: &str) -> Result<bool, bucket::Error> {
        if self.clock.now().duration_since(claim.claimed_at) < SETTLED {
            return Ok(false);
        }
        let profile = self.users.get::<Profile>(&user_key(claim.user)).await?;
        Ok(profile.value.is_none_or(|profile| profile.email_index != index))
    }
}
