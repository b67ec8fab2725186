//! Tokens that were signed once, with a key that nobody has any more; they expire in the year 2100. And a key that signs
//! any others.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::hmac;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::{Value, json};

/// The subject of [`USER_TOKEN`].
pub const USER: &str = "018f0000-0000-7000-8000-000000000001";
/// A customer's.
pub const USER_TOKEN: &str = "eyJhbGciOiJFZERTQSIsInR5cCI6IkpXVCIsImtpZCI6InRlc3QifQ.eyJpc3MiOiJodHRwczovL2hvbGRmYXN0LmRldiIsImF1ZCI6ImhvbGRmYXN0IiwiZXhwIjo0MTAyNDQ0ODAwLCJzdWIiOiIwMThmMDAwMC0wMDAwLTcwMDAtODAwMC0wMDAwMDAwMDAwMDEifQ.6UJG9kYN2w5vMyxdx3E1LutLAVHVLFjAWpm6YP7H6MGQ3_8rKaEvuXxIMM59LROKyyV3TwGMeiYK4QT8NZWcBQ";
/// Of somebody with the role staff.
pub const STAFF_TOKEN: &str = "eyJhbGciOiJFZERTQSIsInR5cCI6IkpXVCIsImtpZCI6InRlc3QifQ.eyJpc3MiOiJodHRwczovL2hvbGRmYXN0LmRldiIsImF1ZCI6ImhvbGRmYXN0IiwiZXhwIjo0MTAyNDQ0ODAwLCJzdWIiOiIwMThmMDAwMC0wMDAwLTcwMDAtODAwMC0wMDAwMDAwMDAwYWEiLCJyb2xlcyI6InN0YWZmIn0.Oz5Fm0Y9-ULtxmsFjDSmOdLXn67HLusu-CJE575P4w6Avr0nSjmkTrXJlCxQeMbvuT-TtNu42gtYwafei-dtDw";
/// Of the past.
pub const EXPIRED_TOKEN: &str = "eyJhbGciOiJFZERTQSIsInR5cCI6IkpXVCIsImtpZCI6InRlc3QifQ.eyJpc3MiOiJodHRwczovL2hvbGRmYXN0LmRldiIsImF1ZCI6ImhvbGRmYXN0IiwiZXhwIjoxNjAwMDAwMDAwLCJzdWIiOiIwMThmMDAwMC0wMDAwLTcwMDAtODAwMC0wMDAwMDAwMDAwMDEifQ.1Jzgp9GnRzsMfJ_8tRCNXi3PS3dPZfT4vjuRIFWIzx-oak2WT9jozMeNfxcQodAghBCtiC3Eq2doq2sqbcuFDw";
/// Of another issuer.
pub const FOREIGN_TOKEN: &str = "eyJhbGciOiJFZERTQSIsInR5cCI6IkpXVCIsImtpZCI6InRlc3QifQ.eyJpc3MiOiJodHRwczovL2V4YW1wbGUuY29tIiwiYXVkIjoiaG9sZGZhc3QiLCJleHAiOjQxMDI0NDQ4MDAsInN1YiI6IjAxOGYwMDAwLTAwMDAtNzAwMC04MDAwLTAwMDAwMDAwMDAwMSJ9.rcuo6a2yzk9bGrxQn4zv1emnFZ7lwcDziAdzdbW-IM6uWqxr5_AjsbUJraRnP-EbIdiAd0lyn6DU1Rw0ad2_DQ";
/// The keys that they are verified with, in place of those of `istio/`.
pub const KEYS: &str = r#"
apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: {name: tokens, namespace: holdfast}
spec:
  selector:
    matchLabels: {istio: ingressgateway}
  jwtRules:
  - issuer: https://holdfast.dev
    audiences: [holdfast]
    fromHeaders: [{name: Authorization, prefix: "Bearer "}]
    jwks: '{"keys":[{"kty":"OKP","crv":"Ed25519","alg":"EdDSA","kid":"test","x":"r9LjsNQw7o0wXr6fAu2-KSTdTW9Xni6ps8BnVKcol3E"},{"kty":"OKP","crv":"Ed25519","alg":"EdDSA","kid":"known","x":"iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w"}]}'
    outputClaimToHeaders:
    - {claim: sub, header: x-holdfast-user}
    - {claim: roles, header: x-holdfast-roles}
    - {claim: sid, header: x-holdfast-session}
---
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: token-keys, namespace: holdfast}
spec: {configPatches: []}
"#;

/// A key that signs tokens.
#[derive(Debug)]
pub struct Key {
    kid: &'static str,
    pair: Ed25519KeyPair,
}

impl Key {
    /// The one that is in [`KEYS`].
    pub fn known() -> Self {
        Self::new("known", 1)
    }

    /// One that nobody has published, under this name.
    pub fn stranger(kid: &'static str) -> Self {
        Self::new(kid, 2)
    }

    fn new(kid: &'static str, seed: u8) -> Self {
        let pair = Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).expect("a seed of 32 bytes");
        Self { kid, pair }
    }

    /// The set of this key alone, as `user` publishes it.
    pub fn jwks(&self) -> Value {
        let x = BASE64_URL_SAFE_NO_PAD.encode(self.pair.public_key());
        json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "kid": self.kid, "x": x}]})
    }

    /// A token with these claims, signed.
    pub fn sign(&self, claims: &Value) -> String {
        let signed = self.unsigned("EdDSA", claims);
        let signature = self.pair.sign(signed.as_bytes());
        format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
    }

    /// The same with the public key as the secret of an HMAC, for who takes the algorithm from the token.
    pub fn confuse(&self, claims: &Value) -> String {
        let signed = self.unsigned("HS256", claims);
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.pair.public_key().as_ref());
        let tag = hmac::sign(&key, signed.as_bytes());
        format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(tag))
    }

    /// Header and claims.
    pub fn unsigned(&self, algorithm: &str, claims: &Value) -> String {
        let header = json!({"alg": algorithm, "typ": "JWT", "kid": self.kid});
        let part = |json: &Value| BASE64_URL_SAFE_NO_PAD.encode(json.to_string());
        format!("{}.{}", part(&header), part(claims))
    }
}

/// What [`USER`] has in a token of `user`, with changes; a claim that is null is left out.
pub fn claims(changes: &Value) -> Value {
    let now = now();
    let mut claims = json!({
        "iss": "https://holdfast.dev", "aud": "holdfast", "sub": USER, "iat": now, "exp": now + 600,
    });
    for (name, value) in changes.as_object().expect("an object") {
        claims[name] = value.clone();
    }
    let fields = claims.as_object_mut().expect("an object");
    fields.retain(|_, value| !value.is_null());
    claims
}

/// Seconds since 1970.
pub fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.expect("a clock after 1970").as_secs()
}
