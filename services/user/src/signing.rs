//! The keys that sign access tokens, and the tokens.
//!
//! All keys are one document in the bucket `signing-keys`. Every replica looks after it: it reads it, does what is due
//! by compare-and-swap (so that one replica does), and signs with what it read. While NATS is away it signs on.

mod jws;

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use holdfast_platform::clock::Clock;
use holdfast_platform::journal::Revision;
use holdfast_user_core::claims::{Claims, Grant};
use holdfast_user_core::keys::{self, Schedule, Step};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::bucket::{self, Bucket, contended};
use crate::crypto::{Key, MasterKeys, Sealed};

pub use jws::SigningKey;

/// Where the keys are.
const RING: &str = "ring";
/// Where the key is that e-mail addresses are hashed with.
const EMAIL_INDEX: &str = "email-index";

/// How often the keys are looked after. Less than [`Schedule::lead`].
pub const UPKEEP: Duration = Duration::from_secs(10);

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The keys were not read yet.
    #[error("the signing keys are not loaded yet")]
    NotLoaded,
    /// The claims cannot be written as JSON, which their types exclude.
    #[error("the token cannot be written: {0}")]
    Claims(#[from] serde_json::Error),
}

/// A key as it is stored.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct StoredKey {
    kid: String,
    signs_from: Timestamp,
    /// The seed of the key pair.
    seed: Sealed,
}

/// The document.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Ring {
    /// In the order of the time from which they sign.
    keys: Vec<StoredKey>,
}

impl Ring {
    fn from(&self) -> Vec<Timestamp> {
        self.keys.iter().map(|key| key.signs_from).collect()
    }
}

/// What a replica signs with.
struct Loaded {
    revision: Revision,
    keys: Vec<(Timestamp, SigningKey)>,
    jwks: Arc<str>,
}

/// How tokens are made.
#[derive(Clone, Debug)]
pub struct Issue {
    /// `iss`.
    pub issuer: String,
    /// `aud`.
    pub audience: String,
    /// How long a token holds.
    pub lifetime: SignedDuration,
    /// How keys follow each other.
    pub schedule: Schedule,
}

/// Signs tokens.
pub struct Signer {
    bucket: Bucket,
    masters: Arc<MasterKeys>,
    issue: Issue,
    clock: Arc<dyn Clock>,
    loaded: RwLock<Option<Loaded>>,
}

impl Signer {
    /// Signs with the keys that are kept there, once they are read.
    #[must_use]
    pub fn new(bucket: Bucket, masters: Arc<MasterKeys>, issue: Issue, clock: Arc<dyn Clock>) -> Self {
        Self {
            bucket,
            masters,
            issue,
            clock,
            loaded: RwLock::new(None),
        }
    }

    /// How long a token holds.
    #[must_use]
    pub fn lifetime(&self) -> SignedDuration {
        self.issue.lifetime
    }

    /// A token for a grant.
    ///
    /// # Errors
    /// [`Error::NotLoaded`] before the first [`Signer::upkeep`].
    pub fn token(&self, grant: &Grant) -> Result<String, Error> {
        let now = self.clock.now();
        let issue = &self.issue;
        let parties = (issue.issuer.as_str(), issue.audience.as_str());
        let claims = Claims::new(grant, parties, now, issue.lifetime, Uuid::now_v7());
        let claims = serde_json::to_vec(&claims)?;
        let loaded = self.loaded.read().unwrap_or_else(PoisonError::into_inner);
        let keys = loaded
            .as_ref()
            .map(|loaded| &loaded.keys)
            .ok_or(Error::NotLoaded)?;
        let from: Vec<_> = keys.iter().map(|(from, _)| *from).collect();
        let place = keys::signing(&from, now).ok_or(Error::NotLoaded)?;
        let (_, key) = keys.get(place).ok_or(Error::NotLoaded)?;
        Ok(key.sign(&claims))
    }

    /// For how long the set of keys may be kept, in seconds, and for how long if no newer one can be had: together less
    /// than the lead, so that who keeps an old set does not meet a token of a key that is not in it.
    #[must_use]
    pub fn keeping(&self) -> (i64, i64) {
        let lead = self.issue.schedule.lead.as_secs();
        ((lead / 4).min(300), lead / 2)
    }

    /// The public keys, as a JSON web key set (RFC 7517).
    ///
    /// # Errors
    /// [`Error::NotLoaded`] before the first [`Signer::upkeep`].
    pub fn jwks(&self) -> Result<Arc<str>, Error> {
        let loaded = self.loaded.read().unwrap_or_else(PoisonError::into_inner);
        let loaded = loaded.as_ref().ok_or(Error::NotLoaded)?;
        Ok(Arc::clone(&loaded.jwks))
    }

    /// Does with the keys what is due, and reads them.
    ///
    /// # Errors
    /// If the server does not answer, or a key cannot be decrypted; then the keys are those of before.
    pub async fn upkeep(&self) -> Result<(), bucket::Error> {
        for _ in 0..5 {
            let found = self.bucket.get::<Ring>(RING).await?;
            let ring = found.value.unwrap_or_default();
            let Some(changed) = self.due(&ring)? else {
                return self.load(found.revision, &ring);
            };
            match self.bucket.put(RING, found.revision, &changed, None).await {
                Ok(_) => tracing::info!(keys = changed.keys.len(), "signing keys changed"),
                // Another replica did it.
                Err(error) if error.is_conflict() => {}
                Err(error) => return Err(error),
            }
        }
        Err(contended(RING))
    }

    /// The keys after what is due now; none: nothing is.
    fn due(&self, ring: &Ring) -> Result<Option<Ring>, bucket::Error> {
        let now = self.clock.now();
        let mut keys = ring.keys.clone();
        match keys::due(&ring.from(), now, self.issue.schedule) {
            Some(Step::Publish(signs_from)) => keys.push(self.seal(&Key::random(), signs_from)?),
            Some(Step::Retire(count)) => drop(keys.drain(..count)),
            None if keys.iter().any(|key| self.masters.is_outdated(&key.seed)) => {
                for key in &mut keys {
                    *key = self.seal(&self.seed(key)?, key.signs_from)?;
                }
            }
            None => return Ok(None),
        }
        Ok(Some(Ring { keys }))
    }

    fn load(&self, revision: Revision, ring: &Ring) -> Result<(), bucket::Error> {
        let is_known = |loaded: &Option<Loaded>| loaded.as_ref().is_some_and(|l| l.revision == revision);
        if is_known(&self.loaded.read().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(());
        }
        let mut keys = Vec::with_capacity(ring.keys.len());
        for key in &ring.keys {
            keys.push((key.signs_from, SigningKey::new(&self.seed(key)?)?));
        }
        let jwks = jws::jwks(keys.iter().map(|(_, key)| key)).into();
        *self.loaded.write().unwrap_or_else(PoisonError::into_inner) = Some(Loaded { revision, keys, jwks });
        Ok(())
    }

    fn seal(&self, seed: &Key, signs_from: Timestamp) -> Result<StoredKey, bucket::Error> {
        let kid = SigningKey::new(seed)?.kid().to_owned();
        let seed = self.masters.seal(&purpose(&kid), seed.bytes())?;
        Ok(StoredKey {
            kid,
            signs_from,
            seed,
        })
    }

    fn seed(&self, key: &StoredKey) -> Result<Key, bucket::Error> {
        open(&self.masters, &purpose(&key.kid), &key.seed)
    }
}

fn purpose(kid: &str) -> String {
    format!("signing-key/{kid}")
}

fn open(masters: &MasterKeys, purpose: &str, sealed: &Sealed) -> Result<Key, bucket::Error> {
    let bytes = masters.open(purpose, sealed)?;
    let key = Key::from_bytes(&bytes).ok_or_else(|| crate::crypto::Error::Forged {
        purpose: purpose.to_owned(),
    });
    Ok(key?)
}

/// The key that e-mail addresses are hashed with: made once, by whichever replica comes first. It is encrypted with the
/// current master key from then on.
///
/// # Errors
/// If the server does not answer, or the key cannot be decrypted.
pub async fn email_index(bucket: &Bucket, masters: &MasterKeys) -> Result<Key, bucket::Error> {
    for _ in 0..5 {
        let found = bucket.get::<Sealed>(EMAIL_INDEX).await?;
        let key = match &found.value {
            Some(sealed) => {
                let key = open(masters, EMAIL_INDEX, sealed)?;
                if !masters.is_outdated(sealed) {
                    return Ok(key);
                }
                key
            }
            None => Key::random(),
        };
        let sealed = masters.seal(EMAIL_INDEX, key.bytes())?;
        match bucket.put(EMAIL_INDEX, found.revision, &sealed, None).await {
            Ok(_) => return Ok(key),
            Err(error) if error.is_conflict() => {}
            Err(error) => return Err(error),
        }
    }
    Err(contended(EMAIL_INDEX))
}
