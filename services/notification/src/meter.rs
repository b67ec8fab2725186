//! What the service counts.

use ::metrics::counter;
use holdfast_notification_core::{Channel, DropReason, Next};

use crate::codec::channel_name;

/// What became of a try.
pub(crate) fn tried(channel: Channel, next: &Next) {
    let outcome = match next {
        Next::Done => "sent",
        Next::Again(..) => "again",
        Next::ByEmail => "by_email",
        Next::ByEmailAndGiveUp | Next::Refused => "refused",
        Next::Exhausted => "exhausted",
    };
    counter!("holdfast_notification_tries_total", "channel" => channel_name(channel), "outcome" => outcome)
        .increment(1);
}

/// A notice that went to nobody.
pub(crate) fn dropped(reason: DropReason) {
    counter!("holdfast_notification_dropped_total", "reason" => reason.as_str()).increment(1);
}

/// A message that was sent before.
pub(crate) fn repeated(channel: Channel) {
    counter!("holdfast_notification_repeated_total", "channel" => channel_name(channel)).increment(1);
}

/// A message that found no place in the queue.
pub(crate) fn put_off(channel: Channel) {
    counter!("holdfast_notification_put_off_total", "channel" => channel_name(channel)).increment(1);
}
