//! The world around the service.

use std::collections::HashMap;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::extract::{Path as UrlPath, State};
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use holdfast_platform::dead_letter::Letter;
use holdfast_platform::http::{HttpOptions, serve_knowing};
use holdfast_platform::journal::jetstream::{JetStreamJournal, JournalConfig};
use holdfast_platform::journal::{Record, Revision, Scan};
use holdfast_platform::lifecycle::Shutdown;
use holdfast_platform::nats::Nats;
use holdfast_platform::testing::{NatsServer, ServerOptions, free_port};
use holdfast_sandbox::connection::{Cuttable, CuttableListener};
use holdfast_sandbox::knobs::{Fault, Knobs, Rule};
use holdfast_sandbox::mailbox::{Channel, Filter, Message, Page};
use holdfast_sandbox::post::PostOffice;
use holdfast_sandbox::{sms, smtp};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use uuid::Uuid;

pub const PATIENCE: Duration = Duration::from_secs(60);

/// What `user` knows.
type People = Arc<Mutex<HashMap<Uuid, Value>>>;

pub struct World {
    _server: NatsServer,
    pub nats: Nats,
    pub office: PostOffice,
    people: People,
    environment: Vec<(&'static str, String)>,
    service: Option<Child>,
    folder: tempfile::TempDir,
    admin_port: u16,
}

impl Drop for World {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            eprintln!("{}", self.log());
        }
    }
}

impl World {
    /// All but the service.
    pub async fn new(settings: &[(&'static str, &str)]) -> Self {
        let server = NatsServer::start_with(ServerOptions::with_users()).await;
        let nats = server.connect("test").await;
        provide(&nats).await;
        let (office, people) = (PostOffice::default(), People::default());
        let smtp_port = serve_mail(office.clone()).await;
        let sms_url = serve_sms(office.clone()).await;
        let user_url = serve_people(people.clone()).await;
        let mut environment = vec![
            ("HOLDFAST_SMTP_URL", format!("smtp://127.0.0.1:{smtp_port}")),
            ("HOLDFAST_SMS_URL", sms_url),
            ("HOLDFAST_USER_URL", user_url),
            ("HOLDFAST_NATS_URL", server.url()),
            ("HOLDFAST_NATS_USER", "notification".to_owned()),
            ("HOLDFAST_NATS_PASSWORD", "notification".to_owned()),
            ("HOLDFAST_NOTIFICATION_CONTACT_AGE", "1ms".to_owned()),
            ("HOLDFAST_NOTIFICATION_RETRY", "400ms".to_owned()),
            ("HOLDFAST_LOG", "debug,async_nats=info,hyper=info".to_owned()),
            ("HOLDFAST_WORKER_THREADS", "1".to_owned()),
        ];
        environment.extend(settings.iter().map(|(name, value)| (*name, (*value).to_owned())));
        Self {
            _server: server,
            nats,
            office,
            people,
            environment,
            service: None,
            folder: tempfile::tempdir().unwrap(),
            admin_port: 0,
        }
    }

    /// All of it.
    pub async fn start(settings: &[(&'static str, &str)]) -> Self {
        let mut world = Self::new(settings).await;
        world.launch();
        world
    }

    pub fn launch(&mut self) {
        self.admin_port = free_port();
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.folder.path().join("log"))
            .unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_holdfast-notification"));
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.env("HOLDFAST_HTTP_ADDR", format!("127.0.0.1:{}", free_port()));
        command.env("HOLDFAST_ADMIN_ADDR", format!("127.0.0.1:{}", self.admin_port));
        command
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log);
        self.service = Some(command.spawn().unwrap());
    }

    /// As a crash would.
    pub fn kill(&mut self) {
        if let Some(mut service) = self.service.take() {
            let _ = service.kill();
            let _ = service.wait();
        }
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    pub async fn metrics(&self) -> String {
        let url = format!("http://127.0.0.1:{}/metrics", self.admin_port);
        reqwest::get(url).await.unwrap().text().await.unwrap()
    }

    /// From the next launch on, `user` is there.
    pub async fn reach_people(&mut self) {
        let url = serve_people(self.people.clone()).await;
        self.environment.push(("HOLDFAST_USER_URL", url));
    }

    /// Somebody who can be reached so.
    pub fn person(&self, name: &str, email: &str, sms: Option<&str>) -> Uuid {
        let id = Uuid::now_v7();
        let person = json!({
            "user_id": id, "name": name, "email": email, "phone": sms,
            "notifications": {"email": sms.is_none(), "sms": sms.is_some()},
        });
        self.people.lock().unwrap().insert(id, person);
        id
    }

    pub fn set_person(&self, id: Uuid, person: Option<Value>) {
        let mut people = self.people.lock().unwrap();
        match person {
            Some(person) => people.insert(id, person),
            None => people.remove(&id),
        };
    }

    /// Appends a commit of a new order.
    pub async fn order(&self, user: Uuid, events: Value) -> Uuid {
        let order = Uuid::now_v7();
        self.append(user, order, &commit(user, order, events)).await;
        order
    }

    pub async fn append(&self, user: Uuid, order: Uuid, payload: &str) {
        let subject = format!("orders.{user}.{order}");
        let stored = self
            .nats
            .jetstream()
            .publish(subject, payload.to_owned().into())
            .await;
        stored.unwrap().await.unwrap();
    }

    pub async fn completed(&self, user: Uuid) -> Uuid {
        self.order(user, completed()).await
    }

    pub fn knob(&self, channel: Channel, fault: Fault, seconds: Option<u64>, times: Option<u32>) {
        let rule = Rule {
            channel: Some(channel),
            to: "*".into(),
            fault,
            seconds,
            times,
        };
        self.office.set(Knobs { rules: vec![rule] });
    }

    pub fn repair(&self) {
        self.office.set(Knobs::default());
    }

    pub fn page(&self) -> Page {
        self.office.page(&Filter::default(), 0, 100_000)
    }

    pub fn messages_of(&self, order: Uuid) -> Vec<Message> {
        let filter = Filter {
            order_id: Some(order.to_string()),
            ..Filter::default()
        };
        self.office.page(&filter, 0, 1000).items
    }

    /// So many messages of an order, as soon as they are there.
    pub async fn messages(&self, order: Uuid, count: usize) -> Vec<Message> {
        until("the messages are there", async || {
            self.messages_of(order).len() >= count
        })
        .await;
        self.messages_of(order)
    }

    pub async fn stored(&self, stream: &str) -> Vec<Record> {
        let journal = JetStreamJournal::new(&self.nats, stream, JournalConfig::default());
        journal
            .scan(">", Revision::NONE, Revision::NONE, 1000)
            .await
            .unwrap()
    }

    pub async fn dead_letters(&self, count: usize) -> Vec<Record> {
        until("the dead letters are there", async || {
            self.stored("DLQ").await.len() >= count
        })
        .await;
        self.stored("DLQ").await
    }

    /// Sends a dead letter back, as the operator does.
    pub async fn redrive(&self, letter: &Record) {
        let mut original = Letter::of_record(letter).unwrap();
        original.redrives += 1;
        let subject = original.redrive_subject(letter.revision);
        let mut headers = async_nats::HeaderMap::new();
        for (name, value) in original.to_headers() {
            headers.insert(name, value);
        }
        let stored = self
            .nats
            .jetstream()
            .publish_with_headers(subject, headers, original.payload);
        stored.await.unwrap().await.unwrap();
    }

    /// As soon as all that was put into `NOTICES` is done with.
    pub async fn idle(&self) {
        until("nothing is left to send", async || {
            let orders = self
                .nats
                .jetstream()
                .get_consumer_from_stream("notification", "ORDERS")
                .await;
            let orders: async_nats::jetstream::consumer::PullConsumer = orders.unwrap();
            let info = orders.cached_info();
            info.num_pending == 0 && info.num_ack_pending == 0 && self.stored("NOTICES").await.is_empty()
        })
        .await;
    }
}

pub async fn until(what: &str, mut done: impl AsyncFnMut() -> bool) {
    let since = Instant::now();
    while !done().await {
        assert!(since.elapsed() < PATIENCE, "timed out waiting until {what}");
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
}

pub fn commit(user: Uuid, order: Uuid, events: Value) -> String {
    json!({"orderId": order, "userId": user, "time": "2026-11-23T10:00:00Z", "events": events}).to_string()
}

pub fn euros(minor: i64) -> Value {
    json!({"amount": minor.to_string(), "currency": "EUR"})
}

pub fn completed() -> Value {
    json!([
        {"version": "4", "paymentSucceeded": {"chargeId": "c", "amount": euros(1999)}},
        {"version": "5", "orderCompleted": {}},
    ])
}

pub fn cancelled(reason: &str) -> Value {
    json!([{"version": "6", "orderCancelled": {"reason": reason}}])
}

async fn serve_mail(office: PostOffice) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(smtp::serve(listener, office, Shutdown::new()));
    port
}

async fn serve_sms(office: PostOffice) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let options = HttpOptions {
        request_deadline: PATIENCE,
        ..HttpOptions::default()
    };
    let listener = CuttableListener(listener);
    tokio::spawn(serve_knowing(
        sms::router(office),
        listener,
        options,
        Shutdown::new(),
        Cuttable::add_lifeline,
    ));
    url
}

async fn serve_people(people: People) -> String {
    let find = |State(people): State<People>, UrlPath(id): UrlPath<Uuid>| async move {
        let found = people.lock().unwrap().get(&id).cloned();
        found.map(Json).ok_or(StatusCode::NOT_FOUND)
    };
    let router = Router::new()
        .route("/v1/contacts/{id}", get(find))
        .with_state(people);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    url
}

/// The streams, consumers and the bucket that the service needs, as they are declared.
async fn provide(nats: &Nats) {
    for file in ["orders", "notices", "dlq", "redrive"] {
        let stream = declared(&format!("streams/{file}.json"));
        api(
            nats,
            &format!("STREAM.CREATE.{}", stream["name"].as_str().unwrap()),
            &stream,
        )
        .await;
    }
    let bucket = async_nats::jetstream::kv::Config {
        bucket: "notifications".into(),
        ..Default::default()
    };
    nats.jetstream().create_key_value(bucket).await.unwrap();
    let names =
        ["email-urgent", "email-bulk", "sms-urgent", "sms-bulk"].map(|name| format!("notification-{name}"));
    for name in names.into_iter().chain(["notification".to_owned()]) {
        for file in [name.clone(), format!("redrive-{name}")] {
            let consumer = declared(&format!("consumers/{file}.json"));
            let stream = consumer["stream_name"].as_str().unwrap();
            api(nats, &format!("CONSUMER.CREATE.{stream}.{name}"), &consumer).await;
        }
    }
}

fn declared(file: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../nats")
        .join(file);
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

async fn api(nats: &Nats, subject: &str, request: &Value) {
    let payload = serde_json::to_vec(request).unwrap();
    let answer = nats
        .client()
        .request(format!("$JS.API.{subject}"), payload.into())
        .await
        .unwrap();
    let answer: Value = serde_json::from_slice(&answer.payload).unwrap();
    assert!(answer.get("error").is_none(), "{subject}: {answer}");
}
