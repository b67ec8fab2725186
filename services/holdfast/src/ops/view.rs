//! Letters and operations as JSON, the same on the command line and over HTTP.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::audit;
use super::letters::{Kind, StoredLetter};

/// Nothing recorded for so long: whoever was at work is not any more.
const AT_WORK: Duration = Duration::from_secs(60);

/// All but headers and payload.
#[must_use]
pub fn brief(stored: &StoredLetter) -> Value {
    let Ok(letter) = &stored.letter else {
        return json!({"letter": stored.sequence, "stored_at": stored.stored, "unreadable": stored.subject});
    };
    json!({
        "letter": stored.sequence,
        "stored_at": stored.stored,
        "service": letter.service,
        "consumer": letter.consumer,
        "reason": letter.reason,
        "type": letter.event_type,
        "order": letter.about.entity,
        "user": letter.about.user,
        "attempts": letter.attempts,
        "redrives": letter.redrives,
        "first_error": {"time": letter.first.time, "error": letter.first.error},
        "last_error": {"time": letter.last.time, "error": letter.last.error},
        "source": {
            "stream": letter.origin.stream,
            "sequence": letter.origin.sequence.0,
            "subject": letter.origin.subject,
            "time": letter.origin.time,
        },
        "trace_id": letter.trace_id,
    })
}

/// All of it. What is no text in the payload is replaced.
#[must_use]
pub fn whole(stored: &StoredLetter) -> Value {
    let mut whole = brief(stored);
    if let (Some(members), Ok(letter)) = (whole.as_object_mut(), &stored.letter) {
        members.insert("headers".to_owned(), json!(letter.headers));
        let payload = String::from_utf8_lossy(&letter.payload);
        members.insert("payload".to_owned(), json!(payload));
    }
    whole
}

/// An operation as it is recorded.
#[must_use]
pub fn operation(history: &audit::History) -> Value {
    let audit::History { started, tally, .. } = history;
    let filter: Value = serde_json::from_str(&started.filter).unwrap_or(Value::Null);
    let failed: Vec<Value> = history
        .failed
        .iter()
        .map(|item| json!({"item": item.item, "detail": item.detail, "skipped": item.skipped}))
        .collect();
    json!({
        "id": history.id,
        "command": started.command,
        "actor": started.actor,
        "via": started.via,
        "filter": filter,
        "status": status(history),
        "started_at": history.since,
        "updated_at": history.until,
        "matching": started.matching,
        "done": tally.done,
        "skipped": tally.skipped,
        "failed": tally.failed,
        "not_done": failed,
    })
}

/// `running`, `stalled` (whoever was at work is gone: it can be resumed), `interrupted` or `ended`.
#[must_use]
pub fn status(history: &audit::History) -> &'static str {
    let silent = Timestamp::now().duration_since(history.until);
    match (history.is_over, history.tally.interrupted) {
        (false, _) if silent > SignedDuration::try_from(AT_WORK).unwrap_or_default() => "stalled",
        (false, _) => "running",
        (true, true) => "interrupted",
        (true, false) => "ended",
    }
}

/// How many letters there are, in all and of each kind.
#[must_use]
pub fn tally(tally: &BTreeMap<Kind, u64>) -> Value {
    let kinds: Vec<Value> = tally
        .iter()
        .map(|(kind, count)| {
            let Kind {
                service,
                consumer,
                reason,
            } = kind;
            json!({"service": service, "consumer": consumer, "reason": reason, "count": count})
        })
        .collect();
    json!({"total": tally.values().sum::<u64>(), "kinds": kinds})
}
