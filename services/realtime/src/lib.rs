//! Order status as it changes, over WebSockets and server-sent events.
//!
//! What is told to whom, in which order and how often, is decided by `holdfast-realtime-core`; here it is given the log,
//! the live messages and the sockets.
//!
//! | module | what it does |
//! |---|---|
//! | [`http`] | the API: tickets, WebSockets, server-sent events |
//! | [`hub`] | which users' orders are watched, one [`topic`] each |
//! | [`topic`] | brings together live messages and the log |
//! | [`log`] | the stream `ORDERS`, and its live copy |
//! | [`mailbox`] | what waits for one client |
//! | [`tickets`] | what browsers come in with |

pub mod app;
pub mod args;
pub mod http;
pub mod hub;
pub mod log;
pub mod mailbox;
pub mod tickets;
pub mod topic;
