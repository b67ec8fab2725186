//! Timers as message schedules of the stream `TIMERS`.

use std::time::Duration;

use async_nats::HeaderMap;
use bytes::Bytes;
use holdfast_contracts::{events, subjects};
use holdfast_platform::nats::Nats;
use holdfast_platform::telemetry::propagation::inject_nats;
use jiff::Timestamp;

use crate::codec::{Timer, encode_timer};
use crate::ports::{TimerError, TimerName, Timers};

const SCHEMA: &str = "holdfast.order.v1";

/// Message schedules.
pub struct NatsTimers {
    nats: Nats,
    deadline: Duration,
}

impl NatsTimers {
    /// Timers that are set within `deadline`, or not.
    #[must_use]
    pub fn new(nats: &Nats, deadline: Duration) -> Self {
        Self {
            nats: nats.clone(),
            deadline,
        }
    }

    async fn publish(&self, subject: String, headers: HeaderMap, payload: Bytes) -> Result<(), TimerError> {
        let stored = async {
            let sent = self.nats.jetstream();
            let sent = sent.publish_with_headers(subject.clone(), headers, payload);
            sent.await?.await
        };
        let stored = self.nats.unless_refused(&subject, stored);
        match tokio::time::timeout(self.deadline, stored).await {
            Ok(Ok(Ok(_))) => Ok(()),
            Ok(Ok(Err(error))) => Err(TimerError(error.to_string())),
            Ok(Err(refused)) => Err(TimerError(refused.to_string())),
            Err(_) => Err(TimerError(format!("not stored within {:?}", self.deadline))),
        }
    }
}

impl Timers for NatsTimers {
    async fn schedule(&self, name: TimerName, timer: &Timer, at: Timestamp) -> Result<(), TimerError> {
        let payload = encode_timer(timer).map_err(|error| TimerError(error.to_string()))?;
        let subject = subjects::timer(timer.order.0, name.as_str());
        self.publish(subject, headers(name, timer, at), payload.into())
            .await
    }
}

/// No `Nats-Msg-Id`: setting a timer that another one replaced in between has to count again.
fn headers(name: TimerName, timer: &Timer, at: Timestamp) -> HeaderMap {
    let Timer { order, attempt, .. } = timer;
    let mut headers = HeaderMap::new();
    headers.insert("Nats-Schedule", format!("@at {at}"));
    headers.insert("Nats-Schedule-Target", subjects::timer_fired(order.0));
    headers.insert("ce-specversion", "1.0");
    headers.insert("ce-id", format!("{order}.{}.{attempt}", name.as_str()));
    headers.insert("ce-source", "/holdfast/order");
    headers.insert("ce-type", events::TIMER);
    headers.insert("ce-subject", order.to_string());
    headers.insert("ce-dataschema", SCHEMA);
    inject_nats(&mut headers);
    headers
}
