//! Products and prices, served from memory.
//!
//! The bucket `catalog` is the record; every replica keeps all of it in memory, so reads go on, marked with
//! their `Age`, when NATS is away. Availability is joined in behind the reader's back.

pub mod app;
pub mod http;
pub mod image;
pub mod product;
pub mod sample;
pub mod stock;
pub mod view;
