//! What differs, and which differences are refused.

use serde_json::{Map, Value};

use super::declaration::Resource;
use super::safe::{self, Objection};

/// One field of which the server has another value than is declared.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldChange {
    /// The field, in the server's own name.
    pub field: String,
    /// What the server has; null if it does not have the field.
    pub current: Value,
    /// What is declared.
    pub declared: Value,
}

/// A change that is not made: it could lose messages or take back a promise, or is not known not to.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{resource}: {} would change from {} to {}: {harm}\n  remedy: {remedy}", .change.field, .change.current, .change.declared)]
pub struct Refusal {
    /// What the change is about.
    pub resource: String,
    /// The field and both values.
    pub change: FieldChange,
    /// What it would do.
    pub harm: String,
    /// What to do instead.
    pub remedy: &'static str,
}

/// The declared fields of which `current` has another value.
pub(super) fn changes(current: &Map<String, Value>, declared: &Map<String, Value>) -> Vec<FieldChange> {
    declared
        .iter()
        .filter_map(|(field, declared)| {
            let current = current.get(field).unwrap_or(&Value::Null);
            (!same(current, declared)).then(|| FieldChange {
                field: field.clone(),
                current: current.clone(),
                declared: declared.clone(),
            })
        })
        .collect()
}

/// The server leaves out what has the default value.
fn same(current: &Value, declared: &Value) -> bool {
    let default = match declared {
        Value::Bool(value) => !value,
        Value::String(value) => value.is_empty(),
        Value::Number(value) => value.as_i64() == Some(0),
        Value::Array(values) => values.is_empty(),
        Value::Null | Value::Object(_) => declared.is_null(),
    };
    current == declared || (current.is_null() && default)
}

/// The changes among `changes` that must not be made.
pub(super) fn refusals(resource: &Resource, changes: &[FieldChange]) -> Vec<Refusal> {
    changes
        .iter()
        .filter_map(|change| {
            let Objection { harm, remedy } = safe::objection(resource.kind, change)?;
            Some(Refusal {
                resource: resource.to_string(),
                change: change.clone(),
                harm,
                remedy,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::declaration::ResourceKind;
    use super::*;

    fn refused(kind: ResourceKind, field: &str, current: Value, declared: Value) -> Option<Refusal> {
        let config = Map::from_iter([(field.to_owned(), declared)]);
        let resource = Resource {
            kind,
            stream: "S".to_owned(),
            name: "S".to_owned(),
            config,
        };
        let found = changes(&Map::from_iter([(field.to_owned(), current)]), &resource.config);
        refusals(&resource, &found).into_iter().next()
    }

    fn refused_of_stream(field: &str, current: Value, declared: Value) -> bool {
        refused(ResourceKind::Stream, field, current, declared).is_some()
    }

    #[test]
    fn a_removed_subject_is_refused_and_an_added_one_is_not() {
        assert!(refused_of_stream(
            "subjects",
            json!(["a.*", "b.*"]),
            json!(["a.*"])
        ));
        assert!(!refused_of_stream(
            "subjects",
            json!(["a.*"]),
            json!(["a.*", "b.*"])
        ));
    }

    #[test]
    fn a_tighter_limit_is_refused_and_a_looser_one_is_not() {
        for field in [
            "max_age",
            "max_bytes",
            "max_msgs",
            "max_msgs_per_subject",
            "max_msg_size",
        ] {
            assert!(refused_of_stream(field, json!(10), json!(9)), "{field}");
            assert!(refused_of_stream(field, json!(0), json!(9)), "{field}");
            assert!(!refused_of_stream(field, json!(9), json!(10)), "{field}");
            assert!(!refused_of_stream(field, json!(9), json!(0)), "{field}");
        }
    }

    #[test]
    fn what_a_stream_keeps_for_life_is_refused() {
        assert!(refused_of_stream(
            "retention",
            json!("limits"),
            json!("workqueue")
        ));
        assert!(refused_of_stream("storage", json!("file"), json!("memory")));
        assert!(refused_of_stream("deny_purge", json!(true), json!(false)));
    }

    #[test]
    fn fewer_replicas_are_refused_and_more_are_not() {
        assert!(refused_of_stream("num_replicas", json!(3), json!(1)));
        assert!(!refused_of_stream("num_replicas", json!(1), json!(3)));
    }

    #[test]
    fn a_consumer_keeps_its_filter_and_its_start() {
        let refused = |field, current, declared| refused(ResourceKind::Consumer, field, current, declared);
        assert!(refused("filter_subject", json!("a"), json!("b")).is_some());
        assert!(refused("deliver_policy", json!("all"), json!("new")).is_some());
        assert!(refused("ack_wait", json!(10), json!(30)).is_none());
        assert!(refused("ack_wait", json!(30), json!(10)).is_some());
    }

    #[test]
    fn a_refusal_names_the_field_both_values_and_the_remedy() {
        let text = refused(ResourceKind::Stream, "max_age", json!(5), json!(3))
            .unwrap()
            .to_string();
        for part in ["stream S", "max_age", "from 5 to 3", "remedy: "] {
            assert!(text.contains(part), "{text}");
        }
    }

    #[test]
    fn an_undeclared_field_and_an_omitted_default_are_no_change() {
        let current = Map::from_iter([("compression".to_owned(), json!("none"))]);
        let declared = Map::from_iter([("deny_delete".to_owned(), json!(false))]);
        assert_eq!(changes(&current, &declared), []);
    }
}
