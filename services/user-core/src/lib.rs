//! What the user service decides, without doing it: no IO, no clock, no randomness.
//!
//! | module | decides |
//! |---|---|
//! | [`email`] | what an e-mail address is, and which ones are the same |
//! | [`password`] | which passwords are strong enough |
//! | [`contact`] | what a name and a phone number are |
//! | [`claims`] | what an access token says, and for how long |
//! | [`keys`] | when signing keys are published, sign and go |
//! | [`family`] | what a refresh token is good for, and what a used one gives away |
//! | [`backoff`] | how long an account waits after wrong passwords |

pub mod backoff;
pub mod claims;
pub mod contact;
pub mod email;
pub mod family;
pub mod keys;
pub mod password;

/// Why a text cannot be what it is given for. Says what would be right, and never repeats the text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Invalid(pub String);

impl From<&str> for Invalid {
    fn from(reason: &str) -> Self {
        Self(reason.to_owned())
    }
}
