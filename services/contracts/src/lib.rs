//! The contracts between Holdfast's services: every event and command, as Protobuf messages with
//! canonical JSON on the wire ([ProtoJSON](https://protobuf.dev/programming-guides/json/)).
//!
//! Unknown fields are ignored by every reader, so a newer writer never breaks an older reader.
//! The Rust types are generated from `proto/` by `make generate` and checked in.

pub mod events;
pub mod ids;
pub mod subjects;
#[cfg(test)]
mod tests;
mod wire;

pub use wire::{DecodeError, decode, encode};

/// The files under `proto/` as a `FileDescriptorSet`, without comments: what is registered in the bucket `schemas`.
pub const DESCRIPTORS: &[u8] = include_bytes!("gen/descriptors.binpb");

macro_rules! generated {
    ($(#[$doc:meta] $name:ident = $package:literal;)*) => {$(
        #[$doc]
        #[allow(missing_docs, clippy::all, clippy::unwrap_used, rustdoc::all)]
        pub mod $name {
            pub mod v1 {
                include!(concat!("gen/", $package, ".rs"));
                include!(concat!("gen/", $package, ".serde.rs"));
            }
        }
    )*};
}

generated! {
    /// Amounts of money.
    money = "holdfast.money.v1";
    /// Events and commands of the order saga: stream `ORDERS`, and the timers in `TIMERS`.
    order = "holdfast.order.v1";
    /// The single-writer log of stock decisions: stream `INVENTORY`.
    inventory = "holdfast.inventory.v1";
    /// Events of payments: stream `PAYMENTS`.
    payment = "holdfast.payment.v1";
    /// Products: KV bucket `catalog`.
    catalog = "holdfast.catalog.v1";
    /// What customers are told, and by which way: stream `NOTICES`.
    notification = "holdfast.notification.v1";
    /// Leases of rate-limit tokens: what the gRPC service `quota` takes and gives, and KV bucket `quota`.
    quota = "holdfast.quota.v1";
    /// What operators hear of, and what they did: streams `OPS` and `AUDIT`.
    ops = "holdfast.ops.v1";
}
