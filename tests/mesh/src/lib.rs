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
mod raw;
pub mod tokens;

pub use lab::{Lab, Reloaded};
pub use mesh::{Builder, Mesh, as_account};
pub use ports::{PORTS, Ports};
pub use raw::{RawAnswer, exchange, raw};

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

/// A file of `istio/`, to be changed and put in place of what it says.
pub fn istio(file: &str) -> String {
    std::fs::read_to_string(root().join("istio").join(file)).expect("a file of istio/")
}

/// In place of the limit by address: tests have one address.
pub const UNLIMITED_ADDRESS: &str = r#"
---
apiVersion: extensions.istio.io/v1alpha1
kind: WasmPlugin
metadata: {name: rate-limit-address, namespace: holdfast}
spec:
  selector: {matchLabels: {istio: ingressgateway}}
  url: oci://registry.example.com/holdfast/rate-limit:0.1.0
  phase: AUTHN
  pluginConfig: {rules: [{name: address, limit: {requests: 1000000, per: 1s}}]}
"#;

/// In place of the limits by user.
pub const UNLIMITED_USER: &str = r#"
---
apiVersion: extensions.istio.io/v1alpha1
kind: WasmPlugin
metadata: {name: rate-limit, namespace: holdfast}
spec:
  selector: {matchLabels: {istio: ingressgateway}}
  url: oci://registry.example.com/holdfast/rate-limit:0.1.0
  phase: AUTHZ
  pluginConfig: {rules: [{name: client, limit: {requests: 1000000, per: 1s}}]}
"#;

/// quota behind a sidecar at port 15180, which the laptop has not. It starts with a line that ends what stands before it.
pub const QUOTA_SIDECAR: &str = r#"
---
apiVersion: v1
kind: Pod
metadata: {name: quota-0, namespace: holdfast, labels: {app: quota, security.istio.io/tlsMode: istio}}
spec:
  serviceAccountName: quota
  containers: [{name: quota, image: quota, ports: [{containerPort: 15180}]}]
status: {phase: Running, podIP: 127.0.0.1, podIPs: [{ip: 127.0.0.1}], conditions: [{type: Ready, status: "True"}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: quota-0, namespace: holdfast, labels: {kubernetes.io/service-name: quota}}
addressType: IPv4
ports: [{name: grpc, port: 15180, protocol: TCP}]
endpoints:
- addresses: [127.0.0.1]
  conditions: {ready: true, serving: true}
  targetRef: {kind: Pod, name: quota-0, namespace: holdfast}
---
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: quota, namespace: holdfast}
spec:
  workloadSelector: {labels: {app: quota}}
  outboundTrafficPolicy: {mode: REGISTRY_ONLY}
  ingress:
  - port: {number: 15180, name: grpc, protocol: GRPC}
    bind: 127.0.0.1
    defaultEndpoint: 127.0.0.1:8180
  egress:
  - hosts: ["~/*"]
"#;

/// The repository.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}
