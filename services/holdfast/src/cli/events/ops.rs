//! What operators are told.

use holdfast_contracts::ops::v1::OpsEvent;
use holdfast_platform::journal::Record;

use crate::ops::events::words;
use crate::ui::{self, Colour, Paint};

/// One line: the time, the subject without its first part, and what it says; or the event as it stands on the wire.
pub(super) fn show(record: &Record, paint: Paint, as_json: bool) {
    if as_json {
        return ui::line(String::from_utf8_lossy(&record.payload));
    }
    let event: Option<OpsEvent> = holdfast_contracts::decode(&record.payload).ok();
    let words = match event.and_then(|event| event.event) {
        Some(event) => words(&event),
        None => "of a kind that this version does not know".to_owned(),
    };
    let kind = record.subject.split('.').nth(1).unwrap_or_default();
    let time = record.time.strftime("%Y-%m-%dT%H:%M:%S%.3fZ");
    ui::line(format_args!(
        "{time} {} {words}",
        paint.paint(Colour::Yellow, format_args!("{kind:<15}"))
    ));
}
