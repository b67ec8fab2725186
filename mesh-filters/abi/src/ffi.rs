//! The ABI itself. The only place of Holdfast with `unsafe`: calling the proxy's functions and owning the
//! memory that it fills cannot be said otherwise.
#![allow(unsafe_code)]

pub mod callout;

use std::alloc::Layout;
use std::ops::Range;
use std::ptr;

use crate::{
    Action, Body, Counter, Error, Exchange, Expected, Filter, Gauge, HeaderBlock, HeaderMap, Host, Level,
    LocalReply, Plugin, Registry, Result, Shared, Swap, Version, pairs, property_path,
};

#[link(wasm_import_module = "env")]
unsafe extern "C" {
    fn proxy_log(level: u32, text: *const u8, len: usize) -> u32;
    fn proxy_get_current_time_nanoseconds(time: *mut u64) -> u32;
    fn proxy_get_buffer_bytes(
        kind: u32,
        start: usize,
        max: usize,
        bytes: *mut *mut u8,
        len: *mut usize,
    ) -> u32;
    fn proxy_set_buffer_bytes(kind: u32, start: usize, size: usize, bytes: *const u8, len: usize) -> u32;
    fn proxy_get_header_map_pairs(map: u32, bytes: *mut *mut u8, len: *mut usize) -> u32;
    fn proxy_get_header_map_value(
        map: u32,
        name: *const u8,
        name_len: usize,
        value: *mut *mut u8,
        len: *mut usize,
    ) -> u32;
    fn proxy_add_header_map_value(
        map: u32,
        name: *const u8,
        name_len: usize,
        value: *const u8,
        len: usize,
    ) -> u32;
    fn proxy_replace_header_map_value(
        map: u32,
        name: *const u8,
        name_len: usize,
        value: *const u8,
        len: usize,
    ) -> u32;
    fn proxy_remove_header_map_value(map: u32, name: *const u8, name_len: usize) -> u32;
    fn proxy_get_property(path: *const u8, path_len: usize, value: *mut *mut u8, len: *mut usize) -> u32;
    fn proxy_get_shared_data(
        key: *const u8,
        key_len: usize,
        value: *mut *mut u8,
        len: *mut usize,
        cas: *mut u32,
    ) -> u32;
    fn proxy_set_shared_data(key: *const u8, key_len: usize, value: *const u8, len: usize, cas: u32) -> u32;
    fn proxy_send_local_response(
        status: u32,
        details: *const u8,
        details_len: usize,
        body: *const u8,
        body_len: usize,
        headers: *const u8,
        headers_len: usize,
        grpc_status: i32,
    ) -> u32;
    fn proxy_define_metric(kind: u32, name: *const u8, name_len: usize, id: *mut u32) -> u32;
    fn proxy_increment_metric(id: u32, offset: i64) -> u32;
    fn proxy_record_metric(id: u32, value: u64) -> u32;
}

#[link(wasm_import_module = "wasi_snapshot_preview1")]
unsafe extern "C" {
    fn clock_time_get(clock: u32, precision: u64, time: *mut u64) -> u32;
    fn random_get(bytes: *mut u8, len: usize) -> u32;
}

const MONOTONIC_CLOCK: u32 = 1;
const PLUGIN_CONFIGURATION: u32 = 7;
const COUNTER: u32 = 0;
const GAUGE: u32 = 1;
/// The proxy stores under an absent key whatever version is expected, and 0 means any version. A version
/// that no value has therefore stores only where there is nothing.
const NO_VALUE_HAS_THIS_VERSION: u32 = u32::MAX;
const ANY_VERSION: u32 = 0;

mod status {
    pub const OK: u32 = 0;
    pub const NOT_FOUND: u32 = 1;
    pub const BAD_ARGUMENT: u32 = 2;
    pub const INVALID_MEMORY_ACCESS: u32 = 6;
    pub const CAS_MISMATCH: u32 = 8;
    pub const INTERNAL_FAILURE: u32 = 10;
    pub const UNIMPLEMENTED: u32 = 12;
}

fn ok(code: u32) -> Result<()> {
    match code {
        status::OK => Ok(()),
        status::BAD_ARGUMENT => Err(Error::BadArgument),
        status::INVALID_MEMORY_ACCESS => Err(Error::InvalidMemoryAccess),
        status::INTERNAL_FAILURE => Err(Error::Internal),
        status::UNIMPLEMENTED => Err(Error::Unimplemented),
        other => Err(Error::Status(other)),
    }
}

/// Memory for the proxy to write an answer into; null when there is none, which fails that one call.
pub fn allocate(size: usize) -> *mut u8 {
    match Layout::array::<u8>(size) {
        // SAFETY: the layout is not of size zero, as `alloc` demands.
        Ok(layout) if size > 0 => unsafe { std::alloc::alloc(layout) },
        _ => ptr::null_mut(),
    }
}

/// An answer of the proxy: a pointer from [`allocate`], or null for an empty one.
struct Answer {
    bytes: *mut u8,
    len: usize,
}

impl Answer {
    const fn new() -> Self {
        Self {
            bytes: ptr::null_mut(),
            len: 0,
        }
    }

    fn into_vec(self) -> Vec<u8> {
        if self.bytes.is_null() || self.len == 0 {
            return Vec::new();
        }
        // SAFETY: the proxy has called `allocate(len)` for this answer, has written all of it, and forgets it;
        // a `Vec<u8>` of capacity `len` has the very layout that `allocate` used.
        unsafe { Vec::from_raw_parts(self.bytes, self.len, self.len) }
    }

    fn found(self, code: u32) -> Result<Option<Vec<u8>>> {
        if code == status::NOT_FOUND {
            return Ok(None);
        }
        ok(code).map(|()| Some(self.into_vec()))
    }
}

/// Hands a plugin's name and configuration to its filter. 1: taken over; 0: refused, and the reason is logged.
pub fn configure<F: Filter>(registry: &Registry<F>, root: u32, size: usize) -> u32 {
    let name = Proxy
        .property(&property_path(&["plugin_name"]))
        .ok()
        .flatten()
        .unwrap_or_default();
    let taken = Proxy
        .buffer(PLUGIN_CONFIGURATION, 0..size)
        .map_err(|e| e.to_string())
        .and_then(|config| {
            let plugin = Plugin {
                name: &String::from_utf8_lossy(&name),
                config: &config,
            };
            registry.configure(root, &Proxy, plugin)
        });
    match taken {
        Ok(tick) => {
            callout::set_tick(tick);
            1
        }
        Err(reason) => {
            Proxy.log(Level::Error, &format!("configuration refused: {reason}"));
            0
        }
    }
}

/// The proxy that runs this VM.
#[derive(Debug, Clone, Copy)]
pub struct Proxy;

impl Proxy {
    fn buffer(self, kind: u32, range: Range<usize>) -> Result<Vec<u8>> {
        let mut answer = Answer::new();
        // SAFETY: the proxy writes one pointer and one length, both to live places of those types.
        let code = unsafe {
            proxy_get_buffer_bytes(
                kind,
                range.start,
                range.len(),
                &raw mut answer.bytes,
                &raw mut answer.len,
            )
        };
        answer
            .found(code)
            .and_then(|bytes| bytes.ok_or(Error::BadArgument))
    }

    fn define(self, kind: u32, name: &str) -> Result<u32> {
        let mut id = 0;
        // SAFETY: the proxy reads `name` during the call and writes one u32.
        ok(unsafe { proxy_define_metric(kind, name.as_ptr(), name.len(), &raw mut id) }).map(|()| id)
    }
}

const fn map_id(map: HeaderMap) -> u32 {
    match map {
        HeaderMap::Request => 0,
        HeaderMap::Response => 2,
        HeaderMap::ResponseTrailers => 3,
    }
}

const fn body_id(body: Body) -> u32 {
    match body {
        Body::Request => 0,
        Body::Response => 1,
    }
}

impl Exchange for Proxy {
    fn header(&self, map: HeaderMap, name: &str) -> Result<Option<Vec<u8>>> {
        let mut answer = Answer::new();
        // SAFETY: the proxy reads `name` during the call and writes one pointer and one length.
        let code = unsafe {
            proxy_get_header_map_value(
                map_id(map),
                name.as_ptr(),
                name.len(),
                &raw mut answer.bytes,
                &raw mut answer.len,
            )
        };
        answer.found(code)
    }

    fn header_block(&self, map: HeaderMap) -> Result<HeaderBlock> {
        let mut answer = Answer::new();
        // SAFETY: the proxy writes one pointer and one length.
        let code =
            unsafe { proxy_get_header_map_pairs(map_id(map), &raw mut answer.bytes, &raw mut answer.len) };
        ok(code).map(|()| HeaderBlock::new(answer.into_vec()))
    }

    fn add_header(&self, map: HeaderMap, name: &str, value: &[u8]) -> Result<()> {
        // SAFETY: the proxy only reads, during the call.
        ok(unsafe {
            proxy_add_header_map_value(
                map_id(map),
                name.as_ptr(),
                name.len(),
                value.as_ptr(),
                value.len(),
            )
        })
    }

    fn set_header(&self, map: HeaderMap, name: &str, value: &[u8]) -> Result<()> {
        // SAFETY: the proxy only reads, during the call.
        ok(unsafe {
            proxy_replace_header_map_value(
                map_id(map),
                name.as_ptr(),
                name.len(),
                value.as_ptr(),
                value.len(),
            )
        })
    }

    fn remove_header(&self, map: HeaderMap, name: &str) -> Result<()> {
        // SAFETY: the proxy only reads, during the call.
        ok(unsafe { proxy_remove_header_map_value(map_id(map), name.as_ptr(), name.len()) })
    }

    fn body(&self, body: Body, range: Range<usize>) -> Result<Vec<u8>> {
        self.buffer(body_id(body), range)
    }

    fn replace_body(&self, body: Body, bytes: &[u8]) -> Result<()> {
        // SAFETY: the proxy only reads, during the call. From 0 over the greatest size is "replace all".
        ok(unsafe { proxy_set_buffer_bytes(body_id(body), 0, usize::MAX, bytes.as_ptr(), bytes.len()) })
    }

    fn property(&self, path: &[u8]) -> Result<Option<Vec<u8>>> {
        let mut answer = Answer::new();
        // SAFETY: the proxy reads `path` during the call and writes one pointer and one length.
        let code = unsafe {
            proxy_get_property(
                path.as_ptr(),
                path.len(),
                &raw mut answer.bytes,
                &raw mut answer.len,
            )
        };
        answer.found(code)
    }

    fn reply(&self, reply: &LocalReply<'_>) -> Result<()> {
        let headers = pairs::encode(reply.headers);
        let grpc_status = reply
            .grpc_status
            .and_then(|code| i32::try_from(code).ok())
            .unwrap_or(-1);
        // SAFETY: the proxy only reads, during the call.
        ok(unsafe {
            proxy_send_local_response(
                u32::from(reply.status),
                reply.details.as_ptr(),
                reply.details.len(),
                reply.body.as_ptr(),
                reply.body.len(),
                headers.as_ptr(),
                headers.len(),
                grpc_status,
            )
        })
    }
}

impl Host for Proxy {
    fn monotonic(&self) -> Result<u64> {
        let mut time = 0;
        // SAFETY: the proxy writes one u64.
        match unsafe { clock_time_get(MONOTONIC_CLOCK, 1, &raw mut time) } {
            0 => Ok(time),
            errno => Err(Error::Status(errno)),
        }
    }

    fn unix_time(&self) -> Result<u64> {
        let mut time = 0;
        // SAFETY: the proxy writes one u64.
        ok(unsafe { proxy_get_current_time_nanoseconds(&raw mut time) }).map(|()| time)
    }

    fn random(&self) -> Result<[u8; 16]> {
        let mut bytes = [0; 16];
        // SAFETY: the proxy writes the given number of bytes.
        match unsafe { random_get(bytes.as_mut_ptr(), bytes.len()) } {
            0 => Ok(bytes),
            errno => Err(Error::Status(errno)),
        }
    }

    fn shared(&self, key: &[u8]) -> Result<Option<Shared>> {
        let mut answer = Answer::new();
        let mut cas = 0;
        // SAFETY: the proxy reads `key` during the call and writes one pointer, one length and one u32.
        let code = unsafe {
            proxy_get_shared_data(
                key.as_ptr(),
                key.len(),
                &raw mut answer.bytes,
                &raw mut answer.len,
                &raw mut cas,
            )
        };
        Ok(answer.found(code)?.map(|value| Shared {
            value,
            version: Version(cas),
        }))
    }

    fn store(&self, key: &[u8], value: &[u8], expected: Expected) -> Result<Swap> {
        let cas = match expected {
            Expected::Absent => NO_VALUE_HAS_THIS_VERSION,
            Expected::Version(Version(version)) => version,
            Expected::Any => ANY_VERSION,
        };
        // SAFETY: the proxy only reads, during the call.
        match unsafe { proxy_set_shared_data(key.as_ptr(), key.len(), value.as_ptr(), value.len(), cas) } {
            status::CAS_MISMATCH => Ok(Swap::Lost),
            code => ok(code).map(|()| Swap::Stored),
        }
    }

    fn define_counter(&self, name: &str) -> Result<Counter> {
        self.define(COUNTER, name).map(Counter)
    }

    fn define_gauge(&self, name: &str) -> Result<Gauge> {
        self.define(GAUGE, name).map(Gauge)
    }

    fn add(&self, counter: Counter, n: u32) -> Result<()> {
        if n == 0 {
            return Ok(());
        }
        // SAFETY: plain numbers.
        ok(unsafe { proxy_increment_metric(counter.0, i64::from(n)) })
    }

    fn record(&self, gauge: Gauge, value: u64) -> Result<()> {
        // SAFETY: plain numbers.
        ok(unsafe { proxy_record_metric(gauge.0, value) })
    }

    fn log(&self, level: Level, message: &str) {
        let level = match level {
            Level::Debug => 1,
            Level::Info => 2,
            Level::Warn => 3,
            Level::Error => 4,
        };
        // SAFETY: the proxy only reads, during the call. A line that cannot be logged has nowhere to be told.
        let _ = unsafe { proxy_log(level, message.as_ptr(), message.len()) };
    }
}

const _: () = assert!(Action::Continue as u32 == 0 && Action::Pause as u32 == 1);
