//! Replicas of the service, called as the gateway does.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use clap::Parser;
use holdfast::provision::{self, Declarations};
use holdfast_platform::clock::{Clock, ManualClock, SystemClock};
use holdfast_platform::journal::jetstream::JournalConfig;
use holdfast_platform::nats::Nats;
use holdfast_platform::testing::{NatsServer, ServerOptions};
use holdfast_user::app;
use holdfast_user::args::Args;
use holdfast_user::http::{Api, router};
use jiff::SignedDuration;
use ring::signature::{ED25519, UnparsedPublicKey};
use serde_json::{Value, json};
use tower::ServiceExt;

pub const PASSWORD: &str = "correct horse battery staple";

/// A master key, as it is configured.
pub fn master(id: &str, byte: u8) -> String {
    format!("{id}:{}", BASE64_STANDARD.encode([byte; 32]))
}

pub struct World {
    pub server: NatsServer,
    pub nats: Nats,
    pub clock: ManualClock,
    pub replica: Replica,
}

impl World {
    pub async fn new() -> Self {
        let server = NatsServer::start_with(ServerOptions::with_users()).await;
        let nats = server.connect("test").await;
        let declared = Declarations::built_in().unwrap();
        provision::apply(nats.client(), &declared, provision::Options::default())
            .await
            .unwrap();
        let clock = ManualClock::at(SystemClock.now());
        let replica = Replica::new(&server.connect_as("user").await, &clock, &[]).await;
        Self {
            server,
            nats,
            clock,
            replica,
        }
    }

    /// Another replica, told this beside what all are.
    pub async fn replica(&self, flags: &[&str]) -> Replica {
        Replica::new(&self.server.connect_as("user").await, &self.clock, flags).await
    }

    pub fn advance(&self, seconds: i64) {
        self.clock.advance(SignedDuration::from_secs(seconds));
    }

    /// How many messages a stream has.
    pub async fn messages(&self, stream: &str) -> u64 {
        let stream = self.nats.jetstream().get_stream(stream).await.unwrap();
        stream.cached_info().state.messages
    }

    /// Whether these bytes are in any file of the server.
    pub fn on_disk(&self, bytes: &[u8]) -> bool {
        !files_with(&self.server.data(), bytes).is_empty()
    }
}

/// The files under a folder that have these bytes.
pub fn files_with(path: &Path, bytes: &[u8]) -> Vec<PathBuf> {
    if path.is_dir() {
        let entries = std::fs::read_dir(path).unwrap();
        return entries
            .flat_map(|entry| files_with(&entry.unwrap().path(), bytes))
            .collect();
    }
    let content = std::fs::read(path).unwrap_or_default();
    let found = content.windows(bytes.len()).any(|window| window == bytes);
    found.then(|| path.to_owned()).into_iter().collect()
}

/// What the service answered.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Answer {
    /// The status, or a panic that shows the answer.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{self:?}");
        self
    }

    pub fn text(&self, member: &str) -> String {
        self.body[member]
            .as_str()
            .unwrap_or_else(|| panic!("no {member} in {self:?}"))
            .to_owned()
    }

    /// The fields that a problem names.
    pub fn fields(&self) -> Vec<String> {
        let errors = self.body["errors"].as_array().cloned().unwrap_or_default();
        errors
            .iter()
            .map(|error| error["field"].as_str().unwrap().to_owned())
            .collect()
    }

    pub fn header(&self, name: header::HeaderName) -> &str {
        let value = self.headers.get(&name);
        value
            .unwrap_or_else(|| panic!("no {name} in {self:?}"))
            .to_str()
            .unwrap()
    }
}

#[derive(Clone)]
pub struct Replica {
    pub api: Api,
    pub router: Router,
}

impl Replica {
    pub async fn new(nats: &Nats, clock: &ManualClock, flags: &[&str]) -> Self {
        let master = master("k1", 1);
        let mut all = vec!["user", "--password-threads", "2", "--password-queue", "256"];
        // On a busy machine, too.
        all.extend(["--password-wait", "60s", "--password-nice", "0"]);
        if !flags.contains(&"--master-keys") {
            all.extend(["--master-keys", &master]);
        }
        let mut told = Vec::new();
        // A flag that is given takes the place of the usual one.
        for pair in all.split_first().unwrap().1.chunks(2) {
            if !flags.contains(&pair[0]) {
                told.extend(pair);
            }
        }
        let told = ["user"].iter().chain(told.iter().copied()).chain(flags);
        let args = Args::try_parse_from(told).unwrap().user;
        let masters = Arc::new(args.masters().unwrap());
        let clock: Arc<dyn Clock> = Arc::new(clock.clone());
        let api = app::build(nats, &args, &masters, JournalConfig::default(), clock)
            .await
            .unwrap();
        let router = router(api.clone());
        Self { api, router }
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: serde_json::from_slice(&body).unwrap_or(Value::Null),
        }
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(with_body(Request::post(path), body)).await
    }

    /// A request of who is logged in, as the gateway passes it on.
    pub async fn as_user(&self, user: &str, method: &str, path: &str, body: Option<Value>) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("x-holdfast-user", user);
        let request = match body {
            Some(body) => with_body(request, body),
            None => request.body(Body::empty()).unwrap(),
        };
        self.send(request).await
    }

    pub async fn register(&self, email: &str) -> Answer {
        let body =
            json!({"email": email, "password": PASSWORD, "name": "Anna Berg", "phone": "+49 30 1234567"});
        self.post("/v1/users", body).await
    }

    /// The id of a new user.
    pub async fn registered(&self, email: &str) -> String {
        self.register(email).await.expect(201).text("id")
    }

    pub async fn log_in(&self, email: &str, password: &str) -> Answer {
        self.post("/v1/sessions", json!({"email": email, "password": password}))
            .await
    }

    /// The tokens of somebody with the usual password.
    pub async fn logged_in(&self, email: &str) -> Answer {
        self.log_in(email, PASSWORD).await.expect(200)
    }

    pub async fn form(&self, body: &str) -> Answer {
        let request =
            Request::post("/v1/oauth/token").header("content-type", "application/x-www-form-urlencoded");
        self.send(request.body(body.to_owned().into()).unwrap()).await
    }

    pub async fn refresh(&self, token: &str) -> Answer {
        self.form(&format!("grant_type=refresh_token&refresh_token={token}"))
            .await
    }

    pub async fn jwks(&self) -> Value {
        let request = Request::get("/.well-known/jwks.json")
            .body(Body::empty())
            .unwrap();
        self.send(request).await.expect(200).body
    }
}

fn with_body(request: axum::http::request::Builder, body: Value) -> Request<Body> {
    let request = request.header("content-type", "application/json");
    request.body(body.to_string().into()).unwrap()
}

pub fn decoded(part: &str) -> Vec<u8> {
    BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()
}

/// The name of the key that signed a token.
pub fn key_of(token: &str) -> String {
    let header: Value = serde_json::from_slice(&decoded(token.split('.').next().unwrap())).unwrap();
    assert_eq!(header["alg"], "EdDSA");
    header["kid"].as_str().unwrap().to_owned()
}

/// The claims of a token, if a key of the set signed it.
pub fn verified(token: &str, jwks: &Value) -> Option<Value> {
    let (signed, signature) = token.rsplit_once('.')?;
    let kid = key_of(token);
    let keys = jwks["keys"].as_array()?;
    let key = keys.iter().find(|key| key["kid"] == kid.as_str())?;
    let public = UnparsedPublicKey::new(&ED25519, decoded(key["x"].as_str()?));
    public.verify(signed.as_bytes(), &decoded(signature)).ok()?;
    serde_json::from_slice(&decoded(signed.split_once('.')?.1)).ok()
}
