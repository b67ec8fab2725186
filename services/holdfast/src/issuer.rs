//! The laptop's issuer of tokens, until accounts and their tokens come from a service: one signing key under
//! `.holdfast/data`, whose public half the gateway checks tokens with.

use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::Timestamp;
use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, KeyUtils};
use jsonwebtoken::errors::ErrorKind as JwtErrorKind;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde::Serialize;
use serde_json::{Value, json};
use signature::Signer;
use uuid::Uuid;

/// How long a token holds unless it is asked for another time.
pub const VALIDITY: Duration = Duration::from_secs(12 * 60 * 60);

/// What the gateway demands of a token; `istio/` says the same.
const ISSUER: &str = "https://holdfast.dev";
const AUDIENCE: &str = "holdfast";

/// Why no token can be issued.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no key.
    #[error("{path} is missing: `holdfast up` makes it")]
    NoKey {
        /// Where it would be.
        path: PathBuf,
    },
    /// The key cannot be read or kept.
    #[error("{path}: {source}")]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The file holds no key.
    #[error("{path} is no Ed25519 key: remove it, and `holdfast up` makes another")]
    Key {
        /// Which file.
        path: PathBuf,
    },
    /// No key can be made: the system gives no random numbers.
    #[error("the system gives no random numbers")]
    Random,
    /// Another user of the library chose other cryptography first, or a claim cannot be written.
    #[error("the token cannot be signed: {0}")]
    Sign(#[from] jsonwebtoken::errors::Error),
}

/// Who a token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The user.
    pub user: Uuid,
    /// Whether the user is of the staff.
    pub is_staff: bool,
}

/// A bearer token.
#[derive(Clone, Debug)]
pub struct Token {
    /// As it follows `Authorization: Bearer`.
    pub text: String,
    /// When it is refused.
    pub expires_at: Timestamp,
}

/// Signs tokens.
pub struct Issuer {
    key: EncodingKey,
    public: Vec<u8>,
}

#[derive(Serialize)]
struct Claims {
    iss: &'static str,
    aud: &'static str,
    sub: Uuid,
    iat: i64,
    exp: i64,
    /// Separated by commas.
    #[serde(skip_serializing_if = "Option::is_none")]
    roles: Option<&'static str>,
}

impl Issuer {
    /// The issuer of the platform in `home`.
    ///
    /// # Errors
    /// [`Error::NoKey`] if none ever ran there; others if its key cannot be used.
    pub fn find(home: &Path) -> Result<Self, Error> {
        let path = key_file(home);
        match fs::read(&path) {
            Ok(key) => Self::new(&key).ok_or(Error::Key { path }),
            Err(error) if error.kind() == ErrorKind::NotFound => Err(Error::NoKey { path }),
            Err(source) => Err(Error::File { path, source }),
        }
    }

    /// The same, with a new key if there is none.
    ///
    /// # Errors
    /// If the key cannot be made, kept or used.
    pub fn establish(home: &Path) -> Result<Self, Error> {
        match Self::find(home) {
            Err(Error::NoKey { path }) => {
                let key = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).map_err(|_| Error::Random)?;
                keep_secret(&path, key.as_ref()).map_err(|source| Error::File { path, source })?;
                Self::find(home)
            }
            found => found,
        }
    }

    fn new(pkcs8: &[u8]) -> Option<Self> {
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(pkcs8).ok()?;
        Some(Self {
            key: EncodingKey::from_ed_der(pkcs8),
            public: pair.public_key().as_ref().to_vec(),
        })
    }

    /// The public key, as a set of JSON web keys (RFC 7517, RFC 8037).
    #[must_use]
    pub fn jwks(&self) -> Value {
        let x = BASE64_URL_SAFE_NO_PAD.encode(&self.public);
        json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": self.key_id(), "x": x}]})
    }

    fn key_id(&self) -> String {
        let digest = ring::digest::digest(&ring::digest::SHA256, &self.public);
        BASE64_URL_SAFE_NO_PAD.encode(digest)
    }

    /// A token that holds from `now` for `validity`, in whole seconds.
    ///
    /// # Errors
    /// [`Error::Sign`].
    pub fn token(&self, of: Identity, now: Timestamp, validity: Duration) -> Result<Token, Error> {
        // Fails only if it was installed before, by this very line.
        _ = CryptoProvider::install_default(&CRYPTOGRAPHY);
        let validity = i64::try_from(validity.as_secs()).unwrap_or(i64::MAX);
        let exp = now.as_second().saturating_add(validity);
        let claims = Claims {
            iss: ISSUER,
            aud: AUDIENCE,
            sub: of.user,
            iat: now.as_second(),
            exp,
            roles: of.is_staff.then_some("staff"),
        };
        let header = Header {
            kid: Some(self.key_id()),
            ..Header::new(Algorithm::EdDSA)
        };
        Ok(Token {
            text: jsonwebtoken::encode(&header, &claims, &self.key)?,
            expires_at: Timestamp::from_second(exp).unwrap_or(Timestamp::MAX),
        })
    }
}

fn key_file(home: &Path) -> PathBuf {
    home.join("data/issuer/ed25519.pk8")
}

/// Writes a file that only its owner may read; a reader sees all of it or nothing.
pub(crate) fn keep_secret(path: &Path, secret: &[u8]) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let fresh = path.with_added_extension("new");
    // One that a killed process left may have other rights.
    _ = fs::remove_file(&fresh);
    let mut file = File::options()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&fresh)?;
    file.write_all(secret)?;
    file.sync_all()?;
    fs::rename(&fresh, path)
}

/// The library brings no cryptography that is in use here already.
static CRYPTOGRAPHY: CryptoProvider = CryptoProvider {
    signer_factory: |algorithm, key| match algorithm {
        Algorithm::EdDSA => match Ed25519KeyPair::from_pkcs8_maybe_unchecked(key.as_bytes()) {
            Ok(pair) => Ok(Box::new(Ed25519(pair))),
            Err(_) => Err(JwtErrorKind::InvalidEddsaKey.into()),
        },
        _ => Err(JwtErrorKind::InvalidAlgorithm.into()),
    },
    verifier_factory: |_, _| Err(JwtErrorKind::InvalidAlgorithm.into()),
    key_utils: KeyUtils::new_unimplemented(),
};

struct Ed25519(Ed25519KeyPair);

impl Signer<Vec<u8>> for Ed25519 {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, signature::Error> {
        Ok(self.0.sign(message).as_ref().to_vec())
    }
}

impl JwtSigner for Ed25519 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDSA
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use ring::signature::{ED25519, UnparsedPublicKey};

    use super::*;

    const STAFF: Identity = Identity {
        user: Uuid::from_u128(7),
        is_staff: true,
    };

    fn decode(part: &str) -> Vec<u8> {
        BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()
    }

    #[test]
    fn a_token_is_signed_with_the_key_of_the_set_and_says_who_it_is_for() {
        let home = tempfile::tempdir().unwrap();
        let issuer = Issuer::establish(home.path()).unwrap();
        let now = Timestamp::from_second(1_700_000_000).unwrap();
        let token = issuer.token(STAFF, now, VALIDITY).unwrap();
        let (signed, signature) = token.text.rsplit_once('.').unwrap();
        let (header, claims) = signed.split_once('.').unwrap();
        let [header, claims]: [Value; 2] =
            [header, claims].map(|part| serde_json::from_slice(&decode(part)).unwrap());

        let jwks = issuer.jwks();
        let key = &jwks["keys"][0];
        assert_eq!(header["kid"], key["kid"]);
        let public = decode(key["x"].as_str().unwrap());
        let verified = UnparsedPublicKey::new(&ED25519, public).verify(signed.as_bytes(), &decode(signature));
        assert!(verified.is_ok());
        let expected = json!({
            "iss": "https://holdfast.dev", "aud": "holdfast", "sub": STAFF.user, "roles": "staff",
            "iat": 1_700_000_000, "exp": 1_700_043_200,
        });
        assert_eq!(claims, expected);
        assert_eq!(token.expires_at.as_second(), 1_700_043_200);
    }

    #[test]
    fn the_key_survives_and_is_its_owners_alone() {
        let home = tempfile::tempdir().unwrap();
        assert!(matches!(Issuer::find(home.path()), Err(Error::NoKey { .. })));
        let made = Issuer::establish(home.path()).unwrap().jwks();
        assert_eq!(Issuer::establish(home.path()).unwrap().jwks(), made);
        let mode = fs::metadata(key_file(home.path())).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_file_that_is_no_key_is_named() {
        let home = tempfile::tempdir().unwrap();
        keep_secret(&key_file(home.path()), b"?").unwrap();
        let error = Issuer::establish(home.path())
            .map(|_| ())
            .unwrap_err()
            .to_string();
        assert!(error.contains("ed25519.pk8 is no Ed25519 key"), "{error}");
    }
}
