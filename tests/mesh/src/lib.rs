//! The mesh as it is: Istio's own control plane (`tests/mesh/lab`) over the files of `istio/`, real Envoys driven by it, the
//! built filters, mutual TLS with certificates of its own.
//!
//! `make test-mesh` runs these tests; they need Go, to build the control plane.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "only tests use this: a panic is a failed test"
)]

mod lab;
mod mesh;
mod ports;
pub mod tokens;

pub use lab::{Lab, Reloaded};
pub use mesh::{Builder, Mesh, as_account};
pub use ports::{PORTS, Ports};

use std::path::PathBuf;

/// In place of the Telemetry that logs failures alone.
pub const ALL_LOGGED: &str = "
apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata: {name: holdfast, namespace: holdfast}
spec:
  accessLogging:
  - providers: [{name: envoy}]
";

/// The repository.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}
