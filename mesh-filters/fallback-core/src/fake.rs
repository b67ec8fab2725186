//! A proxy for tests: remembers what it is told.

use crate::headers::Headers;
use crate::host::{Event, Host, Message, Shared};
use crate::reply::Reply;
use holdfast_filter_abi::{HeaderBlock, pairs};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

type Values = HashMap<Vec<u8>, (Vec<u8>, u32)>;

/// Shared memory with the compare-and-swap of the real one.
#[derive(Debug, Clone, Default)]
pub struct FakeShared(Arc<Mutex<(u32, Values)>>, Arc<AtomicBool>);

impl FakeShared {
    /// From now on another worker is always first: every swap is lost.
    pub fn lose_races(&self) {
        self.1.store(true, Ordering::Relaxed);
    }

    pub fn keys(&self) -> usize {
        self.0.lock().unwrap().1.len()
    }

    pub fn bytes(&self) -> usize {
        self.0
            .lock()
            .unwrap()
            .1
            .iter()
            .map(|(key, (value, _))| key.len() + value.len())
            .sum()
    }

    /// Overwrites every value, as another plugin could.
    pub fn spoil(&self, with: &[u8]) {
        self.0
            .lock()
            .unwrap()
            .1
            .values_mut()
            .for_each(|(value, _)| *value = with.to_vec());
    }
}

impl Shared for FakeShared {
    type Version = u32;

    fn get(&self, key: &[u8]) -> Option<(Vec<u8>, u32)> {
        self.0.lock().unwrap().1.get(key).cloned()
    }

    fn put(&self, key: &[u8], value: &[u8]) {
        let mut guard = self.0.lock().unwrap();
        guard.0 += 1;
        let version = guard.0;
        guard.1.insert(key.to_vec(), (value.to_vec(), version));
    }

    fn swap(&self, key: &[u8], value: &[u8], version: Option<u32>) -> bool {
        let mut guard = self.0.lock().unwrap();
        let lost = self.1.load(Ordering::Relaxed);
        if lost || guard.1.get(key).map(|(_, held)| *held) != version {
            return false;
        }
        guard.0 += 1;
        let version = guard.0;
        guard.1.insert(key.to_vec(), (value.to_vec(), version));
        true
    }
}

#[derive(Debug, Default)]
pub struct FakeHost {
    pub shared: FakeShared,
    pub request: RefCell<Headers>,
    pub response: RefCell<Headers>,
    pub trailers: RefCell<Headers>,
    pub properties: RefCell<HashMap<String, Vec<u8>>>,
    pub body: RefCell<Vec<u8>>,
    pub token: Cell<bool>,
    pub now_ms: Cell<u64>,
    pub replies: RefCell<Vec<Reply<'static>>>,
    pub events: RefCell<Vec<(usize, Event)>>,
    /// As when an answer has begun.
    pub refuse_replies: Cell<bool>,
    /// Calls of the proxy, counters apart.
    pub calls: Cell<usize>,
}

impl FakeHost {
    fn called(&self) {
        self.calls.set(self.calls.get() + 1);
    }

    fn map(&self, of: Message) -> Headers {
        match of {
            Message::Request => self.request.borrow().clone(),
            Message::Response => self.response.borrow().clone(),
            Message::ResponseTrailers => self.trailers.borrow().clone(),
        }
    }

    pub fn count_of(&self, event: Event) -> usize {
        self.events
            .borrow()
            .iter()
            .filter(|(_, seen)| *seen == event)
            .count()
    }
}

impl Shared for FakeHost {
    type Version = u32;

    fn get(&self, key: &[u8]) -> Option<(Vec<u8>, u32)> {
        self.called();
        self.shared.get(key)
    }

    fn put(&self, key: &[u8], value: &[u8]) {
        self.called();
        self.shared.put(key, value);
    }

    fn swap(&self, key: &[u8], value: &[u8], version: Option<u32>) -> bool {
        self.called();
        self.shared.swap(key, value, version)
    }
}

impl Host for FakeHost {
    fn header(&self, of: Message, name: &str) -> Option<Vec<u8>> {
        self.called();
        self.map(of).all(name).next().map(<[u8]>::to_vec)
    }

    fn block(&self, of: Message) -> Option<HeaderBlock> {
        self.called();
        Some(HeaderBlock::new(pairs::encode(&self.map(of).0)))
    }

    fn set_trailer(&self, name: &str, value: &str) {
        self.called();
        let mut trailers = self.trailers.borrow_mut();
        trailers.0.retain(|(field, _)| field != name.as_bytes());
        trailers.0.push((name.into(), value.into()));
    }

    fn property(&self, path: &[&str]) -> Option<Vec<u8>> {
        self.called();
        self.properties.borrow().get(&path.join(".")).cloned()
    }

    fn token_verified(&self) -> bool {
        self.called();
        self.token.get()
    }

    fn now_ms(&self) -> u64 {
        self.called();
        self.now_ms.get()
    }

    fn body(&self, size: usize) -> Option<Vec<u8>> {
        self.called();
        self.body.borrow().get(..size).map(<[u8]>::to_vec)
    }

    fn reply(&self, reply: &Reply<'_>) -> bool {
        self.called();
        let owned = |bytes: &[u8]| bytes.to_vec().into();
        self.replies.borrow_mut().push(Reply {
            status: reply.status,
            headers: reply
                .headers
                .iter()
                .map(|(name, value)| (owned(name), owned(value)))
                .collect(),
            body: owned(&reply.body),
            grpc_status: reply.grpc_status,
            details: reply.details.clone(),
        });
        !self.refuse_replies.get()
    }

    fn count(&self, rule: usize, event: Event) {
        self.events.borrow_mut().push((rule, event));
    }
}
