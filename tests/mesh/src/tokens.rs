//! Tokens that were signed once, with a key that nobody has any more. They expire in the year 2100.

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
    jwks: '{"keys":[{"kty":"OKP","crv":"Ed25519","alg":"EdDSA","kid":"test","x":"r9LjsNQw7o0wXr6fAu2-KSTdTW9Xni6ps8BnVKcol3E"}]}'
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
