//! Ticks, and calls of the plugin itself.

use std::time::Duration;

use super::{Proxy, ok};
use crate::{CallId, Callout, Filter, GrpcCall, GrpcStatus, Host, Level, Registry, Result, grpc};

#[link(wasm_import_module = "env")]
unsafe extern "C" {
    fn proxy_set_tick_period_milliseconds(period: u32) -> u32;
    fn proxy_grpc_call(
        service: *const u8,
        service_len: usize,
        name: *const u8,
        name_len: usize,
        method: *const u8,
        method_len: usize,
        metadata: *const u8,
        metadata_len: usize,
        message: *const u8,
        message_len: usize,
        timeout: u32,
        id: *mut u32,
    ) -> u32;
}

/// What the proxy has received for a gRPC call.
const GRPC_RECEIVE_BUFFER: u32 = 5;
/// The gRPC status of an answer that cannot be read.
const INTERNAL: u32 = 13;

/// Sets how often the running plugin ticks; 0 stops it.
pub(super) fn set_tick(tick: Option<Duration>) {
    // SAFETY: a plain number.
    let code = unsafe { proxy_set_tick_period_milliseconds(tick.map_or(0, milliseconds)) };
    if let Err(error) = ok(code) {
        Proxy.log(Level::Error, &format!("no ticks: {error}"));
    }
}

/// Tells a plugin the message that a call has brought.
pub fn received<F: Filter>(registry: &Registry<F>, root: u32, call: u32, size: usize) {
    let message = Proxy.buffer(GRPC_RECEIVE_BUFFER, 0..size);
    let reply = message.map_err(|_| GrpcStatus(INTERNAL));
    registry.on_root(root, |filter| filter.on_grpc_reply(&Proxy, CallId(call), reply));
}

/// Tells a plugin that a call has ended without a message.
pub fn closed<F: Filter>(registry: &Registry<F>, root: u32, call: u32, status: u32) {
    let reply = Err(GrpcStatus(status));
    registry.on_root(root, |filter| filter.on_grpc_reply(&Proxy, CallId(call), reply));
}

impl Callout for Proxy {
    fn grpc_call(&self, call: &GrpcCall<'_>) -> Result<CallId> {
        let service = grpc::service(call.cluster, call.authority);
        let (name, method, message) = (call.service, call.method, call.message);
        let mut id = 0;
        // SAFETY: the proxy only reads, during the call, and writes one u32.
        ok(unsafe {
            proxy_grpc_call(
                service.as_ptr(),
                service.len(),
                name.as_ptr(),
                name.len(),
                method.as_ptr(),
                method.len(),
                std::ptr::null(),
                0,
                message.as_ptr(),
                message.len(),
                milliseconds(call.timeout).max(1),
                &raw mut id,
            )
        })
        .map(|()| CallId(id))
    }
}

fn milliseconds(time: Duration) -> u32 {
    u32::try_from(time.as_millis()).unwrap_or(u32::MAX)
}
