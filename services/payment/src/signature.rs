//! Webhook signatures of the form `t=<unix seconds>,v1=<hex HMAC-SHA256 of "t.body">`, as Stripe made them
//! common: the time is signed, so a recorded webhook cannot be replayed for long.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha2::Sha256;

/// How far the signed time may be from ours, in either direction, in seconds.
pub const TOLERANCE_SECONDS: i64 = 300;

/// Why a signature is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Not of the form `t=…,v1=…`.
    #[error("not of the form t=<unix seconds>,v1=<hex>")]
    Malformed,
    /// Signed more than [`TOLERANCE_SECONDS`] before or after now.
    #[error("signed at a time too far from now")]
    OutsideTolerance,
    /// By none of our secrets.
    #[error("not signed with a secret that is accepted")]
    WrongSecret,
}

/// The secrets that are accepted: several while one is being replaced.
#[derive(Clone)]
pub struct Secrets(Vec<String>);

impl Secrets {
    /// The secrets of a comma-separated list; none if the list names no secret.
    #[must_use]
    pub fn parse(list: &str) -> Option<Self> {
        let secrets: Vec<_> = list
            .split(',')
            .map(str::trim)
            .filter(|secret| !secret.is_empty())
            .map(str::to_owned)
            .collect();
        (!secrets.is_empty()).then_some(Self(secrets))
    }

    /// Accepts a body that was signed with one of the secrets around `now`.
    ///
    /// # Errors
    /// [`Error`].
    pub fn verify(&self, header: &str, body: &[u8], now: Timestamp) -> Result<(), Error> {
        let Parsed { time, seconds, tags } = parse(header).ok_or(Error::Malformed)?;
        if seconds.abs_diff(now.as_second()) > TOLERANCE_SECONDS.unsigned_abs() {
            return Err(Error::OutsideTolerance);
        }
        let signed = |secret: &String| tags.iter().any(|tag| matches(secret, time, body, tag));
        if self.0.iter().any(signed) {
            Ok(())
        } else {
            Err(Error::WrongSecret)
        }
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secrets({} redacted)", self.0.len())
    }
}

struct Parsed<'a> {
    time: &'a str,
    seconds: i64,
    tags: Vec<Vec<u8>>,
}

fn parse(header: &str) -> Option<Parsed<'_>> {
    let mut time = None;
    let mut tags = Vec::new();
    for part in header.split(',') {
        match part.trim().split_once('=')? {
            ("t", value) => time = Some(value),
            ("v1", value) => tags.push(hex::decode(value).ok()?),
            _ => {}
        }
    }
    let time = time?;
    (!tags.is_empty()).then_some(Parsed {
        time,
        seconds: time.parse().ok()?,
        tags,
    })
}

/// Compares in constant time.
fn matches(secret: &str, time: &str, body: &[u8], tag: &[u8]) -> bool {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return false;
    };
    mac.update(time.as_bytes());
    mac.update(b".");
    mac.update(body);
    mac.verify_slice(tag).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = br#"{"id":"evt_1"}"#;
    const SIGNED_AT: i64 = 1_700_000_000;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn sign(secret: &str, body: &[u8]) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(format!("{SIGNED_AT}.").as_bytes());
        mac.update(body);
        format!("t={SIGNED_AT},v1={}", hex::encode(mac.finalize().into_bytes()))
    }

    fn secrets() -> Secrets {
        Secrets::parse("new, old").unwrap()
    }

    #[test]
    fn either_secret_is_accepted_while_one_is_being_replaced() {
        for secret in ["new", "old"] {
            assert_eq!(secrets().verify(&sign(secret, BODY), BODY, at(SIGNED_AT)), Ok(()));
        }
        assert_eq!(
            secrets().verify(&sign("other", BODY), BODY, at(SIGNED_AT)),
            Err(Error::WrongSecret)
        );
    }

    #[test]
    fn a_known_answer_of_the_scheme_is_accepted() {
        let header = "t=1700000000,v1=cf693a4b560b05592ce075bbc072d5b59db3a490a3d56fe963680673d41ce564";
        assert_eq!(secrets().verify(header, BODY, at(SIGNED_AT)), Ok(()));
    }

    #[test]
    fn a_changed_body_or_time_is_refused() {
        let header = sign("new", BODY);
        assert_eq!(
            secrets().verify(&header, b"{}", at(SIGNED_AT)),
            Err(Error::WrongSecret)
        );
        let later = header.replace("t=1700000000", "t=1700000001");
        assert_eq!(
            secrets().verify(&later, BODY, at(SIGNED_AT)),
            Err(Error::WrongSecret)
        );
    }

    #[test]
    fn five_minutes_either_way_are_tolerated_and_no_more() {
        let header = sign("new", BODY);
        for (offset, expected) in [
            (300, Ok(())),
            (-300, Ok(())),
            (301, Err(Error::OutsideTolerance)),
            (-301, Err(Error::OutsideTolerance)),
        ] {
            assert_eq!(
                secrets().verify(&header, BODY, at(SIGNED_AT + offset)),
                expected,
                "{offset}"
            );
        }
    }

    #[test]
    fn several_tags_and_unknown_schemes_are_read() {
        let good = sign("new", BODY);
        let header = format!("{good},v1=00ff,v0=zz");
        assert_eq!(secrets().verify(&header, BODY, at(SIGNED_AT)), Ok(()));
    }

    #[test]
    fn what_is_not_a_signature_is_malformed() {
        for header in [
            "",
            "t=1",
            "v1=00",
            "t=x,v1=00",
            "t=1,v1=zz",
            "nonsense",
            "t=1;v1=00",
        ] {
            assert_eq!(
                secrets().verify(header, BODY, at(1)),
                Err(Error::Malformed),
                "{header}"
            );
        }
        assert!(Secrets::parse(" , ").is_none());
    }

    #[test]
    fn secrets_are_never_printed() {
        assert_eq!(format!("{:?}", secrets()), "Secrets(2 redacted)");
    }
}
