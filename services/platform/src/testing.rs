//! Test harness (feature `testing`): real nats-servers, and a TCP proxy that loses answers on request.

mod proxy;
mod server;

pub use proxy::Proxy;
pub use server::{NatsCluster, NatsServer, ServerOptions, free_port};
