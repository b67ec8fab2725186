//! A nats-server, replicas of the service, orders, and clients.

use std::net::SocketAddr;
use std::time::Duration;

use futures::{SinkExt as _, StreamExt as _};
use holdfast::provision::{self, Declarations};
use holdfast_platform::http::{HttpOptions, serve, without_delay};
use holdfast_platform::journal::jetstream::JournalConfig;
use holdfast_platform::lifecycle::Shutdown;
use holdfast_platform::nats::Nats;
use holdfast_platform::testing::{NatsServer, ServerOptions};
use holdfast_realtime::app;
use holdfast_realtime::args::RealtimeArgs;
use holdfast_realtime::http::{Api, router};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};
use uuid::Uuid;

pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
pub(crate) const ANNA: Uuid = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_c001);
pub(crate) const BERT: Uuid = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_c002);

/// What an order goes through: the versions of each commit.
pub(crate) const COMMITS: [(u64, u64); 3] = [(1, 1), (2, 3), (4, 5)];
const EVENTS: [&str; 5] = [
    "orderCreated",
    "inventoryReserved",
    "paymentPending",
    "paymentSucceeded",
    "orderCompleted",
];

/// A nats-server with the streams, and somebody who may do everything.
pub(crate) struct World {
    pub(crate) server: NatsServer,
    pub(crate) tester: Nats,
}

impl World {
    pub(crate) async fn start() -> Self {
        let server = NatsServer::start_with(ServerOptions::with_users()).await;
        let operator = server.connect_as("holdfast").await;
        let declared = Declarations::built_in().unwrap();
        let applied = provision::apply(operator.client(), &declared, provision::Options::default());
        applied.await.unwrap();
        let tester = server.connect("tester").await;
        Self { server, tester }
    }

    pub(crate) async fn replica(&self) -> Replica {
        self.replica_with(20, 1000).await
    }

    pub(crate) async fn replica_with(&self, streams_per_user: u32, streams: u32) -> Replica {
        let nats = self.server.connect_as("realtime").await;
        let args = RealtimeArgs {
            streams_per_user,
            streams,
        };
        let shutdown = Shutdown::new();
        let api = app::api(&nats, JournalConfig::default(), shutdown.clone(), args);
        let listener = listener();
        let address = listener.local_addr().unwrap();
        let served = serve(
            router(api.clone()),
            without_delay(listener),
            HttpOptions::default(),
            shutdown.clone(),
        );
        let serving = tokio::spawn(served);
        Replica {
            address,
            shutdown,
            api,
            serving,
        }
    }

    /// Stores one commit.
    pub(crate) async fn commit(&self, user: Uuid, order: Uuid, versions: (u64, u64)) {
        let (first, last) = versions;
        let event = |version: u64| {
            let name = EVENTS[usize::try_from(version - 1).unwrap() % EVENTS.len()];
            json!({"version": version.to_string(), name: {}})
        };
        let commit = json!({
            "orderId": order, "userId": user, "time": "2026-11-23T10:00:00Z",
            "events": (first..=last).map(event).collect::<Vec<_>>(),
        });
        let subject = format!("orders.{user}.{order}");
        let context = self.tester.jetstream();
        let stored = context
            .publish(subject, commit.to_string().into())
            .await
            .unwrap()
            .await;
        stored.unwrap();
    }

    /// An order that went through so many of [`COMMITS`].
    pub(crate) async fn order(&self, user: Uuid, commits: usize) -> Uuid {
        let order = Uuid::new_v4();
        for versions in &COMMITS[..commits] {
            self.commit(user, order, *versions).await;
        }
        order
    }
}

/// Its connections leave little with the system, so that a test soon sees what happens when that is full.
fn listener() -> TcpListener {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_send_buffer_size(16 * 1024).unwrap();
    socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
    socket.listen(1024).unwrap()
}

/// One process of the service, as far as tests are concerned.
pub(crate) struct Replica {
    pub(crate) address: SocketAddr,
    pub(crate) shutdown: Shutdown,
    pub(crate) api: Api,
    pub(crate) serving: JoinHandle<()>,
}

impl Replica {
    /// A WebSocket of a user.
    pub(crate) async fn connect(&self, user: Uuid) -> Client {
        self.connect_with("", &[("x-holdfast-user", &user.to_string())])
            .await
            .unwrap()
    }

    pub(crate) async fn connect_with(
        &self,
        query: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<Client, Error> {
        let mut request = format!("ws://{}/v1/stream{query}", self.address).into_client_request()?;
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        let stream = TcpStream::connect(self.address).await.unwrap();
        let (socket, _) = client_async(request, stream).await?;
        Ok(Client(socket))
    }

    /// A WebSocket of a user whose system takes little before it is read.
    pub(crate) async fn connect_narrowly(&self, user: Uuid) -> Client {
        let mut request = format!("ws://{}/v1/stream", self.address)
            .into_client_request()
            .unwrap();
        request
            .headers_mut()
            .insert("x-holdfast-user", user.to_string().parse().unwrap());
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4096).unwrap();
        let stream = socket.connect(self.address).await.unwrap();
        Client(client_async(request, stream).await.unwrap().0)
    }

    /// A plain request; `headers` of the gateway.
    pub(crate) async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> reqwest::Response {
        let url = format!("http://{}{path}", self.address);
        let request = reqwest::Client::new().request(method.parse().unwrap(), url);
        let request = headers
            .iter()
            .fold(request, |request, (name, value)| request.header(*name, *value));
        request.send().await.unwrap()
    }
}

/// The other end of a WebSocket.
pub(crate) struct Client(pub(crate) WebSocketStream<TcpStream>);

impl Client {
    pub(crate) async fn say(&mut self, message: Value) {
        self.0.send(Message::text(message.to_string())).await.unwrap();
    }

    pub(crate) async fn subscribe(&mut self, order: Uuid) {
        self.say(json!({"type": "subscribe", "order_id": order})).await;
    }

    /// What comes next: a message, or what the server closed with.
    pub(crate) async fn next(&mut self) -> Value {
        match timeout(PATIENCE, self.0.next()).await.expect("something comes") {
            Some(Ok(Message::Text(text))) => serde_json::from_str(&text).unwrap(),
            Some(Ok(Message::Close(Some(frame)))) => json!({"closed": u16::from(frame.code)}),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => Box::pin(self.next()).await,
            other => json!({"gone": format!("{other:?}")}),
        }
    }

    /// What comes next, in short: type, status and version.
    pub(crate) async fn update(&mut self) -> (String, String, u64) {
        let message = self.next().await;
        let text = |name: &str| message[name].as_str().unwrap_or_default().to_owned();
        (
            text("type"),
            text("status"),
            message["version"].as_u64().unwrap_or_default(),
        )
    }

    /// Nothing is on the way: a question is answered next.
    pub(crate) async fn hears_nothing(&mut self) {
        self.say(json!({"type": "ping"})).await;
        assert_eq!(self.next().await, json!({"type": "pong"}));
    }
}

pub(crate) fn update(kind: &str, status: &str, version: u64) -> (String, String, u64) {
    (kind.to_owned(), status.to_owned(), version)
}
