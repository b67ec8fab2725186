//! Lane `ops-letters`: every letter of `DLQ`, by its headers.

use holdfast_contracts::ops::v1::{DeadLetter, ops_event::Event};
use holdfast_platform::dead_letter::Letter;
use holdfast_platform::journal::{Delivery, Disposition};
use holdfast_platform::nats::Nats;

use super::settle;
use crate::ops::events;

/// Tells of a letter. One that cannot be read is somebody's who wrote it by another version: it is in the list.
pub async fn told_of_letter(nats: &Nats, delivery: Delivery) -> Disposition {
    let (sequence, time) = (delivery.record.revision.0, delivery.record.time);
    let Ok(letter) = Letter::of_record(&delivery.record) else {
        return Disposition::Ack;
    };
    let id = format!("dead_letter.{sequence}");
    let event = Event::DeadLetter(DeadLetter {
        sequence,
        service: letter.service,
        consumer: letter.consumer,
        reason: letter.reason,
        error: letter.last.error,
        redrives: letter.redrives,
        event_type: letter.event_type.unwrap_or_default(),
        user_id: letter.about.user.unwrap_or_default(),
        entity_id: letter.about.entity.unwrap_or_default(),
        source_stream: letter.origin.stream,
        source_sequence: letter.origin.sequence.0,
    });
    settle(events::tell(nats, event, (&id, time)).await)
}
