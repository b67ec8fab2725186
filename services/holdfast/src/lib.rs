//! What the operator's command line is made of, as a library so that tests and other tools can use it too.

pub mod audit;
pub mod bench;
pub mod cli;
pub mod local;
pub mod logs;
pub mod ops;
pub mod provision;
pub mod sample;
pub mod schemas;
mod secret;
pub mod ui;
