//! A real Envoy with the filters in it, an upstream that fails to order, and a client.
//!
//! Where things come from: Envoy from `$HOLDFAST_ENVOY`, else `.tools/bin/envoy` (`make tools-mesh`); the filters from
//! `$HOLDFAST_WASM_DIR`, else where `make wasm` puts them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "only tests use this: a panic is a failed test"
)]

pub mod bootstrap;
mod client;
mod envoy;
mod fault;
pub mod jwt;
mod upstream;

pub use client::{Answer, Client, Protocol, fields};
pub use envoy::{AccessLog, Envoy};
pub use fault::Fault;
pub use upstream::{Script, Upstream};

use std::path::PathBuf;

/// The built filter of this crate name, as `holdfast_filter_fallback`.
pub fn filter(name: &str) -> PathBuf {
    let directory = std::env::var_os("HOLDFAST_WASM_DIR").map(PathBuf::from);
    let directory = directory.unwrap_or_else(|| root().join("target/wasm32-unknown-unknown/wasm"));
    let path = directory.join(format!("{name}.wasm"));
    assert!(path.is_file(), "{} is missing: run `make wasm`", path.display());
    path
}

/// As [`filter`], built with the feature `trap` (`make wasm-trap`).
pub fn trap_filter(name: &str) -> PathBuf {
    let path = root().join(format!("target/trap/wasm32-unknown-unknown/wasm/{name}.wasm"));
    assert!(
        path.is_file(),
        "{} is missing: run `make wasm-trap`",
        path.display()
    );
    path
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}
