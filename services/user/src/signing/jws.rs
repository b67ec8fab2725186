//! Tokens in the compact form of JWS (RFC 7515) with Ed25519 (RFC 8037).
//!
//! This is a header, the claims, and a signature by `ring`: too little for a library that verifies too and brings, or
//! wants to be given, cryptography of its own.

use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::json;

use crate::crypto::{self, Key};
use crate::encoding::url_safe;

/// A key pair that signs tokens.
pub struct SigningKey {
    pair: Ed25519KeyPair,
    kid: String,
    header: String,
}

impl SigningKey {
    /// The pair of this seed.
    ///
    /// # Errors
    /// Never: each 32 bytes are a seed.
    pub fn new(seed: &Key) -> Result<Self, crypto::Error> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed.bytes()).map_err(|_| crypto::Error::Failed)?;
        let kid = thumbprint(pair.public_key().as_ref());
        let header = json!({"alg": "EdDSA", "typ": "JWT", "kid": kid}).to_string();
        Ok(Self {
            pair,
            kid,
            header: url_safe(header),
        })
    }

    /// What names it.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// A token with these claims, which are JSON.
    #[must_use]
    pub fn sign(&self, claims: &[u8]) -> String {
        let mut token = format!("{}.{}", self.header, url_safe(claims));
        let signature = self.pair.sign(token.as_bytes());
        token.push('.');
        token.push_str(&url_safe(signature));
        token
    }
}

/// RFC 7638: who has the key can tell its name.
fn thumbprint(public: &[u8]) -> String {
    let key = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, url_safe(public));
    url_safe(ring::digest::digest(&ring::digest::SHA256, key.as_bytes()))
}

/// The public keys, as a set.
pub(super) fn jwks<'a>(keys: impl Iterator<Item = &'a SigningKey>) -> String {
    let keys: Vec<_> = keys
        .map(|key| {
            let x = url_safe(key.pair.public_key());
            json!({"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": key.kid, "x": x})
        })
        .collect();
    json!({"keys": keys}).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::from_url_safe;
    use ring::signature::{ED25519, UnparsedPublicKey};
    use serde_json::Value;

    #[test]
    fn a_token_is_verified_with_the_key_of_the_set_that_it_names() {
        let key = SigningKey::new(&Key::random()).unwrap();
        let token = key.sign(br#"{"sub":"x"}"#);
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let (header, claims) = signed.split_once('.').unwrap();
        let header: Value = serde_json::from_slice(&from_url_safe(header).unwrap()).unwrap();
        let set: Value = serde_json::from_str(&jwks([&key].into_iter())).unwrap();
        assert_eq!(header["kid"], set["keys"][0]["kid"]);
        assert_eq!(from_url_safe(claims).unwrap(), br#"{"sub":"x"}"#);
        let public = from_url_safe(set["keys"][0]["x"].as_str().unwrap()).unwrap();
        let signature = from_url_safe(signature).unwrap();
        let public = UnparsedPublicKey::new(&ED25519, public);
        assert!(public.verify(signed.as_bytes(), &signature).is_ok());
        assert!(public.verify(b"another", &signature).is_err());
    }

    /// The example of RFC 8037, appendix A.
    #[test]
    fn the_name_and_the_signature_are_those_of_the_standard() {
        let seed = from_url_safe("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A").unwrap();
        let key = SigningKey::new(&Key::from_bytes(&seed).unwrap()).unwrap();
        assert_eq!(key.kid(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
        let signature = key
            .pair
            .sign(b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc");
        assert_eq!(
            url_safe(signature),
            "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
        );
    }
}
