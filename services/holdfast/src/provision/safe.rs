//! Which changes of what is there are made: those that can lose no message and take back no promise to those who
//! write and read it. All others are refused, also of a field that this program has never heard of.

use serde_json::Value;

use super::declaration::ResourceKind;
use super::diff::FieldChange;

/// A field that may be changed in one direction.
struct Rule {
    field: &'static str,
    allowed: Allowed,
    /// Why a change in this direction is safe.
    because: &'static str,
}

/// The direction.
enum Allowed {
    /// To whatever is said.
    Text,
    /// What is there stays, and something is added.
    AddedTo,
    /// As [`Allowed::AddedTo`], by key; the server's own keys are its own affair.
    Labelled,
    /// To a higher number, or to one of these, which are no limit.
    Raised(&'static [i64]),
    /// From false to true.
    TurnedOn,
}

const fn rule(field: &'static str, allowed: Allowed, because: &'static str) -> Rule {
    Rule {
        field,
        allowed,
        because,
    }
}

const NO_LIMIT: &[i64] = &[-1, 0];

const STREAM: &[Rule] = &[
    rule("description", Allowed::Text, "only people read it"),
    rule("metadata", Allowed::Labelled, "only people and tools read it"),
    rule("subjects", Allowed::AddedTo, "what is stored today is stored on"),
    rule("max_age", Allowed::Raised(&[0]), "nothing is deleted sooner"),
    rule(
        "max_bytes",
        Allowed::Raised(NO_LIMIT),
        "nothing is deleted or refused sooner",
    ),
    rule(
        "max_msgs",
        Allowed::Raised(NO_LIMIT),
        "nothing is deleted or refused sooner",
    ),
    rule(
        "max_msgs_per_subject",
        Allowed::Raised(NO_LIMIT),
        "nothing is deleted or refused sooner",
    ),
    rule(
        "max_msg_size",
        Allowed::Raised(NO_LIMIT),
        "what is accepted today is accepted on",
    ),
    rule(
        "duplicate_window",
        Allowed::Raised(&[]),
        "a repeated message is recognised at least as long",
    ),
    rule("num_replicas", Allowed::Raised(&[]), "more servers hold a copy"),
    rule("deny_purge", Allowed::TurnedOn, "what is stored is better kept"),
    rule(
        "allow_direct",
        Allowed::TurnedOn,
        "one more way to read, for those who ask for it",
    ),
    rule(
        "allow_atomic",
        Allowed::TurnedOn,
        "one more way to append, for those who ask for it",
    ),
];

const CONSUMER: &[Rule] = &[
    rule("description", Allowed::Text, "only people read it"),
    rule("metadata", Allowed::Labelled, "only people and tools read it"),
    rule(
        "ack_wait",
        Allowed::Raised(&[]),
        "who has a message keeps it at least as long",
    ),
    rule(
        "max_deliver",
        Allowed::Raised(NO_LIMIT),
        "no message is given up sooner",
    ),
    rule(
        "max_ack_pending",
        Allowed::Raised(&[-1]),
        "no message waits longer for room",
    ),
    rule(
        "inactive_threshold",
        Allowed::Raised(&[0]),
        "it is not deleted sooner",
    ),
];

/// What speaks against a change, and what to do instead.
#[derive(Debug, PartialEq)]
pub(super) struct Objection {
    pub(super) harm: String,
    pub(super) remedy: &'static str,
}

/// What speaks against a change of a field that is there, if anything does.
pub(super) fn objection(kind: ResourceKind, change: &FieldChange) -> Option<Objection> {
    let field = change.field.as_str();
    let (rules, (harm, otherwise)) = match kind {
        ResourceKind::Consumer => (CONSUMER, consumer_harm(field).unwrap_or((UNKNOWN, NEW_CONSUMER))),
        ResourceKind::Stream | ResourceKind::Bucket => {
            (STREAM, stream_harm(field).unwrap_or((UNKNOWN, NEW_STREAM)))
        }
    };
    let Some(Rule { allowed, because, .. }) = rules.iter().find(|rule| rule.field == field) else {
        return Some(Objection {
            harm: harm.to_owned(),
            remedy: otherwise,
        });
    };
    if allowed.permits(&change.current, &change.declared) {
        return None;
    }
    let way = match allowed {
        Allowed::Text => "only a text is known to be safe",
        Allowed::AddedTo | Allowed::Labelled => "only to add to it is safe",
        Allowed::Raised(_) => "only a higher limit is safe",
        Allowed::TurnedOn => "only to turn it on is safe",
    };
    Some(Objection {
        harm: format!("{way} ({because})"),
        remedy: remedy(field),
    })
}

impl Allowed {
    fn permits(&self, current: &Value, declared: &Value) -> bool {
        match self {
            Self::Text => declared.is_string(),
            Self::AddedTo => match (current.as_array(), declared.as_array()) {
                (Some(current), Some(declared)) => {
                    !current.is_empty() && current.iter().all(|element| declared.contains(element))
                }
                _ => false,
            },
            Self::Labelled => keeps_labels(current, declared),
            Self::Raised(unlimited) => match (limit(current, unlimited), limit(declared, unlimited)) {
                (Some(current), Some(declared)) => declared >= current,
                _ => false,
            },
            Self::TurnedOn => *declared == Value::Bool(true),
        }
    }
}

/// What is no whole number, or means something else than it says, is no limit that could be compared.
fn limit(value: &Value, unlimited: &[i64]) -> Option<i128> {
    // The server leaves out a zero.
    let number = if value.is_null() { 0 } else { value.as_i64()? };
    match unlimited.contains(&number) {
        true => Some(i128::MAX),
        false => Some(number.into()).filter(|number| *number > 0),
    }
}

fn keeps_labels(current: &Value, declared: &Value) -> bool {
    let Some(declared) = declared.as_object() else {
        return false;
    };
    let is_text = declared.values().all(Value::is_string);
    let is_kept = |label: &String| label.starts_with("_nats.") || declared.contains_key(label);
    let current = current.as_object();
    is_text && current.is_none_or(|current| current.keys().all(is_kept))
}

const NEW_STREAM: &str = "declare a new stream, copy what is needed, then let the old one go by hand";
const NEW_CONSUMER: &str = "declare a consumer of another name, and remove the old one when it has drained";
const BY_HAND: &str = "ask who writes and reads it, then use `nats stream edit`";
const UNKNOWN: &str =
    "it is not among the changes that are known to lose nothing and to take back no promise";

fn remedy(field: &str) -> &'static str {
    match field {
        "subjects" => "keep the subject; stop its publishers first, then remove it with `nats stream edit`",
        "num_replicas" => {
            "apply with --replicas of at least the current number; to shrink on purpose use `nats stream edit`"
        }
        "deny_purge" => NEW_STREAM,
        "allow_direct" | "allow_atomic" => "leave it on; to turn it off on purpose use `nats stream edit`",
        "metadata" | "description" => "declare what is there as well, as texts",
        "ack_wait" | "max_deliver" | "max_ack_pending" | "inactive_threshold" => {
            "declare at least the current value; to lower it on purpose use `nats consumer edit`"
        }
        _ => {
            "declare a limit that is not below the current one; to lower it on purpose use `nats stream edit`"
        }
    }
}

type Harm = (&'static str, &'static str);

fn stream_harm(field: &str) -> Option<Harm> {
    Some(match field {
        "name" | "retention" | "storage" | "max_consumers" | "first_seq" | "persist_mode" => (
            "a stream keeps it for life, so the stream would have to be deleted",
            NEW_STREAM,
        ),
        "sealed" => ("nothing could be written any more, for good", NEW_STREAM),
        "no_ack" => (
            "writers would no longer learn whether a message is stored",
            BY_HAND,
        ),
        "discard" | "discard_new_per_subject" => (
            "at the limit the server would delete what is kept today, or refuse what is accepted today",
            BY_HAND,
        ),
        "deny_delete" => (
            "either the log could be deleted from, or what has to be erased could not be, for good",
            NEW_STREAM,
        ),
        "allow_rollup_hdrs" | "allow_msg_ttl" | "allow_msg_schedules" | "subject_delete_marker_ttl" => (
            "any publisher could then have messages deleted, or those who rely on it would be refused",
            NEW_STREAM,
        ),
        "allow_msg_counter" => ("messages would mean something else", NEW_STREAM),
        "republish" => (
            "those who watch the other subject would hear no more, or hear what they should not",
            BY_HAND,
        ),
        "subject_transform" | "mirror" | "sources" | "mirror_direct" => {
            ("other messages than today would be stored or read", NEW_STREAM)
        }
        "compression" => ("what is deleted may then not be overwritten on disk", BY_HAND),
        "placement" => ("all copies would move to other servers", BY_HAND),
        "consumer_limits" => ("consumers that work today could be refused", BY_HAND),
        _ => return None,
    })
}

fn consumer_harm(field: &str) -> Option<Harm> {
    Some(match field {
        "durable_name" | "name" | "deliver_policy" | "opt_start_seq" | "opt_start_time" | "ack_policy"
        | "replay_policy" | "max_waiting" => (
            "a consumer keeps it for life, so its position would be lost with it",
            NEW_CONSUMER,
        ),
        "filter_subject" | "filter_subjects" => (
            "messages that wait for this consumer could be skipped",
            NEW_CONSUMER,
        ),
        "headers_only" => ("messages would come without their content", NEW_CONSUMER),
        "mem_storage" | "num_replicas" => ("its position could be lost with a server", NEW_CONSUMER),
        "pause_until" => ("nothing would be delivered until then", NEW_CONSUMER),
        "backoff" => ("who has a message could lose it sooner to another", NEW_CONSUMER),
        "priority_groups" | "priority_policy" | "priority_timeout" => (
            "more than one client could take itself for the chosen one",
            NEW_CONSUMER,
        ),
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
