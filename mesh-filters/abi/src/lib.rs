//! The calls between an HTTP filter in WebAssembly and the proxy that hosts it (Proxy-Wasm ABI 0.2.1).
//!
//! The usual SDK panics on what a remote client may send (a header that is not UTF-8) and on statuses that
//! a host may return; a panic kills the VM and every request of that worker with it. So this crate speaks
//! the ABI itself. Names and values are bytes, each call returns a [`Result`], and nothing here panics.
//!
//! A filter implements [`Filter`] against narrow ports, [`Exchange`] (the request and response in hand),
//! [`Host`] (what all requests share) and [`Callout`] (calls of its own, begun on a tick), and is tested natively on [`fake::FakeProxy`]. Its `cdylib` ends in
//! [`export!`], which exports only the callbacks that it names: a callback that is not exported costs nothing.
//!
//! ```
//! use holdfast_filter_abi::{Action, Exchange, Filter, HeaderMap, Host, Plugin};
//!
//! struct Tag(Vec<u8>);
//!
//! impl Filter for Tag {
//!     type Stream = ();
//!
//!     fn configure(_: &impl Host, plugin: Plugin<'_>) -> Result<Self, String> {
//!         Ok(Self(plugin.config.to_vec()))
//!     }
//!
//!     fn on_response_headers(&self, _: &mut (), proxy: &(impl Exchange + Host), _end: bool) -> Action {
//!         // A fault of the host is a value: this filter prefers an untagged answer to none.
//!         let _ = proxy.add_header(HeaderMap::Response, "x-tag", &self.0);
//!         Action::Continue
//!     }
//! }
//!
//! holdfast_filter_abi::export!(Tag: response_headers);
//! ```

mod dispatch;
#[cfg(not(target_arch = "wasm32"))]
pub mod fake;
#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
pub mod ffi;
#[cfg(any(target_arch = "wasm32", test))]
mod grpc;
pub mod pairs;
pub mod path;
mod port;

pub use dispatch::{Filter, Plugin, Registry};
pub use pairs::HeaderBlock;
pub use port::{
    Action, Body, CallId, Callout, Counter, Error, Exchange, Expected, Gauge, GrpcCall, GrpcStatus,
    HeaderMap, Host, Level, LocalReply, Pair, Result, Shared, Swap, Version, property_path,
};
