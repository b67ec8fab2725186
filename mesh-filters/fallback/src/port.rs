//! The proxy as the core wants it.

use holdfast_fallback_core::{Event, Message, Reply, host};
use holdfast_filter_abi::{
    Body, Counter, Exchange, Expected, HeaderBlock, HeaderMap, Host, LocalReply, Swap, Version, property_path,
};

/// A fault of the proxy is the absence of what was asked for: whatever this filter cannot do, the response
/// passes as it came.
pub struct Port<'a, P> {
    pub proxy: &'a P,
    /// For each rule, one per event.
    pub counters: &'a [Vec<Counter>],
}

impl<P: Host> host::Shared for Port<'_, P> {
    type Version = Version;

    fn get(&self, key: &[u8]) -> Option<(Vec<u8>, Version)> {
        self.proxy
            .shared(key)
            .ok()
            .flatten()
            .map(|shared| (shared.value, shared.version))
    }

    fn put(&self, key: &[u8], value: &[u8]) {
        let _ = self.proxy.store(key, value, Expected::Any);
    }

    fn swap(&self, key: &[u8], value: &[u8], version: Option<Version>) -> bool {
        let expected = version.map_or(Expected::Absent, Expected::Version);
        matches!(self.proxy.store(key, value, expected), Ok(Swap::Stored))
    }
}

impl<P: Exchange + Host> host::Host for Port<'_, P> {
    fn header(&self, of: Message, name: &str) -> Option<Vec<u8>> {
        self.proxy.header(map(of), name).ok().flatten()
    }

    fn block(&self, of: Message) -> Option<HeaderBlock> {
        self.proxy.header_block(map(of)).ok()
    }

    fn set_trailer(&self, name: &str, value: &str) {
        let _ = self
            .proxy
            .set_header(HeaderMap::ResponseTrailers, name, value.as_bytes());
    }

    fn property(&self, path: &[&str]) -> Option<Vec<u8>> {
        self.proxy.property(&property_path(path)).ok().flatten()
    }

    fn token_verified(&self) -> bool {
        let found = self.proxy.property(&property_path(&[
            "metadata",
            "filter_metadata",
            "envoy.filters.http.jwt_authn",
        ]));
        // It cannot always tell what it has there, but that it has.
        !matches!(found, Ok(None))
    }

    fn now_ms(&self) -> u64 {
        self.proxy.unix_time().unwrap_or(0) / 1_000_000
    }

    fn body(&self, size: usize) -> Option<Vec<u8>> {
        self.proxy.body(Body::Response, 0..size).ok()
    }

    fn reply(&self, reply: &Reply<'_>) -> bool {
        // A name that is not text is no field name.
        let fields = reply.headers.iter();
        let headers: Vec<(&str, &[u8])> = fields
            .filter_map(|(name, value)| Some((std::str::from_utf8(name).ok()?, &**value)))
            .collect();
        let reply = LocalReply {
            status: reply.status,
            headers: &headers,
            body: &reply.body,
            grpc_status: reply.grpc_status,
            details: &reply.details,
        };
        self.proxy.reply(&reply).is_ok()
    }

    fn count(&self, rule: usize, event: Event) {
        let counter = self
            .counters
            .get(rule)
            .and_then(|counters| counters.get(event as usize));
        if let Some(counter) = counter {
            let _ = self.proxy.add(*counter, 1);
        }
    }
}

const fn map(message: Message) -> HeaderMap {
    match message {
        Message::Request => HeaderMap::Request,
        Message::Response => HeaderMap::Response,
        Message::ResponseTrailers => HeaderMap::ResponseTrailers,
    }
}
