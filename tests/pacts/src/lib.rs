//! What the contract tests share: contracts that are kept in the repository, and their verification.
//!
//! A consumer's test runs its real client against Pact's mock server and so writes the contract; it fails if that is not
//! the one in `pacts/`. A provider's test verifies real processes, and the messages that they really wrote, by what is
//! in `pacts/`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a panic of what tests share is a failed assertion with a line number"
)]

mod consumer;
mod provider;

pub use consumer::Contract;
pub use provider::{States, verify, verify_messages};

use std::path::{Path, PathBuf};

/// Where the contracts are kept.
fn kept() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("pacts")
}

/// HTTP clients want to know who does TLS, since Pact's crates turn it on; nobody here needs it.
pub fn prepare() {
    _ = rustls::crypto::ring::default_provider().install_default();
}
