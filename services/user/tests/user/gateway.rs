//! Tokens at a real Envoy, whose filter is that of the gateway and fetches the keys from the service.

use std::net::SocketAddr;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use holdfast_contracts::subjects::SIGNING_KEYS_BUCKET;
use holdfast_envoy_harness::bootstrap::{Bootstrap, cluster, route};
use holdfast_envoy_harness::{Client, Envoy, Protocol, Script, Upstream};
use holdfast_platform::journal::jetstream::JournalConfig;
use holdfast_user::bucket::Bucket;
use holdfast_user::crypto::{Key, MasterKeys, Sealed};
use holdfast_user::signing::SigningKey;
use holdfast_user_core::claims::Grant;
use ring::hmac;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use crate::support::{Replica, World, decoded, key_of, master};

/// Behind Envoy is who tells which user it heard of.
struct Gateway {
    world: World,
    upstream: Upstream,
    client: Client,
    _envoy: Envoy,
}

impl Gateway {
    async fn start() -> Self {
        let world = World::new().await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let service = listener.local_addr().unwrap();
        let router = world.replica.router.clone();
        tokio::spawn(async move { axum::serve(listener, router).await });
        let upstream = Upstream::start().await;
        upstream.script(Script::answer(200, &[], "ok"));
        let envoy = Envoy::start(&bootstrap(service, upstream.address)).await;
        let client = Client::new(envoy.address, Protocol::Http1);
        Self {
            world,
            upstream,
            client,
            _envoy: envoy,
        }
    }

    async fn status(&self, token: &str) -> u16 {
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str()), ("x-holdfast-user", "forged")];
        self.client
            .send("GET", "/v1/orders", &headers)
            .await
            .status
            .as_u16()
    }

    /// The key that signs now.
    async fn signing_key(&self) -> SigningKey {
        let bucket = Bucket::new(&self.world.nats, SIGNING_KEYS_BUCKET, JournalConfig::default());
        let ring = bucket.get::<Value>("ring").await.unwrap().value.unwrap();
        let stored = ring["keys"].as_array().unwrap().last().unwrap();
        let sealed: Sealed = serde_json::from_value(stored["seed"].clone()).unwrap();
        let masters = MasterKeys::parse(&master("k1", 1)).unwrap();
        let purpose = format!("signing-key/{}", stored["kid"].as_str().unwrap());
        let seed = masters.open(&purpose, &sealed).unwrap();
        SigningKey::new(&Key::from_bytes(&seed).unwrap()).unwrap()
    }
}

/// As Istio renders istio/identity.yaml, with the keys from the service and no request without a token.
fn bootstrap(service: SocketAddr, upstream: SocketAddr) -> Bootstrap {
    let provider = json!({
        "issuer": "https://holdfast.dev",
        "audiences": ["holdfast"],
        "claim_to_headers": [
            {"claim_name": "sub", "header_name": "x-holdfast-user"},
            {"claim_name": "roles", "header_name": "x-holdfast-roles"},
        ],
        "remote_jwks": {
            "http_uri": {"uri": "http://user/.well-known/jwks.json", "cluster": "user", "timeout": "2s"},
            "cache_duration": "1s",
        },
    });
    let filter = json!({
        "name": "envoy.filters.http.jwt_authn",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication",
            "providers": {"holdfast": provider},
            "rules": [{"match": {"prefix": "/"}, "requires": {"provider_name": "holdfast"}}],
        },
    });
    Bootstrap {
        filters: vec![filter],
        routes: vec![route(&[], "up", json!({}))],
        clusters: vec![
            cluster("up", Protocol::Http1, &[upstream], &json!({})),
            cluster("user", Protocol::Http1, &[service], &json!({})),
        ],
        concurrency: 1,
        access_log: false,
    }
}

fn grant(user: Uuid) -> Grant {
    Grant {
        subject: user,
        roles: vec!["staff".to_owned(), "audit".to_owned()],
        scope: "orders".to_owned(),
        session: None,
        client: None,
    }
}

fn token_of(replica: &Replica) -> String {
    replica.api.signer.token(&grant(Uuid::now_v7())).unwrap()
}

fn part(json: &Value) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(json.to_string())
}

fn claims(changes: &Value) -> Vec<u8> {
    let now = jiff::Timestamp::now().as_second();
    let mut claims = json!({
        "iss": "https://holdfast.dev", "aud": "holdfast", "sub": Uuid::now_v7(), "iat": now, "exp": now + 600,
    });
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims.to_string().into_bytes()
}

#[tokio::test]
#[ignore = "needs Envoy: make tools-mesh"]
async fn a_good_token_names_its_user_and_all_others_get_nowhere() {
    let gateway = Gateway::start().await;
    let world = &gateway.world;
    let user = Uuid::now_v7();
    let good = world.replica.api.signer.token(&grant(user)).unwrap();
    assert_eq!(gateway.status(&good).await, 200);
    let heard = gateway.upstream.last_headers();
    assert_eq!(heard["x-holdfast-user"], user.to_string().as_str());
    assert_eq!(heard["x-holdfast-roles"], "staff,audit");
    let served = gateway.upstream.requests();

    let (head, rest) = good.split_once('.').unwrap();
    let (body, signature) = rest.split_once('.').unwrap();
    let kid = key_of(&good);
    let header = |alg: &str, kid: &str| part(&json!({"alg": alg, "typ": "JWT", "kid": kid}));
    let jwks = world.replica.jwks().await;
    let public = decoded(jwks["keys"][0]["x"].as_str().unwrap());
    let confused = format!("{}.{body}", header("HS256", &kid));
    let mac = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &public), confused.as_bytes());
    let mut other: Value = serde_json::from_slice(&decoded(body)).unwrap();
    other["sub"] = Uuid::nil().to_string().into();
    let key = gateway.signing_key().await;
    let stranger = SigningKey::new(&Key::random()).unwrap();
    let past = jiff::Timestamp::now().as_second() - 3600;

    assert_eq!(
        gateway.status(&key.sign(&claims(&json!({})))).await,
        200,
        "the key is the right one"
    );
    let refused = [
        ("none", String::new()),
        (
            "expired",
            key.sign(&claims(&json!({"iat": past - 900, "exp": past}))),
        ),
        ("not yet valid", key.sign(&claims(&json!({"nbf": past + 7200})))),
        (
            "another audience",
            token_of(&world.replica(&["--audience", "shop"]).await),
        ),
        (
            "another issuer",
            token_of(&world.replica(&["--issuer", "https://example.org"]).await),
        ),
        ("alg none", format!("{}.{body}.", header("none", &kid))),
        (
            "alg none, signed",
            format!("{}.{body}.{signature}", header("none", &kid)),
        ),
        (
            "HS256 with the public key",
            format!("{confused}.{}", BASE64_URL_SAFE_NO_PAD.encode(mac)),
        ),
        ("an unknown key", stranger.sign(&claims(&json!({})))),
        ("an unknown key under a known name", {
            let signed = stranger.sign(&claims(&json!({})));
            format!("{head}.{}", signed.split_once('.').unwrap().1)
        }),
        ("tampered claims", format!("{head}.{}.{signature}", part(&other))),
        ("no signature", format!("{head}.{body}.")),
        ("20 KiB", format!("{head}.{}.{signature}", "A".repeat(20 * 1024))),
        ("no token at all", "; DROP TABLE".to_owned()),
    ];
    for (what, token) in &refused {
        let status = gateway.status(token).await;
        assert!([401, 403, 431].contains(&status), "{what}: {status}");
    }
    let nobody = gateway
        .client
        .send("GET", "/v1/orders", &[("x-holdfast-user", "forged")])
        .await;
    assert_eq!(nobody.status.as_u16(), 401);
    assert_eq!(
        gateway.upstream.requests(),
        served + 1,
        "nobody else came through"
    );
}

#[tokio::test]
#[ignore = "needs Envoy: make tools-mesh"]
async fn keys_rotate_under_envoy_and_one_that_is_gone_opens_nothing() {
    const DAY: i64 = 24 * 3600;
    let gateway = Gateway::start().await;
    let (world, signer) = (&gateway.world, &gateway.world.replica.api.signer);
    let far = jiff::Timestamp::now().as_second() + 10 * DAY;
    let old = gateway.signing_key().await.sign(&claims(&json!({"exp": far})));
    assert_eq!(gateway.status(&old).await, 200);

    // Published, and not signing yet; then signing.
    world.advance(DAY - 3000);
    signer.upkeep().await.unwrap();
    assert_eq!(key_of(&token_of(&world.replica)), key_of(&old));
    let keys = world.replica.jwks().await;
    assert_eq!(keys["keys"].as_array().unwrap().len(), 2);
    // As long as Envoy keeps a set, which is much less than the lead.
    sleep(Duration::from_millis(1500)).await;
    world.advance(3600);
    let new = token_of(&world.replica);
    assert_ne!(key_of(&new), key_of(&old));
    assert_eq!(
        (gateway.status(&new).await, gateway.status(&old).await),
        (200, 200)
    );

    world.advance(2 * 3600);
    signer.upkeep().await.unwrap();
    let gone = async {
        while gateway.status(&old).await == 200 {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(Duration::from_secs(20), gone)
        .await
        .expect("the key is forgotten");
    assert_eq!(gateway.status(&token_of(&world.replica)).await, 200);
}
