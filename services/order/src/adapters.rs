//! The ports over HTTP and NATS. A call here is tried once, with a deadline: trying again, breaking circuits and
//! falling back are the mesh's.

mod cache_control;
mod catalog;
mod payment;
mod stock;
mod timers;

use std::time::Duration;

pub use catalog::HttpPrices;
pub use payment::HttpPayments;
pub use stock::HttpStock;
pub use timers::NatsTimers;

use crate::ports::Jitter;

/// Jitter from the thread's random numbers.
#[derive(Clone, Copy, Debug, Default)]
pub struct RandomJitter;

impl Jitter for RandomJitter {
    fn spread(&self, delay: Duration) -> Duration {
        delay.mul_f64(0.5 + 0.5 * rand::random::<f64>())
    }
}

/// An error with all its causes: those of HTTP clients say what happened only in the last one.
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests;
