//! Packages as people read them.

use std::fmt::Write as _;

use prost_types::field_descriptor_proto::Label;
use prost_types::{DescriptorProto, EnumDescriptorProto, FieldDescriptorProto};

use super::Package;

/// The messages and enums of a package in Protobuf's language, of which `only` one, if named; empty: there is none.
/// What a name refers to is written in full.
#[must_use]
pub fn source(package: &Package, only: Option<&str>) -> String {
    let mut text = String::new();
    let wanted = |name: &str| only.is_none_or(|only| name == only || name.ends_with(&format!(".{only}")));
    for (name, message) in package.messages().iter().filter(|(name, _)| wanted(name)) {
        write_message(&mut text, name, message);
    }
    for (name, declared) in package.enums().iter().filter(|(name, _)| wanted(name)) {
        write_enum(&mut text, name, declared);
    }
    text
}

// Writing to a string cannot fail.
fn write_message(text: &mut String, name: &str, message: &DescriptorProto) {
    _ = writeln!(text, "message {name} {{");
    let mut open = None;
    for field in &message.field {
        let oneof = field.oneof_index.filter(|_| !field.proto3_optional());
        if oneof != open {
            close(text, open);
            let index = oneof.and_then(|index| usize::try_from(index).ok());
            if let Some(declared) = index.and_then(|index| message.oneof_decl.get(index)) {
                _ = writeln!(text, "  oneof {} {{", declared.name());
            }
            open = oneof;
        }
        write_field(text, field, if open.is_some() { "    " } else { "  " });
    }
    close(text, open);
    for range in &message.reserved_range {
        _ = writeln!(text, "  reserved {} to {};", range.start(), range.end() - 1);
    }
    for name in &message.reserved_name {
        _ = writeln!(text, "  reserved {name:?};");
    }
    text.push_str("}\n\n");
}

fn close(text: &mut String, open: Option<i32>) {
    if open.is_some() {
        text.push_str("  }\n");
    }
}

fn write_field(text: &mut String, field: &FieldDescriptorProto, indent: &str) {
    let repeated = match field.label() {
        Label::Repeated => "repeated ",
        Label::Optional | Label::Required => "",
    };
    let kind = match &field.type_name {
        Some(name) => name.trim_start_matches('.').to_owned(),
        None => field
            .r#type()
            .as_str_name()
            .trim_start_matches("TYPE_")
            .to_ascii_lowercase(),
    };
    _ = writeln!(
        text,
        "{indent}{repeated}{kind} {} = {};",
        field.name(),
        field.number()
    );
}

fn write_enum(text: &mut String, name: &str, declared: &EnumDescriptorProto) {
    _ = writeln!(text, "enum {name} {{");
    for value in &declared.value {
        _ = writeln!(text, "  {} = {};", value.name(), value.number());
    }
    for range in &declared.reserved_range {
        _ = writeln!(text, "  reserved {} to {};", range.start(), range.end());
    }
    for name in &declared.reserved_name {
        _ = writeln!(text, "  reserved {name:?};");
    }
    text.push_str("}\n\n");
}
