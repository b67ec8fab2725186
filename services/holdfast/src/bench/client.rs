//! One client: one connection, one order at a time.

use std::io;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use rand::{RngExt as _, SeedableRng as _, rngs::SmallRng};
use serde_json::json;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::endings::{Ending, Endings};
use super::{Error, Load, Person};
use holdfast_contracts::ids;

const ORDER_ENDS_WITHIN: Duration = Duration::from_secs(30);
/// A service that refuses is not asked again at once.
const AFTER_A_REFUSAL: Duration = Duration::from_millis(100);

/// What happened in the measured window, over all clients.
#[derive(Debug, Default)]
pub(super) struct Counts(Mutex<Option<Measured>>);

/// What is counted, and latencies in microseconds.
#[derive(Clone, Debug, Default)]
pub(super) struct Measured {
    /// Answered with 201.
    pub(super) accepted: u64,
    pub(super) completed: u64,
    pub(super) cancelled: u64,
    pub(super) parked: u64,
    /// Accepted, but without an end in time.
    pub(super) unfinished: u64,
    /// Answered with anything but 201, or not at all.
    pub(super) refused: u64,
    last_refusal: String,
    /// From sending the request to its answer.
    pub(super) accept: Vec<u64>,
    /// From the answer to the last event.
    pub(super) finish: Vec<u64>,
}

impl Measured {
    pub(super) fn ended(&self) -> u64 {
        self.completed + self.cancelled + self.parked
    }

    pub(super) fn detail(&self) -> String {
        format!(
            "{} accepted, {} refused ({}), {} without end after {ORDER_ENDS_WITHIN:?}",
            self.accepted, self.refused, self.last_refusal, self.unfinished
        )
    }
}

impl Counts {
    pub(super) fn begin(&self) {
        *self.lock() = Some(Measured::default());
    }

    pub(super) fn end(&self) -> Measured {
        self.lock().take().unwrap_or_default()
    }

    /// How many orders have ended in the window so far.
    pub(super) fn ended(&self) -> u64 {
        self.lock().as_ref().map_or(0, Measured::ended)
    }

    /// Counts, if anything is being measured.
    fn count(&self, count: impl FnOnce(&mut Measured)) {
        if let Some(measured) = self.lock().as_mut() {
            count(measured);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Measured>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Who orders, and the header that says so.
pub(super) struct Customer {
    user: Uuid,
    identity: (&'static str, String),
    address: Option<Ipv4Addr>,
}

impl Customer {
    /// Somebody whom the order service has not seen before.
    pub(super) fn unknown() -> Self {
        let user = Uuid::now_v7();
        Self {
            user,
            identity: ("x-holdfast-user", user.to_string()),
            address: None,
        }
    }

    /// Somebody whom the gateway knows.
    pub(super) fn of(person: &Person) -> Self {
        Self {
            user: person.id,
            identity: ("authorization", format!("Bearer {}", person.token)),
            address: person.address,
        }
    }
}

/// A customer with one connection.
pub(super) struct Client {
    address: String,
    connection: SendRequest<Full<Bytes>>,
    customer: Customer,
    /// Ready to send, one per SKU.
    bodies: Arc<[[Bytes; 2]]>,
    declined_percent: u32,
    random: SmallRng,
    endings: Endings,
    counts: Arc<Counts>,
}

impl Client {
    pub(super) async fn connect(
        address: &str,
        customer: Customer,
        load: &Load,
        (endings, counts): (&Endings, &Arc<Counts>),
    ) -> Result<Self, Error> {
        let bodies = load
            .skus
            .iter()
            .map(|sku| ["tok_ok", "tok_declined"].map(|token| body(sku, token)));
        Ok(Self {
            address: address.to_owned(),
            connection: open(address, customer.address).await?,
            customer,
            bodies: bodies.collect(),
            declined_percent: load.declined_percent,
            random: SmallRng::seed_from_u64(rand::random()),
            endings: endings.clone(),
            counts: Arc::clone(counts),
        })
    }

    /// Orders, one after the other, until it is told to stop.
    pub(super) async fn run(mut self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let key = Uuid::now_v7().to_string();
            let order = ids::order_id(self.customer.user, &key).to_string();
            let ended = self.endings.expect(&order);
            let sent = Instant::now();
            if let Err(refusal) = self.post(&key).await {
                self.endings.forget(&order);
                self.counts.count(|measured| {
                    measured.refused += 1;
                    measured.last_refusal = refusal;
                });
                tokio::time::sleep(AFTER_A_REFUSAL).await;
                continue;
            }
            let answered = Instant::now();
            self.counts.count(|measured| {
                measured.accepted += 1;
                measured.accept.push(micros(answered - sent));
            });
            let ended = timeout(ORDER_ENDS_WITHIN, ended).await.ok().and_then(Result::ok);
            self.counts.count(|measured| note(measured, answered, ended));
            self.endings.forget(&order);
        }
    }

    async fn post(&mut self, key: &str) -> Result<(), String> {
        if self.connection.is_closed() {
            self.connection = open(&self.address, self.customer.address)
                .await
                .map_err(|error| error.to_string())?;
        }
        let request = self.request(key)?;
        let answer = self
            .connection
            .send_request(request)
            .await
            .map_err(|error| error.to_string())?;
        let status = answer.status();
        let body = answer
            .into_body()
            .collect()
            .await
            .map_err(|error| error.to_string())?
            .to_bytes();
        if status == StatusCode::CREATED {
            return Ok(());
        }
        Err(format!("{status}: {}", String::from_utf8_lossy(&body)))
    }

    fn request(&mut self, key: &str) -> Result<Request<Full<Bytes>>, String> {
        let sku = self.random.random_range(0..self.bodies.len().max(1));
        let declined = self.random.random_range(0..100) < self.declined_percent;
        let body = self
            .bodies
            .get(sku)
            .map(|[ok, declines]| if declined { declines } else { ok });
        let (name, value) = &self.customer.identity;
        Request::post("/v1/orders")
            .header("host", &self.address)
            .header("content-type", "application/json")
            .header(*name, value)
            .header("idempotency-key", key)
            .body(Full::new(body.cloned().unwrap_or_default()))
            .map_err(|error| error.to_string())
    }
}

fn note(measured: &mut Measured, answered: Instant, ended: Option<(Ending, Instant)>) {
    let Some((ending, at)) = ended else {
        measured.unfinished += 1;
        return;
    };
    match ending {
        Ending::Completed => measured.completed += 1,
        Ending::Cancelled => measured.cancelled += 1,
        Ending::Parked => measured.parked += 1,
    }
    // The end may be seen before the answer.
    measured
        .finish
        .push(micros(at.saturating_duration_since(answered)));
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

fn body(sku: &str, token: &str) -> Bytes {
    let order = json!({"lines": [{"sku": sku, "quantity": 1}], "payment_token": token});
    order.to_string().into()
}

async fn connect(address: &str, from: Option<Ipv4Addr>) -> io::Result<TcpStream> {
    let Some(from) = from else {
        return TcpStream::connect(address).await;
    };
    let socket = TcpSocket::new_v4()?;
    socket.bind((from, 0).into())?;
    let to = address.parse().map_err(io::Error::other)?;
    socket.connect(to).await
}

async fn open(address: &str, from: Option<Ipv4Addr>) -> Result<SendRequest<Full<Bytes>>, Error> {
    let failed = |detail: String| Error::Orders {
        address: address.to_owned(),
        detail,
    };
    let socket = connect(address, from)
        .await
        .map_err(|error| failed(error.to_string()))?;
    socket
        .set_nodelay(true)
        .map_err(|error| failed(error.to_string()))?;
    let (sender, connection) = handshake(TokioIo::new(socket))
        .await
        .map_err(|error| failed(error.to_string()))?;
    tokio::spawn(async move { _ = connection.await });
    Ok(sender)
}
