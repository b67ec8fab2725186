//! Refresh tokens: each is good once, and one that comes again tells that two hold the session (RFC 9700 §4.14.2).
//!
//! A family is all refresh tokens that follow from one login. Only the newest is good. If another one comes, either its
//! thief or its owner was late; who of them it is cannot be known, so the whole family is revoked.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// SHA-256 of a secret, in hexadecimal. The secrets are random and long: a plain digest is enough, and comparing two
/// digests tells nobody how to come nearer.
pub type Digest = String;

/// The state of a family.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Family {
    /// Of what all its tokens have in common: whoever knows it had a token of this family.
    pub lineage: Digest,
    /// Of the secret of the newest token.
    pub newest: Digest,
    /// How often it was refreshed.
    pub generation: u32,
    /// The sessions of the account that this one belongs to: a changed password begins others.
    pub epoch: u32,
    /// When its owner logged in.
    pub created_at: Timestamp,
    /// When its last token was given.
    pub used_at: Timestamp,
    /// When all its tokens end.
    pub expires_at: Timestamp,
    /// Why none of its tokens is good any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked: Option<Revoked>,
}

/// Why a family was revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Revoked {
    /// A token came that had been used.
    Reused,
    /// Its owner logged out.
    LoggedOut,
}

/// What a token of a family says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presented {
    /// As [`Family::lineage`].
    pub lineage: Digest,
    /// As [`Family::newest`].
    pub secret: Digest,
}

/// Why a token is not good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Denied {
    /// It never belonged to this family, or the family has ended.
    Invalid,
    /// It was used before. The family is to be kept as this.
    Reused(Box<Family>),
}

impl Family {
    /// The family after one of its tokens was used for another, with the secret `next`.
    ///
    /// # Errors
    /// [`Denied`]; one of its cases revokes the family.
    pub fn refresh(
        &self,
        presented: &Presented,
        next: Digest,
        epoch: u32,
        now: Timestamp,
    ) -> Result<Self, Denied> {
        if !self.is_alive(epoch, now) || presented.lineage != self.lineage {
            return Err(Denied::Invalid);
        }
        if presented.secret != self.newest {
            return Err(Denied::Reused(Box::new(self.revoke(Revoked::Reused))));
        }
        Ok(Self {
            newest: next,
            generation: self.generation.saturating_add(1),
            used_at: now,
            ..self.clone()
        })
    }

    /// Whether its newest token is good, if the account is in this epoch.
    #[must_use]
    pub fn is_alive(&self, epoch: u32, now: Timestamp) -> bool {
        self.revoked.is_none() && self.epoch == epoch && now < self.expires_at
    }

    /// The family without a good token. A first reason stays.
    #[must_use]
    pub fn revoke(&self, reason: Revoked) -> Self {
        Self {
            revoked: self.revoked.or(Some(reason)),
            ..self.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn family() -> Family {
        Family {
            lineage: "l".into(),
            newest: "0".into(),
            generation: 0,
            epoch: 3,
            created_at: at(0),
            used_at: at(0),
            expires_at: at(1000),
            revoked: None,
        }
    }

    fn presented(secret: &str) -> Presented {
        Presented {
            lineage: "l".into(),
            secret: secret.into(),
        }
    }

    #[test]
    fn a_token_is_good_once() {
        let after = family().refresh(&presented("0"), "1".into(), 3, at(5)).unwrap();
        assert_eq!(
            (after.newest.as_str(), after.generation, after.used_at),
            ("1", 1, at(5))
        );
        let Err(Denied::Reused(revoked)) = after.refresh(&presented("0"), "2".into(), 3, at(6)) else {
            panic!("the used token was good")
        };
        assert_eq!(revoked.revoked, Some(Revoked::Reused));
        let newest = revoked.refresh(&presented("1"), "2".into(), 3, at(7));
        assert_eq!(newest, Err(Denied::Invalid));
    }

    #[test]
    fn who_never_had_a_token_cannot_revoke_the_family() {
        let stranger = Presented {
            lineage: "x".into(),
            secret: "0".into(),
        };
        assert_eq!(
            family().refresh(&stranger, "1".into(), 3, at(1)),
            Err(Denied::Invalid)
        );
    }

    #[test]
    fn given_a_changed_password_or_the_end_of_the_session_no_token_is_good() {
        assert_eq!(
            family().refresh(&presented("0"), "1".into(), 4, at(1)),
            Err(Denied::Invalid)
        );
        assert_eq!(
            family().refresh(&presented("0"), "1".into(), 3, at(1000)),
            Err(Denied::Invalid)
        );
        let out = family().revoke(Revoked::LoggedOut);
        assert_eq!(
            out.refresh(&presented("0"), "1".into(), 3, at(1)),
            Err(Denied::Invalid)
        );
        assert_eq!(out.revoke(Revoked::Reused).revoked, Some(Revoked::LoggedOut));
    }

    proptest! {
        /// Whatever tokens of the family come in whatever order: each is exchanged at most once, and after the first
        /// one that comes again none is.
        #[test]
        fn after_a_reuse_nothing_is_good(order in prop::collection::vec(0usize..6, 1..40)) {
            let (mut family, mut used, mut reused) = (family(), std::collections::HashSet::new(), false);
            for secret in order {
                // Secrets that were not given yet cannot come.
                if secret > family.generation as usize { continue; }
                let next = (family.generation + 1).to_string();
                match family.refresh(&presented(&secret.to_string()), next, 3, at(1)) {
                    Ok(after) => {
                        prop_assert!(!reused && used.insert(secret));
                        family = after;
                    }
                    Err(Denied::Reused(after)) => {
                        prop_assert!(used.contains(&secret));
                        reused = true;
                        family = *after;
                    }
                    Err(Denied::Invalid) => prop_assert!(reused),
                }
            }
        }
    }
}
