//! What every Holdfast service stands on. Knows no business word.
//!
//! | module | what it gives |
//! |---|---|
//! | [`service`] | running a service: runtime, signals, drain, the shared pieces wired up |
//! | [`config`] | configuration from the environment, with errors that name the variable |
//! | [`lifecycle`] | shutdown token, stop signals, readiness guards |
//! | [`admin`] | `/livez`, `/readyz`, `/metrics`, `PUT /loglevel` |
//! | [`telemetry`] | logs, traces over OTLP, `traceparent` across HTTP and the journal |
//! | [`http`] | serving with deadlines and drain; the client for calls to others |
//! | [`journal`] | the port to append, read and follow records, with an in-memory and a JetStream adapter |
//! | [`dead_letter`] | what a consumer gave up on, and how it is sent back |
//! | [`lane`] | durable consumers with bounded concurrency, settlement and dead letters |
//! | [`nats`] | the connection to NATS and its state |
//! | [`problem`] | RFC 9457 errors, and extractors that produce them |
//! | [`openapi`] | routes that come with their description |
//! | [`clock`] | time as a dependency |
//! | `testing` | real nats-servers and a fault proxy for tests (feature `testing`) |

pub mod admin;
pub mod clock;
pub mod config;
pub mod dead_letter;
pub mod http;
pub mod journal;
pub mod lane;
pub mod lifecycle;
pub mod nats;
pub mod openapi;
pub mod problem;
pub mod service;
pub mod telemetry;
#[cfg(feature = "testing")]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
pub mod testing;
