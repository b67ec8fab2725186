//! Encryption at rest: AES-256-GCM under a random nonce.
//!
//! A master key encrypts nothing by itself: for each purpose another key is derived from it (HKDF, RFC 5869), so that
//! no derived key is used often, and what was made for one purpose cannot be put in the place of another.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA256, Salt};
use ring::{digest, hmac};
use serde::{Deserialize, Serialize};

use crate::encoding::Base64;

/// Why something cannot be encrypted or decrypted.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It was encrypted with a master key that this process was not given.
    #[error("there is no master key {0:?}")]
    UnknownMaster(String),
    /// It is not what was encrypted for this purpose with this key.
    #[error("what is stored for {purpose} was not encrypted with its key")]
    Forged {
        /// What it is for.
        purpose: String,
    },
    /// The cryptography refused, which these inputs exclude.
    #[error("the cryptography failed")]
    Failed,
}

/// A key of 256 bits. Not shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Key([u8; 32]);

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(***)")
    }
}

impl Key {
    /// A new one.
    #[must_use]
    pub fn random() -> Self {
        Self(rand::random())
    }

    /// The key of these bytes; none unless there are 32.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// Its bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Encrypts: nonce, ciphertext, tag.
    ///
    /// # Errors
    /// Never, for anything that fits into memory.
    pub fn seal(&self, purpose: &str, plain: &[u8]) -> Result<Vec<u8>, Error> {
        let nonce: [u8; NONCE_LEN] = rand::random();
        let mut sealed = plain.to_vec();
        self.cipher()?
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(purpose),
                &mut sealed,
            )
            .map_err(|_| Error::Failed)?;
        Ok([&nonce[..], &sealed].concat())
    }

    /// Decrypts.
    ///
    /// # Errors
    /// [`Error::Forged`] if this was not encrypted with this key and for this purpose.
    pub fn open(&self, purpose: &str, sealed: &[u8]) -> Result<Vec<u8>, Error> {
        let forged = || Error::Forged {
            purpose: purpose.to_owned(),
        };
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_LEN>().ok_or_else(forged)?;
        let mut plain = sealed.to_vec();
        let length = self
            .cipher()?
            .open_in_place(
                Nonce::assume_unique_for_key(*nonce),
                Aad::from(purpose),
                &mut plain,
            )
            .map_err(|_| forged())?
            .len();
        plain.truncate(length);
        Ok(plain)
    }

    /// A keyed hash, in hexadecimal: without the key nobody can tell of what.
    #[must_use]
    pub fn mac(&self, text: &str) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.0);
        hex::encode(hmac::sign(&key, text.as_bytes()))
    }

    fn cipher(&self) -> Result<LessSafeKey, Error> {
        let key = UnboundKey::new(&AES_256_GCM, &self.0).map_err(|_| Error::Failed)?;
        Ok(LessSafeKey::new(key))
    }

    fn derive(&self, purpose: &str) -> Result<Self, Error> {
        let mut derived = [0; 32];
        Salt::new(HKDF_SHA256, b"holdfast")
            .extract(&self.0)
            .expand(&[purpose.as_bytes()], HKDF_SHA256)
            .and_then(|okm| okm.fill(&mut derived))
            .map_err(|_| Error::Failed)?;
        Ok(Self(derived))
    }
}

/// SHA-256 in hexadecimal, of secrets that are random and long.
pub(crate) fn digest(secret: &[u8]) -> String {
    hex::encode(digest::digest(&digest::SHA256, secret))
}

/// What was encrypted with a master key, and with which.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    /// The id of the master key.
    pub master: String,
    /// Nonce, ciphertext and tag.
    pub sealed: Base64,
}

/// The master keys: the first encrypts, all decrypt.
#[derive(Clone, Debug)]
pub struct MasterKeys {
    current: String,
    keys: BTreeMap<String, Key>,
}

impl MasterKeys {
    /// Reads `id:base64` separated by commas or lines, each key 32 bytes in base64, the current one first.
    ///
    /// # Errors
    /// Says which is wrong, and never shows a key.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut current = None;
        let mut keys = BTreeMap::new();
        for (place, entry) in text
            .split([',', '\n'])
            .map(str::trim)
            .filter(|entry| !entry.is_empty())
            .enumerate()
        {
            let place = place + 1;
            let (id, key) = entry
                .split_once(':')
                .ok_or_else(|| format!("key {place} is not id:base64"))?;
            let sound = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
            if id.is_empty() || id.len() > 32 || !id.bytes().all(sound) {
                return Err(format!(
                    "the id of key {place} is not 1 to 32 letters, digits, `-` or `_`"
                ));
            }
            let key = BASE64_STANDARD.decode(key).ok();
            let key = key
                .and_then(|key| Key::from_bytes(&key))
                .ok_or_else(|| format!("key {place} is not 32 bytes in base64"))?;
            if keys.insert(id.to_owned(), key).is_some() {
                return Err(format!("there are two keys {id}"));
            }
            current.get_or_insert_with(|| id.to_owned());
        }
        let current = current.ok_or("there is no key")?;
        Ok(Self { current, keys })
    }

    /// Whether something was encrypted with a key that is only kept to decrypt.
    #[must_use]
    pub fn is_outdated(&self, sealed: &Sealed) -> bool {
        sealed.master != self.current
    }

    /// Whether there is more than one key: the first is taking the place of the others.
    #[must_use]
    pub fn is_rotating(&self) -> bool {
        self.keys.len() > 1
    }

    /// The id of the key that encrypts.
    #[must_use]
    pub fn current(&self) -> &str {
        &self.current
    }

    /// Encrypts for a purpose.
    ///
    /// # Errors
    /// Never, for anything that fits into memory.
    pub fn seal(&self, purpose: &str, plain: &[u8]) -> Result<Sealed, Error> {
        let sealed = self.key(&self.current)?.derive(purpose)?.seal(purpose, plain)?;
        Ok(Sealed {
            master: self.current.clone(),
            sealed: Base64(sealed),
        })
    }

    /// Decrypts.
    ///
    /// # Errors
    /// [`Error`] if the key is not there, or something else was encrypted.
    pub fn open(&self, purpose: &str, sealed: &Sealed) -> Result<Vec<u8>, Error> {
        self.key(&sealed.master)?
            .derive(purpose)?
            .open(purpose, &sealed.sealed.0)
    }

    fn key(&self, id: &str) -> Result<&Key, Error> {
        self.keys
            .get(id)
            .ok_or_else(|| Error::UnknownMaster(id.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masters(entries: &[(&str, u8)]) -> MasterKeys {
        let entries: Vec<_> = entries
            .iter()
            .map(|(id, byte)| format!("{id}:{}", BASE64_STANDARD.encode([*byte; 32])))
            .collect();
        MasterKeys::parse(&entries.join(",")).unwrap()
    }

    #[test]
    fn what_was_sealed_opens_with_its_key_for_its_purpose_alone() {
        let key = Key::random();
        let sealed = key.seal("a", b"secret").unwrap();
        assert_eq!(key.open("a", &sealed).unwrap(), b"secret");
        assert!(matches!(key.open("b", &sealed), Err(Error::Forged { .. })));
        assert!(Key::random().open("a", &sealed).is_err());
        for place in 0..sealed.len() {
            let mut tampered = sealed.clone();
            tampered[place] ^= 1;
            assert!(key.open("a", &tampered).is_err(), "{place}");
        }
        assert!(key.open("a", &sealed[..5]).is_err());
    }

    #[test]
    fn the_same_text_is_never_sealed_alike() {
        let key = Key::random();
        assert_ne!(key.seal("a", b"x").unwrap(), key.seal("a", b"x").unwrap());
    }

    #[test]
    fn given_a_new_master_key_the_old_one_still_opens() {
        let before = masters(&[("k1", 1)]).seal("p", b"x").unwrap();
        let rotating = masters(&[("k2", 2), ("k1", 1)]);
        assert_eq!(rotating.open("p", &before).unwrap(), b"x");
        assert!(rotating.is_outdated(&before) && rotating.is_rotating());
        let after = rotating.seal("p", b"x").unwrap();
        assert_eq!(after.master, "k2");
        assert!(
            matches!(masters(&[("k2", 2)]).open("p", &before), Err(Error::UnknownMaster(id)) if id == "k1")
        );
    }

    #[test]
    fn a_wrong_master_key_is_named_and_not_shown() {
        let key = BASE64_STANDARD.encode([7; 32]);
        for wrong in [
            "",
            &key,
            "k1:AAAA",
            &format!(":{key}"),
            &format!("k1:{key},k1:{key}"),
            "k1:?",
        ] {
            let reason = MasterKeys::parse(wrong).unwrap_err();
            assert!(!reason.contains(&key[..8]), "{reason}");
        }
        assert!(!format!("{:?}", masters(&[("k1", 1)])).contains("[1"));
    }
}
