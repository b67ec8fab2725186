//! Products and prices, served from memory.
//!
//! The bucket `catalog` is the record; every replica keeps all of it in memory, so reads go on, marked with
//! their `Age`, when NATS is away.

pub mod app;
pub mod http;
pub mod product;
pub mod sample;
pub mod view;
