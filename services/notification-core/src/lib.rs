//! What customers are told of their orders: pure functions, no IO, no clock, no randomness.
//!
//! | module | decides |
//! |---|---|
//! | [`plan`](mod@plan) | which changes of an order lead to which notices |
//! | [`route`](mod@route) | by which ways a notice goes to whom, or that it goes to nobody |
//! | [`attempt`] | what follows from a try: done, again, later, another way, given up |
//! | [`bucket`] | how many may be sent when |
//! | [`queue`] | whose turn it is: bad news first, and users in turns |
//! | [`pace`] | when a user's notice comes again that finds no place in the queue |

pub mod attempt;
pub mod bucket;
pub mod pace;
pub mod plan;
pub mod queue;
pub mod route;

pub use attempt::{Next, Outcome, Retries, Tries, next};
pub use plan::{Amount, CancelReason, Change, Class, Kind, Notice, plan};
pub use route::{Channel, Contact, DropReason, Route, route};
