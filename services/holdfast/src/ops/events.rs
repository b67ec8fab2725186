//! Tells operators: on `ops.>`, and for a week in the stream `OPS`.

use async_nats::HeaderMap;
use async_nats::header::NATS_MESSAGE_ID;
use holdfast_contracts::ops::v1::{OpsEvent, ops_event::Event};
use holdfast_platform::dead_letter::token;
use holdfast_platform::nats::Nats;
use jiff::Timestamp;

use super::Error;
use super::audit::{headers, wire_time};

const SCHEMA: &str = "holdfast.ops.v1.OpsEvent";

/// Where an event is told.
#[must_use]
pub fn subject(event: &Event) -> String {
    match event {
        Event::SagaParked(parked) => format!("ops.saga_parked.{}", token(&parked.order_id)),
        Event::DeadLetter(letter) => {
            let [service, consumer, reason] =
                [&letter.service, &letter.consumer, &letter.reason].map(|name| token(name));
            format!("ops.dead_letter.{service}.{consumer}.{reason}")
        }
        Event::BreakerOpened(breaker) => {
            let [proxy, upstream] = [&breaker.proxy, &breaker.upstream].map(|name| token(name));
            format!("ops.breaker_opened.{proxy}.{upstream}")
        }
        Event::WriterChanged(writer) => {
            let [stream, consumer] = [&writer.stream, &writer.consumer].map(|name| token(name));
            format!("ops.writer_changed.{stream}.{consumer}")
        }
    }
}

/// Tells of something that happened at this time. Told again under the same id within two minutes, it is told once.
///
/// # Errors
/// [`Error::Nats`] if it is not known to be stored.
pub async fn tell(nats: &Nats, event: Event, (id, time): (&str, Timestamp)) -> Result<(), Error> {
    let subject = subject(&event);
    let message = OpsEvent {
        time: Some(wire_time(time)),
        event: Some(event),
    };
    let failed = Error::nats("an event for operators");
    let payload = match holdfast_contracts::encode(&message) {
        Ok(payload) => payload,
        Err(error) => return Err(failed(error.into())),
    };
    let mut sent = HeaderMap::new();
    for (name, value) in headers(&subject, SCHEMA, time) {
        sent.insert(name, value);
    }
    sent.insert("ce-id", id);
    sent.insert(NATS_MESSAGE_ID, id);
    let stored = async {
        let sent = nats
            .jetstream()
            .publish_with_headers(subject, sent, payload.into());
        sent.await?.await
    };
    stored.await.map(|_| ()).map_err(|error| failed(error.into()))
}

/// What an event says, in a few words.
#[must_use]
pub fn words(event: &Event) -> String {
    match event {
        Event::SagaParked(parked) => {
            format!(
                "order {} is parked in {} {}",
                parked.order_id, parked.step, parked.attempt
            )
        }
        Event::DeadLetter(letter) => {
            let (sequence, reason, error) = (letter.sequence, &letter.reason, &letter.error);
            format!("#{sequence} {} gave up: {reason}: {error}", letter.consumer)
        }
        Event::BreakerOpened(breaker) => format!(
            "{} does not call {} any more ({} endpoints out of service)",
            breaker.proxy, breaker.upstream, breaker.ejected
        ),
        Event::WriterChanged(writer) => format!(
            "{} of {} was given to {}",
            writer.consumer, writer.stream, writer.pin_id
        ),
    }
}
