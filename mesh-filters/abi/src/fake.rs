//! A proxy for native tests that behaves as Envoy does, oddities included.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::{
    Body, CallId, Callout, Counter, Error, Exchange, Expected, Gauge, GrpcCall, HeaderBlock, HeaderMap, Host,
    Level, LocalReply, Pair, Result, Shared, Swap, Version, pairs,
};

/// What all workers share: the data and both clocks. Clones are the same one; give each test thread its own
/// [`FakeProxy`] on a clone.
#[derive(Debug, Clone, Default)]
pub struct FakeShared {
    data: Arc<Mutex<SharedData>>,
    monotonic: Arc<AtomicU64>,
    unix_time: Arc<AtomicU64>,
}

#[derive(Debug, Default)]
struct SharedData {
    values: HashMap<Vec<u8>, (Vec<u8>, u32)>,
    last_version: u32,
}

impl FakeShared {
    /// Sets both clocks, back too, to `nanoseconds`.
    pub fn set_time(&self, nanoseconds: u64) {
        self.monotonic.store(nanoseconds, Ordering::SeqCst);
        self.unix_time.store(nanoseconds, Ordering::SeqCst);
    }

    /// Moves both clocks forward.
    pub fn advance(&self, nanoseconds: u64) {
        self.monotonic.fetch_add(nanoseconds, Ordering::SeqCst);
        self.unix_time.fetch_add(nanoseconds, Ordering::SeqCst);
    }

    /// The number of keys and of bytes in keys and values.
    #[must_use]
    pub fn size(&self) -> (usize, usize) {
        let data = self.data();
        (
            data.values.len(),
            data.values
                .iter()
                .map(|(key, (value, _))| key.len() + value.len())
                .sum(),
        )
    }

    /// Forgets all shared data, as the proxy does when the last VM is gone.
    pub fn wipe(&self) {
        self.data().values.clear();
    }

    fn data(&self) -> MutexGuard<'_, SharedData> {
        self.data.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A reply that a filter has given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replied {
    /// HTTP status.
    pub status: u16,
    /// Headers in order.
    pub headers: Vec<(String, Vec<u8>)>,
    /// Body.
    pub body: Vec<u8>,
    /// gRPC status.
    pub grpc_status: Option<u32>,
    /// Response-code details.
    pub details: String,
}

impl Replied {
    /// The value of a header, as text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<String> {
        self.headers
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, v)| String::from_utf8_lossy(v).into_owned())
    }
}

/// A call that a filter has begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Called {
    /// Which one; its end is told under this id.
    pub id: CallId,
    /// Cluster.
    pub cluster: String,
    /// Authority.
    pub authority: String,
    /// Service.
    pub service: String,
    /// Method.
    pub method: String,
    /// Request message.
    pub message: Vec<u8>,
    /// Time-out.
    pub timeout: Duration,
}

/// One worker of a proxy with one exchange in hand.
#[derive(Debug, Default)]
pub struct FakeProxy {
    shared: FakeShared,
    headers: RefCell<HashMap<HeaderMap, Vec<Pair>>>,
    bodies: RefCell<HashMap<Body, Vec<u8>>>,
    properties: RefCell<HashMap<Vec<u8>, Vec<u8>>>,
    metrics: RefCell<Vec<(String, u64)>>,
    replies: RefCell<Vec<Replied>>,
    logs: RefCell<Vec<(Level, String)>>,
    store_fault: Cell<Option<Error>>,
    grpc_calls: RefCell<Vec<Called>>,
    grpc_fault: Cell<Option<Error>>,
    last_call: Cell<u32>,
    calls: Cell<usize>,
}

impl FakeProxy {
    /// A worker on what the workers share.
    #[must_use]
    pub fn new(shared: &FakeShared) -> Self {
        Self {
            shared: shared.clone(),
            ..Self::default()
        }
    }

    /// Gives a map these headers, any bytes and repetitions included. A map that was never given does not
    /// exist, as in a phase where the proxy no longer holds it.
    pub fn give_headers<V: AsRef<[u8]>>(&self, map: HeaderMap, headers: &[(&str, V)]) {
        let pairs = headers
            .iter()
            .map(|(n, v)| (n.as_bytes().to_vec(), v.as_ref().to_vec()))
            .collect();
        self.headers.borrow_mut().insert(map, pairs);
    }

    /// Takes a map away: calls about it are [`Error::BadArgument`] from now on.
    pub fn take_headers(&self, map: HeaderMap) -> Vec<Pair> {
        self.headers.borrow_mut().remove(&map).unwrap_or_default()
    }

    /// Gives the chunk of a body callback.
    pub fn give_body(&self, body: Body, bytes: &[u8]) {
        self.bodies.borrow_mut().insert(body, bytes.to_vec());
    }

    /// Gives a property; `path` is made by [`property_path`](crate::property_path).
    pub fn give_property(&self, path: &[u8], value: &[u8]) {
        self.properties.borrow_mut().insert(path.to_vec(), value.to_vec());
    }

    /// From now on every store fails with this error, until `None`.
    pub fn fail_stores(&self, fault: Option<Error>) {
        self.store_fault.set(fault);
    }

    /// From now on no gRPC call begins but fails with this error, until `None`.
    pub fn fail_calls(&self, fault: Option<Error>) {
        self.grpc_fault.set(fault);
    }

    /// The gRPC calls begun since this was last asked. Tell their ends to the filter.
    #[must_use]
    pub fn take_calls(&self) -> Vec<Called> {
        self.grpc_calls.take()
    }

    /// The replies so far, oldest first.
    #[must_use]
    pub fn replies(&self) -> Vec<Replied> {
        self.replies.borrow().clone()
    }

    /// The log lines so far, oldest first.
    #[must_use]
    pub fn logs(&self) -> Vec<(Level, String)> {
        self.logs.borrow().clone()
    }

    /// A counter's or gauge's value, 0 if it was never touched.
    #[must_use]
    pub fn metric(&self, name: &str) -> u64 {
        self.metrics
            .borrow()
            .iter()
            .filter(|(n, _)| n == name)
            .map(|(_, v)| v)
            .sum()
    }

    /// The number of host calls so far.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.calls.get()
    }

    fn count(&self) {
        self.calls.set(self.calls.get() + 1);
    }

    fn change<T>(&self, map: HeaderMap, change: impl FnOnce(&mut Vec<Pair>) -> T) -> Result<T> {
        self.count();
        self.headers
            .borrow_mut()
            .get_mut(&map)
            .map(change)
            .ok_or(Error::BadArgument)
    }

    fn define(&self, name: &str) -> Result<u32> {
        self.count();
        let mut metrics = self.metrics.borrow_mut();
        metrics.push((name.to_owned(), 0));
        u32::try_from(metrics.len() - 1).map_err(|_| Error::Internal)
    }

    fn touch(&self, id: u32, change: impl FnOnce(&mut u64)) -> Result<()> {
        self.count();
        let mut metrics = self.metrics.borrow_mut();
        let index = usize::try_from(id).map_err(|_| Error::BadArgument)?;
        metrics
            .get_mut(index)
            .map(|(_, value)| change(value))
            .ok_or(Error::BadArgument)
    }
}

impl Callout for FakeProxy {
    fn grpc_call(&self, call: &GrpcCall<'_>) -> Result<CallId> {
        self.count();
        if let Some(fault) = self.grpc_fault.get() {
            return Err(fault);
        }
        let id = CallId(self.last_call.get() + 1);
        self.last_call.set(id.0);
        self.grpc_calls.borrow_mut().push(Called {
            id,
            cluster: call.cluster.to_owned(),
            authority: call.authority.to_owned(),
            service: call.service.to_owned(),
            method: call.method.to_owned(),
            message: call.message.to_vec(),
            timeout: call.timeout,
        });
        Ok(id)
    }
}

impl Exchange for FakeProxy {
    fn header(&self, map: HeaderMap, name: &str) -> Result<Option<Vec<u8>>> {
        let wanted = name.as_bytes();
        self.change(map, |pairs| {
            pairs
                .iter()
                .find(|(n, _)| n.eq_ignore_ascii_case(wanted))
                .map(|(_, value)| value.clone())
        })
    }

    fn header_block(&self, map: HeaderMap) -> Result<HeaderBlock> {
        self.change(map, |headers| HeaderBlock::new(pairs::encode(headers)))
    }

    fn add_header(&self, map: HeaderMap, name: &str, value: &[u8]) -> Result<()> {
        self.change(map, |pairs| {
            pairs.push((name.as_bytes().to_vec(), value.to_vec()))
        })
    }

    fn set_header(&self, map: HeaderMap, name: &str, value: &[u8]) -> Result<()> {
        self.change(map, |pairs| {
            pairs.retain(|(n, _)| !n.eq_ignore_ascii_case(name.as_bytes()));
            pairs.push((name.as_bytes().to_vec(), value.to_vec()));
        })
    }

    fn remove_header(&self, map: HeaderMap, name: &str) -> Result<()> {
        self.change(map, |pairs| {
            pairs.retain(|(n, _)| !n.eq_ignore_ascii_case(name.as_bytes()))
        })
    }

    fn body(&self, body: Body, range: Range<usize>) -> Result<Vec<u8>> {
        self.count();
        let bodies = self.bodies.borrow();
        let bytes = bodies.get(&body).ok_or(Error::BadArgument)?;
        Ok(bytes
            .iter()
            .skip(range.start)
            .take(range.len())
            .copied()
            .collect())
    }

    fn replace_body(&self, body: Body, bytes: &[u8]) -> Result<()> {
        self.count();
        let mut bodies = self.bodies.borrow_mut();
        bodies
            .get_mut(&body)
            .map(|held| bytes.clone_into(held))
            .ok_or(Error::BadArgument)
    }

    fn property(&self, path: &[u8]) -> Result<Option<Vec<u8>>> {
        self.count();
        Ok(self.properties.borrow().get(path).cloned())
    }

    fn reply(&self, reply: &LocalReply<'_>) -> Result<()> {
        self.count();
        self.replies.borrow_mut().push(Replied {
            status: reply.status,
            headers: reply
                .headers
                .iter()
                .map(|(n, v)| ((*n).to_owned(), v.to_vec()))
                .collect(),
            body: reply.body.to_vec(),
            grpc_status: reply.grpc_status,
            details: reply.details.to_owned(),
        });
        Ok(())
    }
}

impl Host for FakeProxy {
    fn monotonic(&self) -> Result<u64> {
        self.count();
        Ok(self.shared.monotonic.load(Ordering::SeqCst))
    }

    fn unix_time(&self) -> Result<u64> {
        self.count();
        Ok(self.shared.unix_time.load(Ordering::SeqCst))
    }

    fn random(&self) -> Result<[u8; 16]> {
        self.count();
        Ok(*b"not random at al")
    }

    fn shared(&self, key: &[u8]) -> Result<Option<Shared>> {
        self.count();
        let data = self.shared.data();
        Ok(data.values.get(key).map(|(value, cas)| Shared {
            value: value.clone(),
            version: Version(*cas),
        }))
    }

    fn store(&self, key: &[u8], value: &[u8], expected: Expected) -> Result<Swap> {
        self.count();
        if let Some(fault) = self.store_fault.get() {
            return Err(fault);
        }
        let mut data = self.shared.data();
        let present = data.values.get(key).map(|(_, cas)| *cas);
        // As Envoy: under an absent key everything is stored, whatever version was expected.
        let matches = match (expected, present) {
            (Expected::Any, _) | (_, None) => true,
            (Expected::Absent, Some(_)) => false,
            (Expected::Version(Version(wanted)), Some(held)) => wanted == held,
        };
        if !matches {
            return Ok(Swap::Lost);
        }
        data.last_version += 1;
        let version = data.last_version;
        data.values.insert(key.to_vec(), (value.to_vec(), version));
        Ok(Swap::Stored)
    }

    fn define_counter(&self, name: &str) -> Result<Counter> {
        self.define(name).map(Counter)
    }

    fn define_gauge(&self, name: &str) -> Result<Gauge> {
        self.define(name).map(Gauge)
    }

    fn add(&self, counter: Counter, n: u32) -> Result<()> {
        if n == 0 {
            return Ok(());
        }
        self.touch(counter.0, |value| *value += u64::from(n))
    }

    fn record(&self, gauge: Gauge, value: u64) -> Result<()> {
        self.touch(gauge.0, |held| *held = value)
    }

    fn log(&self, level: Level, message: &str) {
        self.count();
        self.logs.borrow_mut().push((level, message.to_owned()));
    }
}
