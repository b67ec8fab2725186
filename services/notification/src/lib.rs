//! Tells customers what becomes of their orders, by e-mail and SMS, whatever breaks.
//!
//! 1. [`intake`] consumes the commits of `ORDERS`, decides with the core who is told what by which way, and puts one
//!    message per way into the stream `NOTICES`.
//! 2. [`dispatch`] consumes those, urgent and bulk apart, waits for its turn at the channel's [`gate`], hands the message
//!    to the provider, and notes in the bucket `notifications` that it was taken.
//!
//! What fails is put into `NOTICES` again as a schedule, with its history in the message: a restart forgets nothing.
//! Whoever reads streams, logs or dead letters learns no name and no address: those are asked for at `user` when they
//! are needed, and kept in memory for seconds.

pub mod app;
pub mod args;
pub mod codec;
pub mod contacts;
pub mod dispatch;
pub mod gate;
pub mod intake;
pub mod mail;
pub mod markers;
mod meter;
pub mod outbox;
pub mod sms;
pub mod templates;
