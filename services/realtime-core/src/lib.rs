//! Order status as watchers see it: every version of an order once and in order, whatever the ways are by which it comes.
//!
//! | module | what it decides |
//! |---|---|
//! | [`commit`] | what a message of `ORDERS` tells |
//! | [`status`] | which status, and why, follows from the events so far |
//! | [`timeline`] | one order: what is new, what is known, where there is a gap |
//! | [`topic`] | the orders of one user, and who is to be told what of them |
//! | [`buffer`] | what waits to be written to one client: bounded, the oldest goes first |
//! | [`event_id`] | how a client says how far it has come |
//! | [`message`] | what is said over a WebSocket, and the codes that close one |
//! | [`limits`] | how many streams, how many subscriptions, how fast |
//! | [`vital`] | when to ask whether somebody is still there, and when to end |
//! | [`tickets`] | what a ticket is worth, and for how long |

pub mod buffer;
pub mod commit;
pub mod event_id;
pub mod limits;
pub mod message;
pub mod status;
pub mod tickets;
pub mod timeline;
pub mod topic;
pub mod vital;
