//! Tokens, and Envoy's own filter that verifies them.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

const SECRET: &[u8] = b"a secret that only tests know, long enough for HS256";

/// A token with this payload, any bytes, signed as [`jwt_authn`] expects it.
pub fn token(payload: &[u8]) -> String {
    let signed = format!(
        "{}.{}",
        encode(br#"{"alg":"HS256","typ":"JWT"}"#),
        encode(payload)
    );
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET).expect("a key");
    mac.update(signed.as_bytes());
    format!("{signed}.{}", encode(&mac.finalize().into_bytes()))
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// As Istio sets it up for a RequestAuthentication, except that a wrong token passes without its claims. `forward`: whether
/// the upstream is given the token too.
pub fn jwt_authn(forward: bool) -> Value {
    let jwks = json!({"keys": [{"kty": "oct", "alg": "HS256", "k": encode(SECRET)}]});
    json!({"name": "envoy.filters.http.jwt_authn", "typed_config": {
        "@type": "type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication",
        "providers": {"test": {"local_jwks": {"inline_string": jwks.to_string()}, "payload_in_metadata": "payload",
                               "forward": forward}},
        "rules": [{"match": {"prefix": "/"}, "requires": {"requires_any": {"requirements": [
            {"provider_name": "test"}, {"allow_missing_or_failed": {}}]}}}]
    }})
}
