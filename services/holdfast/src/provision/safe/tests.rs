use proptest::prelude::*;
use proptest::sample::select;
use serde_json::json;

use super::*;

/// Every field of the stream configuration of nats-server 2.15, and one that it does not have.
const STREAM_FIELDS: &[&str] = &[
    "name",
    "description",
    "subjects",
    "retention",
    "max_consumers",
    "max_msgs",
    "max_bytes",
    "max_age",
    "max_msgs_per_subject",
    "max_msg_size",
    "discard",
    "storage",
    "num_replicas",
    "no_ack",
    "template_owner",
    "duplicate_window",
    "placement",
    "mirror",
    "sources",
    "compression",
    "first_seq",
    "subject_transform",
    "republish",
    "sealed",
    "deny_delete",
    "deny_purge",
    "allow_rollup_hdrs",
    "allow_direct",
    "mirror_direct",
    "discard_new_per_subject",
    "metadata",
    "consumer_limits",
    "allow_msg_ttl",
    "subject_delete_marker_ttl",
    "allow_msg_counter",
    "allow_atomic",
    "allow_msg_schedules",
    "allow_batched",
    "persist_mode",
    "of_tomorrow",
];
/// The same of a consumer.
const CONSUMER_FIELDS: &[&str] = &[
    "name",
    "durable_name",
    "description",
    "deliver_policy",
    "opt_start_seq",
    "opt_start_time",
    "ack_policy",
    "ack_wait",
    "max_deliver",
    "backoff",
    "filter_subject",
    "filter_subjects",
    "replay_policy",
    "rate_limit_bps",
    "sample_freq",
    "max_waiting",
    "max_ack_pending",
    "flow_control",
    "headers_only",
    "max_batch",
    "max_expires",
    "max_bytes",
    "deliver_subject",
    "deliver_group",
    "idle_heartbeat",
    "inactive_threshold",
    "num_replicas",
    "mem_storage",
    "direct",
    "metadata",
    "priority_groups",
    "priority_policy",
    "priority_timeout",
    "pause_until",
    "of_tomorrow",
];

fn value() -> impl Strategy<Value = Value> {
    let number = prop_oneof![select(vec![-2_i64, -1, 0, 1, 2, i64::MAX]), any::<i64>()];
    let subjects = prop::collection::vec(select(vec!["a", "b", "c"]), 0..4);
    let labels = prop::collection::btree_map(select(vec!["a", "b", "_nats.level"]), "[xy]", 0..3);
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        number.prop_map(Value::from),
        Just(json!(u64::MAX)),
        Just(json!(1.5)),
        select(vec!["", "old", "new", "10"]).prop_map(Value::from),
        subjects.prop_map(|subjects| json!(subjects)),
        labels.prop_map(|labels| json!(labels)),
        Just(json!({"a": 1})),
    ]
}

/// What a limit keeps, from nothing to everything: an order of its own, written against the server's documentation.
fn keeps(field: &str, value: &Value) -> Option<i128> {
    let number = match value {
        Value::Null => 0,
        value => i128::from(value.as_i64()?),
    };
    let unlimited: &[i128] = match field {
        "max_age" | "inactive_threshold" => &[0],
        "max_ack_pending" => &[-1],
        "duplicate_window" | "num_replicas" | "ack_wait" => &[],
        _ => &[-1, 0],
    };
    match number {
        number if unlimited.contains(&number) => Some(i128::MAX),
        number => (number > 0).then_some(number),
    }
}

fn contains_all(whole: &Value, part: &Value) -> bool {
    let texts = |value: &Value| value.as_array().cloned();
    match (texts(whole), texts(part)) {
        (Some(whole), Some(part)) => !part.is_empty() && part.iter().all(|text| whole.contains(text)),
        _ => false,
    }
}

fn loses_nothing(kind: ResourceKind, field: &str, current: &Value, declared: &Value) -> bool {
    let is_raised =
        || matches!((keeps(field, current), keeps(field, declared)), (Some(now), Some(then)) if then >= now);
    match (kind, field) {
        (_, "description") => declared.is_string(),
        (_, "metadata") => declared.as_object().is_some_and(|declared| {
            let current = current.as_object().cloned().unwrap_or_default();
            declared.values().all(Value::is_string)
                && current
                    .keys()
                    .filter(|key| *key != "_nats.level")
                    .all(|key| declared.contains_key(key))
        }),
        (ResourceKind::Consumer, "ack_wait" | "max_deliver" | "max_ack_pending" | "inactive_threshold") => {
            is_raised()
        }
        (ResourceKind::Consumer, _) => false,
        (_, "subjects") => contains_all(declared, current),
        (_, "max_age" | "max_bytes" | "max_msgs" | "max_msgs_per_subject" | "max_msg_size") => is_raised(),
        (_, "duplicate_window" | "num_replicas") => is_raised(),
        (_, "deny_purge" | "allow_direct" | "allow_atomic") => *declared == json!(true),
        _ => false,
    }
}

fn change(field: &str, current: Value, declared: Value) -> FieldChange {
    FieldChange {
        field: field.to_owned(),
        current,
        declared,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]
    #[test]
    fn a_change_is_made_exactly_if_it_loses_nothing(
        (kind, field) in prop_oneof![
            (Just(ResourceKind::Stream), select(STREAM_FIELDS)),
            (Just(ResourceKind::Bucket), select(STREAM_FIELDS)),
            (Just(ResourceKind::Consumer), select(CONSUMER_FIELDS)),
        ],
        current in value(),
        declared in value(),
    ) {
        let expected = loses_nothing(kind, field, &current, &declared);
        let objection = objection(kind, &change(field, current, declared));
        prop_assert_eq!(objection.is_none(), expected, "{:?}", objection);
        prop_assert!(objection.is_none_or(|objection| !objection.harm.is_empty() && !objection.remedy.is_empty()));
    }
}

#[test]
fn what_only_looks_harmless_is_refused() {
    let cases = [
        (ResourceKind::Stream, "sealed", Value::Null, json!(true)),
        (ResourceKind::Stream, "no_ack", Value::Null, json!(true)),
        (ResourceKind::Stream, "discard", json!("old"), json!("new")),
        (ResourceKind::Stream, "allow_msg_ttl", json!(false), json!(true)),
        (
            ResourceKind::Stream,
            "allow_msg_schedules",
            Value::Null,
            json!(true),
        ),
        (
            ResourceKind::Stream,
            "republish",
            json!({"src": "a", "dest": "b"}),
            Value::Null,
        ),
        (ResourceKind::Stream, "allow_atomic", json!(true), json!(false)),
        (ResourceKind::Stream, "max_age", json!(5), json!("10")),
        (ResourceKind::Stream, "compression", json!("none"), json!("s2")),
        (ResourceKind::Stream, "deny_delete", Value::Null, json!(true)),
        (
            ResourceKind::Consumer,
            "inactive_threshold",
            Value::Null,
            json!(1_000_000_000),
        ),
        (
            ResourceKind::Consumer,
            "filter_subjects",
            Value::Null,
            json!(["a"]),
        ),
        (ResourceKind::Consumer, "max_ack_pending", json!(10), json!(0)),
    ];
    for (kind, field, current, declared) in cases {
        assert!(
            objection(kind, &change(field, current, declared)).is_some(),
            "{field}"
        );
    }
}

#[test]
fn every_rule_is_about_a_field_of_the_server() {
    assert!(STREAM.iter().all(|rule| STREAM_FIELDS.contains(&rule.field)));
    assert!(CONSUMER.iter().all(|rule| CONSUMER_FIELDS.contains(&rule.field)));
}
