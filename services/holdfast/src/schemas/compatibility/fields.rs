//! What may not become of a message.

use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, FieldDescriptorProto};

use super::{KEEP, RESERVE_NAME, RESERVE_NUMBER, Report, Reserved, still_reserved};

pub(super) fn message(before: &DescriptorProto, after: &DescriptorProto, report: &mut Report<'_>) {
    for old in &before.field {
        match after.field.iter().find(|new| new.number == old.number) {
            Some(new) => field((before, old), (after, new), report),
            None => deleted_field(old, after, report),
        }
    }
    // Their ends are exclusive.
    let reserved = |message: &DescriptorProto| Reserved {
        ranges: message
            .reserved_range
            .iter()
            .map(|range| (range.start(), range.end() - 1))
            .collect(),
        names: message.reserved_name.clone(),
    };
    still_reserved(
        &reserved(before),
        &reserved(after),
        "RESERVED_MESSAGE_NO_DELETE",
        report,
    );
}

fn deleted_field(old: &FieldDescriptorProto, after: &DescriptorProto, report: &mut Report<'_>) {
    let (name, number) = (old.name(), old.number());
    if !after
        .reserved_range
        .iter()
        .any(|range| (range.start()..range.end()).contains(&number))
    {
        let rule = "FIELD_NO_DELETE_UNLESS_NUMBER_RESERVED";
        report.note(
            Some(name),
            rule,
            format!("field {number} is gone"),
            RESERVE_NUMBER,
        );
    }
    if !after.reserved_name.iter().any(|reserved| reserved == name) {
        let rule = "FIELD_NO_DELETE_UNLESS_NAME_RESERVED";
        report.note(Some(name), rule, format!("field {number} is gone"), RESERVE_NAME);
    }
}

fn field(
    (before, old): (&DescriptorProto, &FieldDescriptorProto),
    (after, new): (&DescriptorProto, &FieldDescriptorProto),
    report: &mut Report<'_>,
) {
    let mut changed = |rule, what: &str, from: &str, to: &str| {
        if from != to {
            report.note(
                Some(old.name()),
                rule,
                format!("its {what} was {from:?} and is {to:?}"),
                KEEP,
            );
        }
    };
    changed("FIELD_SAME_NAME", "name", old.name(), new.name());
    changed(
        "FIELD_SAME_JSON_NAME",
        "name in JSON",
        old.json_name(),
        new.json_name(),
    );
    changed(
        "FIELD_WIRE_JSON_COMPATIBLE_CARDINALITY",
        "cardinality",
        cardinality(old),
        cardinality(new),
    );
    changed("FIELD_SAME_ONEOF", "oneof", oneof(before, old), oneof(after, new));
    if !is_compatible(old, new) {
        changed("FIELD_WIRE_JSON_COMPATIBLE_TYPE", "type", &kind(old), &kind(new));
    }
}

fn cardinality(field: &FieldDescriptorProto) -> &'static str {
    match field.label() {
        Label::Repeated => "repeated",
        Label::Optional | Label::Required => "single",
    }
}

fn oneof<'a>(message: &'a DescriptorProto, field: &FieldDescriptorProto) -> &'a str {
    let index = field.oneof_index.filter(|_| !field.proto3_optional());
    let index = index.and_then(|index| usize::try_from(index).ok());
    let oneof = index.and_then(|index| message.oneof_decl.get(index));
    oneof
        .map(prost_types::OneofDescriptorProto::name)
        .unwrap_or_default()
}

fn kind(field: &FieldDescriptorProto) -> String {
    match &field.type_name {
        Some(name) => name.trim_start_matches('.').to_owned(),
        None => field
            .r#type()
            .as_str_name()
            .trim_start_matches("TYPE_")
            .to_ascii_lowercase(),
    }
}

/// Whether values of both types are written alike, in binary and in JSON.
fn is_compatible(old: &FieldDescriptorProto, new: &FieldDescriptorProto) -> bool {
    let alike = [
        [Type::Int32, Type::Uint32],
        [Type::Int64, Type::Uint64],
        [Type::Fixed32, Type::Sfixed32],
        [Type::Fixed64, Type::Sfixed64],
    ];
    let both = |group: &[Type; 2]| group.contains(&old.r#type()) && group.contains(&new.r#type());
    alike.iter().any(both) || (old.r#type() == new.r#type() && old.type_name == new.type_name)
}
